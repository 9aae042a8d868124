package openai

import (
	"bytes"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// choices reads the choices of a chunk or of a whole answer, which differ in
// how much they hold; false when they are no JSON text.
func (d *decoder) choices(list jsonedit.Value, doc []byte) bool {
	n, end := -1, list.Start+1
	for v := range list.Items(doc) {
		n++
		end = v.End
		var buf [12]jsonedit.Member
		text := v.Raw(doc)
		c, ok := jsonedit.Index(text, buf[:0])
		if !ok || n >= maxLane {
			continue
		}
		index := n
		if v, ok := c.Get("index"); ok {
			if i, ok := v.Int(text); ok && i >= 0 && i < maxLane {
				index = int(i)
			}
		}
		d.choice(index, &c, text)
	}
	rest := bytes.TrimLeft(doc[end:], " \t\r\n")
	return len(rest) > 0 && rest[0] == ']'
}

// choice reads one choice.
func (d *decoder) choice(n int, c *jsonedit.Object, doc []byte) {
	for len(d.lanes) <= n {
		d.lanes = append(d.lanes, tally{})
	}
	if d.lanes[n].ended {
		return
	}
	var probs []dialect.Logprob
	if v, ok := c.Get("logprobs"); ok && v.Kind == jsonedit.ObjectKind {
		probs = d.logprobs(v, doc)
	}
	if said := d.said(c); said.Kind == jsonedit.ObjectKind {
		d.message(n, said.Raw(doc), probs)
	} else if t := textOf(c, doc, "text"); len(t) > 0 {
		d.words(n, dialect.EventText, t, probs)
	}
	if word := textOf(c, doc, "finish_reason"); len(word) > 0 {
		d.lanes[n].ended = true
		d.send(dialect.Event{Kind: dialect.EventFinish, Choice: n, Tool: -1, Finish: d.finish(n, word), Name: word})
	}
}

// said is the object that holds what is new of a choice. Some providers fill
// both: in a stream the message repeats the deltas, in a whole answer the delta
// is empty.
func (d *decoder) said(c *jsonedit.Object) jsonedit.Value {
	first, second := "delta", "message"
	if d.meter.form == single {
		first, second = second, first
	}
	v, ok := c.Get(first)
	if !ok || v.Kind != jsonedit.ObjectKind {
		v, _ = c.Get(second)
	}
	return v
}

// finish is why a choice ended. Providers say "stop" after calls that they were
// told to make, too.
func (d *decoder) finish(n int, word dialect.Text) dialect.Finish {
	switch string(word) {
	case "stop", "eos", "end_turn", "stop_sequence":
		if len(d.lanes[n].calls) > 0 {
			return dialect.FinishTools
		}
		return dialect.FinishStop
	case "length", "max_tokens", "model_length":
		return dialect.FinishLength
	case "tool_calls", "function_call", "tool_use":
		return dialect.FinishTools
	case "content_filter", "content_filtered", "safety":
		return dialect.FinishFilter
	}
	return dialect.FinishUnknown
}

// words emits text of a kind.
func (d *decoder) words(n int, kind dialect.EventKind, t dialect.Text, probs []dialect.Logprob) {
	if len(t) > 0 || len(probs) > 0 {
		d.send(dialect.Event{Kind: kind, Choice: n, Tool: -1, Text: t, Logprobs: probs})
	}
}

// message reads a delta or a message: first what was thought, then what was
// said, then what is to be called.
func (d *decoder) message(n int, doc []byte, probs []dialect.Logprob) {
	var buf [12]jsonedit.Member
	o, ok := jsonedit.Index(doc, buf[:0])
	if !ok {
		return
	}
	var content, thought, refusal, calls, call jsonedit.Value
	for _, m := range o.Members() {
		if m.Value.Kind == jsonedit.Null {
			continue
		}
		switch string(textAt(m.Key, doc)) {
		case "content":
			content = m.Value
		case "reasoning_content", "reasoning": // where both are there, they say the same
			if m.Value.Kind == jsonedit.String && thought.Kind != jsonedit.String {
				thought = m.Value
			}
		case "refusal":
			refusal = m.Value
		case "tool_calls":
			calls = m.Value
		case "function_call":
			call = m.Value
		}
	}
	if thought.Kind == jsonedit.String {
		d.words(n, dialect.EventReasoning, textAt(thought, doc), nil)
	}
	d.content(n, content, doc, probs)
	if refusal.Kind == jsonedit.String {
		d.words(n, dialect.EventRefusal, textAt(refusal, doc), nil)
	}
	d.calls(n, calls, doc)
	if call.Kind == jsonedit.ObjectKind && says(call, doc) {
		d.called(n, d.number(n, -1, nil, false), nil, call.Raw(doc))
	}
}

// content reads a text, or Mistral's array of thoughts and texts.
func (d *decoder) content(n int, v jsonedit.Value, doc []byte, probs []dialect.Logprob) {
	switch v.Kind {
	case jsonedit.String:
		d.words(n, dialect.EventText, textAt(v, doc), probs)
	case jsonedit.Array:
		for item := range v.Items(doc) {
			d.piece(n, item, doc)
		}
		d.words(n, dialect.EventText, nil, probs)
	default:
		d.words(n, dialect.EventText, nil, probs)
	}
}

// piece reads an element of a content array.
func (d *decoder) piece(n int, v jsonedit.Value, doc []byte) {
	if t, ok := v.Find(doc, "text"); ok && t.Kind == jsonedit.String {
		d.words(n, dialect.EventText, textAt(t, doc), nil)
	}
	thought, ok := v.Find(doc, "thinking")
	switch {
	case !ok:
	case thought.Kind == jsonedit.String:
		d.words(n, dialect.EventReasoning, textAt(thought, doc), nil)
	default:
		for item := range thought.Items(doc) {
			if t, ok := item.Find(doc, "text"); ok && t.Kind == jsonedit.String {
				d.words(n, dialect.EventReasoning, textAt(t, doc), nil)
			}
		}
	}
}
