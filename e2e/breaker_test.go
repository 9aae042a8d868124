package e2e

import (
	"fmt"
	"sync"
	"testing"

	"github.com/signalbox-dev/signalbox/e2e/internal/bed"
	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/provider"
)

// TestBreakersStayClosed waits for more answers at once than Envoy's breakers
// allow by default (1,024 requests and 3 retries for a cluster): a request that
// a breaker stops is not retried, so none may.
func TestBreakersStayClosed(t *testing.T) {
	if raced {
		t.Skip("1,100 requests at once are too many for the race detector")
	}
	r := start(t, plan{providers: named("a", "b"), configure: func(c *bed.Config, _ map[string]*provider.Server) {
		c.Routes = []bed.Section{{"name": "quick", "models": []string{"*"}, "first_byte_timeout": "4s", "answer_timeout": "20s"}}
	}})
	if err := r.at["a"].SetFaults("stall-before=30s"); err != nil {
		t.Fatal(err)
	}
	const n = 1100
	var mu sync.Mutex
	var wg sync.WaitGroup
	got := map[string]int{}
	for range n {
		wg.Go(func() {
			a := r.do(t, request{body: chat(streamed, "Hello")})
			mu.Lock()
			defer mu.Unlock()
			got[fmt.Sprint(a.status, " ", a.header.Get("x-signalbox-provider"), " ", a.code())]++
		})
	}
	wg.Wait()
	if got["200 b "] != n {
		t.Errorf("answers %v", got)
	}
}
