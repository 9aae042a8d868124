package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/signalbox-dev/signalbox/e2e/internal/bed"
	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/provider"
)

// usageEvent is the event that OpenAI adds where usage was asked for.
var usageEvent = regexp.MustCompile(`data: \{[^\n]*"choices":\[\],"usage":\{[^\n]*\r?\n\r?\n`)

// expected are the bytes that a caller must see of an exchange: the
// provider's, without the usage event that the caller did not ask for.
func expected(x provider.Exchange, hidden bool) string {
	if !hidden {
		return string(x.Sent)
	}
	return usageEvent.ReplaceAllString(string(x.Sent), "")
}

// TestBytesPass checks that good answers of every strange form reach the
// caller byte for byte, and that they are metered, however long we stay.
func TestBytesPass(t *testing.T) {
	t.Parallel()
	few := []string{"", "drip", "crlf drip", "hold=50ms", "stall-mid=100ms", "cached=5 reasoning=3"}
	more := []string{"crlf", "close=20ms", "tokens=300", "big=200000 tokens=20", "no-done", "no-role", "stall-headers=100ms"}
	for _, v := range []struct {
		name   string
		envoy  bed.Section
		route  bed.Section
		faults []string
	}{
		{"released", nil, nil, append(more, few...)},
		{"without_lua", bed.Section{"lua": false}, nil, append(more, few...)},
		{"decided", nil, bed.Section{"leave": "decision"}, few},
		{"decided_without_lua", bed.Section{"lua": false}, bed.Section{"leave": "decision"}, few},
		{"attached", nil, bed.Section{"metering": "attached"}, few},
		{"attached_without_lua", bed.Section{"lua": false}, bed.Section{"metering": "attached"}, few},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			r := start(t, plan{providers: named("a"), configure: func(c *bed.Config, _ map[string]*provider.Server) {
				c.Envoy = v.envoy
				if v.route != nil {
					v.route["name"], v.route["models"] = "all", []string{"*"}
					c.Routes = []bed.Section{v.route}
				}
			}})
			for _, fault := range v.faults {
				for _, extra := range []string{"", streamed, withUsage, `"n":3,` + streamed} {
					for _, h2 := range []bool{false, true} {
						checkPass(t, r, ask{fault, extra, h2})
						if t.Failed() {
							return // one says enough
						}
					}
				}
			}
		})
	}
}

// ask is a chat request with a fault: extra is put before the messages.
type ask struct {
	fault, extra string
	h2           bool
}

func checkPass(t *testing.T, r *rig, q ask) {
	t.Helper()
	fault, extra, h2 := q.fault, q.extra, q.h2
	p := r.at["a"]
	p.Journal().Reset()
	a := r.do(t, request{body: chat(extra, "Hello\n#fault "+fault), h2: h2})
	if err := p.Journal().Wait(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	x := p.Journal().Exchanges()[0]
	hidden := strings.Contains(extra, "stream") && !strings.Contains(extra, "usage")
	if want := expected(x, hidden); a.status != 200 || a.err != nil || a.body != want {
		t.Errorf("%q %q h2 %v: %d %v: %d bytes\n%s\nwant %d\n%s", fault, extra, h2, a.status, a.err, len(a.body), tail(a.body, 300), len(want), tail(want, 300))
		return
	}
	s := r.settledOne(t, a)
	in, out := s.usage()
	if u := x.Delivered.Usage; u == nil || in != u.Prompt || out != u.Completion || s.state() != "COMPLETED" {
		t.Errorf("%q %q h2 %v: ledger says %d in, %d out, %s %v; the provider %+v", fault, extra, h2, in, out, s.state(), s.outcomes(), u)
		return
	}
	if got := s.attempts[0].Usage; got.CacheRead != x.Delivered.Usage.PromptMore.Cached || got.Reasoning != x.Delivered.Usage.OutputMore.Reasoning {
		t.Errorf("details %v, the provider said %+v", got, x.Delivered.Usage)
	}
}

// TestCuts cuts an answer at many bytes: the caller sees a broken connection,
// or a clean error where nothing had left for it yet, never a legal end; and
// the ledger a failed request.
func TestCuts(t *testing.T) {
	r := start(t, plan{providers: named("a")})
	whole := r.do(t, request{body: chat(streamed, "Hello")})
	if whole.err != nil {
		t.Fatal(whole.err)
	}
	step := max(len(whole.body)/16, 1)
	for n := 1; n < len(whole.body); n += step {
		for _, how := range []string{"cut", "reset"} {
			checkCut(t, r, ask{fmt.Sprintf("%s=%d", how, n), streamed, n/step%2 == 1}, false)
			checkCut(t, r, ask{fmt.Sprintf("%s=%d gap=3ms", how, n), streamed, n/step%2 == 0}, n > 600)
		}
	}
}

// checkCut asks for an answer that is cut. Where it began in time, the caller
// must have seen the beginning.
func checkCut(t *testing.T, r *rig, q ask, begun bool) {
	t.Helper()
	fault, h2 := q.fault, q.h2
	a := r.do(t, request{body: chat(q.extra, "Hello\n#fault "+fault), h2: h2})
	broken := a.status == 200 && a.err != nil
	clean := a.status == 503 && a.err == nil && a.code() == "provider_unreachable"
	if !broken && (begun || !clean) {
		t.Errorf("%s h2 %v: %d %v, legal end after %d bytes: %s", fault, h2, a.status, a.err, len(a.body), tail(a.body, 300))
		return
	}
	s := r.settledOne(t, a)
	if got := s.outcomes(); s.state() != "FAILED" || len(got) != 1 || broken && got[0] != "a:CUT" {
		t.Errorf("%s h2 %v: %d, ledger says %v %s", fault, h2, a.status, got, s.state())
	}
}

// TestCutBeforeTheFirstByte checks that nothing that could still be retried is
// given up.
func TestCutBeforeTheFirstByte(t *testing.T) {
	r := start(t, plan{providers: named("a")})
	for _, extra := range []string{"", streamed} {
		a := r.do(t, request{body: chat(extra, "Hello\n#fault cut=0")})
		if a.err == nil && a.status == 200 {
			t.Errorf("%q: a legal answer: %s", extra, a.body)
		}
		if s := r.settledOne(t, a); s.state() != "FAILED" {
			t.Errorf("%q: ledger says %v %s", extra, s.outcomes(), s.state())
		}
	}
}

// TestErrorsInside checks errors that come with status 200.
func TestErrorsInside(t *testing.T) {
	r := start(t, plan{providers: named("a")})
	for _, c := range []struct{ fault, extra string }{
		{"error200", ""}, {"error200", streamed}, {"error-event=4", streamed},
	} {
		a := r.do(t, request{body: chat(c.extra, "Hello\n#fault "+c.fault)})
		x := r.at["a"].Journal().Exchanges()
		if last := x[len(x)-1]; a.status != 200 || a.body != string(last.Sent) {
			t.Errorf("%s %q: %d %s", c.fault, c.extra, a.status, a.body)
		}
		if s := r.settledOne(t, a); len(s.attempts) != 1 || len(s.terminals) != 1 {
			t.Errorf("%s %q: ledger says %v %s", c.fault, c.extra, s.outcomes(), s.state())
		}
	}
}

// TestGzip sends what nobody asked for: it passes as it is and is metered or
// estimated, never counted as nothing.
func TestGzip(t *testing.T) {
	r := start(t, plan{providers: named("a")})
	for _, extra := range []string{"", streamed} {
		a := r.do(t, request{body: chat(extra, "Hello\n#fault gzip"), headers: []string{"Accept-Encoding", "gzip"}})
		all := r.at["a"].Journal().Exchanges()
		x := all[len(all)-1]
		if v := x.Header["accept-encoding"]; len(v) > 0 && v[0] != "identity" {
			t.Errorf("the provider was asked for %q", v)
		}
		if a.status != 200 || a.body != string(x.Sent) || a.header.Get("Content-Encoding") != "gzip" {
			t.Errorf("%q: %d %v, %d bytes of %d", extra, a.status, a.header, len(a.body), len(x.Sent))
		}
		if s := r.settledOne(t, a); s.state() != "COMPLETED" || s.attempts[0].GetUsage().GetOutput() == 0 {
			t.Errorf("%q: ledger says %v %s %v", extra, s.outcomes(), s.state(), s.attempts[0].Usage)
		}
	}
}

// TestRunningStreamIsLive checks that chunks arrive when they are sent.
func TestRunningStreamIsLive(t *testing.T) {
	r := start(t, plan{providers: named("a")})
	tr := transport(false)
	defer tr.CloseIdleConnections()
	resp, err := r.open(t, tr, request{body: chat(streamed, "Hello\n#fault stall-mid=1h")})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	first := make([]byte, 200)
	if _, err := io.ReadFull(resp.Body, first); err != nil || resp.StatusCode != http.StatusOK || !bytes.Contains(first, []byte("chat.completion.chunk")) {
		t.Errorf("%d %v %s", resp.StatusCode, err, first)
	}
}
