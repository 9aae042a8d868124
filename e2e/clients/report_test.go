package main

import (
	"strings"
	"testing"
)

// TestRead checks that a client cannot pass by saying too little or too much.
func TestRead(t *testing.T) {
	all := ""
	for _, c := range checks() {
		all += "ok " + c + "\n"
	}
	for _, c := range []struct {
		name, out               string
		passed, broken, skipped int
	}{
		{"everything", "sdk openai 1.0\n" + all, len(checks()), 0, 0},
		{"more", all + "ok extra\n", len(checks()) + 1, 0, 0},
		{"nothing", "", 0, len(checks()), 0},
		{"one_missing", strings.Replace(all, "ok tools\n", "", 1), len(checks()) - 1, 1, 0},
		{"one_failed", strings.Replace(all, "ok tools\n", "fail tools two words\n", 1), len(checks()) - 1, 1, 0},
		{"one_skipped", strings.Replace(all, "ok tools\n", "skip tools why\n", 1), len(checks()) - 1, 0, 1},
		{"one_twice", all + "ok tools\n", len(checks()) - 1, 1, 0},
		{"noise", all + "Warning: ok\n\n", len(checks()), 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newResult("x")
			r.read(c.out)
			if r.count(passed) != c.passed || r.count(broken) != c.broken || r.count(skipped) != c.skipped {
				t.Errorf("%d passed, %d failed, %d skipped; want %d, %d, %d", r.count(passed), r.count(broken), r.count(skipped), c.passed, c.broken, c.skipped)
			}
		})
	}
}

func TestReport(t *testing.T) {
	r := newResult("x")
	r.read("fail tools two words\nskip stream why not\n")
	var b strings.Builder
	failed, err := report(&b, []*result{r})
	out := strings.TrimSpace(b.String())
	lines := strings.Split(out, "\n")
	if last := lines[len(lines)-1]; err != nil || failed != len(checks())-1 || !strings.HasPrefix(last, `{"cases":`) {
		t.Errorf("%d %v %s", failed, err, last)
	}
	for _, want := range []string{"FAIL x tools: two words", "skip x stream: why not", "FAIL x chat: not reported"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}
