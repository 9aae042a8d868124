package telemetry

import (
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const (
	ruleFile  = "../../examples/prometheus/alerts.yaml"
	boardFile = "../../examples/grafana/signalbox.json"
)

// added are labels that Prometheus adds to ours.
var added = map[string]bool{"job": true, "instance": true, "le": true}

// checkExpression holds an expression against the metrics that there are: names,
// and labels in selectors and groupings.
func checkExpression(t *testing.T, where, expr string, all map[string]string) {
	t.Helper()
	used := map[string]bool{}
	for _, m := range regexp.MustCompile(`(signalbox_[a-z_]+)(?:\{([^}]*)\})?`).FindAllStringSubmatch(expr, -1) {
		name := m[1]
		labels, ok := all[name]
		for _, end := range []string{"_bucket", "_sum", "_count"} {
			if !ok {
				labels, ok = all[strings.TrimSuffix(name, end)]
			}
		}
		if !ok {
			t.Errorf("%s: there is no metric %s", where, name)
		}
		for l := range strings.SplitSeq(labels, ", ") {
			used[l] = true
		}
		for _, l := range regexp.MustCompile(`([a-z_]+)\s*(?:=|!=|=~|!~)\s*"`).FindAllStringSubmatch(m[2], -1) {
			if !added[l[1]] && !strings.Contains(", "+labels+",", ", "+l[1]+",") {
				t.Errorf("%s: %s has no label %s", where, name, l[1])
			}
		}
	}
	for _, m := range regexp.MustCompile(`\b(?:by|on) \(([^)]*)\)`).FindAllStringSubmatch(expr, -1) {
		for l := range strings.SplitSeq(m[1], ", ") {
			if !added[l] && !used[l] {
				t.Errorf("%s: no metric has the label %s", where, l)
			}
		}
	}
	if strings.Count(expr, "(") != strings.Count(expr, ")") || strings.Count(expr, "{") != strings.Count(expr, "}") {
		t.Errorf("%s: brackets of %s", where, expr)
	}
}

func TestAlertRules(t *testing.T) {
	data, err := os.ReadFile(ruleFile)
	if err != nil {
		t.Fatal(err)
	}
	var f struct {
		Groups []struct {
			Rules []struct {
				Alert, Expr         string
				For                 string
				Labels, Annotations map[string]string
			}
		}
	}
	d := yaml.NewDecoder(strings.NewReader(string(data)))
	if err := d.Decode(&f); err != nil {
		t.Fatal(err)
	}
	all, seen := described(NewMetrics()), map[string]bool{}
	for _, r := range f.Groups[0].Rules {
		if seen[r.Alert] || !strings.HasPrefix(r.Alert, "Signalbox") {
			t.Errorf("name %q", r.Alert)
		}
		seen[r.Alert] = true
		if s := r.Labels["severity"]; s != "critical" && s != "warning" || r.Annotations["summary"] == "" {
			t.Errorf("%s has severity %q and summary %q", r.Alert, s, r.Annotations["summary"])
		}
		checkExpression(t, r.Alert, r.Expr, all)
	}
	if len(seen) < 10 {
		t.Errorf("only %d rules", len(seen))
	}
	if tool, err := exec.LookPath("promtool"); err == nil {
		if out, err := exec.CommandContext(t.Context(), tool, "check", "rules", ruleFile).CombinedOutput(); err != nil {
			t.Errorf("promtool: %v\n%s", err, out)
		}
	}
}

func TestBoard(t *testing.T) {
	data, err := os.ReadFile(boardFile)
	if err != nil {
		t.Fatal(err)
	}
	var b struct {
		UID    string
		Panels []struct {
			ID          int
			Type, Title string
			GridPos     struct{ X, Y, W, H int }
			Targets     []struct{ RefID, Expr, LegendFormat string }
		}
	}
	if err := json.Unmarshal(data, &b); err != nil {
		t.Fatal(err)
	}
	all, ids, places := described(NewMetrics()), map[int]bool{}, map[[2]int]bool{}
	for _, p := range b.Panels {
		if ids[p.ID] || p.Title == "" || p.GridPos.X+p.GridPos.W > 24 || (p.Type != "row" && len(p.Targets) == 0) {
			t.Errorf("panel %d %q at %+v", p.ID, p.Title, p.GridPos)
		}
		ids[p.ID] = true
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if places[[2]int{x, y}] {
					t.Fatalf("panel %q lies on another", p.Title)
				}
				places[[2]int{x, y}] = true
			}
		}
		for _, q := range p.Targets {
			checkExpression(t, p.Title, q.Expr, all)
			if !strings.Contains(q.Expr, `job="$job"`) {
				t.Errorf("%s does not select the job: %s", p.Title, q.Expr)
			}
			for _, l := range regexp.MustCompile(`\{\{([a-z_]+)\}\}`).FindAllStringSubmatch(q.LegendFormat, -1) {
				if !regexp.MustCompile(`by \([^)]*\b` + l[1] + `\b`).MatchString(q.Expr) {
					t.Errorf("%s: the legend has %s, which %s lacks", p.Title, l[1], q.Expr)
				}
			}
		}
	}
	if len(ids) < 20 || b.UID != "signalbox" {
		t.Errorf("%d panels of %q", len(ids), b.UID)
	}
}
