package e2e

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/provider"
	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// TestHangUpAtDone lets the client hang up as soon as it has read [DONE],
// while the provider closes a little later: every stream is metered exactly
// and once.
func TestHangUpAtDone(t *testing.T) {
	r := start(t, plan{providers: named("a")})
	for _, late := range []string{"0s", "1ms", "5ms", "20ms"} {
		t.Run(late, func(t *testing.T) {
			p := r.at["a"]
			p.Journal().Reset()
			const n = 100
			var wg sync.WaitGroup
			lanes := make(chan struct{}, 10)
			for i := range n {
				lanes <- struct{}{}
				wg.Go(func() {
					defer func() { <-lanes }()
					text := chat(streamed, fmt.Sprintf("Hello\n#fault hold=%s tokens=%d prompt=%d", late, i+1, 1000+i))
					if err := hangUp(r, text); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			if err := p.Journal().Wait(t.Context(), n); err != nil {
				t.Fatal(err)
			}
			compareAll(t, r, false)
		})
	}
}

// hangUp reads a stream up to [DONE] and closes the connection at once.
func hangUp(r *rig, body string) error {
	c, err := net.Dial("tcp", r.API[len("http://"):])
	if err != nil {
		return err
	}
	defer c.Close()
	req, err := http.NewRequest(http.MethodPost, r.API+"/v1/chat/completions", bytes.NewReader([]byte(body)))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+r.key)
	req.Header.Set("Content-Type", "application/json")
	if err := req.Write(c); err != nil {
		return err
	}
	lines := bufio.NewReader(c)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return fmt.Errorf("stream ended before [DONE]: %w", err)
		}
		if line == "data: [DONE]\n" {
			return nil
		}
	}
}

// compareAll waits until every request that reached a provider has its end in
// the ledger, and compares with the journals of all providers: nothing lost,
// nothing doubled, every usage that a provider delivered counted exactly. Where
// we were killed, that holds for the attempts that completed: an answer that
// was held back at that moment went to nobody.
func compareAll(t *testing.T, r *rig, killed bool) {
	t.Helper()
	byName := map[string]map[string][]provider.Exchange{}
	for name, p := range r.at {
		byName[name] = byRequest(p)
	}
	var all map[string]*story
	eventually(t, 20*time.Second, "all requests that reached a provider have a terminal row", func() bool {
		all = r.stories(t)
		return allEnded(all, byName)
	})
	inexact := 0
	for name, requests := range byName {
		for id, xs := range requests {
			s := all[id]
			compareRows(t, s, name, len(xs))
			got, exact := s.tokens(name)
			want := delivered(xs)
			switch {
			case got == want, want == 0 && !exact:
			case killed && !exact:
				inexact++
			default:
				t.Errorf("request %s at %s: ledger counts %d tokens, the provider reported %d; attempts %v", id, name, got, want, s.outcomes())
			}
		}
	}
	if inexact > 0 {
		t.Logf("%d requests were cut by our death with usage that nobody could read", inexact)
	}
}

func allEnded(all map[string]*story, byName map[string]map[string][]provider.Exchange) bool {
	for _, requests := range byName {
		for id := range requests {
			if s := all[id]; s == nil || len(s.terminals) == 0 {
				return false
			}
		}
	}
	return true
}

// delivered is the usage that a provider reported to the end.
func delivered(xs []provider.Exchange) int64 {
	var sum int64
	for _, x := range xs {
		if x.Delivered.Usage != nil {
			sum += x.Delivered.Usage.Total
		}
	}
	return sum
}

// tokens are all tokens that the ledger counts for a backend; exact when they
// are the provider's own numbers of completed attempts.
func (s *story) tokens(backend string) (sum int64, exact bool) {
	exact = true
	for _, a := range s.attempts {
		if a.Backend == backend {
			sum += a.GetUsage().GetInput() + a.GetUsage().GetOutput()
			exact = exact && a.Outcome == signalboxv1.Attempt_OUTCOME_COMPLETED && a.Source == signalboxv1.Usage_SOURCE_PROVIDER
		}
	}
	for _, a := range s.adjustments {
		if a.Backend == backend {
			sum += a.GetDelta().GetInput() + a.GetDelta().GetOutput()
		}
	}
	return sum, exact
}

// compareRows checks that a request has one end, and one row for each call of
// the backend.
func compareRows(t *testing.T, s *story, backend string, calls int) {
	t.Helper()
	id := s.id
	if len(s.terminals) != 1 {
		t.Errorf("request %s has %d terminal rows", id, len(s.terminals))
	}
	rows := 0
	seen := map[uint32]bool{}
	for _, a := range s.attempts {
		if seen[a.Number] {
			t.Errorf("request %s: attempt %d has two rows", id, a.Number)
		}
		seen[a.Number] = true
		if a.Backend == backend {
			rows++
		}
	}
	if rows != calls {
		t.Errorf("request %s: %d rows for %d calls of %s: %v", id, rows, calls, backend, s.outcomes())
	}
}

// TestHangUpEarly lets clients go in the middle: the row says so, with an
// estimate of what was delivered.
func TestHangUpEarly(t *testing.T) {
	r := start(t, plan{providers: named("a")})
	for _, h2 := range []bool{false, true} {
		tr := transport(h2)
		resp, err := r.open(t, tr, request{body: chat(streamed, "Hello\n#fault tokens=500 gap=5ms"), h2: h2})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(resp.Body, make([]byte, 4000)); err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		tr.CloseIdleConnections()
		s := r.settledOne(t, answer{header: resp.Header})
		if s.state() != "CLIENT_GONE" || s.attempts[0].Source.String() == "SOURCE_NONE" || s.attempts[0].GetUsage().GetOutput() == 0 {
			t.Errorf("h2 %v: ledger says %s %v %v %v", h2, s.state(), s.outcomes(), s.attempts[0].Source, s.attempts[0].Usage)
		}
		eventually(t, 2*time.Second, "the provider sees the client go", func() bool {
			_, done := r.at["a"].Journal().Count()
			all, _ := r.at["a"].Journal().Count()
			return done == all
		})
	}
}
