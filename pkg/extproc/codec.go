package extproc

import (
	"fmt"

	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
)

// received is one message of a stream with the buffer that it points into.
// The buffer is released when the next one is received, unless it was taken.
type received struct {
	message
	buf mem.Buffer
}

// take hands the buffer to the caller, who must free it; the message's slices
// stay valid until then.
func (r *received) take() mem.Buffer {
	b := r.buf
	r.buf = nil
	return b
}

func (r *received) free() {
	if r.buf != nil {
		r.buf.Free()
		r.buf = nil
	}
}

// reply is an encoded ProcessingResponse in up to two buffers: what comes
// before the body, and the body, which is never copied to join it.
type reply struct {
	head mem.Buffer
	body mem.Buffer // nil when there is none
}

// raw is implemented by messages of other services on the same server that
// read themselves from the wire.
type raw interface{ UnmarshalWire(b []byte) error }

// codec is the gRPC codec of the whole server: it reads and writes the hot
// messages without decoding and leaves all others to protobuf.
type codec struct{}

func (codec) Name() string { return "proto" }

func (codec) Marshal(v any) (mem.BufferSlice, error) {
	switch m := v.(type) {
	case *reply:
		if m.body == nil {
			return mem.BufferSlice{m.head}, nil
		}
		return mem.BufferSlice{m.head, m.body}, nil
	case proto.Message:
		b, err := proto.Marshal(m)
		return mem.BufferSlice{mem.SliceBuffer(b)}, err
	}
	return nil, fmt.Errorf("message of type %T", v)
}

func (codec) Unmarshal(data mem.BufferSlice, v any) error {
	switch m := v.(type) {
	case *received:
		m.free()
		m.buf = data.MaterializeToBuffer(pool)
		return m.parse(m.buf.ReadOnlyData())
	case raw:
		buf := data.MaterializeToBuffer(pool)
		defer buf.Free()
		return m.UnmarshalWire(buf.ReadOnlyData())
	case proto.Message:
		buf := data.MaterializeToBuffer(pool)
		defer buf.Free()
		return proto.Unmarshal(buf.ReadOnlyData(), m)
	}
	return fmt.Errorf("message of type %T", v)
}
