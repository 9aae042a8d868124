package e2e

import (
	"slices"
	"testing"

	"github.com/signalbox-dev/signalbox/e2e/internal/bed"
	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/provider"
)

// TestControlHeaders sends the headers by which Envoy and Signalbox talk to
// each other: from a client they have no effect and reach no provider.
func TestControlHeaders(t *testing.T) {
	for _, remote := range []bool{true, false} {
		r := start(t, plan{providers: named("a", "b"), configure: func(c *bed.Config, _ map[string]*provider.Server) {
			c.Envoy = bed.Section{"use_remote_address": remote}
		}})
		for _, c := range [][2]string{
			{"x-envoy-max-retries", "0"},
			{"x-envoy-retry-on", "connect-failure"},
			{"x-envoy-upstream-rq-timeout-ms", "1"},
			{"x-envoy-upstream-rq-per-try-timeout-ms", "1"},
			{"x-envoy-decorator-operation", "x"},
			{"x-envoy-original-path", "/x"},
			{"x-envoy-internal", "true"},
			{"x-signalbox-ticket", "00000000000000000000000000000000"},
			{"x-signalbox-order", "b"},
			{"x-signalbox-content-length", "1"},
			{"x-signalbox-role", "attempt"},
			{"x-request-id", "mine"},
			{"x-forwarded-for", "10.0.0.1"},
		} {
			for _, p := range r.at {
				p.Journal().Reset()
			}
			a := r.do(t, request{body: chat("", "Hello\n#fault backend=a status=500 stall-before=20ms"), headers: c[:]})
			if a.status != 200 || a.header.Get("x-signalbox-provider") != "b" || a.header.Get("x-signalbox-request-id") == "mine" {
				t.Errorf("remote %v: %s changes the answer: %d %v %s", remote, c[0], a.status, a.header, a.body)
			}
			for name, p := range r.at {
				for _, x := range p.Journal().Exchanges() {
					if v := x.Header[c[0]]; slices.Contains(v, c[1]) {
						t.Errorf("remote %v: %s got %s: %q", remote, name, c[0], v)
					}
				}
			}
		}
	}
}
