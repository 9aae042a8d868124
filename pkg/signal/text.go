package signal

import (
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
	lower := strings.ToLower(text)
	words := strings.FieldsFunc(lower, func(r rune) bool {
		return r != '\'' && r < 0x80 && (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
	t := &Text{
		Language: language(text, words),
		Code:     code(text),
		Maths:    maths(lower, words),
		Question: question(lower, words),
	}
	t.Task = task(words, t)
	t.Difficulty = difficulty(t, s, words)
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

func maths(lower string, words []string) bool {
	for _, sign := range []string{`\frac`, `\int`, `\sum`, `\sqrt`, "∫", "∑", "√", "≤", "$$", "x^2"} {
		if strings.Contains(lower, sign) {
			return true
		}
	}
	return count(words, "equation", "theorem", "integral", "derivative", "prove", "proof", "polynomial", "matrix", "algebra", "probability", "calculus", "geometry", "modulo") > 0
}

// count is how many of words are among some.
func count(words []string, some ...string) (n int) {
	for _, w := range words {
		for _, s := range some {
			if w == s {
				n++
				break
			}
		}
	}
	return n
}

// question is the kind of the first question.
func question(lower string, words []string) string {
	if len(words) == 0 {
		return ""
	}
	for _, w := range []string{"who", "what", "when", "where", "why", "how", "which"} {
		if words[0] == w || words[0] == w+"'s" {
			return w
		}
	}
	if count(words[:1], "is", "are", "was", "were", "do", "does", "did", "can", "could", "should", "will", "would", "has", "have") > 0 && strings.Contains(lower, "?") {
		return "whether"
	}
	return ""
}

// tasks are the kinds of work and the words that name them.
var tasks = []struct {
	name  string
	words []string
}{
	{"translate", []string{"translate", "translation"}},
	{"summarise", []string{"summarise", "summarize", "summary", "tldr"}},
	{"classify", []string{"classify", "categorize", "categorise", "sentiment"}},
	{"extract", []string{"extract"}},
	{"code", []string{"refactor", "debug", "implement", "compile", "bug", "function", "script", "program", "unittest"}},
	{"maths", []string{"solve", "calculate", "compute", "prove", "integral", "equation"}},
	{"write", []string{"write", "draft", "compose", "rewrite", "essay", "poem", "story"}},
}

func task(words []string, t *Text) string {
	head := words[:min(len(words), 64)]
	for i := range tasks {
		if count(head, tasks[i].words...) > 0 {
			return tasks[i].name
		}
	}
	switch {
	case t.Code:
		return "code"
	case t.Maths:
		return "maths"
	}
	return ""
}

// difficulty is a linear score: long, formal and demanding prompts are hard.
func difficulty(t *Text, s *Shape, words []string) float64 {
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
	demands := count(words, "prove", "derive", "optimize", "optimise", "analyze", "analyse", "design", "compare", "explain", "step", "debug", "architecture", "tradeoffs")
	return min(d+0.05*min(float64(demands), 5), 1)
}
