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
			known := len(r.stories(t))
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
			compareAll(t, r, known+n)
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

// compareAll waits for n settled requests and compares the ledger with the
// journals of all providers: nothing lost, nothing doubled, every usage that a
// provider delivered is counted exactly.
func compareAll(t *testing.T, r *rig, n int) {
	t.Helper()
	all := r.settled(t, n)
	for _, p := range r.at {
		for id, xs := range byRequest(p) {
			compareOne(t, all[id], id, xs[len(xs)-1].Provider, int64(len(xs)))
		}
	}
	for name, p := range r.at {
		for id, xs := range byRequest(p) {
			s := all[id]
			if s == nil {
				continue
			}
			var got, want int64
			for _, a := range s.attempts {
				if a.Backend == name {
					got += a.GetUsage().GetInput() + a.GetUsage().GetOutput()
				}
			}
			for _, a := range s.adjustments {
				if a.Backend == name {
					got += a.GetDelta().GetInput() + a.GetDelta().GetOutput()
				}
			}
			for _, x := range xs {
				if x.Delivered.Usage != nil {
					want += x.Delivered.Usage.Total
				}
			}
			if want > 0 && got != want {
				t.Errorf("request %s at %s: ledger counts %d tokens, the provider reported %d; attempts %v", id, name, got, want, s.outcomes())
			}
		}
	}
}

func compareOne(t *testing.T, s *story, id, backend string, calls int64) {
	t.Helper()
	if s == nil {
		t.Errorf("request %s reached %s and is not in the ledger", id, backend)
		return
	}
	if len(s.terminals) != 1 {
		t.Errorf("request %s has %d terminal rows", id, len(s.terminals))
	}
	var rows int64
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
