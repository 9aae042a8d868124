package extproc

import (
	"log/slog"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/pipeline"
)

// attempt serves the attempt filter: the candidate's own request goes out. Then
// the stream is released, unless the answer is translated or gated.
func (s *Server) attempt(st grpc.ServerStream) error {
	var r received
	defer r.free()
	if err := st.RecvMsg(&r); err != nil {
		return over(err)
	}
	if r.phase != requestHeaders {
		return status.Errorf(codes.InvalidArgument, "attempt filter: phase %d before the request headers", r.phase)
	}
	out, own, result := s.serveAttempt(&r.message)
	s.Metrics.Attempted.WithLabelValues(result).Inc()
	if err := st.SendMsg(&out); err != nil || own == nil {
		return err
	}
	own.out.st = st
	return own.serve(&r)
}

// serveAttempt returns the answer to an attempt's request and, where the answer
// that it will get is ours, who serves that.
func (s *Server) serveAttempt(m *message) (out reply, own *owned, result string) {
	cluster := m.attribute("xds.cluster_name")
	ticket, ok := parseTicket(m.ticket())
	if !ok {
		return s.refuseAttempt(nil, m, fault.SessionLost, "no_ticket")
	}
	k := s.Store.get(ticket)
	if k == nil {
		return s.refuseAttempt(nil, m, fault.SessionLost, "no_session")
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.x == nil {
		return s.refuseAttempt(nil, m, fault.SessionLost, "no_session")
	}
	i := candidate(k.x, cluster)
	if i < 0 {
		return s.refuseAttempt(k.x.Dialect, m, fault.ForeignAttempt, "foreign_cluster")
	}
	return s.dispatchAttempt(k.x, i)
}

func (s *Server) dispatchAttempt(x *pipeline.Exchange, i int) (reply, *owned, string) {
	body, lost, f := rewritten(x, i)
	if f != nil {
		s.Metrics.Faults.WithLabelValues(f.Kind.Code()).Inc()
		return refusal(x.Dialect, f, x.Head.ID), nil, "untranslatable"
	}
	p := &x.Order[i]
	if !p.Owned {
		return attempt(p, body, 0), nil, "served"
	}
	mode := modeBuffered
	if x.Call.Stream {
		mode = modeDuplex
	}
	return attempt(p, body, mode), newOwned(s, x, i, lost), "owned"
}

// candidate is the index of the candidate that cluster serves, -1 when it is
// none of the exchange's order.
func candidate(x *pipeline.Exchange, cluster string) int {
	for i := range x.Order {
		b := x.Order[i].Candidate.Backend
		switch {
		case x.ShadowOf != "":
			if cluster == b.ShadowCluster() {
				return i
			}
		case cluster == b.AttemptCluster() || i == 0 && cluster == b.Cluster():
			return i
		}
	}
	return -1
}

// rewritten is the body for candidate i, in a buffer of its own, and what of the
// request it does not carry.
func rewritten(x *pipeline.Exchange, i int) (body mem.Buffer, lost []string, f *fault.Error) {
	b := x.Room(len(x.Body) + 256)
	out, lost, f := x.Build(b, i)
	switch {
	case f != nil:
		return nil, nil, f
	case out == nil:
		out = append(b, x.Body...)
	}
	return mem.NewBuffer(&out, pool), lost, nil
}

func (s *Server) refuseAttempt(d *dialect.Dialect, m *message, k fault.Kind, result string) (reply, *owned, string) {
	text := "The gateway no longer knows this request, so it cannot be sent to another backend. Send it again."
	if k == fault.ForeignAttempt {
		text = "The request was about to reach a backend that its policy does not allow; it was stopped. Tell the gateway's operator the request id."
	}
	id := ""
	for name, value := range headers(m.body).each {
		if string(name) == "x-request-id" {
			id = string(value)
		}
	}
	s.Metrics.Faults.WithLabelValues(k.Code()).Inc()
	s.Log.Warn("attempt refused", slog.String("code", k.Code()), slog.String("reason", result), slog.String("request_id", id))
	if d == nil {
		d = s.Dialect(dialect.Head{})
	}
	return refusal(d, fault.New(k, text), id), nil, result
}

// refusal is the answer for a fault, to a caller of dialect d.
func refusal(d *dialect.Dialect, f *fault.Error, id string) reply {
	h := []header{{"content-type", "application/json"}, {"x-request-id", id}, {"x-signalbox-request-id", id}, {"x-signalbox-error", f.Kind.Code()}}
	if d.Family == "anthropic" { // where its SDKs look for it
		h = append(h, header{"request-id", id})
	}
	if f.Kind == fault.MethodNotAllowed && f.Param != "" {
		h = append(h, header{"allow", f.Param})
	}
	return immediate(f.Status(), h, d.Errors.Fault(f, id), "signalbox_"+f.Kind.Code())
}
