package e2e

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/signalbox-dev/signalbox/e2e/internal/bed"
	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/provider"
)

// TestOutage lets 50 requests meet an outage at once: all move on.
func TestOutage(t *testing.T) {
	for _, fault := range []string{"status=500", "status=503", "reset", "stall-before=5s", "refused"} {
		t.Run(strings.ReplaceAll(fault, "=", "_"), func(t *testing.T) {
			r := start(t, plan{providers: named("a", "b"), configure: func(c *bed.Config, _ map[string]*provider.Server) {
				c.Routes = []bed.Section{{"name": "quick", "models": []string{"*"}, "first_byte_timeout": "500ms", "answer_timeout": "2s"}}
			}})
			if fault == "refused" {
				if err := r.at["a"].Suspend(); err != nil {
					t.Fatal(err)
				}
			} else if err := r.at["a"].SetFaults(fault); err != nil {
				t.Fatal(err)
			}
			const n = 50
			var mu sync.Mutex
			var wg sync.WaitGroup
			got := map[string]int{}
			for range n {
				wg.Go(func() {
					a := r.do(t, request{body: chat(streamed, "Hello")})
					mu.Lock()
					defer mu.Unlock()
					got[fmt.Sprint(a.status, a.header.Get("x-signalbox-provider"), a.err)]++
				})
			}
			wg.Wait()
			if got["200b<nil>"] != n && got["200 b <nil>"] != n {
				t.Errorf("answers %v", got)
			}
			compareAll(t, r, false)
		})
	}
}

// TestNoHost has a first backend whose name does not resolve: the second one
// serves, and a model with that backend alone fails with a clear error.
func TestNoHost(t *testing.T) {
	r := start(t, plan{providers: named("b"), configure: func(c *bed.Config, _ map[string]*provider.Server) {
		c.Add(bed.Backend{Name: "a", URL: "http://no-such-host.invalid/v1", Key: "sk-a"})
		c.Models = nil
		c.Model("chat", "a", "b/b-model")
		c.Model("alone", "a")
	}})
	a := r.do(t, request{body: chat("", "Hello")})
	if a.status != 200 || a.header.Get("x-signalbox-provider") != "b" {
		t.Fatalf("%d %v %s %v", a.status, a.header, a.body, a.err)
	}
	s := r.settledOne(t, a)
	if got := s.outcomes(); len(got) != 2 || !slices.Contains([]string{"a:NO_HOST", "a:CONNECT_FAILURE"}, got[0]) {
		t.Errorf("ledger says %v", got)
	}
	a = r.do(t, request{body: strings.Replace(chat("", "Hello"), "chat", "alone", 1)})
	if a.status != 503 || a.code() == "" || strings.Contains(a.body, "no-such-host") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if s := r.settledOne(t, a); s.state() != "FAILED" {
		t.Errorf("ledger says %s %v", s.state(), s.outcomes())
	}
}

// TestEjected sends requests one after the other until Envoy gives the host up,
// and beyond: each finds the other backend.
func TestEjected(t *testing.T) {
	r := start(t, plan{providers: named("a", "b")})
	if err := r.at["a"].Suspend(); err != nil {
		t.Fatal(err)
	}
	for i := range 60 {
		a := r.do(t, request{body: chat("", "Hello")})
		if a.status != 200 || a.header.Get("x-signalbox-provider") != "b" {
			t.Fatalf("request %d: %d %v %s %v", i, a.status, a.header, a.body, a.err)
		}
	}
	compareAll(t, r, false)
}

// TestReturn checks that a backend that comes back is used again.
func TestReturn(t *testing.T) {
	r := start(t, plan{providers: named("a", "b")})
	if err := r.at["a"].Suspend(); err != nil {
		t.Fatal(err)
	}
	if a := r.do(t, request{body: chat("", "Hello")}); a.header.Get("x-signalbox-provider") != "b" {
		t.Fatalf("%d %v", a.status, a.header)
	}
	if err := r.at["a"].Resume(); err != nil {
		t.Fatal(err)
	}
	eventually(t, 10*time.Second, "the first backend serves again", func() bool {
		return r.do(t, request{body: chat("", "Hello")}).header.Get("x-signalbox-provider") == "a"
	})
}
