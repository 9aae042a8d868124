package extproc

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/pipeline"
	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/telemetry"
	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// Books take what the stages do not see.
type Books interface {
	// Open records a copy of a request before it is sent. It returns only when
	// the frame is written.
	Open(o *signalboxv1.Open) error
	// Refused records a request that failed with code before it was sent.
	Refused(o *signalboxv1.Open, code string, status int)
}

// Server is the processor. All fields must be set before it serves.
type Server struct {
	Pipeline *pipeline.Pipeline
	Snapshot *atomic.Pointer[policy.Snapshot]
	Dialect  func(h dialect.Head) *dialect.Dialect // that the caller speaks; never nil
	Store    *Store
	Books    Books
	Readings pipeline.Meterer
	Refused  func(x *pipeline.Exchange, code string) // shows a refusal in the trace
	Opened   func(x *pipeline.Exchange)              // told of each request that goes out
	Facts    func(o *signalboxv1.Open) string        // what the proxy's log carries of it
	Metrics  *telemetry.Metrics
	Log      *slog.Logger

	draining atomic.Bool
	streams  atomic.Int64
}

// Drain refuses new requests from now on and returns when the running ones are
// done with us, or ctx ends.
func (s *Server) Drain(ctx context.Context) error {
	s.draining.Store(true)
	t := time.NewTicker(10 * time.Millisecond)
	defer t.Stop()
	for s.streams.Load() > 0 {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-t.C:
		}
	}
	return nil
}

// workers are the goroutines that serve streams again and again, beside as many
// others as it takes: their stacks have grown already.
const workers = 64

// NewGRPC returns a gRPC server tuned for many short streams, with the
// processor registered; bodies of up to maxBody bytes are received. Other
// services may be registered on it.
func (s *Server) NewGRPC(maxBody int64) *grpc.Server {
	g := grpc.NewServer(
		grpc.ForceServerCodecV2(codec{}),
		grpc.MaxConcurrentStreams(1<<20),
		grpc.MaxRecvMsgSize(int(maxBody)+1<<20),
		grpc.MaxSendMsgSize(1<<30),
		grpc.NumStreamWorkers(workers),
		grpc.StaticStreamWindowSize(4<<20),
		grpc.StaticConnWindowSize(16<<20),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 0, PermitWithoutStream: true}),
	)
	g.RegisterService(&grpc.ServiceDesc{
		ServiceName: "envoy.service.ext_proc.v3.ExternalProcessor",
		HandlerType: (*any)(nil),
		Streams: []grpc.StreamDesc{{
			StreamName:    "Process",
			Handler:       func(_ any, st grpc.ServerStream) error { return s.process(st) },
			ServerStreams: true, ClientStreams: true,
		}},
		Metadata: "envoy/service/ext_proc/v3/external_processor.proto",
	}, nil)
	return g
}

const (
	roleKey     = "x-signalbox-role"
	roleAttempt = "attempt"
	roleRequest = "request"
	roleShadow  = "shadow"
)

// process serves one stream. A panic ends that stream alone, with an error.
func (s *Server) process(st grpc.ServerStream) (err error) {
	s.streams.Add(1)
	defer s.streams.Add(-1)
	defer func() {
		if v := recover(); v != nil {
			s.Panicked("extproc", v, debug.Stack())
			err = status.Error(codes.Internal, "internal error")
		}
	}()
	md, _ := metadata.FromIncomingContext(st.Context())
	switch role := first(md, roleKey); role {
	case roleRequest:
		return s.request(st, md)
	case roleAttempt:
		return s.attempt(st)
	case roleShadow:
		return s.shadow(st)
	default:
		return status.Error(codes.InvalidArgument, "ext_proc filter without initial metadata "+roleKey+": request, attempt or shadow")
	}
}

func first(md metadata.MD, key string) string {
	if v := md[key]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// Panicked counts and logs a panic. The value is not logged: it may hold
// content; the stack holds none.
func (s *Server) Panicked(stage string, _ any, stack []byte) {
	s.Metrics.Panics.WithLabelValues(stage).Inc()
	s.Log.Error("panic recovered", slog.String("stage", stage), slog.String("stack", string(stack)))
}

// over maps how Envoy ends a stream to how the handler returns: a closed or
// cancelled stream is a normal end.
func over(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, context.Canceled) || status.Code(err) == codes.Canceled {
		return nil
	}
	return err
}

func ticketText(t pipeline.Ticket) string { return hex.EncodeToString(t[:]) }

func parseTicket(s string) (t pipeline.Ticket, ok bool) {
	if len(s) != 2*len(t) {
		return t, false
	}
	_, err := hex.Decode(t[:], []byte(s))
	return t, err == nil
}

// sender lets one stream be answered from its own goroutine and from a timer.
type sender struct {
	mu   sync.Mutex
	st   grpc.ServerStream
	done bool
	out  reply // being sent
}

// send answers unless the last answer was sent; last says that this is it.
func (s *sender) send(r reply, last bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.done {
		return nil
	}
	s.done, s.out = last, r
	return s.st.SendMsg(&s.out)
}
