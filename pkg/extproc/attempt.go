package extproc

import (
	"log/slog"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"

	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/pipeline"
)

// attempt serves the attempt filter: one message in, the candidate's own
// request out, and the stream is released: nothing of the answer is ours.
func (s *Server) attempt(st grpc.ServerStream) error {
	var r received
	defer r.free()
	if err := st.RecvMsg(&r); err != nil {
		return over(err)
	}
	if r.phase != requestHeaders {
		return status.Errorf(codes.InvalidArgument, "attempt filter: phase %d before the request headers", r.phase)
	}
	out, result := s.serveAttempt(&r.message)
	s.Metrics.Attempted.WithLabelValues(result).Inc()
	return st.SendMsg(out)
}

func (s *Server) serveAttempt(m *message) (out *reply, result string) {
	cluster := m.attribute("xds.cluster_name")
	ticket, ok := parseTicket(m.ticket())
	if !ok {
		return s.refuseAttempt(m, fault.SessionLost, "no_ticket")
	}
	k := s.Store.get(ticket)
	if k == nil {
		return s.refuseAttempt(m, fault.SessionLost, "no_session")
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.x == nil {
		return s.refuseAttempt(m, fault.SessionLost, "no_session")
	}
	i := candidate(k.x, cluster)
	if i < 0 {
		return s.refuseAttempt(m, fault.ForeignAttempt, "foreign_cluster")
	}
	return attempt(&k.x.Order[i], buildBody(k.x, i)), "served"
}

// candidate is the index of the candidate that cluster serves, -1 when it is
// none of the exchange's order.
func candidate(x *pipeline.Exchange, cluster string) int {
	for i := range x.Order {
		b := x.Order[i].Candidate.Backend
		if cluster == b.AttemptCluster() || i == 0 && cluster == b.Cluster() {
			return i
		}
	}
	return -1
}

// buildBody is the body for candidate i, in a buffer of its own.
func buildBody(x *pipeline.Exchange, i int) mem.Buffer {
	b := (*pool.Get(len(x.Body) + 256))[:0]
	if out := x.Build(b, i); out != nil {
		return mem.NewBuffer(&out, pool)
	}
	b = append(b, x.Body...)
	return mem.NewBuffer(&b, pool)
}

func (s *Server) refuseAttempt(m *message, k fault.Kind, result string) (*reply, string) {
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
	return refusal(fault.New(k, text), id), result
}

// refusal is the answer for a fault.
func refusal(f *fault.Error, id string) *reply {
	h := []header{{"content-type", "application/json"}, {"x-request-id", id}, {"x-signalbox-request-id", id}, {"x-signalbox-error", f.Kind.Code()}}
	if f.Kind == fault.MethodNotAllowed && f.Param != "" {
		h = append(h, header{"allow", f.Param})
	}
	return immediate(f.Status(), h, fault.OpenAI(f), "signalbox_"+f.Kind.Code())
}
