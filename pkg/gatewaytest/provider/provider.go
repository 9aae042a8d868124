// Package provider is a double of an OpenAI-compatible provider, for tests,
// benchmarks and the quick start. It answers chat completions (whole and
// streamed, tool calls, JSON schemas, usage) and the model list with the
// fields, headers and error texts a real one sends, misbehaves on request, and
// writes down every request with its exact bytes and what became of the answer.
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
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// Options describe one provider. The zero value answers any key and any model
// at /v1 at once.
type Options struct {
	Name     string        // shown in answers, in the journal and to backend= of faults; default "provider"
	BasePath string        // path before /chat/completions; default "/v1"
	Key      string        // the credential that is expected; empty: any or none
	Header   string        // header that carries it; default "authorization"
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
	o.BasePath = "/" + strings.Trim(cmp.Or(o.BasePath, "/v1"), "/")
	o.Header = strings.ToLower(cmp.Or(o.Header, "authorization"))
	if o.Header == "authorization" {
		o.Prefix = cmp.Or(o.Prefix, "Bearer ")
	}
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
	x := p.journal.begin(p.seq.Add(1), r, body, readErr)
	out := newWire(w, r)
	out.keep = !p.o.Forget
	err := p.answer(out, x, r, body)
	if errors.Is(err, errReset) && out.tcpReset() {
		p.journal.finish(x, out, err)
		return
	}
	p.journal.finish(x, out, err)
	if errors.Is(err, errAbort) || errors.Is(err, errReset) {
		panic(http.ErrAbortHandler) //nolint:forbidigo // the documented way to end an answer without a legal end; net/http recovers it
	}
}

// answer decides what the request gets, faults first.
func (p *Provider) answer(out *wire, x *Exchange, r *http.Request, body []byte) error {
	req, problem := parseChat(body)
	f, err := p.faults.pick(req.directives)
	if err != nil {
		return out.send(badFault(err))
	}
	if f.TTFT == 0 {
		f.TTFT = p.o.TTFT
	}
	if f.Gap == 0 {
		f.Gap = p.o.Gap
	}
	out.f, x.Delivered.Fault = f, f.line
	if err := out.pause(f.StallBefore + f.TTFT); err != nil {
		return err
	}
	if f.before {
		return f.abort()
	}
	if a, ok := f.answer(); ok {
		return out.send(a)
	}
	if a, ok := p.refuse(r, &req, problem); ok {
		return out.send(a)
	}
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return out.send(p.models(r))
	}
	a := p.compose(&req, f, x.N)
	if req.Stream {
		return p.stream(out, x, &req, a)
	}
	return p.whole(out, x, a)
}

// reply is a complete answer.
type reply struct {
	status  int
	typ     string
	headers [][2]string
	body    []byte
}
