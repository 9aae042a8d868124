package signal

import (
	"strings"
	"testing"
)

// TestLexicon holds what the tally relies on.
func TestLexicon(t *testing.T) {
	if len(common) > len(tally{}.languages) || len(tasks) > 8 {
		t.Error("more than bits")
	}
	for w := range lexicon {
		if len(w) > longestWord || strings.ToLower(w) != w {
			t.Errorf("%q is longer than %d, or has capitals", w, longestWord)
		}
	}
}

// FuzzTally compares the tally with the slow way: all words of the text in
// lower case, each looked for in each list.
func FuzzTally(f *testing.F) {
	f.Add("What's the PROOF of x^2? Prüfe das für MICH, Stück um Stück.")
	f.Add("É você? İ \u212aey don't")
	f.Add(strings.Repeat("the end of it ", 60) + "Prove STEP by step")
	f.Add("\xff\xfethe \xc3")
	f.Fuzz(func(t *testing.T, text string) {
		got := tallied(text)
		words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
			return r != '\'' && r < 0x80 && (r < 'a' || r > 'z') && (r < '0' || r > '9')
		})
		want := tally{wide: strings.ContainsFunc(text, func(r rune) bool { return r >= 0x80 })}
		if len(words) > 0 {
			want.first = words[0]
		}
		for i := range common {
			want.languages[i] = occur(words[:min(len(words), languageWords)], common[i].words)
		}
		for i := range tasks {
			if occur(words[:min(len(words), taskWords)], tasks[i].words) > 0 {
				want.tasks |= 1 << i
			}
		}
		want.maths = occur(words, mathsWords) > 0
		want.demands = occur(words, demandWords)
		if got != want {
			t.Errorf("%q:\n got %+v\nwant %+v", text, got, want)
		}
	})
}

func occur(words, some []string) (n int) {
	for _, w := range words {
		for _, s := range some {
			if w == s {
				n++
			}
		}
	}
	return n
}
