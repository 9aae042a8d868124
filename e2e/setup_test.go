package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/signalbox-dev/signalbox/e2e/internal/bed"
	"github.com/signalbox-dev/signalbox/e2e/internal/envoybin"
	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/provider"
)

// tools are what all tests run: found and built once, into a folder of the
// test run.
type tools struct{ signalbox, envoy string }

var buildDir string // set before the first test

var findTools = sync.OnceValues(func() (tools, error) {
	envoy, err := envoybin.Find()
	if err != nil {
		return tools{}, err
	}
	bin, err := bed.Build(context.Background(), buildDir, buildFlags()...)
	return tools{bin, envoy}, err
})

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "e2e")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	buildDir = dir
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// need returns the tools, or skips the test where there is no Envoy.
func need(t *testing.T) tools {
	t.Helper()
	if testing.Short() {
		t.Skip("end-to-end tests are left out with -short")
	}
	found, err := findTools()
	if errors.Is(err, envoybin.ErrNone) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// rig is a bed with its providers and a key.
type rig struct {
	*bed.Bed
	key string
	at  map[string]*provider.Server
}

// plan says what a rig is made of. Every provider is a backend of its name,
// with a key, a base path and a model name of its own; the model "chat" has
// all of them as candidates, in this order.
type plan struct {
	providers []provider.Options
	configure func(c *bed.Config, at map[string]*provider.Server)
	env       []string
	command   string
}

// named are providers without anything special.
func named(names ...string) []provider.Options {
	var out []provider.Options
	for _, n := range names {
		out = append(out, provider.Options{Name: n})
	}
	return out
}

func credential(name string) string { return "sk-" + name + "-0123456789abcdef" }

func start(t *testing.T, p plan) *rig {
	t.Helper()
	r := prepare(t, p)
	if err := r.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	var err error
	if r.key, err = r.NewKey(t.Context(), "test", t.Name()); err != nil {
		t.Fatal(err)
	}
	r.keyKnown(t)
	return r
}

// prepare starts the providers and writes the configuration.
func prepare(t *testing.T, p plan) *rig {
	t.Helper()
	found := need(t)
	r := &rig{at: map[string]*provider.Server{}}
	c := &bed.Config{Teams: []bed.Section{{"name": "test"}}}
	var all []string
	for i, o := range p.providers {
		o.Key = credential(o.Name)
		own := o.Dialect != "" && o.Dialect != provider.OpenAI
		if i > 0 && o.BasePath == "" && !own {
			o.BasePath = fmt.Sprintf("/%s/openai/v%d", o.Name, i)
		}
		s, err := provider.Serve(o, "")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		r.at[o.Name] = s
		b := bed.Of(o.Name, o.Key, s)
		if own {
			b.Dialect = string(o.Dialect)
		}
		c.Add(b)
		all = append(all, o.Name+"/"+o.Name+"-model")
	}
	if len(all) > 0 {
		c.Model("chat", all...)
	}
	if p.configure != nil {
		p.configure(c, r.at)
	}
	b, err := bed.Prepare(bed.Options{Binary: found.signalbox, Envoy: found.envoy, Config: c, Env: p.env, Command: p.command})
	if err != nil {
		t.Fatal(err)
	}
	r.Bed = b
	t.Cleanup(func() {
		if strings.Contains(b.Logs(), "DATA RACE") {
			t.Error("signalbox has a data race")
		}
		if t.Failed() {
			t.Logf("signalbox wrote:\n%s", tail(b.Logs(), 6000))
		}
		if err := b.Close(); err != nil {
			t.Errorf("end of signalbox: %v", err)
		}
	})
	return r
}

func tail(s string, n int) string {
	if len(s) > n {
		return "…" + s[len(s)-n:]
	}
	return s
}

// keyKnown waits until a new key is accepted.
func (r *rig) keyKnown(t *testing.T) {
	t.Helper()
	eventually(t, 2*time.Second, "the new key is accepted", func() bool {
		return r.do(t, request{method: "GET", path: "/v1/models"}).status != 401
	})
}

// eventually waits for a condition that other processes bring about.
func eventually(t *testing.T, limit time.Duration, what string, f func() bool) {
	t.Helper()
	end := time.Now().Add(limit)
	for !f() {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", limit, what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
