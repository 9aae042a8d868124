package gemini

import (
	"strconv"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// front is the dialect as callers speak it.
type front struct{}

// Read implements dialect.Front. Streams are translated to server-sent events
// only: all of Google's clients ask for those.
func (front) Read(r *dialect.Request) (*dialect.Asking, *fault.Error) {
	if inArray(r.Endpoint) {
		return nil, fault.New(fault.NotTranslatable, "This model's streams come as server-sent events only: add alt=sse to the query.").With("alt")
	}
	return read(r)
}

// Encoder implements dialect.Front.
func (front) Encoder(a dialect.Asked) dialect.Encoder { return &encoder{asked: a} }

// encoder writes an answer: a chunk for each piece of a stream, or all at the
// end. Calls are written whole, since Google's have their arguments as an
// object.
type encoder struct {
	asked   dialect.Asked
	model   dialect.Text
	choices []said
	vectors []byte
	count   int // of vectors
	usage   genai.Usage
	known   bool // the usage is
}

// said is a choice of an answer that is being written.
type said struct {
	index  int
	parts  []byte // of a whole answer
	call   part   // the call that is not written yet
	finish string
	chosen []byte // of a whole answer, tokens with their probabilities
	tops   []byte
}

// Event implements dialect.Encoder.
func (e *encoder) Event(dst []byte, v *dialect.Event) []byte {
	switch v.Kind {
	case dialect.EventStart:
		e.model = append(e.model[:0], v.Name...)
		return dst
	case dialect.EventVector:
		e.vector(v.Raw)
		return dst
	case dialect.EventUsage:
		e.usage, e.known = v.Usage, true
		return dst
	case dialect.EventTrouble, dialect.EventOpaque:
		return dst // Fail tells of the one; no other provider reads the other
	case dialect.EventText, dialect.EventReasoning, dialect.EventSignature, dialect.EventRefusal,
		dialect.EventToolCall, dialect.EventArguments, dialect.EventFinish:
	}
	return e.content(dst, e.choice(v.Choice), v)
}

func (e *encoder) choice(index int) *said {
	for i := range e.choices {
		if e.choices[i].index == index {
			return &e.choices[i]
		}
	}
	e.choices = append(e.choices, said{index: index})
	return &e.choices[len(e.choices)-1]
}

// content writes what belongs to a choice.
func (e *encoder) content(dst []byte, s *said, v *dialect.Event) []byte {
	switch {
	case v.Kind == dialect.EventArguments:
		s.call.args = append(s.call.args, v.Text...)
		return dst
	case v.Kind == dialect.EventSignature && v.Tool >= 0:
		s.call.signature = append(s.call.signature, v.Text...)
		return dst
	}
	dst = e.flush(dst, s)
	switch v.Kind {
	case dialect.EventToolCall:
		s.call = part{call: true, id: append(dialect.Text(nil), v.ID...), name: append(dialect.Text(nil), v.Name...)}
	case dialect.EventFinish:
		s.finish = wordOf(v.Finish)
	case dialect.EventReasoning:
		dst = e.part(dst, s, part{text: v.Text, thought: true}, nil)
	case dialect.EventSignature:
		dst = e.part(dst, s, part{signature: v.Text, thought: true}, nil)
	default:
		dst = e.part(dst, s, part{text: v.Text}, v.Logprobs)
	}
	return dst
}

// flush writes the call that is held.
func (e *encoder) flush(dst []byte, s *said) []byte {
	if !s.call.call {
		return dst
	}
	p := s.call
	s.call = part{}
	return e.part(dst, s, p, nil)
}

// part writes a part: as a chunk of a stream, or among those of the whole.
func (e *encoder) part(dst []byte, s *said, p part, probs []dialect.Logprob) []byte {
	if !e.asked.Stream {
		if len(s.parts) > 0 {
			s.parts = append(s.parts, ',')
		}
		s.parts = appendPart(s.parts, &p)
		s.chosen, s.tops = appendProbs(s.chosen, s.tops, probs)
		return dst
	}
	dst = append(dst, `data: {"candidates":[{"content":{"parts":[`...)
	dst = appendPart(dst, &p)
	dst = append(dst, `],"role":"model"}`...)
	if len(probs) > 0 {
		chosen, tops := appendProbs(nil, nil, probs)
		dst = appendProbsResult(dst, chosen, tops)
	}
	dst = strconv.AppendInt(append(dst, `,"index":`...), int64(s.index), 10)
	return e.tail(append(dst, `}]`...))
}

// tail ends a chunk of a stream.
func (e *encoder) tail(dst []byte) []byte { return append(e.names(dst), "\r\n\r\n"...) }

// names appends the model and the id, and closes the object.
func (e *encoder) names(dst []byte) []byte {
	dst = append(dst, `,"modelVersion":`...)
	if len(e.model) > 0 {
		dst = e.model.Append(dst)
	} else {
		dst = jsonedit.AppendString(dst, e.asked.Model)
	}
	return append(jsonedit.AppendString(append(dst, `,"responseId":`...), e.asked.ID), '}')
}

// Close implements dialect.Encoder.
func (e *encoder) Close(dst []byte) []byte {
	if e.asked.Operation == genai.Embeddings {
		return e.embeddings(dst)
	}
	for i := range e.choices {
		dst = e.flush(dst, &e.choices[i])
	}
	if e.asked.Stream {
		dst = append(dst, "data: "...)
	}
	dst = append(dst, `{"candidates":[`...)
	for i := range e.choices {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = e.last(dst, &e.choices[i])
	}
	dst = append(dst, ']')
	if e.known {
		dst = appendUsage(append(dst, `,"usageMetadata":`...), e.usage)
	}
	if e.asked.Stream {
		return e.tail(dst)
	}
	return e.names(dst)
}

// last appends a choice with its end, and with all its parts where they were
// not sent before.
func (e *encoder) last(dst []byte, s *said) []byte {
	dst = append(append(dst, `{"content":{"parts":[`...), s.parts...)
	if len(s.parts) == 0 && e.asked.Stream {
		dst = append(dst, `{"text":""}`...)
	}
	dst = append(dst, `],"role":"model"}`...)
	if s.finish != "" {
		dst = append(append(append(dst, `,"finishReason":"`...), s.finish...), '"')
	}
	if len(s.chosen) > 0 {
		dst = appendProbsResult(dst, s.chosen, s.tops)
	}
	return append(strconv.AppendInt(append(dst, `,"index":`...), int64(s.index), 10), '}')
}

// Fail implements dialect.Encoder.
func (e *encoder) Fail(dst []byte, t dialect.Trouble) []byte {
	body := troubles{}.Render(t, false, "")
	if !e.asked.Stream {
		return append(dst, body...)
	}
	return append(append(append(dst, "data: "...), body...), "\r\n\r\n"...)
}
