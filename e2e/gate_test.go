package e2e

import (
	"slices"
	"strings"
	"testing"

	"github.com/signalbox-dev/signalbox/e2e/internal/bed"
	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/provider"
	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// TestGates has a first provider of each dialect answer 200 with something that
// a gate turns down: the second one serves, and the caller sees nothing of it.
func TestGates(t *testing.T) {
	for _, order := range []string{"og", "ao", "ga"} {
		t.Run(order, func(t *testing.T) {
			p := speakers(strings.Split(order, "")...)
			p.configure = func(c *bed.Config, _ map[string]*provider.Server) {
				c.Routes = []bed.Section{{
					"name": "gated", "first_byte_timeout": "400ms", "answer_timeout": "1s",
					"gates": []string{"first_token", "error", "empty", "malformed", "content_filter"},
				}}
			}
			r := start(t, p)
			first, second := order[:1], order[1:]
			for _, c := range []struct{ name, fault, outcome string }{
				{"good", "", ""},
				{"error", "error200", "REJECTED"},
				{"empty", "empty", "REJECTED"},
				{"malformed", "malformed", "REJECTED"},
				{"filter", "filter", "REJECTED"},
				{"nothing_said", "no-text", "REJECTED"},
				{"slow_first_token", "stall-first=2s", "TIMEOUT"},
				{"status", "status=500", "HTTP_ERROR"},
			} {
				for _, extra := range []string{"", streamed} {
					t.Run(c.name+extra[:min(len(extra), 9)], func(t *testing.T) {
						if c.name == "slow_first_token" && extra == "" {
							t.Skip("a whole answer has no first token")
						}
						r.gated(t, c.fault, c.outcome, extra, first, second)
					})
				}
			}
		})
	}
}

func (r *rig) gated(t *testing.T, fault, outcome, extra, first, second string) {
	t.Helper()
	text := "Hello"
	want := []string{first + ":COMPLETED"}
	if fault != "" {
		text += "\n#fault backend=" + first + " " + fault
		want = []string{first + ":" + outcome, second + ":COMPLETED"}
	}
	a := r.do(t, request{body: chat(extra, text)})
	if a.status != 200 || a.err != nil {
		t.Fatalf("%d %s %v", a.status, a.body, a.err)
	}
	if got := readChat(t, a.body, extra != ""); got.text == "" || got.finish != "stop" {
		t.Errorf("%+v", got)
	}
	s := r.settledOne(t, a)
	if got := s.outcomes(); !slices.Equal(got, want) {
		t.Errorf("ledger says %v, want %v", got, want)
	}
	if lost := s.attempts[0]; outcome == "TIMEOUT" && (lost.GetUsage().GetInput() == 0 || lost.GetSource() == signalboxv1.Usage_SOURCE_NONE) {
		t.Errorf("the attempt that was given up in mid-answer has no usage: %v", lost)
	}
}
