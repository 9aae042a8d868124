package pipeline

import (
	"strings"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
	"github.com/signalbox-dev/signalbox/pkg/key"
	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/route"
	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// Ticket is the unguessable name of an exchange inside the process and in the
// proxy's metadata. It is never a header and never shown.
type Ticket [16]byte

// Exchange is one request and its answer as the stages see them. The host
// fills in what it received before it runs a phase; the sections below are
// written by the stage that each names. One goroutine uses an Exchange at a
// time.
type Exchange struct {
	Snapshot *policy.Snapshot // pinned for the whole exchange
	Dialect  *dialect.Dialect
	Arrived  time.Time
	Ticket   Ticket
	Node     string // the proxy that calls
	Trace    Trace
	Head     Head
	Body     []byte // the caller's bytes; valid until the request phases end
	Single   bool   // no memory to keep the body: run without fallback

	Caller   Caller            // authenticate
	Endpoint dialect.Endpoint  // read, at the head
	Call     dialect.Request   // read, at the body
	Decision route.Decision    // decide
	Order    []Planned         // decide: what each candidate will be sent
	Open     *signalboxv1.Open // record

	Answer Answer         // the host, at the answer's head
	Meter  dialect.Meter  // meter
	Hider  dialect.Filter // hide

	Scratch []jsonedit.Member // reused by the reader of the body

	local *Local
	note  []Field
}

// Head is the request's head. Credentials are valid only while the head phase
// runs.
type Head struct {
	dialect.Head
	ID            string // minted by the proxy, unique
	ClientID      string // what the caller sent as its own request id
	ContentLength int64  // -1 when unknown
	NoBody        bool   // the request ends with its head
	Credentials   []Field
}

// Field is a header.
type Field struct{ Name, Value string }

// Trace is the position of the exchange in the proxy's trace (W3C Trace
// Context). Its zero value is no trace.
type Trace struct {
	Parent  string // the traceparent header
	Sampled bool
	Trace   [16]byte // set by the trace stage: our own span, the parent of the attempts
	Span    [8]byte
}

// Caller is who asks.
type Caller struct {
	Key  *key.Key
	Team string
}

// Planned is one candidate and how its request differs from the caller's.
type Planned struct {
	Candidate policy.Candidate
	Target    dialect.Target
	Path      string // with the caller's query
}

// Answer is the head of an answer and what is known about where it came from.
type Answer struct {
	Status          int
	Local           string // code of an error that no provider sent
	ContentType     string
	ContentEncoding string
	ContentLength   int64 // -1 when unknown
	Attempt         int   // index into Order of the candidate that was tried last; -1 when none was
}

// EventStream reports whether the answer is server-sent events.
func (a *Answer) EventStream() bool { return hasType(a.ContentType, "text/event-stream") }

// JSON reports whether the answer is a JSON document.
func (a *Answer) JSON() bool { return hasType(a.ContentType, "application/json") }

func hasType(value, want string) bool {
	t, _, _ := strings.Cut(value, ";")
	return strings.EqualFold(strings.TrimSpace(t), want)
}

// Local is an answer that no provider gives.
type Local struct {
	Status int
	Fields []Field
	Body   []byte
}

// Respond records a local answer: the exchange ends there.
func (x *Exchange) Respond(l Local) { x.local = &l }

// Local returns the recorded local answer, nil when there is none.
func (x *Exchange) Local() *Local { return x.local }

// Note records a header for the answer.
func (x *Exchange) Note(name, value string) { x.note = append(x.note, Field{name, value}) }

// Notes returns the headers to set on the answer.
func (x *Exchange) Notes() []Field { return x.note }

// Classes are the data classes that bind the exchange besides those of its
// route and team.
func (x *Exchange) Classes() []genai.DataClass {
	if x.Caller.Key == nil || x.Caller.Key.Class == "" {
		return nil
	}
	return []genai.DataClass{x.Caller.Key.Class}
}

// Changes reports whether the request for candidate i differs from the
// caller's own.
func (x *Exchange) Changes(i int) bool {
	t := x.Order[i].Target
	return t.Model != x.Call.Model || t.InjectUsage
}

// Build makes the request for candidate i from the caller's own bytes: the
// body is nil when those need no change. It appends to dst.
func (x *Exchange) Build(dst []byte, i int) []byte {
	out, _ := x.Dialect.Request.Rewrite(dst, &x.Call, x.Order[i].Target)
	return out
}
