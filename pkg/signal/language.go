package signal

import "unicode"

// scripts that one language is mostly written in.
var scripts = []struct {
	table    *unicode.RangeTable
	language string
}{
	{unicode.Hiragana, "ja"}, {unicode.Katakana, "ja"}, {unicode.Hangul, "ko"}, {unicode.Han, "zh"},
	{unicode.Cyrillic, "ru"}, {unicode.Arabic, "ar"}, {unicode.Hebrew, "he"}, {unicode.Greek, "el"},
	{unicode.Devanagari, "hi"}, {unicode.Thai, "th"},
}

// common words of languages in Latin script; those of several count for each.
var common = []struct {
	language string
	words    []string
}{
	{"en", []string{"the", "and", "of", "to", "is", "that", "what", "how", "please", "with", "for", "this", "you", "my", "are"}},
	{"de", []string{"der", "die", "das", "und", "ist", "nicht", "ein", "eine", "wie", "ich", "mit", "für", "auf", "bitte", "zu"}},
	{"fr", []string{"le", "la", "les", "et", "est", "une", "des", "que", "pour", "dans", "je", "vous", "du", "pas", "sur"}},
	{"es", []string{"el", "los", "las", "y", "es", "una", "que", "para", "en", "por", "con", "qué", "cómo", "del", "mi"}},
	{"it", []string{"il", "gli", "e", "è", "una", "che", "per", "di", "non", "come", "sono", "della", "mi", "nel", "un"}},
	{"pt", []string{"o", "os", "as", "e", "é", "uma", "que", "para", "em", "não", "com", "do", "da", "como", "um"}},
	{"nl", []string{"de", "het", "een", "en", "is", "niet", "van", "ik", "je", "met", "voor", "wat", "hoe", "dat", "op"}},
}

// language guesses by script, then by common words; empty when it is not
// clear.
func language(text string, w *tally) string {
	if !w.wide {
		return w.language()
	}
	latin := 0
	var seen [16]int
	for _, r := range text {
		if r < 0x250 {
			if r >= 'A' && r <= 'z' || r >= 0xC0 {
				latin++
			}
			continue
		}
		for i := range scripts {
			if unicode.Is(scripts[i].table, r) {
				seen[i]++
				break
			}
		}
	}
	total, best := 0, 0
	for i, n := range seen {
		total += n
		if n > seen[best] {
			best = i
		}
	}
	if 2*total > latin { // a letter of most other scripts says more than one of Latin
		if kana := seen[0] + seen[1]; kana > 0 && 10*kana >= seen[3] {
			return "ja"
		}
		return scripts[best].language
	}
	return w.language()
}

// language is the one in Latin script whose common words are most.
func (w *tally) language() string {
	best, second, name := 0, 0, ""
	for i := range common {
		switch n := w.languages[i]; {
		case n > best:
			best, second, name = n, best, common[i].language
		case n > second:
			second = n
		}
	}
	if best == second {
		return ""
	}
	return name
}
