package signal

import (
	"math/bits"
	"slices"
	"strings"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
)

// Text is what the words of a prompt say.
type Text struct {
	Language   string  // ISO 639-1, as en; empty: not clear
	Code       bool    // there is program text in it
	Maths      bool    // it is about formulas or proofs
	Question   string  // who, what, when, where, why, how, which, whether; empty: none, or not in English
	Task       string  // code, maths, translate, summarise, extract, classify, write; empty: another
	Difficulty float64 // from 0 to 1
}

// window is how many bytes of the last turn are looked at.
const window = 8 << 10

// look reads the text of parts.
func look(parts []dialect.Part, s *Shape) *Text {
	text := plain(parts)
	if text == "" {
		return &Text{}
	}
	w := tallied(text)
	t := &Text{
		Language: language(text, &w),
		Code:     code(text),
		Maths:    w.maths || formula(text),
		Question: question(text, w.first),
	}
	t.Task = task(t, &w)
	t.Difficulty = difficulty(t, s, &w)
	return t
}

// plain is the text of parts up to the window.
func plain(parts []dialect.Part) string {
	var b strings.Builder
	for i := range parts {
		p := &parts[i]
		room := window - b.Len()
		if p.Kind != dialect.PartText || room <= 0 {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		if text, ok := cut(p.Text, room).Decode(); ok {
			b.WriteString(text)
		}
	}
	return b.String()
}

// cut shortens a text to about n bytes, at no place inside a letter or an
// escape.
func cut(t dialect.Text, n int) dialect.Text {
	if len(t) <= n {
		return t
	}
	for i := n; i > max(0, n-64); i-- {
		if t[i] == ' ' {
			return t[:i]
		}
	}
	for i := n; i > 0; i-- { // no spaces: between two letters of any script
		if t[i]&0xC0 != 0x80 && !escaping(t[:i]) {
			return t[:i]
		}
	}
	return nil
}

// escaping reports whether t may end within an escape.
func escaping(t dialect.Text) bool {
	tail := t[max(0, len(t)-12):]
	return strings.ContainsRune(string(tail), '\\')
}

// code looks for fences and for what lines of programs look like.
func code(text string) bool {
	if strings.Contains(text, "```") {
		return true
	}
	hits := 0
	for line := range strings.Lines(text) {
		l := strings.TrimSpace(line)
		if l == "" {
			continue
		}
		switch {
		case strings.HasSuffix(l, ";"), strings.HasSuffix(l, "{"), l == "}", strings.HasSuffix(l, "):"):
			hits++
		case starts(l, "def ", "func ", "import ", "#include", "class ", "return ", "public ", "const ", "SELECT "):
			hits++
		}
		if hits >= 2 {
			return true
		}
	}
	return false
}

func starts(text string, with ...string) bool {
	for _, w := range with {
		if strings.HasPrefix(text, w) {
			return true
		}
	}
	return false
}

// formula looks for the signs of formulas.
func formula(text string) bool {
	if !strings.ContainsAny(text, `\^$∫∑√≤`) {
		return false
	}
	lower := strings.ToLower(text)
	for _, sign := range []string{`\frac`, `\int`, `\sum`, `\sqrt`, "∫", "∑", "√", "≤", "$$", "x^2"} {
		if strings.Contains(lower, sign) {
			return true
		}
	}
	return false
}

// question is the kind of the first question.
func question(text, first string) string {
	if w := strings.TrimSuffix(first, "'s"); slices.Contains(asking[:], w) {
		return w
	}
	switch first {
	case "is", "are", "was", "were", "do", "does", "did", "can", "could", "should", "will", "would", "has", "have":
		if strings.Contains(text, "?") {
			return "whether"
		}
	}
	return ""
}

func task(t *Text, w *tally) string {
	switch {
	case w.tasks != 0:
		return tasks[bits.TrailingZeros8(w.tasks)].name
	case t.Code:
		return "code"
	case t.Maths:
		return "maths"
	}
	return ""
}

// difficulty is a linear score: long, formal and demanding prompts are hard.
func difficulty(t *Text, s *Shape, w *tally) float64 {
	d := 0.1 + 0.3*min(float64(s.Tokens)/4000, 1) + 0.1*min(float64(s.Turns)/10, 1)
	if t.Code {
		d += 0.2
	}
	if t.Maths {
		d += 0.25
	}
	if s.Schema {
		d += 0.05
	}
	if t.Question == "why" || t.Question == "how" {
		d += 0.05
	}
	return min(d+0.05*min(float64(w.demands), 5), 1)
}
