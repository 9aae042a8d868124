package e2e

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/signalbox-dev/signalbox/e2e/internal/bed"
	"github.com/signalbox-dev/signalbox/e2e/internal/envoybin"
	"github.com/signalbox-dev/signalbox/e2e/internal/proc"
)

var readyLine = regexp.MustCompile(`(?m)^ready api=(http://\S+) admin=(http://\S+) metrics=(http://\S+) key=(sb-\S+)$`)

// quickstart starts the program behind `make run` on free ports.
func quickstart(t *testing.T, env ...string) *proc.Process {
	t.Helper()
	found := need(t)
	root, err := envoybin.Root()
	if err != nil {
		t.Fatal(err)
	}
	bin, err := bed.GoBuild(t.Context(), t.TempDir(), "./examples/quickstart")
	if err != nil {
		t.Fatal(err)
	}
	state, err := os.MkdirTemp("", "qs")
	if err != nil {
		t.Fatal(err)
	}
	p, err := proc.Start(proc.Options{
		Path: bin, Args: []string{"-signalbox", found.signalbox, "-state", state}, Dir: root,
		Env: append([]string{"ENVOY=" + found.envoy, "OPENAI_API_KEY=", "ANTHROPIC_API_KEY=", "GEMINI_API_KEY=", "SIGNALBOX_CONFIG=", "API_PORT=0", "ADMIN_PORT=0"}, env...),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(30 * time.Second); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Log(p.Output())
		}
		os.RemoveAll(state)
	})
	return p
}

// TestQuickstart does what a newcomer does: start, ask, stop.
func TestQuickstart(t *testing.T) {
	p := quickstart(t)
	var m []string
	eventually(t, 60*time.Second, "the ready line", func() bool {
		m = readyLine.FindStringSubmatch(p.Output())
		return m != nil
	})
	for _, shown := range []string{
		"This is alpha, a simulated provider", "This is gamma, a simulated provider", "x-signalbox-provider: gamma",
		"This is delta, a simulated provider", "x-signalbox-provider: delta",
	} {
		if !strings.Contains(p.Output(), shown) {
			t.Errorf("not shown: %q", shown)
		}
	}
	r := &rig{Bed: &bed.Bed{API: strings.TrimSuffix(m[1], "/v1")}, key: m[4]}
	body := func(fault string) string {
		return strings.Replace(chat("", "Hello\n#fault "+fault), `"chat"`, `"demo"`, 1)
	}
	if a := r.do(t, request{body: body("")}); a.status != 200 || a.header.Get("x-signalbox-provider") != "alpha" {
		t.Errorf("%d %v %s", a.status, a.header, a.body)
	}
	if a := r.do(t, request{body: body("backend=alpha status=500")}); a.status != 200 || a.header.Get("x-signalbox-provider") != "beta" {
		t.Errorf("%d %v %s", a.status, a.header, a.body)
	}
	other := strings.Replace(body("backend=alpha,gamma status=500"), `"demo"`, `"demo-any"`, 1)
	if a := r.do(t, request{body: other}); a.status != 200 || a.header.Get("x-signalbox-provider") != "delta" || !strings.Contains(a.body, `"chat.completion"`) {
		t.Errorf("%d %v %s", a.status, a.header, a.body)
	}
	for _, url := range []string{m[2] + "/healthz", m[3]} {
		resp, err := http.Get(url)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Errorf("%s: %v %v", url, resp, err)
			continue
		}
		resp.Body.Close()
	}
	if err := p.Stop(30 * time.Second); err != nil {
		t.Error(err)
	}
	if err := p.Err(); err != nil {
		t.Errorf("it ended with %v", err)
	}
	if c, err := net.Dial("tcp", strings.TrimPrefix(r.API, "http://")); err == nil {
		c.Close()
		t.Error("something still listens")
	}
}

// TestQuickstartMessages checks that what can go wrong on a newcomer's machine
// is said clearly.
func TestQuickstartMessages(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, taken, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	old := filepath.Join(t.TempDir(), "envoy")
	if err := os.WriteFile(old, []byte("#!/bin/sh\necho 'envoy  version: 0000/1.38.0/Clean/RELEASE/BoringSSL'\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, env, says string }{
		{"port_taken", "API_PORT=" + taken, "port " + taken + " is taken"},
		{"admin_port_taken", "ADMIN_PORT=" + taken, "ADMIN_PORT=PORT"},
		{"old_envoy", "ENVOY=" + old, "1.40"},
		{"no_envoy", "ENVOY=/nowhere/envoy", "/nowhere/envoy"},
		{"no_key", "SIGNALBOX_CONFIG=examples/quickstart/providers.yaml", "GEMINI_API_KEY"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := quickstart(t, c.env)
			select {
			case <-p.Done():
			case <-time.After(30 * time.Second):
				t.Fatal("it runs on")
			}
			if p.Err() == nil || !strings.Contains(p.Output(), c.says) {
				t.Errorf("it ended with %v and said\n%s", p.Err(), p.Output())
			}
		})
	}
}
