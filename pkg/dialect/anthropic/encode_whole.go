package anthropic

import (
	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// message is the Encoder of an answer in one piece.
type message struct {
	answer
	content []byte
	proof   dialect.Text // of the thinking that is open
	inputs  []input
}

// input is what came of a call's arguments, and where in the content it goes.
type input struct {
	tool int
	at   int
	text dialect.Text
}

// Event implements dialect.Encoder.
func (m *message) Event(dst []byte, e *dialect.Event) []byte {
	if e.Choice != 0 {
		return dst
	}
	switch e.Kind {
	case dialect.EventStart:
		m.model = append(m.model[:0], e.Name...)
	case dialect.EventText, dialect.EventRefusal:
		m.say(saying, e.Text)
	case dialect.EventReasoning:
		m.say(thinking, e.Text)
	case dialect.EventSignature:
		if e.Tool < 0 {
			m.block(thinking)
			m.proof = append(m.proof, e.Text...)
		}
	case dialect.EventOpaque:
		m.block(nothing)
		m.content = append(e.Text.Append(append(m.content, `{"type":"redacted_thinking","data":`...)), '}')
	case dialect.EventToolCall:
		m.block(calling)
		m.content = m.appendCall(m.content, e)
		m.calls++
		m.inputs = append(m.inputs, input{tool: e.Tool, at: len(m.content)})
	case dialect.EventArguments:
		m.arguments(e)
	case dialect.EventFinish:
		m.finish = e.Finish
	case dialect.EventUsage:
		m.usage = e.Usage
	case dialect.EventVector, dialect.EventTrouble:
	}
	return dst
}

// say adds text to the block that is open, or to a new one.
func (m *message) say(kind open, t dialect.Text) {
	if len(t) == 0 {
		return
	}
	m.block(kind)
	m.content = append(m.content, t...)
}

// block ends the block that is open and begins one, unless it is of the same
// kind and made of text.
func (m *message) block(kind open) {
	if m.open == kind && (kind == saying || kind == thinking) {
		return
	}
	m.shut()
	m.open = kind
	if len(m.content) > 0 {
		m.content = append(m.content, ',')
	}
	switch kind {
	case saying:
		m.content = append(m.content, `{"type":"text","text":"`...)
	case thinking:
		m.content = append(m.content, `{"type":"thinking","thinking":"`...)
	case nothing, calling:
	}
}

// shut ends the block that is open.
func (m *message) shut() {
	switch m.open {
	case saying:
		m.content = append(m.content, `"}`...)
	case thinking:
		m.content = append(m.proof.Append(append(m.content, `","signature":`...)), '}')
		m.proof = m.proof[:0]
	case calling:
		m.content = append(m.content, '}')
	case nothing:
	}
	m.open = nothing
}

// arguments adds to the input of the latest call with that number.
func (m *message) arguments(e *dialect.Event) {
	for i := len(m.inputs) - 1; i >= 0; i-- {
		if m.inputs[i].tool == e.Tool {
			m.inputs[i].text = append(m.inputs[i].text, e.Text...)
			return
		}
	}
}

// Close implements dialect.Encoder.
func (m *message) Close(dst []byte) []byte {
	m.shut()
	dst = m.head(dst)
	done := 0
	for _, in := range m.inputs {
		dst = append(append(dst, m.content[done:in.at]...), in.object()...)
		done = in.at
	}
	dst = append(dst, m.content[done:]...)
	dst = appendUsage(append(m.reason(append(dst, `],`...)), `,"usage":`...), m.usage)
	return append(dst, '}')
}

// object is the input as JSON. What a limit cut, or a model got wrong, is no
// object, and no client could read it: the call has none then.
func (i *input) object() []byte {
	if text, ok := i.text.Decode(); ok {
		if v, ok := jsonedit.Find([]byte(text)); ok && v.Kind == jsonedit.ObjectKind {
			return []byte(text)
		}
	}
	return []byte(`{}`)
}

// Fail implements dialect.Encoder.
func (m *message) Fail(dst []byte, t dialect.Trouble) []byte {
	return append(dst, troubles{}.Render(t, false, "")...)
}
