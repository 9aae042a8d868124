package gemini

import (
	"bytes"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/frame"
	"github.com/signalbox-dev/signalbox/pkg/genai"
)

// Bounds of what is held of an answer, whatever the provider sends.
const (
	maxDocument = 32 << 20 // one chunk, or a whole answer: pictures come inline
	maxChoices  = 1024
	maxWord     = 256
)

// form is how an answer is framed. It shows in the first byte, whatever was
// asked for: a streamed request may be answered with an error as one object.
type form uint8

const (
	unknownForm form = iota
	document         // one JSON object
	array            // an array of chunks, sent in pieces
	events           // server-sent events
)

// decoder implements dialect.Decoder. It emits the content of a chunk once the
// chunk is whole and was read, and what ends a choice at the answer's end:
// older models repeat the reason in every chunk.
type decoder struct {
	op      genai.Operation
	stream  bool
	dry     bool // nobody listens
	form    form
	sse     frame.SSE
	array   frame.Array
	doc     []byte
	large   bool // doc is above its bound, or the last event was
	cut     bool // the last event did not end
	whole   bool // the body is complete, by its brackets
	emit    func(*dialect.Event)
	event   func(frame.Event)
	element func(frame.Element)

	chunk   chunk
	started bool
	choices []choice
	vectors int
	held    held
	reading dialect.Reading

	out dialect.Event
	buf []byte
}

// choice is what is known of a choice after some chunks.
type choice struct {
	index  int
	calls  int
	open   bool // the last call's arguments go on
	said   bool // there was content
	finish dialect.Text
}

// held is what the chunks so far said of the whole answer; it outlives them.
type held struct {
	id, model, tier dialect.Text
	usage           []byte
	counts          counts
	found           bool
}

func newDecoder(op genai.Operation, stream bool) *decoder {
	d := &decoder{op: op, stream: stream, sse: frame.SSE{Max: maxDocument}, array: frame.Array{Max: maxDocument}}
	d.event, d.element = d.onEvent, d.onElement
	return d
}

// Feed implements dialect.Decoder.
func (d *decoder) Feed(p []byte, emit func(*dialect.Event)) {
	if d.form == unknownForm {
		p = dialect.TrimStart(p)
		d.form = formOf(p)
	}
	d.emit = emit
	switch d.form {
	case document:
		d.hold(p)
	case array:
		d.array.Feed(p, d.element)
	case events:
		d.sse.Feed(p, d.event)
	case unknownForm:
	}
}

func formOf(p []byte) form {
	switch {
	case len(p) == 0:
		return unknownForm
	case p[0] == '{':
		return document
	case p[0] == '[':
		return array
	}
	return events
}

// hold keeps a piece of a document until all of it is there.
func (d *decoder) hold(p []byte) {
	if d.large = d.large || len(d.doc)+len(p) > maxDocument; d.large {
		d.doc = nil
		return
	}
	d.doc = append(d.doc, p...)
}

// onEvent reads an event of a stream. In how many pieces a large one comes
// depends on the cuts, so a run of them counts once.
func (d *decoder) onEvent(e frame.Event) {
	if e.Oversize {
		if !d.large {
			d.reading.Events++
			d.reading.Malformed++
		}
		d.large = true
		return
	}
	d.large = false
	data := bytes.TrimSpace(e.Data)
	switch {
	case string(data) == "[DONE]": // not Google's, but of servers that speak several dialects
	case len(data) > 0:
		d.reading.Events++
		d.take(data, e.Truncated)
	case strange(e):
		d.reading.Malformed++
	}
}

// strange reports whether a block without data is no event stream's: it holds
// something besides comments and the fields that need no data.
func strange(e frame.Event) bool {
	line := dialect.TrimStart(e.Raw)
	for _, start := range []string{":", "data", "event", "id", "retry"} {
		if bytes.HasPrefix(line, []byte(start)) {
			return false
		}
	}
	return len(line) > 0
}

func (d *decoder) onElement(e frame.Element) {
	d.reading.Events++
	if e.Oversize {
		d.reading.Malformed++
		return
	}
	d.take(e.Raw, e.Truncated)
}

// take reads one chunk and emits its content. One that the end of the stream
// cut is not the provider's mistake.
func (d *decoder) take(doc []byte, truncated bool) {
	if !d.chunk.read(doc) {
		if d.cut = truncated; !truncated {
			d.reading.Malformed++
		}
		return
	}
	if !d.chunk.known {
		d.reading.Malformed++
		return
	}
	d.keep()
	d.tell()
}

// keep copies what the chunk says of the whole answer.
func (d *decoder) keep() {
	k, h := &d.chunk, &d.held
	h.id = keepText(h.id, k.id)
	h.model = keepText(h.model, k.model)
	h.tier = keepText(h.tier, k.tier)
	if k.counts.any() {
		h.found = true
		h.counts.update(&k.counts)
		h.usage = append(h.usage[:0], k.usage...)
	}
}

// keepText returns the later of two texts that outlives its chunk.
func keepText(old, late dialect.Text) dialect.Text {
	if len(late) == 0 || len(late) > maxWord || bytes.Equal(old, late) {
		return old
	}
	return append(old[:0], late...)
}

// Close implements dialect.Decoder.
func (d *decoder) Close(emit func(*dialect.Event)) dialect.Reading {
	d.emit = emit
	switch d.form {
	case document:
		d.whole = d.closeDocument()
	case array:
		d.whole = d.array.Close(d.element)
	case events:
		d.sse.Close(d.event)
		d.whole = !d.cut && d.stream
		if !d.stream && d.reading.Events == 0 && d.reading.Malformed == 0 {
			d.reading.Malformed++
		}
	case unknownForm:
	}
	d.end()
	return d.reading
}

func (d *decoder) closeDocument() bool {
	bad := d.reading.Malformed
	if d.large {
		d.reading.Malformed++
	} else {
		d.take(d.doc, false)
	}
	d.doc = nil
	return d.reading.Malformed == bad
}

// complete reports whether a document without a reason why it ended is an answer
// all the same: some are, and these state their usage.
func (d *decoder) complete() bool {
	return len(d.choices) == 0 || d.held.found || d.reading.Failed
}

// end fills the reading and emits what ends the answer.
func (d *decoder) end() {
	r, h := &d.reading, &d.held
	finished := 0
	for i := range d.choices {
		if len(d.choices[i].finish) > 0 {
			finished++
		}
	}
	r.Finished = finished > 0
	r.Done = d.whole && (r.Finished && finished == len(d.choices) || d.form == document && d.complete())
	r.Model, _ = h.model.Decode()
	r.Tier, _ = h.tier.Decode()
	if h.found {
		r.Usage, r.Found, r.Suspect = h.counts.result()
		r.Raw = h.usage
	}
	if r.Failed {
		return
	}
	for i := range d.choices {
		d.finish(&d.choices[i])
	}
	if r.Found {
		d.send(dialect.Event{Kind: dialect.EventUsage, Tool: -1, Usage: r.Usage})
	}
}
