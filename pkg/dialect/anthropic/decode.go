package anthropic

import (
	"bytes"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/frame"
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// maxEvent bounds one event of a stream: results of server tools come whole.
// maxBody bounds an answer in one piece.
const (
	maxEvent = 16 << 20
	maxBody  = 32 << 20
)

// decoder implements dialect.Decoder for streams and whole answers. Which of
// both an answer is shows in its first byte, whatever was asked for: a provider
// may answer a streamed request with one JSON object, an error say.
type decoder struct {
	kind string
	form form
	sse  frame.SSE
	take func(frame.Event)
	emit func(*dialect.Event)
	body []byte // of an answer in one piece
	huge bool   // it is too large to be read
	big  bool   // the last event was too large to be read

	top, sub [10]jsonedit.Member // of the event being read, and of its part
	event    dialect.Event       // being emitted

	begun  bool
	blocks []block
	calls  int

	usage   []byte // merged so far
	settled bool   // it is more than the placeholder that a stream starts with
	reading dialect.Reading
}

type form uint8

const (
	unknown form = iota
	single
	stream
)

func newDecoder(kind string) *decoder {
	d := &decoder{kind: kind, sse: frame.SSE{Max: maxEvent}}
	d.take = d.frame
	return d
}

// Feed implements dialect.Decoder.
func (d *decoder) Feed(p []byte, emit func(*dialect.Event)) {
	d.emit = emit
	if d.form == unknown {
		p = dialect.TrimStart(p)
		d.form = formOf(p)
	}
	switch d.form {
	case single:
		d.huge = d.huge || len(d.body)+len(p) > maxBody
		if d.huge {
			d.body = nil
			return
		}
		d.body = append(d.body, p...)
	case stream:
		d.sse.Feed(p, d.take)
	}
}

// formOf tells a JSON text from an event stream by its first byte: no line of a
// stream starts with a bracket.
func formOf(p []byte) form {
	switch {
	case len(p) == 0:
		return unknown
	case p[0] == '{', p[0] == '[':
		return single
	}
	return stream
}

// Close implements dialect.Decoder.
func (d *decoder) Close(emit func(*dialect.Event)) dialect.Reading {
	d.emit = emit
	switch d.form {
	case single:
		d.whole()
	case stream:
		d.sse.Close(d.take)
	}
	d.tell()
	return d.reading
}

// tell emits the usage.
func (d *decoder) tell() {
	if !d.settled {
		return
	}
	r := &d.reading
	if r.Usage, r.Found, r.Suspect = (usages{}).UsageJSON(d.kind, d.usage); !r.Found {
		return
	}
	r.Raw = d.usage
	if v, ok := jsonedit.Find(d.usage, "service_tier"); ok {
		r.Tier, _ = v.Text(d.usage)
	}
	d.event = dialect.Event{Kind: dialect.EventUsage, Tool: -1, Usage: r.Usage}
	d.emit(&d.event)
}

// frame reads one event of a stream.
func (d *decoder) frame(e frame.Event) {
	if e.Oversize { // in how many pieces it comes depends on the cuts: they count once
		if !d.big {
			d.reading.Events++
			d.reading.Malformed++
		}
		d.big = true
		return
	}
	d.big = false
	data := bytes.TrimSpace(e.Data)
	if len(data) == 0 || string(data) == "[DONE]" { // a marker that some proxies add
		return
	}
	d.reading.Events++
	o, ok := jsonedit.Index(data, d.top[:0])
	if ok {
		d.read(&o)
	} else if !e.Truncated { // what the end of the stream cut is not the provider's mistake
		d.reading.Malformed++
	}
}

// read reads the JSON of one event. Types that are not known pass.
func (d *decoder) read(o *jsonedit.Object) {
	v, ok := o.Get("type")
	if !ok || v.Kind != jsonedit.String {
		d.reading.Malformed++
		return
	}
	switch string(inner(v, o.Doc())) {
	case "content_block_delta":
		d.delta(o)
	case "content_block_start":
		d.blockStart(o)
	case "content_block_stop":
		d.blockStop(o)
	case "message_start":
		if m, ok := o.Child("message", d.sub[:0]); ok {
			d.usage, d.settled = nil, false
			d.start(&m)
			d.addUsage(&m)
		}
	case "message_delta":
		d.messageDelta(o)
	case "message_stop":
		d.reading.Done = true
	case "error":
		d.fail(o.Doc(), 0)
	}
}

// start emits what is known of the answer as a whole. Where two streams were
// joined to one, the later one is the answer that counts.
func (d *decoder) start(m *jsonedit.Object) {
	if v, ok := m.Get("model"); ok {
		d.reading.Model, _ = v.Text(m.Doc())
	}
	if d.begun {
		return
	}
	d.begun = true
	d.event = dialect.Event{Kind: dialect.EventStart, Tool: -1, ID: text(m, "id"), Name: text(m, "model")}
	d.emit(&d.event)
}

// messageDelta reads how the answer ends and what it took.
func (d *decoder) messageDelta(o *jsonedit.Object) {
	if delta, ok := o.Child("delta", d.sub[:0]); ok {
		d.finish(&delta)
	}
	if v, ok := o.Get("usage"); ok && v.Kind == jsonedit.ObjectKind {
		d.addUsage(o)
		d.settled = true
	}
}

// addUsage merges the usage that o holds.
func (d *decoder) addUsage(o *jsonedit.Object) {
	if v, ok := o.Get("usage"); ok && v.Kind == jsonedit.ObjectKind {
		d.usage = merge(d.usage, v.Raw(o.Doc()))
	}
}

// finish emits the reason to stop that o holds, of several the first.
func (d *decoder) finish(o *jsonedit.Object) {
	reason := text(o, "stop_reason")
	if len(reason) == 0 || d.reading.Finished {
		return
	}
	d.reading.Finished = true
	d.event = dialect.Event{Kind: dialect.EventFinish, Tool: -1, Finish: finishOf(string(reason)), Name: reason}
	d.emit(&d.event)
}

// finishOf translates a stop reason.
func finishOf(reason string) dialect.Finish {
	switch reason {
	case "end_turn", "stop_sequence":
		return dialect.FinishStop
	case "max_tokens", "model_context_window_exceeded":
		return dialect.FinishLength
	case "tool_use":
		return dialect.FinishTools
	case "refusal":
		return dialect.FinishFilter
	case "pause_turn":
		return dialect.FinishPause
	}
	return dialect.FinishUnknown
}

// fail emits the error that doc states; of several the first. Without a status
// it follows from the type of the error.
func (d *decoder) fail(doc []byte, status int) {
	if d.reading.Failed {
		return
	}
	d.reading.Failed = true
	t := troubles{}.Read(dialect.ErrorAnswer{Status: status, Body: append([]byte(nil), doc...)})
	if t.Status == 0 {
		t.Status = statusOf(t.Type)
	}
	d.event = dialect.Event{Kind: dialect.EventTrouble, Tool: -1, Trouble: &t}
	d.emit(&d.event)
}

// text is the inside of the string that o holds under a name, empty when there
// is none.
func text(o *jsonedit.Object, name string) dialect.Text {
	v, ok := o.Get(name)
	if !ok || v.Kind != jsonedit.String {
		return nil
	}
	return inner(v, o.Doc())
}

// inner is the inside of a string.
func inner(v jsonedit.Value, doc []byte) dialect.Text { return dialect.Text(doc[v.Start+1 : v.End-1]) }
