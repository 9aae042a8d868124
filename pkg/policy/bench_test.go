package policy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/signalbox-dev/signalbox/pkg/config"
	"github.com/signalbox-dev/signalbox/pkg/policy"
)

// BenchmarkCheck is all of `signalbox check` for 1,000 routes with a condition
// each: where each fits one model, and where each fits all models, teams and
// classes. again is what a reload does that changes one route.
func BenchmarkCheck(b *testing.B) {
	for _, c := range []struct{ name, match string }{{"narrow", "models: [m%d]"}, {"wide", "class: eu, max_attempts: %d"}} {
		doc := thousand(c.match)
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				read(b, doc, nil).Lint(nil)
			}
		})
		b.Run(c.name+"-again", func(b *testing.B) {
			before := read(b, doc, nil)
			doc := strings.Replace(doc, "> 500 ", "> 5001 ", 1)
			for b.Loop() {
				read(b, doc, before)
			}
		})
	}
}

func read(b *testing.B, doc string, before *config.Checked) *config.Checked {
	b.Helper()
	k, err := config.Read("bench.yaml", []byte(doc), before)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := policy.CompileChecked(k); err != nil {
		b.Fatal(err)
	}
	return k
}

func thousand(match string) string {
	var b strings.Builder
	b.WriteString("providers: [{name: p, backends: [{name: a, base_url: \"https://a.example.com/v1\", region: eu}, {name: b, base_url: \"https://b.example.com/v1\"}]}]\n")
	b.WriteString("classes: [{name: eu, regions: [eu]}]\nmodels:\n")
	for i := range 64 {
		fmt.Fprintf(&b, "  - {name: m%d, candidates: [{backend: a}, {backend: b}]}\n", i)
	}
	b.WriteString("teams:\n")
	for i := range 10 {
		fmt.Fprintf(&b, "  - {name: t%d, class: eu}\n", i)
	}
	b.WriteString("routes:\n")
	for i := range 1000 {
		fmt.Fprintf(&b, "  - {name: r%d, "+match+", when: 'request.tokens > %d && (request.language == \"de\" || request.header(\"x-plan\") == \"gold\")'}\n", i, 1+i%15, i)
	}
	return b.String()
}
