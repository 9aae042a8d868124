package telemetry

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// described returns name and labels of every own metric.
func described(m *Metrics) map[string]string {
	ch := make(chan *prometheus.Desc, 1000)
	m.registry.Describe(ch)
	close(ch)
	pattern := regexp.MustCompile(`fqName: "([^"]+)".*variableLabels: \{([^}]*)\}`)
	all := map[string]string{}
	for d := range ch {
		p := pattern.FindStringSubmatch(d.String())
		if strings.HasPrefix(p[1], "go_") || strings.HasPrefix(p[1], "process_") {
			continue
		}
		all[p[1]] = strings.ReplaceAll(p[2], ",", ", ")
	}
	return all
}

func TestMetricsAreNamedAndDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	name := regexp.MustCompile(`^signalbox_[a-z][a-z0-9_]*$`)
	all := described(NewMetrics())
	if len(all) < 20 {
		t.Fatalf("only %d metrics", len(all))
	}
	for n, labels := range all {
		if !name.MatchString(n) {
			t.Errorf("%s is no name of ours", n)
		}
		row := regexp.MustCompile("\\| `" + n + "` \\| [a-z]+ \\| " + labels + " ?\\|")
		if !row.Match(doc) {
			t.Errorf("docs/metrics.md has no row for %s with labels %q", n, labels)
		}
	}
	for _, n := range regexp.MustCompile("(?m)^\\| `(signalbox_[a-z_]+)`").FindAllStringSubmatch(string(doc), -1) {
		if _, ok := all[n[1]]; !ok {
			t.Errorf("docs/metrics.md has %s, which does not exist", n[1])
		}
	}
}
