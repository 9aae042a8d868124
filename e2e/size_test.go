package e2e

import (
	"strings"
	"testing"

	"github.com/signalbox-dev/signalbox/e2e/internal/bed"
	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/provider"
)

// sized is a chat body of exactly n bytes.
func sized(n int, fault string) string {
	bare := chat("", "\n"+fault)
	return chat("", strings.Repeat("x", n-len(bare))+"\n"+fault)
}

// TestLargeBodies sends the largest body that is allowed, with a retry, and
// one more byte.
func TestLargeBodies(t *testing.T) {
	const limit = 20 << 20
	r := start(t, plan{providers: named("a", "b"), configure: func(c *bed.Config, _ map[string]*provider.Server) {
		c.Envoy = bed.Section{"body_limit": "20MiB"}
	}})
	for _, h2 := range []bool{false, true} {
		for _, p := range r.at {
			p.Journal().Reset()
		}
		body := sized(limit, "#fault backend=a status=500")
		a := r.do(t, request{body: body, h2: h2})
		if a.status != 200 || a.header.Get("x-signalbox-provider") != "b" {
			t.Fatalf("h2 %v: %d %v %s %v", h2, a.status, a.header, tail(a.body, 500), a.err)
		}
		for name, p := range r.at {
			x := p.Journal().Exchanges()[0]
			if want := strings.Replace(body, `"chat"`, `"`+name+`-model"`, 1); string(x.Body) != want {
				t.Errorf("h2 %v: %s got %d bytes, want %d", h2, name, len(x.Body), len(want))
			}
		}
		if a := r.do(t, request{body: sized(limit+1, ""), h2: h2}); a.status != 413 || a.code() != "request_too_large" {
			t.Errorf("h2 %v: one byte more gives %d %s %v", h2, a.status, tail(a.body, 500), a.err)
		}
	}
}

// TestLargeAnswer checks that a long answer is neither cut nor buffered away.
func TestLargeAnswer(t *testing.T) {
	r := start(t, plan{providers: named("a")})
	for i, extra := range []string{"", streamed} {
		a := r.do(t, request{body: chat(extra, "Hello\n#fault big=20000000 tokens=200")})
		if err := r.at["a"].Journal().Wait(t.Context(), i+1); err != nil {
			t.Fatal(err)
		}
		all := r.at["a"].Journal().Exchanges()
		x := all[len(all)-1]
		if a.status != 200 || a.err != nil || a.body != expected(x, extra == streamed) {
			t.Errorf("%q: %d %v: %d bytes of %d", extra, a.status, a.err, len(a.body), len(x.Sent))
			continue
		}
		s := r.settledOne(t, a)
		if in, out := s.usage(); in != x.Delivered.Usage.Prompt || out != x.Delivered.Usage.Completion {
			t.Errorf("%q: ledger says %d in, %d out, the provider %+v", extra, in, out, x.Delivered.Usage)
		}
	}
}
