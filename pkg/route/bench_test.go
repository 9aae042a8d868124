package route_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/dialect/openai"
	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/health"
	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/route"
	"github.com/signalbox-dev/signalbox/pkg/signal"
)

// hundred is a policy of 64 models and 100 rules, of which the last fits. The
// last has further settings.
func hundred(tb testing.TB, condition, last string) *policy.Snapshot {
	tb.Helper()
	var b strings.Builder
	b.WriteString("providers: [{name: p, backends: [{name: a, base_url: \"https://a.example.com/v1\"}, {name: b, base_url: \"https://b.example.com/v1\"}]}]\nmodels:\n")
	for i := range 64 {
		fmt.Fprintf(&b, "  - {name: m%d, aliases: [alias-%d], context: 128000, capabilities: [tools], candidates: [{backend: a, quality: 0.5, price: {input: 3, output: 15}}, {backend: b, quality: 0.6, price: {input: 2.5, output: 10}}]}\n", i, i)
	}
	b.WriteString("channels: [{name: chat, header: {name: x-channel, value: chat}}]\nroutes:\n")
	for i := range 99 {
		if condition == "" {
			fmt.Fprintf(&b, "  - {name: r%d, keys: [key_%d], headers: [{name: x-plan, value: \"gold*\"}]}\n", i, i)
		} else {
			fmt.Fprintf(&b, "  - {name: r%d, headers: [{name: x-plan}], when: '%s'}\n", i, condition)
		}
	}
	b.WriteString("  - {name: last, channels: [chat], headers: [{name: x-plan}], use: m7" + last + "}\n")
	return compiled(tb, b.String())
}

// BenchmarkDecision is the decision for a prompt of 4 KB: by typed rules, by
// conditions that look at what is known anyhow, and by one that reads the
// prompt.
func BenchmarkDecision(b *testing.B) {
	d := openai.New()
	body := []byte(`{"model":"m1","messages":[{"role":"user","content":"` + strings.Repeat("How would you prove it? ", 170) + `"}]}`)
	call, fault := d.Request.Parse(dialect.Endpoint{Operation: genai.Chat}, body, nil)
	if fault != nil {
		b.Fatal(fault)
	}
	speed := func(c *policy.Candidate) health.Speed {
		return health.Speed{FirstByte: 300 * time.Millisecond, TokensPerSecond: 50 + float64(c.Backend.Name[0]-'a')}
	}
	for _, c := range []struct{ name, condition, last string }{
		{"typed", "", ""},
		{"conditions", `request.stream && request.max_output > 100`, ""},
		{"prompt", `request.tokens > 100000 || request.language == "de"`, ""},
		{"cheapest", "", ", order: cheapest, min_quality: 0.5"},
		{"fastest", "", ", order: fastest"},
		{"strongest", "", ", order: strongest"},
		{"sticky", "", ", order: weighted, sticky: user, canary: {use: m9, percent: 0}"},
	} {
		b.Run(c.name, func(b *testing.B) {
			s := hundred(b, c.condition, c.last)
			headers := []signal.Header{{Name: "x-channel", Value: "chat"}, {Name: "x-plan", Value: "silver"}}
			b.ReportAllocs()
			for b.Loop() {
				f := &signal.Facts{KeyID: "key_x", KeyName: "ci", Operation: genai.Chat, Time: time.Time{}, Headers: headers, Call: &call, Front: d.Front}
				if x, f := route.Decide(s, route.Request{Model: "m1", Facts: f, Speed: speed}); f != nil || x.Route.Name != "last" || x.Model.Name != "m7" {
					b.Fatal(x.Route, f)
				}
			}
		})
	}
}
