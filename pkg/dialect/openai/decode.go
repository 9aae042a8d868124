package openai

import (
	"bytes"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/frame"
	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// maxWhole bounds a single answer that is to be translated.
const maxWhole = 64 << 20

// Decoder implements dialect.Back.
func (back) Decoder(op genai.Operation, _ bool, kind string) dialect.Decoder {
	d := &decoder{meter: newMeter(kind), vectors: op == genai.Embeddings}
	d.meter.emit = d.event
	return d
}

// decoder reads an answer as events. The meter rides along, on the same frames,
// so that both read the same of it; the events are taken out of the JSON text
// beside it.
type decoder struct {
	meter   *meter
	vectors bool
	emit    func(*dialect.Event)
	out     dialect.Event // the event that is emitted; nobody keeps it
	body    []byte        // of a single answer
	large   bool          // that was too large
	begun   bool
	over    bool // an error was reported: nothing counts behind it
	lanes   []tally
	probs   []dialect.Logprob
	tops    []dialect.Logprob
}

// tally is what was read of one choice.
type tally struct {
	ended bool
	calls []callKey
	begun int // calls whose beginning was emitted
}

// callKey is by what the pieces of a call are told from those of others.
type callKey struct {
	index int64 // -1: there is none
	id    string
}

// Feed implements dialect.Decoder.
func (d *decoder) Feed(p []byte, emit func(*dialect.Event)) {
	d.emit = emit
	d.meter.Feed(p)
	if d.meter.form == single {
		if len(d.body)+len(p) > maxWhole {
			d.large, d.body = true, nil
		}
		if !d.large {
			d.body = append(d.body, p...)
		}
	}
	d.emit = nil
}

// Close implements dialect.Decoder.
func (d *decoder) Close(emit func(*dialect.Event)) dialect.Reading {
	d.emit = emit
	r := d.meter.Close()
	if d.meter.form == single {
		d.single(&r)
	}
	if r.Found {
		d.send(dialect.Event{Kind: dialect.EventUsage, Tool: -1, Usage: r.Usage})
	}
	d.emit = nil
	return r
}

// send emits an event.
func (d *decoder) send(e dialect.Event) {
	d.out = e
	d.emit(&d.out)
}

// single reads a whole answer.
func (d *decoder) single(r *dialect.Reading) {
	body := bytes.TrimLeft(d.body, " \t\r\n\xef\xbb\xbf")
	switch {
	case r.Failed:
		d.trouble(body)
	case !r.Done:
	case d.large || !d.document(body):
		r.Malformed++
	}
}

// document reads the JSON text of an answer; false when it is none.
func (d *decoder) document(body []byte) bool {
	var buf [16]jsonedit.Member
	top, ok := jsonedit.Index(body, buf[:0])
	if !ok {
		return false
	}
	if d.vectors {
		return d.embeddings(&top, body)
	}
	choices, ok := top.Get("choices")
	if !ok || choices.Kind != jsonedit.Array {
		return false
	}
	d.begin(&top, body)
	return d.choices(choices, body)
}

// event reads one event of a stream.
func (d *decoder) event(e frame.Event) {
	failed, bad := d.meter.reading.Failed, d.meter.reading.Malformed
	d.meter.event(e)
	switch data := bytes.TrimSpace(e.Data); {
	case d.over, e.Oversize, len(data) == 0, string(data) == "[DONE]":
	case d.meter.reading.Failed && !failed:
		d.trouble(data)
	case !d.chunk(data) && !e.Truncated && d.meter.reading.Malformed == bad:
		d.meter.reading.Malformed++ // what the meter passes over is lost to a translation
	}
}

// chunk reads the JSON text of an event; false when it is none.
func (d *decoder) chunk(data []byte) bool {
	if d.begun {
		if list, ok := choicesIn(data); ok {
			return d.choices(list, data)
		}
	}
	var buf [16]jsonedit.Member
	top, ok := jsonedit.Index(data, buf[:0])
	if !ok {
		return false
	}
	choices, _ := top.Get("choices")
	if choices.Kind != jsonedit.Array {
		return true
	}
	if !d.begun && choices.Len(data) > 0 { // Azure's first chunk holds neither choices nor names
		d.begin(&top, data)
	}
	return d.choices(choices, data)
}

// choicesIn finds the choices of a chunk without reading what else it holds,
// which the meter does: no bracket stands between the chunk's own and the name,
// so that the name is the chunk's. Of the value only the start is known. Where
// it is not so simple, the answer is false.
func choicesIn(data []byte) (jsonedit.Value, bool) {
	const name = `"choices":[`
	i := bytes.Index(data, []byte(name))
	if i < 1 || data[0] != '{' || data[i-1] != ',' && data[i-1] != '{' {
		return jsonedit.Value{}, false
	}
	if before := data[1:i]; bytes.IndexByte(before, '{') >= 0 || bytes.IndexByte(before, '[') >= 0 {
		return jsonedit.Value{}, false
	}
	return jsonedit.Value{Start: i + len(name) - 1, Kind: jsonedit.Array}, true
}

// begin emits the start of the answer.
func (d *decoder) begin(top *jsonedit.Object, doc []byte) {
	d.begun = true
	d.send(dialect.Event{Kind: dialect.EventStart, Tool: -1, ID: textOf(top, doc, "id"), Name: textOf(top, doc, "model")})
}

// textOf returns a member that is a string. The document comes beside its
// index so that the index need not leave the stack.
func textOf(o *jsonedit.Object, doc []byte, name string) dialect.Text {
	if v, ok := o.Get(name); ok && v.Kind == jsonedit.String {
		return textAt(v, doc)
	}
	return nil
}

// trouble emits the error that an answer holds.
func (d *decoder) trouble(data []byte) {
	d.over = true
	t := troubleIn(data)
	d.send(dialect.Event{Kind: dialect.EventTrouble, Tool: -1, Trouble: &t})
}
