package extproc

import (
	"crypto/rand"
	"log/slog"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/signalbox-dev/signalbox/pkg/pipeline"
	"github.com/signalbox-dev/signalbox/pkg/stage/record"
)

// shadowHeader has the proxy copy a request to its own listener for copies. On
// the copy, its value is the ticket under which that is expected.
const shadowHeader = "x-signalbox-shadow"

// copyWait is how long a copy is expected: the proxy makes it when the request
// goes to its first candidate.
const copyWait = time.Minute

// copy keeps what the copy of the exchange's request needs. Without room, none
// is made.
func (ss *session) copy(r *received, n int64) {
	x := ss.x
	if !ss.srv.Store.reserve(n) {
		ss.srv.Metrics.ShadowsSkipped.WithLabelValues("memory").Inc()
		return
	}
	if _, err := rand.Read(x.CopyTicket[:]); err != nil { // cannot happen: the system's does not fail
		ss.srv.Store.release(n)
		return
	}
	r.buf.Ref()
	ss.srv.Store.put(x.Copied(), r.buf, time.Now().Add(copyWait))
}

// shadow serves the filter of the listener for copies: it says where the copy
// goes, and is done. The attempt filter writes the copy's body; the proxy's log
// tells what came of it, as of any request that was left at the decision.
func (s *Server) shadow(st grpc.ServerStream) error {
	var r received
	defer r.free()
	if err := st.RecvMsg(&r); err != nil {
		return over(err)
	}
	if r.phase != requestHeaders {
		return status.Errorf(codes.InvalidArgument, "shadow filter: phase %d before the request headers", r.phase)
	}
	out, why, err := s.serveShadow(headers(r.body))
	if why != "" {
		s.Metrics.ShadowsSkipped.WithLabelValues(why).Inc()
		s.Log.Warn("copy of a request not sent", slog.String("reason", why), slog.Any("cause", err))
	}
	return st.SendMsg(&out)
}

// serveShadow returns the answer to the head of a copy; why is the reason for
// which it is refused, empty when it is not.
func (s *Server) serveShadow(h headers) (out reply, why string, err error) {
	var ticket pipeline.Ticket
	id, known := "", false
	for name, value := range h.each {
		switch string(name) {
		case shadowHeader:
			ticket, known = parseTicket(string(value))
		case "x-request-id":
			id = string(value)
		}
	}
	k := s.Store.get(ticket)
	if !known || k == nil {
		return refusedCopy(), "no_session", nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	x := k.x
	if x == nil || x.ShadowOf == "" || x.Open != nil { // a ticket is good for one copy
		return refusedCopy(), "no_session", nil
	}
	x.Head.ID = id
	if f := (record.Stage{Books: s.Books}).RequestBody(x); f != nil {
		return refusedCopy(), "ledger", f.Cause
	}
	return dispatchCopy(x, s.Facts(x.Open)), "", nil
}

// refusedCopy ends a copy: nobody reads it.
func refusedCopy() reply { return immediate(503, nil, nil, "signalbox_shadow") }

// dispatchCopy is the answer to the head of a copy, whose body passes as it is
// until the attempt filter writes the candidate's.
func dispatchCopy(x *pipeline.Exchange, facts string) reply {
	e := newEncoder(pool, 2048)
	e.metadata(x, facts)
	h := e.open(answerRequestHeaders)
	c := e.open(1)
	e.mutation(requestHeadersFor(x, 0, false), removals(&x.Order[0]))
	e.varint(commonClear, 1)
	e.close(c, 0)
	e.close(h, 0)
	return reply{head: e.buffer(pool)}
}
