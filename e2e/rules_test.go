package e2e

import (
	"strings"
	"testing"

	"github.com/signalbox-dev/signalbox/e2e/internal/bed"
	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/provider"
)

// TestRules lets a channel and a condition choose other models than the one
// that is asked for, and counts a condition that fails.
func TestRules(t *testing.T) {
	r := start(t, plan{providers: named("a", "b"), configure: func(c *bed.Config, _ map[string]*provider.Server) {
		c.Models = append(c.Models,
			bed.Section{"name": "fast", "candidates": []bed.Section{{"backend": "b", "model": "fast-model"}}},
			bed.Section{"name": "strong", "candidates": []bed.Section{{"backend": "b", "model": "strong-model"}}})
		c.Channels = []bed.Section{{"name": "live-chat", "header": bed.Section{"name": "x-channel", "value": "chat"}}}
		c.Routes = []bed.Section{
			{"name": "waiting", "models": []string{"chat"}, "channels": []string{"live-chat"}, "use": "fast"},
			{"name": "broken", "models": []string{"chat"}, "when": "1 / (request.turns - 3) > 5"},
			{"name": "hard", "models": []string{"chat"}, "when": `request.maths && request.header("x-plan") == "gold"`, "use": "strong", "leave": "decision"},
		}
	}})
	const hard = "Prove the theorem."
	turns := strings.Replace(chat("", hard), `"messages":[`, `"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"Hello"},`, 1)
	for _, c := range []struct {
		name, body, want string
		headers          []string
	}{
		{"channel", chat("", "Hello"), "waiting b fast-model", []string{"X-Channel", "chat"}},
		{"first_rule_wins", chat("", hard), "waiting b fast-model", []string{"X-Channel", "chat", "X-Plan", "gold"}},
		{"condition", chat("", hard), "hard b strong-model", []string{"X-Plan", "gold"}},
		{"condition_streamed", chat(streamed, hard), "hard b strong-model", []string{"X-Plan", "gold"}},
		{"condition_of_another_header", chat("", hard), "default a a-model", []string{"X-Plan", "tin"}},
		{"failing_condition", turns, "hard b strong-model", []string{"X-Plan", "gold"}},
		{"none", chat("", "Hello"), "default a a-model", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := r.do(t, request{body: c.body, headers: c.headers})
			got := a.header.Get("x-signalbox-rule") + " " + a.header.Get("x-signalbox-provider") + " " + a.header.Get("x-signalbox-model")
			if a.status != 200 || got != c.want {
				t.Errorf("%d %q, want %q: %s", a.status, got, c.want, a.body)
			}
		})
	}
	if n := r.Metric(t.Context(), "signalbox_rule_errors_total", `route="broken"`); n != 1 {
		t.Errorf("%v failed conditions are counted", n)
	}
}
