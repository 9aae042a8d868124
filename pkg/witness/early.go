package witness

import (
	"errors"
	"io"
	"time"

	"google.golang.org/grpc"
)

// News is an early entry: a request that is still running. Nothing may be
// settled from it.
type News struct {
	RequestID string
	Ticket    [16]byte
	HasTicket bool
	Cluster   string        // empty while none was chosen
	Start     time.Time     // of the request
	FirstByte time.Duration // of the provider's answer, since Start; 0 when none has come
	Received  int64         // bytes of the caller's request so far
	Sent      int64         // bytes of the answer so far
	Attempts  int
}

// Early serves Envoy's gRPC access log. Entries that come while nobody listens
// are lost, so they are news and nothing more.
type Early struct {
	// Report is called for each entry of a running request, from several
	// goroutines.
	Report func(News)
}

// Register adds the service to a server, whose codec must let messages with a
// method UnmarshalWire([]byte) error read themselves.
func (e *Early) Register(s grpc.ServiceRegistrar) {
	s.RegisterService(&grpc.ServiceDesc{
		ServiceName: "envoy.service.accesslog.v3.AccessLogService",
		HandlerType: (*any)(nil),
		Streams:     []grpc.StreamDesc{{StreamName: "StreamAccessLogs", Handler: e.stream, ClientStreams: true}},
		Metadata:    "envoy/service/accesslog/v3/als.proto",
	}, nil)
}

// stream reads one Envoy's entries until it goes.
func (e *Early) stream(_ any, st grpc.ServerStream) error {
	var m earlyMessage
	for {
		m.news = m.news[:0]
		if err := st.RecvMsg(&m); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err // Envoy went, or sent what is no message
		}
		for _, n := range m.news {
			e.Report(n)
		}
	}
}
