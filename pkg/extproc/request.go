package extproc

import (
	"crypto/rand"
	"log/slog"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
	"github.com/signalbox-dev/signalbox/pkg/pipeline"
	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/signal"
	"github.com/signalbox-dev/signalbox/pkg/stage/hide"
	"github.com/signalbox-dev/signalbox/pkg/stage/record"
)

// session is the request filter's stream of one exchange.
//
//	start ─request headers─▶ head ─request body─▶ asked ─response headers─▶ answer ─response body…─▶ over
//
// The proxy's own answers (body too large, client gone) may bring the response
// headers before the request was asked.
type session struct {
	srv   *Server
	out   sender
	x     *pipeline.Exchange
	phase stage
	mode  bodyMode
	fail  *failing // the answer is an error that is being collected
}

type stage uint8

const (
	start stage = iota
	head
	asked
	answer
)

// request serves the request filter's stream of one exchange.
func (s *Server) request(st grpc.ServerStream, md metadata.MD) error {
	x := &pipeline.Exchange{
		Snapshot: s.Snapshot.Load(),
		Buffer:   func(n int) []byte { return (*pool.Get(n))[:0] },
		Arrived:  time.Now(),
		Node:     first(md, "x-signalbox-node"),
		Trace:    traceOf(md),
	}
	ss := &session{srv: s, out: sender{st: st}, x: x}
	var r received
	defer r.free()
	defer ss.end()
	for {
		if err := st.RecvMsg(&r); err != nil {
			return over(err)
		}
		done, err := ss.handle(&r)
		if done || err != nil {
			return err
		}
	}
}

// traceOf reads the proxy's position in the trace. The gRPC metadata has it;
// the forwarded headers may hold the caller's.
func traceOf(md metadata.MD) pipeline.Trace {
	p := first(md, "traceparent")
	return pipeline.Trace{Parent: p, Sampled: strings.HasSuffix(p, "-01")}
}

// end runs when the stream is over, for whatever reason.
func (ss *session) end() {
	if ss.phase == asked && leaves(ss.x) {
		return // left on purpose: the session stays for the attempts, until the witness reports the end
	}
	if ss.phase >= asked {
		ss.srv.Store.Forget(ss.x.Ticket)
	}
	ss.srv.Pipeline.End(ss.x)
}

// handle answers one message. done means that the stream ends with OK.
func (ss *session) handle(r *received) (done bool, err error) {
	switch {
	case r.phase == requestHeaders && ss.phase == start:
		return ss.requestHead(headers(r.body))
	case r.phase == requestBody && ss.phase == head:
		return ss.requestBody(r)
	case r.phase == responseHeaders && ss.phase < answer: // before asked: Envoy answers by itself
		return ss.answerHead(&r.message)
	case r.phase == responseBody && ss.phase == answer:
		return ss.answerBody(r.body)
	case r.phase == requestTrailers:
		return false, ss.out.send(unchanged(answerRequestTrailers), false)
	case r.phase == responseTrailers && ss.phase == answer:
		return ss.answerTrailers()
	}
	return false, status.Errorf(codes.InvalidArgument, "request filter: phase %d does not follow state %d", r.phase, ss.phase)
}

func (ss *session) requestHead(h headers) (bool, error) {
	x := ss.x
	readHead(x, h)
	ss.phase = head
	x.Dialect = ss.srv.Dialect(x.Head.Head)
	if f := ss.admit(); f != nil {
		return ss.refuse(f)
	}
	f := ss.srv.Pipeline.RequestHead(x)
	x.Head.Credentials = nil
	if f != nil {
		return ss.refuse(f)
	}
	if l := x.Local(); l != nil {
		return ss.local(*l)
	}
	if x.Head.KeyInQuery {
		return false, ss.out.send(rewritePath(x), false) // the proxy's trace shows the path
	}
	return false, ss.out.send(unchanged(answerRequestHeaders), false)
}

// admit refuses what must not even start.
func (ss *session) admit() *fault.Error {
	if ss.srv.draining.Load() {
		return fault.New(fault.Draining, "The gateway is shutting down. Send the request again; another instance takes it.")
	}
	if limit := ss.x.Snapshot.Envoy.BodyLimit; ss.x.Head.ContentLength > limit {
		return tooLarge(limit)
	}
	return nil
}

func tooLarge(limit int64) *fault.Error {
	return fault.New(fault.BodyTooLarge, "The request body is larger than the "+strconv.FormatInt(limit, 10)+" bytes that this gateway takes.")
}

func (ss *session) requestBody(r *received) (bool, error) {
	began := time.Now()
	x := ss.x
	x.Body, _ = chunk(r.body)
	n := int64(len(x.Body))
	if limit := x.Snapshot.Envoy.BodyLimit; n > limit {
		return ss.refuse(tooLarge(limit))
	}
	x.Single = !ss.srv.Store.reserve(n)
	if _, err := rand.Read(x.Ticket[:]); err != nil {
		return false, status.Error(codes.Internal, "no random numbers")
	}
	if f := ss.srv.Pipeline.RequestBody(x); f != nil {
		ss.unreserve(n)
		return ss.refuse(f)
	}
	ss.phase = asked
	ss.srv.Opened(x)
	facts := ss.srv.Facts(x.Open)
	x.Open.Decision, x.Made.Facts = nil, nil // written: the answer may go on for long
	if x.Copy != nil {
		ss.copy(r, n)
	}
	body := ss.keep(r, n)
	if x.Single {
		ss.srv.Metrics.NoFallback.Inc()
	}
	leave := leaves(x)
	err := ss.out.send(dispatch(x, facts, body), leave)
	ss.srv.Metrics.Decision.Observe(time.Since(began).Seconds())
	if leave && err == nil {
		ss.srv.Metrics.Stays.WithLabelValues("decided").Inc()
		return true, nil
	}
	return false, err
}

// leaves reports whether the exchange ends for us with the decision.
func leaves(x *pipeline.Exchange) bool {
	return x.Decision.Route.Leave == policy.LeaveDecision && !hide.Attached(x) && !translates(x)
}

// translates reports whether a candidate speaks another dialect than the
// caller: then its answers, errors at least, need us.
func translates(x *pipeline.Exchange) bool {
	return slices.ContainsFunc(x.Order, func(p pipeline.Planned) bool { return p.Translated })
}

// keep makes the first candidate's body and keeps the session while a retry
// could ask for another.
func (ss *session) keep(r *received, n int64) mem.Buffer {
	x := ss.x
	body := firstBody(x)
	if (len(x.Order) > 1 || x.Order[0].Owned) && !x.Single {
		ss.srv.Store.put(x, r.take(), x.Arrived.Add(record.Limit(x)+time.Minute))
		return body
	}
	ss.unreserve(n)
	x.Body, x.Call.Body, x.Call.Object = nil, nil, jsonedit.Object{}
	return body
}

// firstBody is the body for the first candidate, nil when the caller's own
// serves, or when the attempt filter writes it.
func firstBody(x *pipeline.Exchange) mem.Buffer {
	switch p := &x.Order[0]; {
	case p.Owned:
		return nil
	case p.Body != nil:
		b := p.Body
		p.Body = nil
		return mem.NewBuffer(&b, pool)
	case x.Changes(0):
		body, _, _ := rewritten(x, 0) // no translation: nothing can be wrong
		return body
	}
	return nil
}

func (ss *session) unreserve(n int64) {
	if !ss.x.Single {
		ss.srv.Store.release(n)
	}
}

// refuse answers with a fault and ends the exchange.
func (ss *session) refuse(f *fault.Error) (bool, error) {
	x := ss.x
	code := f.Kind.Code()
	ss.srv.Metrics.Faults.WithLabelValues(code).Inc()
	ss.srv.Metrics.Refused.WithLabelValues(code).Inc()
	if x.Caller.Key != nil {
		ss.srv.Books.Refused(record.Describe(x), code, f.Status())
	}
	ss.srv.Refused(x, code)
	if f.Cause != nil {
		ss.srv.Log.Warn("request refused", slog.String("code", code), slog.String("request_id", x.Head.ID), slog.Any("cause", f.Cause))
	}
	return true, ss.out.send(refusal(x.Dialect, f, x.Head.ID), true)
}

func (ss *session) local(l pipeline.Local) (bool, error) {
	h := make([]header, 0, 1+len(l.Fields))
	h = append(h, header{"x-signalbox-request-id", ss.x.Head.ID})
	for _, f := range l.Fields {
		h = append(h, header(f))
	}
	return true, ss.out.send(immediate(l.Status, h, l.Body, "signalbox_local"), true)
}

// readPath takes the path apart. A key in the query, as Google's clients may
// send it, is a credential like any other and goes no further.
func readPath(x *pipeline.Exchange, value string) {
	path, query, _ := strings.Cut(value, "?")
	x.Head.Path = path
	if !strings.Contains(query, "key=") {
		x.Head.Query = query
		return
	}
	var kept []string
	for p := range strings.SplitSeq(query, "&") {
		key, ok := strings.CutPrefix(p, "key=")
		if !ok {
			kept = append(kept, p)
			continue
		}
		x.Head.KeyInQuery, x.Head.Google = true, true
		if text, err := url.QueryUnescape(key); err == nil {
			key = text
		}
		x.Head.Credentials = append(x.Head.Credentials, pipeline.Field{Name: "key", Value: key})
	}
	x.Head.Query = strings.Join(kept, "&")
}

// see copies a header that routes look at.
func see(x *pipeline.Exchange, looked []string, name, value []byte) {
	if _, ok := slices.BinarySearch(looked, string(name)); ok {
		value = value[:min(len(value), signal.MaxHeader)]
		x.Head.Seen = append(x.Head.Seen, signal.Header{Name: string(name), Value: string(value)})
	}
}

// readHead copies what the stages need of the request's head.
func readHead(x *pipeline.Exchange, h headers) {
	x.Head.NoBody = h.end()
	x.Head.ContentLength = -1
	looked := x.Snapshot.Headers()
	for name, value := range h.each {
		if len(looked) > 0 {
			see(x, looked, name, value)
		}
		switch string(name) {
		case ":method":
			x.Head.Method = string(value)
		case ":path":
			readPath(x, string(value))
		case "content-type":
			x.Head.ContentType = string(value)
		case "content-encoding":
			x.Head.ContentEncoding = string(value)
		case "content-length":
			if n, err := strconv.ParseInt(string(value), 10, 64); err == nil {
				x.Head.ContentLength = n
			}
		case "x-request-id":
			x.Head.ID = string(value)
		case "x-signalbox-client-request-id":
			x.Head.ClientID = string(value)
		case "anthropic-version":
			x.Head.Anthropic = true
		case "signalbox-strict":
			x.Strict = strings.EqualFold(string(value), "true")
		case "authorization", "x-api-key", "api-key", "x-goog-api-key":
			x.Head.Google = x.Head.Google || string(name) == "x-goog-api-key"
			x.Head.Credentials = append(x.Head.Credentials, pipeline.Field{Name: string(name), Value: string(value)})
		}
	}
}
