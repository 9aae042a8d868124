package e2e

import (
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/signalbox-dev/signalbox/e2e/internal/bed"
	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/provider"
)

// another starts a provider that the configuration does not have yet. It takes
// any key.
func another(t *testing.T, name string) (bed.Backend, *provider.Server) {
	t.Helper()
	s, err := provider.Serve(provider.Options{Name: name}, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return bed.Backend{Name: name, URL: s.URL}, s
}

// servedBy waits until a provider serves the model chat, and returns how long
// it took.
func servedBy(t *testing.T, r *rig, name string) time.Duration {
	t.Helper()
	began := time.Now()
	for time.Since(began) < 10*time.Second {
		if r.do(t, request{body: chat("", "Hello")}).header.Get("x-signalbox-provider") == name {
			return time.Since(began)
		}
	}
	t.Fatalf("%s does not serve", name)
	return 0
}

// rewrite changes the configuration of a running gateway.
func rewrite(t *testing.T, r *rig, change func(c *bed.Config)) {
	t.Helper()
	change(r.Config)
	if err := r.WriteConfig(); err != nil {
		t.Fatal(err)
	}
}

// chatBy has one backend alone serve the model chat.
func chatBy(name string) func(c *bed.Config) {
	return func(c *bed.Config) { c.Candidates("chat")[0]["backend"] = name }
}

// uncut checks that streams came to their ends.
func uncut(t *testing.T, flights []*flight) {
	t.Helper()
	for i, f := range flights {
		if f.err != nil || !strings.HasSuffix(f.body.String(), "[DONE]\n\n") {
			t.Errorf("stream %d was cut: %v", i, f.err)
		}
	}
}

// sameEnvoy checks that Envoy was not replaced.
func sameEnvoy(t *testing.T, r *rig, pid int) {
	t.Helper()
	if now, err := r.EnvoyPID(); err != nil || now != pid {
		t.Errorf("Envoy was %d and is %d: %v", pid, now, err)
	}
}

// TestReloadUnderLoad changes the model, adds a backend that serves it alone,
// and rotates a key: no request fails.
func TestReloadUnderLoad(t *testing.T) {
	file := t.TempDir() + "/key"
	keep := func(key string) {
		if err := os.WriteFile(file, []byte(key), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const before, after = "sk-before-0123456789", "sk-after-01234567890"
	keep(before)
	next, at := another(t, "next")
	next.More = bed.Section{"credential": bed.Section{"file": file}}
	r := start(t, plan{providers: named("a", "b"), configure: func(c *bed.Config, _ map[string]*provider.Server) {
		c.Models = nil
		c.Model("chat", "a/a-model")
	}})
	flights, wait := fly(t, r, 5, func(int) string { return chat(streamed, "Hello\n#fault tokens=200 gap=20ms") })
	l := startLoad(t, r, 50)
	rewrite(t, r, chatBy("b"))
	servedBy(t, r, "b")
	rewrite(t, r, func(c *bed.Config) { c.Add(next); chatBy("next")(c) })
	servedBy(t, r, "next")
	keep(after)
	eventually(t, 5*time.Second, "the new key is used", func() bool {
		return slices.ContainsFunc(at.Journal().Exchanges(), func(x provider.Exchange) bool {
			return slices.Contains(x.Header["authorization"], "Bearer "+after)
		})
	})
	for _, x := range at.Journal().Exchanges() {
		if got := strings.Join(x.Header["authorization"], ", "); got != "Bearer "+before && got != "Bearer "+after {
			t.Errorf("sent as the key: %q", got)
		}
	}
	rewrite(t, r, chatBy("a"))
	servedBy(t, r, "a")
	l.end(t)
	wait()
	uncut(t, flights)
}

// TestReloadTime measures from the change of the file to the first answer by
// it, that answer's own time included.
func TestReloadTime(t *testing.T) {
	r := start(t, plan{providers: named("a", "b"), configure: func(c *bed.Config, _ map[string]*provider.Server) {
		c.Models = nil
		c.Model("chat", "a/a-model")
	}})
	var models, backends []time.Duration
	for i := range 20 {
		name := []string{"b", "a"}[i%2]
		rewrite(t, r, chatBy(name))
		models = append(models, servedBy(t, r, name))
	}
	for _, name := range []string{"n0", "n1", "n2", "n3", "n4"} {
		next, _ := another(t, name)
		rewrite(t, r, func(c *bed.Config) { c.Add(next); chatBy(name)(c) })
		backends = append(backends, servedBy(t, r, name))
	}
	slices.Sort(models)
	slices.Sort(backends)
	t.Logf("another model: median %v, longest %v; a new backend: median %v, longest %v",
		models[len(models)/2], models[len(models)-1], backends[len(backends)/2], backends[len(backends)-1])
	if m := max(models[len(models)/2], backends[len(backends)/2]); m > time.Second {
		t.Errorf("the median of a reload is %v", m)
	}
}

// TestListenerFollows changes limits and the address of a running Envoy: no
// request fails, and no stream is cut.
func TestListenerFollows(t *testing.T) {
	r := start(t, plan{providers: named("a")})
	pid, err := r.EnvoyPID()
	if err != nil {
		t.Fatal(err)
	}
	flights, wait := fly(t, r, 5, func(int) string { return chat(streamed, "Hello\n#fault tokens=200 gap=20ms") })
	l := startLoad(t, r, 50)
	rewrite(t, r, func(c *bed.Config) { c.Envoy["body_limit"] = "2KiB" })
	eventually(t, 5*time.Second, "the new limit holds", func() bool {
		return r.do(t, request{body: sized(3000, "")}).status == 413
	})
	l.end(t)
	port, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	old := r.API
	port.Close()
	rewrite(t, r, func(c *bed.Config) { c.Envoy["listen"] = port.Addr().String() })
	r.API = "http://" + port.Addr().String()
	eventually(t, 5*time.Second, "the new address serves", func() bool {
		return r.do(t, request{body: chat("", "Hello")}).status == 200
	})
	if r.API = old; r.do(t, request{body: chat("", "Hello")}).err == nil {
		t.Error("the old address still serves")
	}
	wait()
	uncut(t, flights)
	sameEnvoy(t, r, pid)
}

// TestEnvoyRefuses gives Envoy what it cannot take, an address that is in use:
// the old configuration stays in force, people hear of it, and the next change
// is taken.
func TestEnvoyRefuses(t *testing.T) {
	r := start(t, plan{providers: named("a", "b"), configure: func(c *bed.Config, _ map[string]*provider.Server) {
		c.Alerts = bed.Section{"resolve_after": "1s"}
		c.Models = nil
		c.Model("chat", "a/a-model")
	}})
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	own := r.Config.Envoy["listen"]
	l := startLoad(t, r, 50)
	rewrite(t, r, func(c *bed.Config) { c.Envoy["listen"] = taken.Addr().String(); chatBy("b")(c) })
	eventually(t, 10*time.Second, "the refusal is counted", func() bool {
		return r.Metric(t.Context(), "signalbox_envoy_updates_total", `kind="listener"`, `result="refused"`) == 1 &&
			r.Metric(t.Context(), "signalbox_reloads_total", `kind="config"`, `result="error"`) == 1 &&
			r.Metric(t.Context(), "signalbox_alerts_firing", `kind="reload_refused"`) > 0
	})
	if a := r.do(t, request{body: chat("", "Hello")}); a.header.Get("x-signalbox-provider") != "a" {
		t.Errorf("what was refused is in force: %d %v", a.status, a.header)
	}
	rewrite(t, r, func(c *bed.Config) { c.Envoy["listen"] = own })
	servedBy(t, r, "b")
	eventually(t, 5*time.Second, "the alert is over", func() bool {
		return r.Metric(t.Context(), "signalbox_alerts_firing", `kind="reload_refused"`) == 0
	})
	l.end(t)
}

// TestRestartedDuringUpdate kills Signalbox again and again as it hands out new
// backends: Envoy serves on, and has all of them in the end.
func TestRestartedDuringUpdate(t *testing.T) {
	r := start(t, plan{providers: named("a"), configure: func(c *bed.Config, _ map[string]*provider.Server) {
		c.Models = nil
		c.Model("chat", "a/a-model")
	}})
	pid, err := r.EnvoyPID()
	if err != nil {
		t.Fatal(err)
	}
	flights, wait := fly(t, r, 20, func(int) string { return chat(streamed, "Hello\n#fault tokens=400 gap=20ms") })
	for i, name := range []string{"n0", "n1", "n2", "n3", "n4"} {
		next, _ := another(t, name)
		rewrite(t, r, func(c *bed.Config) { c.Add(next); chatBy(name)(c) })
		time.Sleep(time.Duration(i) * 10 * time.Millisecond) // somewhere between the file event and the answer
		if err := r.Process().Kill(); err != nil {
			t.Fatal(err)
		}
		if err := r.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		servedBy(t, r, name)
	}
	wait()
	uncut(t, flights)
	sameEnvoy(t, r, pid)
}

// TestFiles runs Envoy without the control plane: new backends and keys come by
// files.
func TestFiles(t *testing.T) {
	r := start(t, plan{providers: named("a"), configure: func(c *bed.Config, _ map[string]*provider.Server) {
		c.Envoy = bed.Section{"control": "files"}
		c.Models = nil
		c.Model("chat", "a/a-model")
	}})
	next, _ := another(t, "next")
	rewrite(t, r, func(c *bed.Config) { c.Add(next); chatBy("next")(c) })
	servedBy(t, r, "next")
	if n := r.Metric(t.Context(), "signalbox_envoy_connected"); n != 0 {
		t.Errorf("%v Envoys asked for their configuration", n)
	}
}

// TestNoSecretOnDisk looks for credentials in the state directory of a gateway
// whose Envoy asks.
func TestNoSecretOnDisk(t *testing.T) {
	r := start(t, plan{providers: named("a")})
	if a := r.do(t, request{body: chat("", "Hello")}); a.status != 200 {
		t.Fatal(a)
	}
	err := filepath.WalkDir(r.State, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		if strings.Contains(string(text), credential("a")) {
			t.Errorf("%s holds a credential", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
