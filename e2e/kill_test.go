package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/signalbox-dev/signalbox/e2e/internal/bed"
	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/provider"
)

// flight is a stream that a test watches.
type flight struct {
	resp *http.Response
	body bytes.Buffer
	err  error // of the body
}

// fly opens n streams and returns when each has its first bytes; the rest is
// read in the background until wait.
func fly(t *testing.T, r *rig, n int, text func(i int) string) (flights []*flight, wait func()) {
	t.Helper()
	tr := transport(false)
	flights = make([]*flight, n)
	var opened, read sync.WaitGroup
	lanes := make(chan struct{}, 20)
	for i := range n {
		opened.Add(1)
		read.Go(func() {
			lanes <- struct{}{}
			f := &flight{}
			flights[i] = f
			f.resp, f.err = r.open(t, tr, request{body: text(i)})
			if f.err == nil {
				first := make([]byte, 100)
				var k int
				k, f.err = io.ReadAtLeast(f.resp.Body, first, 1)
				f.body.Write(first[:k])
			}
			<-lanes
			opened.Done()
			if f.err == nil {
				_, f.err = io.Copy(&f.body, f.resp.Body)
				f.resp.Body.Close()
			}
		})
	}
	opened.Wait()
	return flights, func() {
		read.Wait()
		tr.CloseIdleConnections()
	}
}

// TestKilledUnderStreams kills Signalbox under 200 running streams, a quarter
// of them on their second attempt: none is cut, and the restarted one, which
// adopts the running Envoy, accounts for all of them.
func TestKilledUnderStreams(t *testing.T) {
	r := start(t, plan{providers: named("a", "b")})
	const n = 200
	flights, wait := fly(t, r, n, func(i int) string {
		fault := fmt.Sprintf("#fault tokens=%d gap=20ms prompt=%d", 150+i%20, 2000+i)
		if i%4 == 0 {
			fault = "#fault backend=a status=500\n#fault backend=b" + fault[len("#fault"):]
		}
		return chat(streamed, "Hello\n"+fault)
	})
	before, err := r.EnvoyPID()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Process().Kill(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(500 * time.Millisecond) // some streams may end in the meantime
	if err := r.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if after, err := r.EnvoyPID(); err != nil || after != before {
		t.Errorf("Envoy was %d and is %d: %v", before, after, err)
	}
	wait()
	cut := 0
	for _, f := range flights {
		if f.err != nil || !strings.HasSuffix(f.body.String(), "data: [DONE]\n\n") {
			cut++
		}
	}
	if cut > 0 {
		t.Errorf("%d of %d streams were cut", cut, n)
	}
	compareAll(t, r, true)
}

// TestKilledInEachPhase kills Signalbox while requests are in every phase, and
// starts it again: whatever reached a provider is in the ledger once.
func TestKilledInEachPhase(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, extra, fault string }{
		{"before_headers", "", "stall-before=1s"},
		{"before_headers_stream", streamed, "stall-before=1s"},
		{"before_headers_second", "", "backend=a status=500\n#fault backend=b stall-before=1s"},
		{"after_headers", "", "stall-headers=1s"},
		{"mid_body", "", "stall-mid=1s"},
		{"mid_stream", streamed, "stall-mid=1s"},
		{"mid_stream_second", streamed, "backend=a status=500\n#fault backend=b stall-mid=1s"},
		{"error_body", "", "status=500 stall-mid=1s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := start(t, plan{providers: named("a", "b")})
			const n = 10
			var wg sync.WaitGroup
			for range n {
				wg.Go(func() { r.do(t, request{body: chat(c.extra, "Hello\n#fault "+c.fault)}) })
			}
			if err := r.at["a"].Journal().WaitArrived(t.Context(), n); err != nil {
				t.Fatal(err)
			}
			time.Sleep(300 * time.Millisecond)
			if err := r.Process().Kill(); err != nil {
				t.Fatal(err)
			}
			if err := r.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			wg.Wait()
			compareAll(t, r, true)
		})
	}
}

// TestKilledWhileBusy kills Signalbox again and again under load.
func TestKilledWhileBusy(t *testing.T) {
	r := start(t, plan{providers: []provider.Options{{Name: "a", Faults: []string{"p=0.2 status=500"}}, {Name: "b"}}})
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for k := 0; ; k++ {
				select {
				case <-stop:
					return
				default:
				}
				extra := []string{"", streamed, withUsage}[k%3]
				r.do(t, request{body: chat(extra, fmt.Sprintf("Hello %d %d", i, k))})
			}
		})
	}
	for range 5 {
		time.Sleep(400 * time.Millisecond)
		if err := r.Process().Kill(); err != nil {
			t.Error(err)
		}
		if err := r.Run(t.Context()); err != nil {
			t.Error(err)
			break
		}
	}
	close(stop)
	wg.Wait()
	compareAll(t, r, true)
}

// TestEnvoyKilled kills Envoy under running streams: it is restarted, and
// every request has its end.
func TestEnvoyKilled(t *testing.T) {
	r := start(t, plan{providers: named("a"), configure: func(c *bed.Config, _ map[string]*provider.Server) {
		c.State = bed.Section{"unknown_after": "2s"}
	}})
	const done, running = 20, 20
	for range done {
		if a := r.do(t, request{body: chat("", "Hello")}); a.status != 200 {
			t.Fatal(a)
		}
	}
	time.Sleep(300 * time.Millisecond) // the flush interval
	_, wait := fly(t, r, running, func(int) string { return chat(streamed, "Hello\n#fault tokens=400 gap=10ms") })
	before, err := r.EnvoyPID()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.KillEnvoy(); err != nil {
		t.Fatal(err)
	}
	wait()
	eventually(t, 20*time.Second, "another Envoy serves", func() bool {
		pid, err := r.EnvoyPID()
		return err == nil && pid != before && r.do(t, request{method: "GET", path: "/v1/models"}).status == 200
	})
	if a := r.do(t, request{body: chat("", "Hello")}); a.status != 200 {
		t.Errorf("after the restart: %d %s %v", a.status, a.body, a.err)
	}
	all := r.settled(t, done+running+1)
	states := map[string]int{}
	for _, s := range all {
		states[s.state()]++
	}
	if states["COMPLETED"] != done+1 || states["UNKNOWN"] != running {
		t.Errorf("states %v", states)
	}
}

// TestProcessorDown checks what callers see while Signalbox is away, and that
// it serves again at once.
func TestProcessorDown(t *testing.T) {
	r := start(t, plan{providers: named("a")})
	if err := r.Process().Kill(); err != nil {
		t.Fatal(err)
	}
	for _, h2 := range []bool{false, true} {
		a := r.do(t, request{body: chat("", "Hello"), h2: h2})
		if a.status != 503 || a.code() == "" {
			t.Errorf("h2 %v: %d %v\n%s", h2, a.status, a.err, a.body)
		}
	}
	if n, _ := r.at["a"].Journal().Count(); n != 0 {
		t.Errorf("%d requests reached the provider without us", n)
	}
	if err := r.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, 3*time.Second, "it serves again", func() bool {
		return r.do(t, request{body: chat("", "Hello")}).status == 200
	})
}
