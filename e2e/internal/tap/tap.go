// Package tap sits between an Envoy and the processor and writes down every
// ext_proc message that passes, decoded. It forwards bytes as they are, any
// gRPC service, so neither side can tell that it is there.
package tap

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"

	extproc "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
)

// Message is one message; exactly one of the two is set.
type Message struct {
	Request  *extproc.ProcessingRequest
	Response *extproc.ProcessingResponse
}

// Stream is one ext_proc stream: its initial metadata and what passed, in
// order of arrival.
type Stream struct {
	Metadata metadata.MD
	Messages []Message
	Ended    bool
	Err      error // with which the processor ended it
}

// Tap is a running tap. It is safe for concurrent use.
type Tap struct {
	server  *grpc.Server
	client  *grpc.ClientConn
	mu      sync.Mutex
	streams []*Stream
}

const largest = 256 << 20

// Start listens on an address and forwards to the processor, both host:port or
// unix:/path.
func Start(listen, processor string) (*Tap, error) {
	network, addr := "tcp", listen
	if p, ok := strings.CutPrefix(listen, "unix:"); ok {
		network, addr = "unix", p
	}
	l, err := net.Listen(network, addr)
	if err != nil {
		return nil, err
	}
	cc, err := grpc.NewClient(processor, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(raw{}), grpc.MaxCallRecvMsgSize(largest), grpc.MaxCallSendMsgSize(largest)))
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	t := &Tap{client: cc}
	t.server = grpc.NewServer(grpc.ForceServerCodecV2(raw{}), grpc.UnknownServiceHandler(t.forward), grpc.MaxRecvMsgSize(largest))
	go t.server.Serve(l) //nolint:errcheck // ends with Stop
	return t, nil
}

// Close ends the tap and all streams.
func (t *Tap) Close() error {
	t.server.Stop()
	return t.client.Close()
}

// Streams returns a copy of what passed so far.
func (t *Tap) Streams() []Stream {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []Stream
	for _, s := range t.streams {
		c := *s
		c.Messages = slices.Clone(s.Messages)
		out = append(out, c)
	}
	return out
}

// Reset forgets what passed so far.
func (t *Tap) Reset() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.streams = nil
}

// forward carries one stream, of whatever service.
func (t *Tap) forward(_ any, down grpc.ServerStream) error {
	method, _ := grpc.MethodFromServerStream(down)
	md, _ := metadata.FromIncomingContext(down.Context())
	ctx, cancel := context.WithCancel(metadata.NewOutgoingContext(down.Context(), forwardable(md)))
	defer cancel()
	up, err := t.client.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, method)
	if err != nil {
		return err
	}
	var s *Stream
	if method == extproc.ExternalProcessor_Process_FullMethodName {
		s = &Stream{Metadata: md}
		t.mu.Lock()
		t.streams = append(t.streams, s)
		t.mu.Unlock()
	}
	go t.upwards(down, up, s)
	err = t.downwards(down, up, s)
	if s != nil {
		t.mu.Lock()
		s.Ended, s.Err = true, err
		t.mu.Unlock()
	}
	return err
}

// forwardable leaves out what gRPC sets itself.
func forwardable(md metadata.MD) metadata.MD {
	out := metadata.MD{}
	for k, v := range md {
		if !strings.HasPrefix(k, ":") && !slices.Contains([]string{"content-type", "user-agent", "te", "grpc-timeout", "grpc-accept-encoding"}, k) {
			out[k] = v
		}
	}
	return out
}

func (t *Tap) upwards(down grpc.ServerStream, up grpc.ClientStream, s *Stream) {
	for {
		var b []byte
		if down.RecvMsg(&b) != nil {
			up.CloseSend() //nolint:errcheck // the other direction tells
			return
		}
		m := new(extproc.ProcessingRequest)
		if s != nil && proto.Unmarshal(b, m) == nil {
			t.note(s, Message{Request: m})
		}
		if up.SendMsg(&b) != nil {
			return
		}
	}
}

func (t *Tap) downwards(down grpc.ServerStream, up grpc.ClientStream, s *Stream) error {
	for {
		var b []byte
		err := up.RecvMsg(&b)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		m := new(extproc.ProcessingResponse)
		if s != nil && proto.Unmarshal(b, m) == nil {
			t.note(s, Message{Response: m})
		}
		if err := down.SendMsg(&b); err != nil {
			return err
		}
	}
}

func (t *Tap) note(s *Stream, m Message) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s.Messages = append(s.Messages, m)
}

// raw is a codec that leaves messages as they are.
type raw struct{}

var _ encoding.CodecV2 = raw{}

func (raw) Marshal(v any) (mem.BufferSlice, error) {
	b, ok := v.(*[]byte)
	if !ok {
		return nil, fmt.Errorf("message of type %T", v)
	}
	return mem.BufferSlice{mem.SliceBuffer(*b)}, nil
}

func (raw) Unmarshal(data mem.BufferSlice, v any) error {
	b, ok := v.(*[]byte)
	if !ok {
		return fmt.Errorf("message of type %T", v)
	}
	*b = data.Materialize()
	return nil
}

func (raw) Name() string { return "proto" }
