package anthropic

import "testing"

func TestQuirkOf(t *testing.T) {
	for model, want := range map[string]string{
		"claude-3-haiku-20240307":                  "claude-3",
		"claude-3-5-sonnet-latest":                 "claude-3-5",
		"anthropic/claude-3.7-sonnet":              "claude-3-7",
		"claude-opus-4-20250514":                   "claude-opus-4",
		"claude-opus-4-1-20250805":                 "claude-opus-4-1",
		"claude-sonnet-4@20250514":                 "claude-sonnet-4",
		"us.anthropic.claude-sonnet-4-6-v1:0":      "claude-sonnet-4-6",
		"anthropic.claude-haiku-4-5-20251001-v1:0": "claude-haiku-4",
		"claude-opus-4-8":                          "claude-opus-4-8",
		"claude-opus-5":                            "claude-opus-5",
		"Claude-Opus-5.5":                          "claude-opus-5-5",
		"claude-mythos-5-1":                        "claude-",
		"claude-opus-6":                            "claude-",
		"kimi-k2":                                  "",
		"":                                         "",
	} {
		if got := quirkOf(model).prefix; got != want {
			t.Errorf("%s: %q, want %q", model, got, want)
		}
	}
}

// Every row can say what its modes promise.
func TestQuirksFit(t *testing.T) {
	for _, q := range table {
		if (q.think >= byEither) != (q.efforts != 0) || q.think == byBudget && q.rest != unasked || q.output == 0 {
			t.Errorf("%+v", q)
		}
	}
}

func TestDeltaAllocatesNothing(t *testing.T) {
	d := newDecoder("")
	event := []byte(deltaEvent)
	if n := testing.AllocsPerRun(100, func() { d.Feed(event, drop) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
