package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/signalbox-dev/signalbox/e2e/internal/bed"
	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/provider"
)

// load is a steady stream of requests.
type load struct {
	stop chan struct{}
	wg   sync.WaitGroup
	mu   sync.Mutex
	bad  []answer
}

// startLoad sends streamed requests at a rate a second until it is ended.
func startLoad(t *testing.T, r *rig, rate int) *load {
	t.Helper()
	l := &load{stop: make(chan struct{})}
	l.wg.Go(func() {
		tick := time.NewTicker(time.Second / time.Duration(rate))
		defer tick.Stop()
		for {
			select {
			case <-l.stop:
				return
			case <-tick.C:
				l.wg.Go(func() {
					if a := r.do(t, request{body: chat(streamed, "Hello")}); a.status != 200 || a.err != nil {
						l.mu.Lock()
						defer l.mu.Unlock()
						l.bad = append(l.bad, a)
					}
				})
			}
		}
	})
	return l
}

func (l *load) end(t *testing.T) {
	t.Helper()
	close(l.stop)
	l.wg.Wait()
	if len(l.bad) > 0 {
		t.Errorf("%d requests failed, the first with %d %s %v", len(l.bad), l.bad[0].status, l.bad[0].body, l.bad[0].err)
	}
}

// shares is what part of the attempts each provider got during d.
func shares(r *rig, d time.Duration) (share map[string]float64) {
	before, total := map[string]int{}, 0
	for name, s := range r.at {
		before[name], _ = s.Journal().Count()
	}
	time.Sleep(d)
	share = map[string]float64{}
	for name, s := range r.at {
		n, _ := s.Journal().Count()
		share[name] = float64(n - before[name])
		total += n - before[name]
	}
	for name := range share {
		share[name] /= float64(total)
	}
	return share
}

// TestBrownOut makes one of three backends ill under load, in each way that
// there is: within 3 s nearly all requests go elsewhere, no request fails, and
// when it has recovered it gets its share again. Its breaker opens once.
func TestBrownOut(t *testing.T) {
	if raced {
		t.Skip("50 requests a second are too many for the race detector")
	}
	const common = "stall-before=100ms gap=1ms tokens=3"
	r := start(t, plan{providers: named("a", "b", "c"), configure: func(c *bed.Config, _ map[string]*provider.Server) {
		c.Health = bed.Section{"enabled": true, "rest": "2s"}
		c.Routes = []bed.Section{{"name": "spread", "order": "weighted"}}
	}})
	set := func(name, fault string) {
		if err := r.at[name].SetFaults(fault); err != nil {
			t.Fatal(err)
		}
	}
	for name := range r.at {
		set(name, common)
	}
	l := startLoad(t, r, 50)
	defer l.end(t)
	time.Sleep(4 * time.Second)
	for _, c := range []struct{ name, fault, reason string }{
		{"slow", "stall-before=1s gap=1ms tokens=3", "slow"},
		{"refusing", "status=429 retry-after=1", "throttled"},
		{"failing", "p=0.5 status=500\n" + common, "ill"},
	} {
		t.Run(c.name, func(t *testing.T) {
			opened := func() float64 {
				return r.Metric(t.Context(), "signalbox_breaker_changes_total", `backend="a"`, `to="open"`, `reason="`+c.reason+`"`)
			}
			before := opened()
			set("a", c.fault)
			time.Sleep(3 * time.Second)
			if s := shares(r, 4*time.Second); s["a"] > .05 {
				t.Errorf("the ill backend got %.3f of the requests: %v", s["a"], breakers(t, r))
			}
			set("a", common)
			eventually(t, 30*time.Second, "the breaker closes", func() bool { return breakers(t, r)["a"].Signal == "clear" })
			if s := shares(r, 3*time.Second); s["a"] < .2 {
				t.Errorf("the recovered backend got %.3f of the requests", s["a"])
			}
			if n := opened() - before; n < 1 || n > 2 {
				t.Errorf("the breaker opened %v times", n)
			}
		})
	}
}

type breaker struct {
	Backend, Model, Signal, Breaker, State string
	Spark                                  []*float64 `json:"ttft_spark_ms"`
}

// breakers is what the operator's endpoint says of each backend.
func breakers(t *testing.T, r *rig) map[string]breaker {
	t.Helper()
	resp, err := http.Get(r.Admin + "/admin/v1/health")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var v struct{ Cells []breaker }
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatalf("%v: %s", err, b)
	}
	all := map[string]breaker{}
	for _, c := range v.Cells {
		all[c.Backend] = c
	}
	return all
}
