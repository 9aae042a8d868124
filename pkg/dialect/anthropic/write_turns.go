package anthropic

import (
	"strconv"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/fault"
)

// side is who speaks a turn, as far as the provider tells speakers apart.
func side(r dialect.Role) string {
	switch r {
	case dialect.Assistant:
		return "assistant"
	case dialect.System, dialect.Developer:
		return "system"
	}
	return "user"
}

// conversation writes system and messages.
func (w *writer) conversation() {
	turns := w.c.Turns
	first := 0
	for first < len(turns) && side(turns[first].Role) == "system" {
		first++
	}
	if first == len(turns) && first > 0 { // somebody must ask: the last one does
		first--
	}
	w.system(first)
	w.raw(`,"messages":[`)
	for i := first; i < len(turns); {
		i = w.message(i)
	}
	if w.dst[len(w.dst)-1] == '[' {
		w.refuse(fault.InvalidField, "messages", "The field \"messages\" holds nothing to answer: send at least one message with content.")
	}
	w.raw(`]`)
}

// system writes the turns before n, which open the conversation.
func (w *writer) system(n int) {
	begin := len(w.dst)
	w.raw(`,"system":[`)
	open := len(w.dst)
	for i := range n {
		w.parts(i, ofSystem)
	}
	if len(w.dst) == open {
		w.dst = w.dst[:begin]
		return
	}
	w.raw(`]`)
}

// message writes the message that begins with turn i: all turns of its side,
// since sides must take turns. It returns the turn behind.
func (w *writer) message(i int) int {
	turns := w.c.Turns
	who := side(turns[i].Role)
	end := i
	if who == "system" {
		if end = w.aside(i); end == i {
			who = "user"
		}
	}
	for end < len(turns) && w.joins(end, i, who) {
		end++
	}
	begin := len(w.dst)
	w.next()
	w.raw(`{"role":"` + who + `","content":[`)
	open := len(w.dst)
	w.contents(i, end, who)
	if len(w.dst) == open {
		w.dst = w.dst[:begin]
		return end
	}
	if end == len(turns) && who == "assistant" {
		w.trim()
	}
	w.raw(`]}`)
	return end
}

// joins reports whether turn k belongs to the message that began with turn i.
// A system turn that has no place of its own is said by the user, where it
// stands: in its place it says more than in the head of the conversation.
func (w *writer) joins(k, i int, who string) bool {
	s := side(w.c.Turns[k].Role)
	if s != "system" {
		return s == who
	}
	if who != "user" || k > i && w.aside(k) > k {
		return false
	}
	w.lose(turnPath(k) + ".role")
	return true
}

// aside returns the end of the system turns from i on that may stand within the
// conversation: behind a user, and before the assistant or the end. It is i
// when they may not, or the model takes none there.
func (w *writer) aside(i int) int {
	turns := w.c.Turns
	if !w.q.system || i == 0 || side(turns[i-1].Role) != "user" {
		return i
	}
	end := i
	for end < len(turns) && side(turns[end].Role) == "system" {
		end++
	}
	if end < len(turns) && turns[end].Role != dialect.Assistant {
		return i
	}
	return end
}

// contents writes what the turns from i to end hold. Results of tools stand
// first, as the provider wants it.
func (w *writer) contents(i, end int, who string) {
	switch who {
	case "system":
		for k := i; k < end; k++ {
			w.parts(k, ofSystem)
		}
	case "assistant":
		for k := i; k < end; k++ {
			w.parts(k, ofAssistant)
		}
	default:
		for k := i; k < end; k++ {
			w.parts(k, ofTools)
		}
		for k := i; k < end; k++ {
			w.parts(k, ofUser)
		}
	}
}

// parts writes those parts of turn i that have their place here.
func (w *writer) parts(i int, in place) {
	t := &w.c.Turns[i]
	if len(t.Name) > 0 {
		w.lose(turnPath(i) + ".name")
	}
	for k := range t.Parts {
		if p := &t.Parts[k]; (p.Kind == dialect.PartToolResult) == (in == ofTools) || in == ofSystem || in == ofAssistant {
			w.part(p, at{turn: i, part: k, in: in})
		}
	}
}

func turnPath(i int) string { return "messages[" + strconv.Itoa(i) + "]" }

// trim takes space off the end of the text that the answer continues, where the
// provider allows none. The writer stands behind the last block.
func (w *writer) trim() {
	last := w.c.Turns[len(w.c.Turns)-1].Parts
	if len(last) == 0 {
		return
	}
	p := &last[len(last)-1]
	if p.Kind != dialect.PartText || len(p.Cache) > 0 || blank(p.Text) {
		return
	}
	const behind = len(`"}`)
	n := len(p.Text) - len(trimRight(p.Text))
	w.dst = append(w.dst[:len(w.dst)-behind-n], `"}`...)
}

// trimRight returns t without the space at its end.
func trimRight(t dialect.Text) dialect.Text {
	for {
		n := len(t)
		switch {
		case n > 0 && t[n-1] == ' ':
			t = t[:n-1]
		case n > 1 && isSpace(t[n-1]) && escapes(t[:n-1]):
			t = t[:n-2]
		default:
			return t
		}
	}
}

// isSpace reports whether the letter of an escape stands for space.
func isSpace(c byte) bool { return c == 'n' || c == 't' || c == 'r' || c == 'f' }

// escapes reports whether t ends with a backslash that is not escaped itself.
func escapes(t dialect.Text) bool {
	n := 0
	for n < len(t) && t[len(t)-1-n] == '\\' {
		n++
	}
	return n%2 == 1
}

// blank reports whether t holds nothing but space.
func blank(t dialect.Text) bool { return len(trimRight(t)) == 0 }
