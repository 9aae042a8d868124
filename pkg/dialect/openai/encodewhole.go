package openai

import (
	"slices"
	"strconv"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/genai"
)

// whole is the Encoder of a single answer: it collects the choices and writes
// them at the end.
type whole struct {
	asked   dialect.Asked
	model   dialect.Text
	choices []*answer
	usage   genai.Usage
	used    bool
}

// answer is one choice.
type answer struct {
	text, thought, refusal []byte
	spoke                  bool // there was text, empty or not
	calls                  []called
	probs                  []byte // elements of logprobs.content
	finish                 string
}

// called is one call within a choice.
type called struct {
	begun              bool
	id, name, args, by []byte
}

// Event implements dialect.Encoder.
func (w *whole) Event(dst []byte, e *dialect.Event) []byte {
	switch e.Kind {
	case dialect.EventStart:
		w.model = append(w.model[:0], e.Name...)
	case dialect.EventUsage:
		w.usage, w.used = e.Usage, true
	case dialect.EventOpaque, dialect.EventVector, dialect.EventTrouble:
	default:
		if a := w.choice(e.Choice); a != nil {
			a.add(&w.asked, e)
		}
	}
	return dst
}

func (w *whole) choice(n int) *answer {
	if n < 0 || n >= maxLane {
		return nil
	}
	for len(w.choices) <= n {
		w.choices = append(w.choices, nil)
	}
	if w.choices[n] == nil {
		w.choices[n] = new(answer)
	}
	return w.choices[n]
}

func (a *answer) add(asked *dialect.Asked, e *dialect.Event) {
	switch e.Kind {
	case dialect.EventText:
		a.spoke = true
		a.text = append(a.text, e.Text...)
		for i := range e.Logprobs {
			if len(a.probs) > 0 {
				a.probs = append(a.probs, ',')
			}
			a.probs = appendLogprob(a.probs, &e.Logprobs[i])
		}
	case dialect.EventReasoning:
		a.thought = append(a.thought, e.Text...)
	case dialect.EventRefusal:
		a.refusal = append(a.refusal, e.Text...)
	case dialect.EventFinish:
		a.finish = finishWord(e.Finish)
	default:
		if e.Tool >= 0 && e.Tool < maxLane {
			a.call(e.Tool).add(asked, e)
		}
	}
}

func (a *answer) call(n int) *called {
	if n >= len(a.calls) {
		a.calls = append(a.calls, make([]called, n+1-len(a.calls))...)
	}
	return &a.calls[n]
}

func (c *called) add(asked *dialect.Asked, e *dialect.Event) {
	switch e.Kind {
	case dialect.EventToolCall:
		c.begun = true
		c.id = appendCallID(nil, asked, e)
		c.name = append(c.name[:0], e.Name...)
	case dialect.EventArguments:
		c.args = append(c.args, e.Text...)
	case dialect.EventSignature:
		c.by = append(c.by[:0], e.Text...)
	default:
	}
}

// Close implements dialect.Encoder.
func (w *whole) Close(dst []byte) []byte {
	dst = appendHead(append(dst, `{"id":"`...), &w.asked, "chat.completion", w.model)
	dst = append(dst, `,"choices":[`...)
	first := true
	for i, a := range w.choices {
		if a == nil {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = strconv.AppendInt(append(dst, `{"index":`...), int64(i), 10)
		dst = a.write(append(dst, `,"message":`...))
	}
	dst = append(dst, ']')
	if w.used {
		dst = appendUsage(append(dst, `,"usage":`...), w.usage)
	}
	return append(dst, '}')
}

// Fail implements dialect.Encoder.
func (w *whole) Fail(dst []byte, t dialect.Trouble) []byte { return append(dst, failure(t)...) }

// write appends the message of a choice and what follows it.
func (a *answer) write(dst []byte) []byte {
	calls := slices.DeleteFunc(a.calls, func(c called) bool { return !c.begun })
	dst = append(dst, `{"role":"assistant","content":`...)
	if len(a.text) == 0 && !a.spoke && len(calls)+len(a.refusal) > 0 {
		dst = append(dst, "null"...)
	} else {
		dst = dialect.Text(a.text).Append(dst)
	}
	dst = append(dst, `,"refusal":`...)
	if len(a.refusal) > 0 {
		dst = dialect.Text(a.refusal).Append(dst)
	} else {
		dst = append(dst, "null"...)
	}
	if len(a.thought) > 0 {
		dst = dialect.Text(a.thought).Append(append(dst, `,"reasoning_content":`...))
	}
	dst = appendCalls(dst, calls)
	dst = append(dst, `},"logprobs":`...)
	if len(a.probs) > 0 {
		dst = append(append(append(dst, `{"content":[`...), a.probs...), `],"refusal":null}`...)
	} else {
		dst = append(dst, "null"...)
	}
	return append(append(append(dst, `,"finish_reason":"`...), a.ended(len(calls))...), `"}`...)
}

// ended is why the choice ended. Where a provider gave no reason, as some never
// do, it is what the answer shows: the schema knows no null.
func (a *answer) ended(calls int) string {
	switch {
	case a.finish != "":
		return a.finish
	case calls > 0:
		return "tool_calls"
	}
	return "stop"
}

func appendCalls(dst []byte, calls []called) []byte {
	for i, c := range calls {
		if i == 0 {
			dst = append(dst, `,"tool_calls":[`...)
		} else {
			dst = append(dst, ',')
		}
		dst = dialect.Text(c.id).Append(append(dst, `{"id":`...))
		dst = dialect.Text(c.name).Append(append(dst, `,"type":"function","function":{"name":`...))
		args := dialect.Text(c.args)
		if len(args) == 0 {
			args = dialect.Text("{}")
		}
		dst = append(args.Append(append(dst, `,"arguments":`...)), '}')
		if len(c.by) > 0 { // as Google's own compatible endpoint writes it
			dst = dialect.Text(c.by).Append(append(dst, `,"extra_content":{"google":{"thought_signature":`...))
			dst = append(dst, "}}"...)
		}
		dst = append(dst, '}')
	}
	if len(calls) > 0 {
		dst = append(dst, ']')
	}
	return dst
}
