package main

import (
	"strings"
	"testing"
)

func sample() program {
	return program{sdk: "x", lang: "go", front: chat, checks: core("embeddings"), absent: absent("no such call", "models-list")}
}

// TestRead checks that a program cannot pass by saying too little or too much.
func TestRead(t *testing.T) {
	p := sample()
	n := len(p.checks)
	all := ""
	for _, c := range p.checks {
		all += `{"check":"` + c + `"}` + "\n"
	}
	tools := `{"check":"tools"}` + "\n"
	for _, c := range []struct {
		name, out               string
		passed, broken, skipped int
	}{
		{"everything", `{"sdk":"openai 1.0"}` + "\n" + all, n, 0, 0},
		{"more", all + `{"check":"extra"}`, n + 1, 0, 0},
		{"nothing", "", 0, n, 0},
		{"one_missing", strings.Replace(all, tools, "", 1), n - 1, 1, 0},
		{"one_failed", strings.Replace(all, tools, `{"check":"tools","fail":"two words"}`+"\n", 1), n - 1, 1, 0},
		{"one_skipped", strings.Replace(all, tools, `{"check":"tools","skip":"why"}`+"\n", 1), n - 1, 0, 1},
		{"one_twice", all + tools, n - 1, 1, 0},
		{"noise", "Warning: ok\n\n[]\n{}\n" + all, n, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newResult(p, openAI)
			r.read(c.out)
			if r.count(passed) != c.passed || r.count(broken) != c.broken || r.count(skipped) != c.skipped {
				t.Errorf("%d passed, %d failed, %d skipped; want %d, %d, %d", r.count(passed), r.count(broken), r.count(skipped), c.passed, c.broken, c.skipped)
			}
		})
	}
}

func TestReport(t *testing.T) {
	r := newResult(sample(), openAI)
	r.leaveOut("models-list", "no such call")
	r.read(`{"check":"tools","fail":"two words"}` + "\n" + `{"check":"stream"}` + "\n" + `{"check":"models-list"}`)
	var b strings.Builder
	failed, err := report(&b, []*result{r})
	out := strings.TrimSpace(b.String())
	lines := strings.Split(out, "\n")
	if last := lines[len(lines)-1]; err != nil || failed != len(r.checks)-1 || !strings.HasPrefix(last, `{"cases":`) {
		t.Errorf("%d %v %s", failed, err, last)
	}
	for _, want := range []string{"FAIL x go chat openai tools: two words", "FAIL x go chat openai chat: not reported", "although it does not apply"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

// TestPlan holds the lists together: each check has a column, each program
// checks.
func TestPlan(t *testing.T) {
	known := strings.Join(append(deep(), "credentials", "versions"), " ")
	for _, p := range programs() {
		if len(p.checks) < 10 || len(p.backends) == 0 {
			t.Errorf("%+v", p)
		}
		for c := range p.absent {
			if !strings.Contains(known, c) {
				t.Errorf("no check %q", c)
			}
		}
	}
	p := sample()
	if why := p.inapplicable("embeddings", anthropic, false); why == "" {
		t.Error("embeddings of Anthropic")
	}
	if why := p.inapplicable("embeddings", gemini, false); why != "" {
		t.Error(why)
	}
}
