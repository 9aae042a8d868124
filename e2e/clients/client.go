package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// client is one SDK's program.
type client struct {
	name string
	argv []string
}

func (o options) clients() []client {
	var out []client
	for _, c := range []client{
		{"python", []string{o.python, "e2e/clients/python/checks.py"}},
		{"node", []string{o.node, o.script}},
		{"go", []string{o.goBin}},
	} {
		if c.argv[0] != "" {
			out = append(out, c)
		}
	}
	return out
}

// run gives the client keys of its own, runs it and reads its lines.
func (c client) run(ctx context.Context, s *stand, limit time.Duration) *result {
	r := newResult(c.name)
	env, err := c.env(ctx, s)
	if err != nil {
		r.add("run", broken, err.Error())
		return r
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, c.argv[0], c.argv[1:]...)
	cmd.Env, cmd.Stdout, cmd.Stderr = env, &out, &errs
	cmd.WaitDelay = time.Second
	began := time.Now()
	err = cmd.Run()
	r.took = time.Since(began)
	r.read(out.String())
	if ctx.Err() != nil {
		err = fmt.Errorf("not done within %v", limit)
	}
	if err != nil && r.count(broken) == 0 {
		r.add("run", broken, fmt.Sprintf("%v: %s", err, tail(strings.TrimSpace(errs.String()), 400)))
	}
	return r
}

// env is our own environment without what would lead an SDK elsewhere.
func (c client) env(ctx context.Context, s *stand) ([]string, error) {
	key, err := s.key(ctx, c.name, c.name)
	if err != nil {
		return nil, err
	}
	limited, err := s.key(ctx, c.name, "limited", "--models", "solo")
	if err != nil {
		return nil, err
	}
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "OPENAI_") && !strings.Contains(strings.ToLower(strings.SplitN(v, "=", 2)[0]), "proxy") {
			env = append(env, v)
		}
	}
	return append(env, "OPENAI_BASE_URL="+s.bed.API+"/v1", "OPENAI_API_KEY="+key, "LIMITED_KEY="+limited), nil
}
