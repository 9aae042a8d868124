package openai

import (
	"bytes"
	"strings"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/frame"
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// meter implements dialect.Meter for streams and single answers. Which of both
// an answer is shows in its first byte, whatever was asked for: a provider may
// answer a streamed request with one JSON object, an error say.
type meter struct {
	kind    string
	form    form
	sse     frame.SSE
	emit    func(frame.Event)
	large   bool // the last block was too large to be read
	scan    scan
	usage   stated
	reading dialect.Reading
}

type form uint8

const (
	unknown form = iota
	single
	stream
)

func newMeter(kind string) *meter {
	m := &meter{kind: kind}
	m.emit = m.event
	return m
}

// Feed implements dialect.Meter.
func (m *meter) Feed(p []byte) {
	if m.form == unknown {
		p = dialect.TrimStart(p)
		m.form = formOf(p)
	}
	switch m.form {
	case single:
		m.scan.feed(p)
	case stream:
		m.sse.Feed(p, m.emit)
	}
}

// formOf tells a JSON text from an event stream by its first byte: no line of
// a stream starts with a bracket.
func formOf(p []byte) form {
	switch {
	case len(p) == 0:
		return unknown
	case p[0] == '{', p[0] == '[':
		return single
	}
	return stream
}

// event reads one event of a stream.
func (m *meter) event(e frame.Event) {
	if e.Oversize {
		m.oversize()
		return
	}
	m.large = false
	if string(e.Name) == "error" {
		m.reading.Failed = true
	}
	switch data := bytes.TrimSpace(e.Data); {
	case len(data) == 0:
	case string(data) == "[DONE]":
		m.reading.Done = true
	default:
		m.chunk(data, e.Truncated)
	}
}

// oversize notes a piece of an event that is too large to be read. In how many
// pieces it comes depends on the cuts, so a run of them counts once.
func (m *meter) oversize() {
	if !m.large {
		m.large = true
		m.reading.Events++
		m.reading.Malformed++
	}
}

// chunk reads the JSON text of one event. An event that the end of the stream
// cut is not the provider's mistake.
func (m *meter) chunk(data []byte, cut bool) {
	m.reading.Events++
	m.scan.reset()
	m.scan.feed(data)
	if !cut && !m.scan.complete() {
		m.reading.Malformed++
	}
	m.take()
}

// take adds what the scan found to the reading.
func (m *meter) take() {
	s := &m.scan.seen
	m.reading.Finished = m.reading.Finished || s.finished
	m.reading.Failed = m.reading.Failed || s.failed
	m.reading.DeltaBytes += m.scan.delivered()
	if len(s.usage) > 0 {
		m.usage.add(s.usage)
	}
}

// Close implements dialect.Meter.
func (m *meter) Close() dialect.Reading {
	switch m.form {
	case single:
		m.reading.Done = m.scan.complete()
		if !m.reading.Done {
			m.reading.Malformed++
		}
		m.take()
	case stream:
		m.sse.Close(m.emit)
	}
	r := m.reading
	r.Model, r.Tier = plain(m.scan.seen.model), plain(m.scan.seen.tier)
	m.usage.fill(&r, m.kind)
	return r
}

// plain decodes the text of a JSON string.
func plain(text string) string {
	if !strings.Contains(text, `\`) {
		return text
	}
	doc := []byte(`{"t":"` + text + `"}`)
	v, _ := jsonedit.Find(doc, "t")
	s, _ := v.Text(doc)
	return s
}

// stated holds the usage objects of one answer that count. Later ones replace
// earlier ones, since providers repeat a running count and never send shares of
// it; fields that a later one leaves out keep their earlier values.
type stated struct {
	whole, late []byte
	fields      *object
}

// add takes the next usage object of the answer.
func (u *stated) add(raw []byte) {
	if bytes.Equal(raw, u.whole) && len(u.late) == 0 {
		return
	}
	if u.fields == nil {
		u.fields = new(object)
	}
	if !u.fields.read(raw) {
		return
	}
	c, ok := readCounts(u.fields.Int)
	switch {
	case !ok:
	case c.prompt.given && c.completion.given && c.prompt.n+c.completion.n > 0, len(u.whole) == 0:
		u.whole, u.late = append(u.whole[:0], raw...), u.late[:0]
	case c.prompt.n+c.completion.n+c.total.n > 0:
		u.late = append(u.late[:0], raw...)
	}
}

// fill writes the usage into r.
func (u *stated) fill(r *dialect.Reading, kind string) {
	if len(u.whole) == 0 || !u.fields.read(u.whole) {
		return
	}
	var f dialect.Fields = u.fields
	r.Raw = u.whole
	if len(u.late) > 0 {
		late := new(object)
		late.read(u.late)
		f = &overlay{late, u.fields}
		r.Raw = u.late
	}
	r.Usage, r.Found, r.Suspect = usages{}.Usage(kind, f)
	if r.Tier == "" {
		r.Tier = tierOf(r.Raw)
	}
}

// tierOf returns the tier that Mistral states within the usage.
func tierOf(usage []byte) string {
	v, _ := jsonedit.Find(usage, "service_tier")
	s, _ := v.Text(usage)
	return s
}

// overlay is an object whose absent fields are taken from an earlier one, apart
// from the total, which belongs to the counts beside it.
type overlay struct{ late, early dialect.Fields }

// Int implements dialect.Fields.
func (o *overlay) Int(path string) (int64, bool) {
	n, ok := o.late.Int(path)
	if ok || path == totalPaths[0] {
		return n, ok
	}
	return o.early.Int(path)
}
