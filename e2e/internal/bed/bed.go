// Package bed sets up what end-to-end tests, conformance runs and benchmarks
// stand on: the signalbox binary, a configuration on free ports, a real Envoy
// under `signalbox run`, keys, and the ways to look at it from outside.
//
// Invariants: nothing is shared between two beds; every process is ended by
// its own id; the state directory has a short path, since Unix sockets live in
// it.
package bed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/signalbox-dev/signalbox/e2e/internal/envoybin"
	"github.com/signalbox-dev/signalbox/e2e/internal/proc"
)

// Options describe a bed.
type Options struct {
	Binary  string   // of signalbox
	Envoy   string   // of Envoy; empty: found
	Command string   // run or serve; empty: run
	Config  *Config  // ports and state directory are filled in where they are empty
	Env     []string // of signalbox; the providers' keys are added
	Grace   time.Duration
}

// Bed is a running Signalbox with its Envoy.
type Bed struct {
	Dir    string // of everything
	State  string
	File   string // configuration
	API    string // http://host:port of the listener
	Admin  string // http://host:port of the admin endpoint
	Config *Config

	o     Options
	proc  *proc.Process
	envoy *proc.Process // under serve: the operator's
}

// ready is the path that answers 200 once requests can be served.
const ready = "/readyz"

// Build compiles the signalbox command into dir, unless $SIGNALBOX_BIN names
// one.
func Build(ctx context.Context, dir string, flags ...string) (string, error) {
	if p := os.Getenv("SIGNALBOX_BIN"); p != "" {
		return p, nil
	}
	return GoBuild(ctx, dir, "./cmd/signalbox", flags...)
}

// GoBuild compiles one command of this module into dir, with flags of the
// compiler.
func GoBuild(ctx context.Context, dir, pkg string, flags ...string) (string, error) {
	root, err := envoybin.Root()
	if err != nil {
		return "", err
	}
	bin := filepath.Join(dir, filepath.Base(pkg))
	cmd := exec.CommandContext(ctx, "go", slices.Concat([]string{"build", "-o", bin}, flags, []string{pkg})...)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build of %s: %w\n%s", pkg, err, out)
	}
	return bin, nil
}

// Start writes the configuration, starts signalbox and waits until it is
// ready.
func Start(ctx context.Context, o Options) (*Bed, error) {
	b, err := Prepare(o)
	if err != nil {
		return nil, err
	}
	if err := b.Run(ctx); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

// Prepare writes the configuration and starts nothing.
func Prepare(o Options) (*Bed, error) {
	var err error
	if o.Envoy == "" {
		if o.Envoy, err = envoybin.Find(); err != nil {
			return nil, err
		}
	}
	dir, err := os.MkdirTemp("", "sb")
	if err != nil {
		return nil, err
	}
	b := &Bed{Dir: dir, State: filepath.Join(dir, "state"), File: filepath.Join(dir, "signalbox.yaml"), Config: o.Config, o: o}
	if o.Command == "" {
		b.o.Command = "run"
	}
	if o.Grace == 0 {
		b.o.Grace = 15 * time.Second
	}
	if err := b.Config.complete(b.State, o.Envoy); err != nil {
		return nil, err
	}
	b.API = "http://" + word(b.Config.Envoy, "listen")
	b.Admin = "http://" + word(b.Config.Admin, "listen")
	return b, b.WriteConfig()
}

// WriteConfig writes the configuration as it is now, atomically.
func (b *Bed) WriteConfig() error {
	text, err := json.MarshalIndent(b.Config, "", "  ") // JSON is YAML
	if err != nil {
		return err
	}
	next := b.File + ".next"
	if err := os.WriteFile(next, text, 0o600); err != nil {
		return err
	}
	return os.Rename(next, b.File)
}

// Run starts signalbox on the bed's configuration and waits until it is ready.
func (b *Bed) Run(ctx context.Context) error {
	if err := b.Launch(); err != nil {
		return err
	}
	return b.Ready(ctx)
}

// Launch starts signalbox and does not wait.
func (b *Bed) Launch() error {
	p, err := proc.Start(proc.Options{
		Path: b.o.Binary, Args: []string{b.o.Command, "--config", b.File, "--state", b.State},
		Env: append(b.Config.env(), b.o.Env...), Dir: b.Dir,
	})
	b.proc = p
	return err
}

// Ready waits until signalbox serves. The error carries its output.
func (b *Bed) Ready(ctx context.Context) error { return b.until(ctx, b.Admin+ready) }

// Process is the running signalbox.
func (b *Bed) Process() *proc.Process { return b.proc }

// Logs is what signalbox, and under `run` its Envoy, wrote so far.
func (b *Bed) Logs() string {
	if b.proc == nil {
		return ""
	}
	return b.proc.Output()
}

// Command runs another signalbox command on the bed's configuration and
// returns its standard output.
func (b *Bed) Command(ctx context.Context, args ...string) (string, error) {
	return b.CommandWith(ctx, args)
}

// CommandWith is Command with words after the flags.
func (b *Bed) CommandWith(ctx context.Context, args []string, words ...string) (string, error) {
	args = append(slices.Clone(args), "--config", b.File, "--state", b.State)
	cmd := exec.CommandContext(ctx, b.o.Binary, append(args, words...)...)
	cmd.Env = append(append(os.Environ(), b.Config.env()...), b.o.Env...)
	cmd.Dir = b.Dir
	out, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		err = fmt.Errorf("signalbox %s: %w\n%s", strings.Join(args, " "), err, exit.Stderr)
	}
	return string(out), err
}

// NewKey creates a virtual key and returns its text.
func (b *Bed) NewKey(ctx context.Context, team, name string, more ...string) (string, error) {
	out, err := b.Command(ctx, append([]string{"keys", "new", "--team", team, "--name", name}, more...)...)
	if err != nil {
		return "", err
	}
	lines := strings.Fields(out)
	if len(lines) == 0 {
		return "", errors.New("no key printed")
	}
	return lines[len(lines)-1], nil
}

// EnvoyPID is the process id of the bed's own Envoy.
func (b *Bed) EnvoyPID() (int, error) {
	text, err := os.ReadFile(filepath.Join(b.State, "envoy", "envoy.json"))
	if err != nil {
		return 0, err
	}
	var v struct {
		PID int `json:"pid"`
	}
	if err := json.Unmarshal(text, &v); err != nil {
		return 0, err
	}
	if v.PID <= 1 {
		return 0, fmt.Errorf("no process id in %s", text)
	}
	return v.PID, nil
}

// KillEnvoy ends Envoy as kill -9 does.
func (b *Bed) KillEnvoy() error {
	pid, err := b.EnvoyPID()
	if err != nil {
		return err
	}
	return syscall.Kill(pid, syscall.SIGKILL)
}

// Stop ends signalbox in order.
func (b *Bed) Stop() error {
	if b.proc == nil {
		return nil
	}
	return b.proc.Stop(b.o.Grace)
}

// Close ends everything, an orphaned Envoy too, and removes the files.
func (b *Bed) Close() error {
	err := errors.Join(b.Stop(), b.stopEnvoy())
	if pid, e := b.EnvoyPID(); e == nil && proc.Alive(pid) {
		err = errors.Join(err, syscall.Kill(pid, syscall.SIGKILL))
	}
	return errors.Join(err, os.RemoveAll(b.Dir))
}
