package responses

import (
	"bytes"
	"slices"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/frame"
	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// maxEvent bounds an event. The one that ends a stream repeats the whole
// answer, pictures included, and holds the usage.
const maxEvent = 16 << 20

// answers is the AnswerCodec of the dialect.
type answers struct {
	chat  dialect.AnswerCodec
	usage usages
}

// Meter implements dialect.AnswerCodec.
func (a answers) Meter(op genai.Operation, stream bool, _ string) dialect.Meter {
	m := &meter{usage: a.usage, single: a.chat.Meter(op, stream, ""), sse: frame.SSE{Max: maxEvent}}
	m.emit = m.event
	return m
}

// Hider implements dialect.AnswerCodec: nothing is injected.
func (answers) Hider() dialect.Filter { return nil }

// meter implements dialect.Meter. A single answer states model, tier, usage and
// error where one of chat completions does, so that the meter of those reads
// it.
type meter struct {
	usage   usages
	single  dialect.Meter
	sse     frame.SSE
	emit    func(frame.Event)
	form    form
	large   bool // the last block was too large to be read
	reading dialect.Reading
}

type form uint8

const (
	unknown form = iota
	document
	stream
)

// Feed implements dialect.Meter.
func (m *meter) Feed(p []byte) {
	if m.form == unknown {
		p = dialect.TrimStart(p)
		switch {
		case len(p) == 0:
			return
		case p[0] == '{', p[0] == '[': // no line of a stream starts with a bracket
			m.form = document
		default:
			m.form = stream
		}
	}
	if m.form == document {
		m.single.Feed(p)
	} else {
		m.sse.Feed(p, m.emit)
	}
}

// Close implements dialect.Meter.
func (m *meter) Close() dialect.Reading {
	if m.form == document {
		r := m.single.Close()
		r.Finished = r.Done && !r.Failed
		return r
	}
	m.sse.Close(m.emit)
	return m.reading
}

// event reads one event of a stream.
func (m *meter) event(e frame.Event) {
	if e.Oversize {
		if !m.large { // in how many pieces it comes depends on the cuts
			m.large = true
			m.reading.Events++
			m.reading.Malformed++
		}
		return
	}
	m.large = false
	data := bytes.TrimSpace(e.Data)
	if len(data) == 0 || string(data) == "[DONE]" { // some servers send it out of habit
		return
	}
	m.reading.Events++
	var buf [12]jsonedit.Member
	o, ok := jsonedit.Index(data, buf[:0])
	if !ok {
		if !e.Truncated {
			m.reading.Malformed++
		}
		return
	}
	if string(e.Name) == "error" {
		m.reading.Failed = true
	}
	m.read(&o, data)
}

// read reads the JSON text of an event.
func (m *meter) read(o *jsonedit.Object, data []byte) {
	kind, _ := o.Get("type")
	switch {
	case kind.Is(data, "response.completed"), kind.Is(data, "response.incomplete"):
		m.reading.Done, m.reading.Finished = true, true
	case kind.Is(data, "response.failed"):
		m.reading.Done, m.reading.Failed = true, true
	case kind.Is(data, "error"), kind.Kind == jsonedit.Null && isError(o):
		m.reading.Failed = true
	}
	if v, ok := o.Get("delta"); ok && v.Kind == jsonedit.String {
		m.reading.DeltaBytes += int64(v.End - v.Start - 2)
	}
	if v, ok := o.Get("response"); ok && v.Kind == jsonedit.ObjectKind {
		m.response(v.Raw(data))
	}
}

// isError reports whether an event that does not say what it is holds an error,
// as proxies send them.
func isError(o *jsonedit.Object) bool {
	v, ok := o.Get("error")
	return ok && v.Kind != jsonedit.Null
}

// response reads a state of the answer; the last one counts.
func (m *meter) response(doc []byte) {
	var buf [40]jsonedit.Member
	o, ok := jsonedit.Index(doc, buf[:0])
	if !ok {
		return
	}
	if v, _ := o.Get("model"); v.End-v.Start > 2 {
		m.reading.Model, _ = v.Text(doc)
	}
	if v, _ := o.Get("service_tier"); v.End-v.Start > 2 {
		m.reading.Tier, _ = v.Text(doc)
	}
	v, _ := o.Get("usage")
	if v.Kind != jsonedit.ObjectKind {
		return
	}
	raw := slices.Clone(v.Raw(doc))
	if u, found, suspect := m.usage.UsageJSON("", raw); found {
		m.reading.Usage, m.reading.Found, m.reading.Suspect, m.reading.Raw = u, true, suspect, raw
	}
}
