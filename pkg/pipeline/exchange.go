package pipeline

import (
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
	"github.com/signalbox-dev/signalbox/pkg/key"
	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/route"
	"github.com/signalbox-dev/signalbox/pkg/route/account"
	"github.com/signalbox-dev/signalbox/pkg/signal"
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
	Strict   bool   // the caller wants no field of its request lost in translation

	Caller   Caller            // authenticate
	Endpoint dialect.Endpoint  // read, at the head
	Call     dialect.Request   // read, at the body
	Decision route.Decision    // decide
	Made     account.Made      // decide: what the decision was made from
	Order    []Planned         // decide: what each candidate will be sent
	Copy     *Planned          // decide: what a copy of the request will be sent; nil: none is made
	Open     *signalboxv1.Open // record

	Answer     Answer              // the host, at the answer's head
	Meter      dialect.Meter       // meter
	Translator *dialect.Translator // translate
	Metered    Reading             // translate: of the answer so far
	Hider      dialect.Filter      // hide

	// CopyTicket is the copy's; zero: none is made.
	CopyTicket Ticket
	// ShadowOf is the id of the request that this exchange is the copy of; empty:
	// it is none.
	ShadowOf string

	Scratch []jsonedit.Member  // reused by the reader of the body
	Buffer  func(n int) []byte // the host's: an empty slice with room for n bytes; nil: make one

	local  *Local
	note   []Field
	broken *dialect.Trouble
}

// Head is the request's head. Credentials are valid only while the head phase
// runs.
type Head struct {
	dialect.Head
	ID            string // minted by the proxy, unique
	ClientID      string // what the caller sent as its own request id
	ContentLength int64  // -1 when unknown
	NoBody        bool   // the request ends with its head
	KeyInQuery    bool   // a key came in the query; Query is without it
	Credentials   []Field
	Seen          []signal.Header // those that routes look at
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

// ID is the trace's, zero when there is none.
func (t *Trace) ID() (id [16]byte) {
	if len(t.Parent) < 35 {
		return id
	}
	if _, err := hex.Decode(id[:], []byte(t.Parent[3:35])); err != nil {
		return [16]byte{}
	}
	return id
}

// Caller is who asks.
type Caller struct {
	Key  *key.Key
	Team string
}

// Planned is one candidate and how its request differs from the caller's.
type Planned struct {
	Candidate policy.Candidate
	Dialect   *dialect.Dialect // of the backend
	Target    dialect.Target
	Path      string // with the caller's query where the caller speaks the backend's dialect
	// Translated: request and answer are in another dialect than the caller's.
	Translated bool
	// Body and Lost are what Build made of a translated first candidate.
	Body []byte
	Lost []string
	// Owned: the attempt filter owns the answer, since that is translated for a
	// further attempt, or gated. All others are the request filter's.
	Owned bool
}

// Copied is the exchange of the copy of x, under the ticket CopyTicket. It
// shares the bytes of the body.
func (x *Exchange) Copied() *Exchange {
	return &Exchange{
		Snapshot: x.Snapshot, Dialect: x.Dialect, Arrived: x.Arrived, Ticket: x.CopyTicket, Node: x.Node, Head: x.Head, Body: x.Body,
		Caller: x.Caller, Endpoint: x.Endpoint, Call: x.Call, Order: []Planned{*x.Copy},
		Decision: route.Decision{Route: x.Decision.Route, Class: x.Decision.Class, Order: []policy.Candidate{x.Copy.Candidate}},
		ShadowOf: x.Head.ID, Buffer: x.Buffer,
	}
}

// Hides reports whether the answer will state usage only because we asked.
func (p *Planned) Hides() bool { return p.Target.InjectUsage && !p.Translated }

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

// HiddenByProxy reports whether the proxy's own filter hides the usage event of the
// exchange: it is told so for the whole request, so that can be only where
// every candidate was asked for usage on our account, or is translated and then
// states none that the caller did not ask for.
func (x *Exchange) HiddenByProxy() bool {
	if !x.Snapshot.Envoy.Lua {
		return false
	}
	some := false
	for i := range x.Order {
		if !x.Order[i].Hides() && !x.Order[i].Translated {
			return false
		}
		some = some || x.Order[i].Hides()
	}
	return some
}

// Changes reports whether the request for candidate i differs from the
// caller's own.
func (x *Exchange) Changes(i int) bool {
	p := &x.Order[i]
	return p.Translated || p.Target.Model != x.Call.Model || p.Target.InjectUsage
}

// Build makes the request for candidate i from the caller's own bytes: the
// body is nil when those need no change. It appends to dst. lost are the fields
// that a translation could not carry; the fault is that of a request that
// cannot be translated at all.
func (x *Exchange) Build(dst []byte, i int) (body []byte, lost []string, f *fault.Error) {
	p := &x.Order[i]
	if !p.Translated {
		body, _ = x.Dialect.Request.Rewrite(dst, &x.Call, p.Target)
		return body, nil, nil
	}
	a, f := x.Dialect.Front.Read(&x.Call)
	if f != nil {
		return nil, nil, f
	}
	body, lost, f = p.Dialect.Back.Write(dst, a, p.Target)
	return body, named(a.Unsaid, lost), f
}

// named joins two lists of names, each name once.
func named(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// Room returns an empty slice for a body of about n bytes.
func (x *Exchange) Room(n int) []byte {
	if x.Buffer == nil {
		return make([]byte, 0, n)
	}
	return x.Buffer(n)
}

// Reader is what reads a candidate's answer as events: the backend's dialect
// where the request was translated, else the caller's own, which need not be the
// first of the backend's family. It is nil where nothing reads them.
func (x *Exchange) Reader(p *Planned) dialect.Back {
	if p.Translated {
		return p.Dialect.Back
	}
	return x.Dialect.Back
}

// Asked is what the form of a translated answer depends on.
func (x *Exchange) Asked(i int) dialect.Asked {
	return dialect.Asked{
		Operation: x.Endpoint.Operation, ID: x.Head.ID, Created: x.Arrived.Unix(), Model: x.Order[i].Target.Model,
		Stream: x.Call.Stream, WantsUsage: x.Call.WantsUsage, Base64: x.Call.Base64,
	}
}

// Break records that the rest of the answer cannot be had: the host ends it so
// that the caller notices. The first trouble counts.
func (x *Exchange) Break(t dialect.Trouble) {
	if x.broken == nil {
		x.broken = &t
	}
}

// Broken returns what Break recorded, nil when nothing was.
func (x *Exchange) Broken() *dialect.Trouble { return x.broken }
