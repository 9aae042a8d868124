package extproc

import (
	"log/slog"
	"strconv"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/pipeline"
	"github.com/signalbox-dev/signalbox/pkg/stage/fail"
)

// answerHead decides at the answer's head how long to stay, when status,
// serving candidate and content type are known.
func (ss *session) answerHead(m *message) (bool, error) {
	x := ss.x
	x.Answer = answerOf(headers(m.body), len(x.Order))
	early := ss.phase < asked // no provider saw the request
	ss.phase = answer
	ss.srv.Store.Forget(x.Ticket) // the answer goes out: no retry can come
	switch {
	case x.Answer.Local != "": // Envoy's own, or the attempt filter's: it has its shape
		ss.srv.Metrics.Faults.WithLabelValues(x.Answer.Local).Inc()
		if early {
			ss.srv.Metrics.Refused.WithLabelValues(x.Answer.Local).Inc()
		}
		return ss.leave("local")
	case x.Answer.Attempt < 0:
		return ss.leave("local")
	case x.Answer.Status >= 400:
		return ss.failure(headers(m.body).end())
	case x.Answer.Status >= 300 && x.Order[x.Answer.Attempt].Translated: // no caller could follow it
		return ss.replace(fault.New(fault.ProviderError, "The provider answered with a redirect, which is not followed. Tell the gateway's operator the request id."))
	case x.Order[x.Answer.Attempt].Owned: // the attempt filter's: it is in the caller's dialect
		return ss.leave("owned")
	}
	want, f := ss.srv.Pipeline.AnswerHead(x)
	if f != nil {
		return ss.replace(f)
	}
	if headers(m.body).end() {
		return ss.bare()
	}
	return ss.stay(want)
}

// bare answers a head that no body follows.
func (ss *session) bare() (bool, error) {
	x := ss.x
	if _, f := ss.srv.Pipeline.Chunk(x, nil, true); f != nil {
		return ss.replace(f)
	}
	t := x.Broken()
	if t == nil {
		return ss.leave("released")
	}
	ss.srv.Metrics.Stays.WithLabelValues("error").Inc()
	body := x.Dialect.Errors.Render(*t, false, x.Head.ID)
	return true, ss.out.send(replaceAnswer(ss.errorHeaders(max(t.Status, 400), len(body)), encodings, body), true)
}

func (ss *session) stay(want pipeline.Want) (bool, error) {
	remove := []string(nil)
	how := "released"
	switch want {
	case pipeline.Chunks:
		ss.mode, how = modeStreamed, "chunks"
	case pipeline.Edit:
		ss.mode, how = modeDuplex, "edited"
		remove = []string{"content-length"}
	case pipeline.Whole:
		ss.mode, how = modeBuffered, "whole"
	}
	if ss.mode == 0 {
		return ss.leave(how)
	}
	if ss.x.Translator != nil {
		remove = append(remove, "content-encoding")
		remove = append(remove, foreignAnswer...)
	}
	ss.srv.Metrics.Stays.WithLabelValues(how).Inc()
	return false, ss.out.send(answerHead(ss.notes(), remove, ss.mode), false)
}

func (ss *session) leave(how string) (bool, error) {
	ss.srv.Metrics.Stays.WithLabelValues(how).Inc()
	return true, ss.out.send(answerHead(ss.notes(), nil, 0), true)
}

// notes are the headers that the answer gets from us.
func (ss *session) notes() []header {
	x := ss.x
	h := make([]header, 0, len(x.Notes())+9)
	if x.Head.ID != "" { // Envoy may answer before we saw the request
		h = append(h, header{"x-signalbox-request-id", x.Head.ID})
		if x.Dialect.Family == "anthropic" { // its SDKs show this one, as those of others show x-request-id
			h = append(h, header{"request-id", x.Head.ID})
		}
	}
	if x.Decision.Route != nil {
		h = append(h, header{"x-signalbox-rule", x.Decision.Route.Name})
	}
	if i := x.Answer.Attempt; i >= 0 {
		c := &x.Order[i].Candidate
		h = append(h, header{"x-signalbox-provider", c.Backend.Provider}, header{"x-signalbox-model", c.Model})
		if lost := x.Order[i].Lost; len(lost) > 0 {
			h = append(h, header{lostHeader, listed(lost)})
		}
	}
	for _, n := range x.Notes() {
		h = append(h, header(n))
	}
	return h
}

func (ss *session) answerBody(b []byte) (bool, error) {
	data, end := chunk(b)
	if ss.fail != nil {
		return ss.fail.add(data, end)
	}
	out, f := ss.srv.Pipeline.Chunk(ss.x, data, end)
	if f != nil {
		return false, f // the stream errors and the proxy resets the answer: never a silent truncation
	}
	broken := ss.x.Broken()
	switch {
	case broken != nil && ss.mode == modeBuffered:
		return true, ss.out.send(whole(ss.errorHeaders(max(broken.Status, 400), len(out)), nil, out), true)
	case broken != nil:
		return false, breakOff(&ss.out, out)
	case ss.mode == modeDuplex:
		return end, pieces(&ss.out, out, end)
	case ss.mode == modeBuffered:
		return true, ss.out.send(whole(nil, nil, out), true)
	}
	return end, ss.out.send(unchanged(answerResponseBody), end)
}

// answerTrailers ends an answer whose last piece did not say that it was.
func (ss *session) answerTrailers() (bool, error) {
	if ss.mode == modeDuplex && ss.fail == nil {
		out, f := ss.srv.Pipeline.Chunk(ss.x, nil, true)
		if f != nil {
			return false, f
		}
		if ss.x.Broken() != nil {
			return false, breakOff(&ss.out, out)
		}
		if err := pieces(&ss.out, out, false); err != nil {
			return false, err
		}
	}
	return true, ss.out.send(unchanged(answerResponseTrailers), true)
}

// pieces sends data as full-duplex answers; an empty one only to say the end.
func pieces(out *sender, data []byte, end bool) error {
	for len(data) > maxPiece {
		if err := out.send(piece(data[:maxPiece], false), false); err != nil {
			return err
		}
		data = data[maxPiece:]
	}
	if len(data) == 0 && !end {
		return nil
	}
	return out.send(piece(data, end), end)
}

// lastWords is how long the proxy gets to pass on what we sent before the
// stream is reset: over HTTP/2 it would be dropped with it.
const lastWords = 100 * time.Millisecond

// breakOff sends last, which tells the caller what went wrong, and has the
// proxy reset the answer: a legal end would look like success to many clients.
func breakOff(out *sender, last []byte) error {
	if err := pieces(out, last, false); err != nil {
		return err
	}
	time.Sleep(lastWords)
	return status.Error(codes.Aborted, "the provider's answer is broken")
}

const (
	errorDeadline = 2 * time.Second // a provider may stall its error body
	errorLimit    = 64 << 10
)

// failing collects a provider's error body.
type failing struct {
	ss    *session
	body  []byte
	timer *time.Timer
}

// failure answers an error status: with a fault that takes its place, or with
// the provider's own error once its body is there.
func (ss *session) failure(noBody bool) (bool, error) {
	if f := ss.srv.Pipeline.Failure(ss.x); f != nil {
		return ss.replace(f)
	}
	if noBody {
		body := ss.errorBody(dialect.ErrorAnswer{Status: ss.x.Answer.Status, ContentType: ss.x.Answer.ContentType})
		ss.srv.Metrics.Stays.WithLabelValues("error").Inc()
		return true, ss.out.send(replaceAnswer(ss.errorHeaders(ss.x.Answer.Status, len(body)), encodings, body), true)
	}
	ss.srv.Metrics.Stays.WithLabelValues("error").Inc()
	ss.mode = modeDuplex
	ss.fail = &failing{ss: ss}
	set := append(ss.notes(), header{"content-type", "application/json"})
	if err := ss.out.send(answerHead(set, []string{"content-length", "content-encoding"}, modeDuplex), false); err != nil {
		return false, err
	}
	ss.fail.timer = time.AfterFunc(errorDeadline, ss.fail.expire)
	return false, nil
}

var encodings = []string{"content-encoding", "transfer-encoding", "location"}

func (ss *session) errorHeaders(code, n int) []header {
	return append(ss.notes(),
		header{":status", strconv.Itoa(code)},
		header{"x-request-id", ss.x.Head.ID}, // where SDKs look for it
		header{"content-type", "application/json"},
		header{"content-length", strconv.Itoa(n)})
}

// replace puts f in the answer's place.
func (ss *session) replace(f *fault.Error) (bool, error) {
	ss.srv.Metrics.Faults.WithLabelValues(f.Kind.Code()).Inc()
	ss.srv.Metrics.Stays.WithLabelValues("replaced").Inc()
	body := ss.x.Dialect.Errors.Fault(f, ss.x.Head.ID)
	return true, ss.out.send(replaceAnswer(ss.errorHeaders(f.Status(), len(body)), encodings, body), true)
}

// add collects a piece; at the end, or when there is enough, the error leaves
// in the caller's dialect.
func (f *failing) add(p []byte, end bool) (bool, error) {
	room := errorLimit - len(f.body)
	full := len(p) > room
	f.body = append(f.body, p[:min(len(p), room)]...)
	if !end && !full {
		return false, nil
	}
	f.timer.Stop()
	return true, f.finish(f.body, full)
}

// expire runs on the timer's goroutine: what has come is not waited for, and
// not read here either, since the stream's goroutine may be adding to it.
func (f *failing) expire() {
	_ = f.finish(nil, true) // the stream's own goroutine sees the error
}

func (f *failing) finish(body []byte, truncated bool) error {
	x := f.ss.x
	a := dialect.ErrorAnswer{Status: x.Answer.Status, ContentType: x.Answer.ContentType, Body: body, Truncated: truncated}
	if x.Answer.ContentEncoding != "" {
		a.Body, a.Truncated = nil, true
	}
	return f.ss.out.send(piece(f.ss.errorBody(a), true), true)
}

// errorBody is a provider's error in the caller's dialect.
func (ss *session) errorBody(a dialect.ErrorAnswer) []byte {
	p := &ss.x.Order[ss.x.Answer.Attempt]
	t := p.Dialect.Errors.Read(a)
	if t.Code != dialect.KeyInvalid {
		return ss.x.Dialect.Errors.Render(t, !p.Translated, ss.x.Head.ID)
	}
	b := p.Candidate.Backend.Name
	ss.srv.Metrics.Credential.WithLabelValues(b).Inc()
	ss.srv.Log.Error("provider rejects our credential", slog.String("backend", b), slog.String("request_id", ss.x.Head.ID))
	return ss.x.Dialect.Errors.Fault(fail.Credential().At(a.Status), ss.x.Head.ID)
}

// answerOf is what the stages need of an answer's head. Each candidate is tried
// once, in order, so the number of attempts says which one answered.
func answerOf(h headers, candidates int) (a pipeline.Answer) {
	a.Attempt, a.ContentLength = -1, -1
	for name, value := range h.each {
		switch string(name) {
		case ":status":
			a.Status, _ = strconv.Atoi(string(value)) // Envoy sends three digits
		case "content-type":
			a.ContentType = string(value)
		case "content-encoding":
			a.ContentEncoding = string(value)
		case "content-length":
			if n, err := strconv.ParseInt(string(value), 10, 64); err == nil {
				a.ContentLength = n
			}
		case "x-signalbox-error":
			a.Local = string(value)
		case "x-signalbox-attempts":
			if n, err := strconv.Atoi(string(value)); err == nil && n >= 1 && n <= candidates {
				a.Attempt = n - 1
			}
		}
	}
	return a
}
