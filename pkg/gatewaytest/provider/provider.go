// Package provider is a double of a provider, for tests, benchmarks and the
// quick start. It speaks OpenAI's API (chat completions, responses,
// embeddings), Anthropic's messages and Gemini's generateContent, whole and
// streamed, with tool calls, JSON schemas, reasoning, usage and lists of models,
// with the fields, headers and error texts that real ones send. It misbehaves on
// request, and writes down every request with its exact bytes and what became of
// the answer.
//
// A fault is asked for by a line in the last user message, or of a server:
//
//	#fault backend=beta status=429 retry-after=60
//
// Fault documents the words. Invariants: usage, ids and texts depend only on
// the request, the seed and the order of arrival; every request is in the
// journal from its arrival on, and once more than "ok" was written the journal
// says how much.
package provider

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// Options describe one provider. The zero value speaks OpenAI's API and answers
// any key and any model at /v1 at once.
type Options struct {
	Dialect  Dialect       // the API; default OpenAI
	Name     string        // shown in answers, in the journal and to backend= of faults; default "provider"
	BasePath string        // path that a base_url ends with; default "/v1", and nothing for Anthropic and Gemini
	Key      string        // the credential that is expected; empty: any or none
	Header   string        // header that carries it; default: the API's own
	Prefix   string        // text before it; default "Bearer " in authorization, nothing elsewhere
	Models   []string      // models that exist; empty: all, and the list shows "sim-model"
	Seed     uint64        // seed of ids and of faults that happen with a probability
	Faults   []string      // standing faults, in the words of Fault
	Tokens   int           // words of an answer; 0: as many as its text has
	TTFT     time.Duration // pause before the first byte
	Gap      time.Duration // pause between streamed chunks
	Journal  string        // file that finished exchanges are appended to, one JSON object a line
	Forget   bool          // keep no exchanges in memory (for load)
}

// Provider is the double as an http.Handler. It is safe for concurrent use.
type Provider struct {
	o       Options
	faults  *faultBook
	journal *Journal
	seq     atomic.Uint64
}

// New returns a provider. The error names a wrong fault or the journal file.
func New(o Options) (*Provider, error) {
	o.Name = cmp.Or(o.Name, "provider")
	o.Dialect = cmp.Or(o.Dialect, OpenAI)
	if !slices.Contains([]Dialect{OpenAI, Anthropic, Gemini, Any}, o.Dialect) {
		return nil, fmt.Errorf("no dialect %q: want openai, anthropic, gemini or all", o.Dialect)
	}
	if o.BasePath == "" && (o.Dialect == OpenAI || o.Dialect == Any) {
		o.BasePath = "/v1"
	}
	if o.BasePath = strings.Trim(o.BasePath, "/"); o.BasePath != "" {
		o.BasePath = "/" + o.BasePath
	}
	o.Header = strings.ToLower(o.Header)
	book, err := newFaultBook(o)
	if err != nil {
		return nil, err
	}
	j, err := openJournal(o)
	if err != nil {
		return nil, err
	}
	return &Provider{o: o, faults: book, journal: j}, nil
}

// Name is the name that faults and journal use.
func (p *Provider) Name() string { return p.o.Name }

// Journal is what the provider received and sent.
func (p *Provider) Journal() *Journal { return p.journal }

// SetFaults replaces the standing faults.
func (p *Provider) SetFaults(lines ...string) error { return p.faults.set(lines) }

// Inject makes the next n requests without a fault of their own meet one.
func (p *Provider) Inject(n int, line string) error { return p.faults.inject(n, line) }

// errAbort ends an answer in the middle: the connection is closed (HTTP/1) or
// the stream reset (HTTP/2) without a legal end. errReset is the same by a TCP
// reset where the protocol has one.
var (
	errAbort = errors.New("cut on request")
	errReset = errors.New("reset on request")
	errGone  = errors.New("client gone")
)

// ServeHTTP answers one request and keeps the books about it.
func (p *Provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, readErr := io.ReadAll(r.Body)
	op := p.route(r)
	x := p.journal.begin(r, arrival{p.seq.Add(1), op.dialect, body, readErr})
	out := newWire(w, r)
	defer out.watch()()
	out.keep = !p.o.Forget
	err := p.answer(out, x, &inquiry{op, r, body, op.read(r, body)})
	if errors.Is(err, errReset) && out.tcpReset() {
		p.journal.finish(x, out, err)
		return
	}
	p.journal.finish(x, out, err)
	if errors.Is(err, errAbort) || errors.Is(err, errReset) {
		panic(http.ErrAbortHandler) //nolint:forbidigo // the documented way to end an answer without a legal end; net/http recovers it
	}
}

// inquiry is one request with what was understood of it.
type inquiry struct {
	op   *operation
	http *http.Request
	body []byte
	ask  *ask
}

// answer decides what the request gets, faults first.
func (p *Provider) answer(out *wire, x *Exchange, q *inquiry) error {
	op, a := q.op, q.ask
	f, err := p.faults.pick(a.directives)
	if err != nil {
		return out.send(p.report(op, x, badFault(err)))
	}
	f.TTFT = cmp.Or(f.TTFT, p.o.TTFT)
	f.Gap = cmp.Or(f.Gap, p.o.Gap)
	out.f, x.Delivered.Fault = f, f.line
	if err := out.pause(f.StallBefore + f.TTFT); err != nil {
		return err
	}
	if f.before {
		return f.abort()
	}
	if a, ok := p.faultAnswer(op, x, &f, a); ok {
		return out.send(a)
	}
	if t := p.refuse(q, f); t != nil {
		return out.send(p.report(op, x, *t))
	}
	if op.direct != nil {
		return out.send(f.spoil(op.direct(p, q.http, x, a)))
	}
	c := p.compose(a, f, x.N)
	if a.stream {
		return p.play(out, x, op, c)
	}
	return p.unary(out, x, op, c)
}

// unary answers with one document, with a length.
func (p *Provider) unary(out *wire, x *Exchange, op *operation, c *composed) error {
	body := reply{status: http.StatusOK, typ: "application/json", headers: p.headers(op, x)}
	if op.dialect == Gemini {
		body.typ = "application/json; charset=UTF-8"
	}
	if c.f.Error200 {
		body.body = p.errorBody(op.dialect, x, overload(op.dialect))
		return out.send(body)
	}
	body.body = op.whole(c)
	err := out.send(c.f.spoil(body))
	if err == nil && !c.f.NoUsage && c.f.Malformed < 0 {
		x.Delivered.Usage = &c.usage
	}
	return err
}

// spoil cuts a document in half where it shall be malformed.
func (f *Fault) spoil(r reply) reply {
	if f.Malformed >= 0 {
		r.body = r.body[:len(r.body)/2]
	}
	return r
}
