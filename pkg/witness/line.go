package witness

import (
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
	"github.com/signalbox-dev/signalbox/pkg/settle"
)

// Kind says what a line reports.
type Kind uint8

const (
	Other   Kind = iota // nothing that concerns us
	Attempt             // the end of one attempt
	Request             // the end of a request
)

// String returns the word that metrics use.
func (k Kind) String() string { return [...]string{"other", "attempt", "request"}[k] }

// Entry is one line. Of an attempt only the Upstream part is set.
type Entry struct {
	Kind Kind
	settle.Downstream
}

// Lookup says how the usage of a cluster's answers is read: the reader of its
// dialect and the kind of its provider. It must not return nil. An
// answer that was translated is tried with the readers of other dialects.
type Lookup func(cluster string) (r dialect.UsageReader, kind string)

// Parser reads lines. It is not safe for concurrent use.
type Parser struct {
	lookup  Lookup
	others  []dialect.UsageReader
	members []jsonedit.Member
	nested  []jsonedit.Member
}

// NewParser returns a parser that reads usage as lookup says; see also Speak.
func NewParser(lookup Lookup) *Parser { return &Parser{lookup: lookup} }

var ( // sentinels
	errNoObject = errors.New("access log line: not a JSON object")
	errNoTime   = errors.New("access log line: no start time")
)

// mirror is the cluster by which the proxy sends copies of requests to itself:
// it logs that as an attempt of the request, long after its end perhaps.
const mirror = "signalbox.shadow"

// Parse reads one line, without its end. The result holds no part of line. A
// line of another type is Other, without an error.
func (p *Parser) Parse(line []byte) (Entry, error) {
	doc, ok := jsonedit.Index(line, p.members)
	if !ok {
		return Entry{}, errNoObject
	}
	p.members = doc.Members()
	f := fields{&doc}
	var e Entry
	switch f.text("k") {
	case "UpstreamEnd":
		e.Kind = Attempt
	case "DownstreamEnd":
		e.Kind = Request
	default:
		return e, nil
	}
	if f.text("c") == mirror {
		return Entry{}, nil
	}
	start, ok := f.time("t")
	if !ok {
		return Entry{}, errNoTime
	}
	e.Upstream = settle.Upstream{
		RequestID: f.text("id"),
		Cluster:   f.text("c"),
		Status:    int(f.count("s")),
		Flags:     f.text("f"),
		Details:   f.text("d"),
		Start:     start,
		Duration:  f.millis("ms"),
		FirstByte: f.millis("fb"),
		Received:  f.count("rx"),
		Sent:      f.count("tx"),
	}
	if e.Kind == Request {
		p.request(&e, f)
	} else if text := f.text("ra"); text != "" {
		e.RetryAfter = asked(text, start.Add(e.Duration))
	}
	return e, nil
}

// request reads what only the end of a request has.
func (p *Parser) request(e *Entry, f fields) {
	e.Attempts = int(f.count("n"))
	e.ContentType = f.text("ct")
	p.facts(e, p.carried(f))
	if u, ok := p.answer(f); ok {
		p.nested = u.doc.Members()
		p.usage(e, u)
	}
}

// carried is what we gave the request to carry. The whole namespace was logged
// where the configuration was rendered by an older version.
func (p *Parser) carried(f fields) string {
	sb, ok := f.child("sb", p.nested)
	if !ok {
		return f.text("sb")
	}
	p.nested = sb.doc.Members()
	facts := sb.text("facts")
	if strings.HasPrefix(facts, "ticket=") {
		return facts
	}
	return "ticket=" + sb.text("ticket") + "&" + facts
}

// facts reads what we gave the request to carry. What cannot be read is none:
// the rest of the entry counts.
func (p *Parser) facts(e *Entry, text string) {
	text, found := strings.CutPrefix(text, "ticket=")
	if !found {
		return
	}
	t, rest, _ := strings.Cut(text, "&")
	e.HasTicket = ticket(e.Ticket[:], t)
	if rest == "" {
		return
	}
	if o, err := ParseFacts(rest); err == nil {
		o.RequestId = e.RequestID
		if e.HasTicket {
			o.Ticket = append([]byte(nil), e.Ticket[:]...)
		}
		e.Facts = o
	}
}

// answer is what was lifted out of the answer: by the script as one text, by
// Envoy's own filters as values.
func (p *Parser) answer(f fields) (fields, bool) {
	if text := f.text("u"); text != "" {
		doc, ok := jsonedit.Index([]byte(text), p.nested)
		return fields{&doc}, ok
	}
	return f.child("u", p.nested)
}

func ticket(dst []byte, s string) bool {
	if len(s) != 2*len(dst) {
		return false
	}
	_, err := hex.Decode(dst, []byte(s))
	return err == nil
}

// fields reads the members of one object of a line. What is absent, null or
// of another type reads as zero.
type fields struct{ doc *jsonedit.Object }

func (f fields) text(name string) string {
	v, ok := f.doc.Get(name)
	if !ok {
		return ""
	}
	s, _ := v.Text(f.doc.Doc())
	return valid(s)
}

// valid replaces what is not UTF-8: the text goes into records, which hold
// nothing else.
func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

func (f fields) count(name string) int64 {
	v, ok := f.doc.Get(name)
	if !ok {
		return 0
	}
	n, _ := v.Int(f.doc.Doc())
	return max(n, 0)
}

// maxMillis is more than any request lasts; beyond it a duration would
// overflow.
const maxMillis = 1 << 40

func (f fields) millis(name string) time.Duration {
	return time.Duration(min(f.count(name), maxMillis)) * time.Millisecond
}

func (f fields) child(name string, buf []jsonedit.Member) (fields, bool) {
	c, ok := f.doc.Child(name, buf)
	return fields{&c}, ok
}

// time reads seconds and nanoseconds with a point between them.
func (f fields) time(name string) (time.Time, bool) {
	s, frac, ok := strings.Cut(f.text(name), ".")
	if !ok || len(frac) != 9 {
		return time.Time{}, false
	}
	sec, err := strconv.ParseInt(s, 10, 34)
	if err != nil {
		return time.Time{}, false
	}
	nsec, err := strconv.ParseUint(frac, 10, 32)
	if err != nil {
		return time.Time{}, false
	}
	return time.Unix(sec, int64(nsec)), true
}
