package extproc

import (
	"strconv"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/pipeline"
)

// answerHead decides at the answer's head how long to stay, when status,
// serving candidate and content type are known.
func (ss *session) answerHead(m *message) (bool, error) {
	x := ss.x
	readAnswer(x, headers(m.body))
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
	}
	want, f := ss.srv.Pipeline.AnswerHead(x)
	if f != nil {
		return ss.replace(f)
	}
	if headers(m.body).end() {
		want = pipeline.Nothing
	}
	return ss.stay(want)
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
	h := make([]header, 0, len(x.Notes())+8)
	if x.Head.ID != "" { // Envoy may answer before we saw the request
		h = append(h, header{"x-signalbox-request-id", x.Head.ID})
	}
	if i := x.Answer.Attempt; i >= 0 {
		c := &x.Order[i].Candidate
		h = append(h, header{"x-signalbox-provider", c.Backend.Provider}, header{"x-signalbox-model", c.Model})
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
	switch ss.mode {
	case modeDuplex:
		return end, ss.pieces(out, end)
	case modeBuffered:
		return true, ss.out.send(whole(out), true)
	}
	return end, ss.out.send(unchanged(answerResponseBody), end)
}

// pieces sends out as full-duplex answers; an empty one only to say the end.
func (ss *session) pieces(out []byte, end bool) error {
	for len(out) > maxPiece {
		if err := ss.out.send(piece(out[:maxPiece], false), false); err != nil {
			return err
		}
		out = out[maxPiece:]
	}
	if len(out) == 0 && !end {
		return nil
	}
	return ss.out.send(piece(out, end), end)
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

var encodings = []string{"content-encoding", "transfer-encoding"}

func (ss *session) errorHeaders(status, n int) []header {
	return append(ss.notes(),
		header{":status", strconv.Itoa(status)},
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
	codec := ss.x.Dialect.Errors
	return codec.Render(codec.Read(a), true, ss.x.Head.ID)
}

// readAnswer copies what the stages need of the answer's head. Each candidate
// is tried once, in order, so the number of attempts says which one answered.
func readAnswer(x *pipeline.Exchange, h headers) {
	a := &x.Answer
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
			if n, err := strconv.Atoi(string(value)); err == nil && n >= 1 && n <= len(x.Order) {
				a.Attempt = n - 1
			}
		}
	}
}
