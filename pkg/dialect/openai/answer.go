package openai

import (
	"bytes"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/frame"
	"github.com/signalbox-dev/signalbox/pkg/genai"
)

// answers is the AnswerCodec of the dialect.
type answers struct{}

// Meter implements dialect.AnswerCodec.
func (answers) Meter(_ genai.Operation, _ bool, kind string) dialect.Meter { return newMeter(kind) }

// Hider implements dialect.AnswerCodec.
func (answers) Hider() dialect.Filter { return newHider() }

// maxHeld is how much of a block the hider holds back before it is sure that
// the block is no usage event.
const maxHeld = 64 << 10

// hider drops the event that only tells usage. Its rule is that of the filter
// that does the same inside the proxy, so both give the same bytes.
type hider struct {
	sse  frame.SSE
	dst  []byte
	emit func(frame.Event)
}

func newHider() *hider {
	h := &hider{sse: frame.SSE{Max: maxHeld}}
	h.emit = func(e frame.Event) {
		if e.Oversize || !onlyUsage(e.Raw) {
			h.dst = append(h.dst, e.Raw...)
		}
	}
	return h
}

// Feed implements dialect.Filter.
func (h *hider) Feed(dst, p []byte) []byte {
	h.dst = dst
	h.sse.Feed(p, h.emit)
	dst, h.dst = h.dst, nil
	return dst
}

// Close implements dialect.Filter.
func (h *hider) Close(dst []byte) []byte {
	h.dst = dst
	h.sse.Close(h.emit)
	dst, h.dst = h.dst, nil
	return dst
}

// onlyUsage reports whether an event holds an empty "choices" array and a
// "usage" object. Azure's first event has empty choices and no usage, others
// send usage beside choices, and OpenAI writes "usage":null into every other
// event: all of these stay.
func onlyUsage(event []byte) bool {
	return hasMember(event, `usage"`, "{") && hasMember(event, `choices"`, "[]")
}

// hasMember reports whether a member has a value that starts with the given
// characters, space between them aside. The name comes with its closing quote;
// the search leaves out the opening one because quotes are everywhere. Inside a
// string the quotes would be escaped, so a match is a member.
func hasMember(text []byte, name, value string) bool {
	for from := 0; ; {
		i := bytes.Index(text[from:], []byte(name))
		if i < 0 {
			return false
		}
		start := from + i
		from = start + len(name)
		if start > 0 && text[start-1] == '"' && startsWith(text[from:], ":", value) {
			return true
		}
	}
}

// startsWith reports whether text starts with the characters of all wants, with
// any space before each.
func startsWith(text []byte, wants ...string) bool {
	for _, want := range wants {
		for i := range len(want) {
			text = bytes.TrimLeft(text, " \t\n\v\f\r")
			if len(text) == 0 || text[0] != want[i] {
				return false
			}
			text = text[1:]
		}
	}
	return true
}
