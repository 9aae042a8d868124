package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/signalbox-dev/signalbox/e2e/internal/bed"
	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/provider"
)

// TestRetryAfter has the first backend refuse for lack of capacity and ask for
// time: while the request that it refused is still served elsewhere, and for as
// long as it asked, it gets no other.
func TestRetryAfter(t *testing.T) {
	r := start(t, plan{providers: named("a", "b"), configure: func(c *bed.Config, _ map[string]*provider.Server) {
		c.Health = bed.Section{"enabled": true, "rest": "1s", "probe": "100ms"}
	}})
	set := func(name, fault string) {
		if err := r.at[name].SetFaults(fault); err != nil {
			t.Fatal(err)
		}
	}
	state := func() float64 { return r.Metric(t.Context(), "signalbox_breaker_state", `backend="a"`) }
	for _, c := range []struct{ name, value string }{
		{"seconds", "8"},
		{"date", ""}, // eight seconds from then
	} {
		t.Run(c.name, func(t *testing.T) {
			value := c.value
			if value == "" {
				value = time.Now().Add(9 * time.Second).UTC().Format(http.TimeFormat)
			}
			set("a", "status=429 retry-after="+strings.ReplaceAll(value, " ", "_"))
			set("b", "gap=1s tokens=5")
			long := make(chan answer, 1)
			go func() { long <- r.do(t, request{body: chat(streamed, "Hello")}) }()
			eventually(t, 2*time.Second, "the breaker opens before the answer ends", func() bool {
				return state() == 2 && len(long) == 0
			})
			since := time.Now()
			set("a", "")
			set("b", "gap=1ms tokens=3")
			before, _ := r.at["a"].Journal().Count()
			for time.Since(since) < 6*time.Second {
				if a := r.do(t, request{body: chat("", "Hello")}); a.status != 200 {
					t.Fatalf("%d %s", a.status, a.body)
				}
				time.Sleep(50 * time.Millisecond)
			}
			if n, _ := r.at["a"].Journal().Count(); n != before {
				t.Errorf("%d requests came before the time that it asked for", n-before)
			}
			if a := <-long; a.status != 200 || a.err != nil {
				t.Errorf("%d %s %v", a.status, a.body, a.err)
			} else if s := r.settledOne(t, a); time.Duration(s.attempts[0].RetryAfterNs).Round(2*time.Second) != 8*time.Second {
				t.Errorf("the ledger says %v", time.Duration(s.attempts[0].RetryAfterNs))
			}
			eventually(t, 15*time.Second, "it is asked again", func() bool {
				r.do(t, request{body: chat("", "Hello")})
				return state() == 0
			})
		})
	}
}

// TestFirstToken reads from the ledger when an answer had something to say that
// came long after its head: where the gateway reads the answer, to gate or to
// translate it, and only there.
func TestFirstToken(t *testing.T) {
	for _, c := range []struct {
		name string
		read bool
		plan plan
	}{
		{"gated", true, plan{providers: named("a", "b"), configure: func(c *bed.Config, _ map[string]*provider.Server) {
			c.Routes = []bed.Section{{"name": "gated", "gates": []string{"empty"}}}
		}}},
		{"translated", true, plan{providers: []provider.Options{{Name: "a", Dialect: provider.Anthropic}}}},
		{"left_to_the_proxy", false, plan{providers: named("a")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := start(t, c.plan)
			a := r.do(t, request{body: chat(streamed, "Hello\n#fault stall-first=400ms tokens=20")})
			if a.status != 200 || a.err != nil {
				t.Fatalf("%d %s %v", a.status, a.body, a.err)
			}
			row := r.settledOne(t, a).attempts[0]
			late := time.Duration(row.FirstTokenNs - row.StartNs)
			if c.read && (late < 350*time.Millisecond || row.FirstTokenNs > row.EndNs) || !c.read && row.FirstTokenNs != 0 {
				t.Errorf("first token after %v, first byte after %v", late, time.Duration(row.FirstByteNs-row.StartNs))
			}
		})
	}
}
