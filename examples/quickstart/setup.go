package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/signalbox-dev/signalbox/pkg/gateway"
	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/provider"
)

// setup is what the quick start runs on.
type setup struct {
	binary   string // signalbox
	config   string // file
	dir      string // state directory
	env      []string
	api      string // base URL for OpenAI clients
	admin    string
	team     string
	model    string // of the first question
	standIns map[string]*provider.Server
}

const (
	apiAddress   = "127.0.0.1:10000" // as in the template
	adminAddress = "127.0.0.1:9090"
	here         = "examples/quickstart"
	template     = "signalbox.yaml"
)

// choose decides by the environment what to run.
func choose(binary, state string) (*setup, error) {
	s := &setup{binary: binary, dir: state, config: os.Getenv("SIGNALBOX_CONFIG")}
	if _, err := exec.LookPath(binary); err != nil {
		return nil, fmt.Errorf("no signalbox binary (%w): use `make run`, or name one with -signalbox", err)
	}
	var err error
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return nil, err
	}
	if s.config == "" {
		err = s.write()
	}
	if err == nil {
		err = s.read()
	}
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

// write starts the providers and puts the configuration, with other addresses
// where something was moved, into the state directory.
func (s *setup) write() error {
	text, err := os.ReadFile(filepath.Join(here, template))
	if err != nil {
		return fmt.Errorf("%w (run it from the top of the checkout)", err)
	}
	pairs, err := s.provide()
	if err != nil {
		return err
	}
	for _, p := range []struct{ address, env string }{{apiAddress, "API_PORT"}, {adminAddress, "ADMIN_PORT"}} {
		to, err := claim(p.address, p.env)
		if err != nil {
			return err
		}
		pairs = append(pairs, p.address, to)
	}
	s.config = filepath.Join(s.dir, template)
	return os.WriteFile(s.config, []byte(strings.NewReplacer(pairs...).Replace(string(text))), 0o600)
}

// claim is the address with the port that env names; it must be free.
func claim(address, env string) (string, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", err
	}
	port = cmp.Or(os.Getenv(env), port)
	l, err := net.Listen("tcp", net.JoinHostPort(host, port))
	if err != nil {
		return "", fmt.Errorf("port %s is taken (%w): stop what listens there, or choose another with %s=PORT (0: any free one)", port, err, env)
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// read takes addresses, team and model from the configuration.
func (s *setup) read() error {
	snap, _, err := gateway.Load(s.config, s.dir)
	if err != nil {
		return err
	}
	s.api, s.admin = "http://"+snap.Envoy.Listen+"/v1", "http://"+snap.Admin.Listen
	s.team = first(snap.Teams, "quickstart")
	s.model = first(snap.Models, "demo")
	return nil
}

// first is the preferred name where there is one, else the first by name.
func first[K ~string, V any](m map[K]V, preferred K) string {
	if _, ok := m[preferred]; ok {
		return string(preferred)
	}
	var best K
	for k := range m {
		if best == "" || k < best {
			best = k
		}
	}
	return string(best)
}

func (s *setup) flags() []string { return []string{"-config", s.config, "-state", s.dir} }

func (s *setup) command(ctx context.Context, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, s.binary, append(args, s.flags()...)...)
	c.Env = append(os.Environ(), s.env...)
	return c
}

// newKey makes a virtual key that is good for a day.
func (s *setup) newKey(ctx context.Context) (string, error) {
	c := s.command(ctx, "keys", "new", "-team", s.team, "-name", "quickstart", "-expires", "24h")
	out, err := c.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return "", fmt.Errorf("virtual key: %s", strings.TrimSpace(string(exit.Stderr)))
	}
	if err != nil {
		return "", fmt.Errorf("virtual key: %w", err)
	}
	lines := strings.Fields(string(out))
	if len(lines) == 0 {
		return "", errors.New("virtual key: none printed")
	}
	return lines[len(lines)-1], nil
}

func (s *setup) close() error {
	var err error
	for _, p := range s.standIns {
		err = errors.Join(err, p.Close())
	}
	return err
}
