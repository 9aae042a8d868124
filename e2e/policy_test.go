package e2e

import (
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/signalbox-dev/signalbox/e2e/internal/bed"
	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/provider"
)

// regions puts backend a into us, b and c into eu.
func regions(c *bed.Config) {
	for name, region := range map[string]string{"a": "us", "b": "eu", "c": "eu"} {
		c.Backend(name)["region"] = region
	}
	c.Classes = []bed.Section{{"name": "eu-only", "regions": []string{"eu"}}}
	c.Teams = append(c.Teams, bed.Section{"name": "europe", "class": "eu-only"})
}

// TestResidency binds a team to a region: not even the last fallback leaves
// it.
func TestResidency(t *testing.T) {
	r := start(t, plan{providers: named("a", "b", "c"), configure: func(c *bed.Config, _ map[string]*provider.Server) { regions(c) }})
	europe, err := r.NewKey(t.Context(), "europe", "eu")
	if err != nil {
		t.Fatal(err)
	}
	classed, err := r.NewKey(t.Context(), "test", "eu", "--class", "eu-only")
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{europe, classed} {
		eventually(t, time.Second, "the key is accepted", func() bool { return r.do(t, request{body: chat("", "x"), key: key}).status == 200 })
		for _, fault := range []string{"", "backend=b status=500", "backend=b reset", "status=500", "stall-headers=10ms"} {
			a := r.do(t, request{body: chat("", "Hello\n#fault "+fault), key: key})
			if fault != "status=500" && a.status != 200 {
				t.Errorf("%q: %d %s", fault, a.status, a.body)
			}
		}
	}
	if n, _ := r.at["a"].Journal().Count(); n != 0 {
		t.Errorf("%d bound requests left the region", n)
	}
	if a := r.do(t, request{body: chat("", "Hello")}); a.header.Get("x-signalbox-provider") != "a" {
		t.Errorf("a free request went to %q", a.header.Get("x-signalbox-provider"))
	}
}

// TestWeighted checks that weights spread the first choice and that a failure
// moves on to the other.
func TestWeighted(t *testing.T) {
	r := start(t, plan{providers: named("a", "b"), configure: func(c *bed.Config, _ map[string]*provider.Server) {
		list := c.Candidates("chat")
		list[0]["weight"], list[1]["weight"] = 3, 1
		c.Routes = []bed.Section{{"name": "spread", "models": []string{"*"}, "order": "weighted"}}
	}})
	const n = 200
	for range n {
		if a := r.do(t, request{body: chat("", "Hello")}); a.status != 200 {
			t.Fatal(a)
		}
	}
	if first, _ := r.at["a"].Journal().Count(); first < n*60/100 || first > n*88/100 {
		t.Errorf("a got %d of %d, its share is three quarters", first, n)
	}
	for range 10 {
		if a := r.do(t, request{body: chat("", "Hello\n#fault backend=a reset")}); a.status != 200 || a.header.Get("x-signalbox-provider") != "b" {
			t.Errorf("%d %v", a.status, a.header)
		}
	}
}

// TestMaxAttempts bounds the candidates that are tried.
func TestMaxAttempts(t *testing.T) {
	r := start(t, plan{providers: named("a", "b", "c"), configure: func(c *bed.Config, _ map[string]*provider.Server) {
		c.Routes = []bed.Section{{"name": "two", "models": []string{"*"}, "max_attempts": 2}}
	}})
	a := r.do(t, request{body: chat("", "Hello\n#fault backend=a,b status=500")})
	if a.status != 500 {
		t.Errorf("%d %v", a.status, a.header)
	}
	if n, _ := r.at["c"].Journal().Count(); n != 0 {
		t.Errorf("the third candidate was tried %d times", n)
	}
}

// TestSessionMemory fills the room for bodies with a request that waits: the
// next one is served without fallback, and says so.
func TestSessionMemory(t *testing.T) {
	r := start(t, plan{providers: named("a", "b"), configure: func(c *bed.Config, _ map[string]*provider.Server) {
		c.Envoy = bed.Section{"body_limit": "2MiB"}
		c.State = bed.Section{"session_memory": "2MiB"}
	}})
	text := strings.Repeat("Hello ", 250_000)
	var wait sync.WaitGroup
	wait.Go(func() {
		if a := r.do(t, request{body: chat("", text+"\n#fault stall-before=2s")}); a.status != 200 {
			t.Errorf("the first one: %d %s", a.status, a.body)
		}
	})
	if err := r.at["a"].Journal().WaitArrived(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	a := r.do(t, request{body: chat("", text)})
	if a.status != 200 || a.header.Get("x-signalbox-fallback") == "" {
		t.Errorf("%d %v", a.status, a.header)
	}
	a = r.do(t, request{body: chat("", text+"\n#fault backend=a status=500")})
	if a.status != 500 {
		t.Errorf("%d %v %s", a.status, a.header, a.body)
	}
	if got := r.Metric(t.Context(), "signalbox_no_fallback_total"); got != 2 {
		t.Errorf("signalbox_no_fallback_total is %v", got)
	}
	wait.Wait()
	a = r.do(t, request{body: chat("", text+"\n#fault backend=a status=500")})
	if a.status != 200 || a.header.Get("x-signalbox-provider") != "b" {
		t.Errorf("with room again: %d %v %s", a.status, a.header, a.body)
	}
	compareAll(t, r, false)
}

// TestDrain stops the gateway under running streams: they end in order, and
// then everything is gone.
func TestDrain(t *testing.T) {
	r := start(t, plan{providers: named("a")})
	flights, wait := fly(t, r, 10, func(int) string { return chat(streamed, "Hello\n#fault tokens=100 gap=15ms") })
	if err := r.Process().Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	wait()
	for i, f := range flights {
		if f.err != nil || !strings.HasSuffix(f.body.String(), "[DONE]\n\n") {
			t.Errorf("stream %d was cut: %v", i, f.err)
		}
	}
	select {
	case <-r.Process().Done():
	case <-time.After(20 * time.Second):
		t.Fatal("it runs on")
	}
	if err := r.Process().Err(); err != nil {
		t.Errorf("it ended with %v", err)
	}
	if a := r.do(t, request{body: chat("", "Hello")}); a.err == nil {
		t.Errorf("Envoy still serves: %d", a.status)
	}
	compareAll(t, r, false)
}
