package extproc

import (
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
)

// encoder appends protobuf to a buffer. A nested message's length is written
// as a varint padded to lengthSize bytes, so that it can be filled in without
// moving what follows; decoders must accept such varints (the encoding
// document asks only that they fit).
type encoder struct {
	b  []byte
	in *[]byte // the pool's, for b to go back in
}

const (
	lengthSize = 4
	maxLength  = 1<<(7*lengthSize) - 1
)

// open starts a nested message in field num; close ends it.
func (e *encoder) open(num protowire.Number) int {
	e.b = protowire.AppendTag(e.b, num, protowire.BytesType)
	e.b = append(e.b, 0, 0, 0, 0)
	return len(e.b)
}

// close fills in the length of the message that open started at mark, of
// which extra bytes will follow after the buffer.
func (e *encoder) close(mark, extra int) {
	n := len(e.b) - mark + extra
	for i := mark - lengthSize; i < mark-1; i++ {
		e.b[i] = byte(n) | 0x80
		n >>= 7
	}
	e.b[mark-1] = byte(n)
}

func (e *encoder) bytes(num protowire.Number, v []byte) {
	e.b = protowire.AppendBytes(protowire.AppendTag(e.b, num, protowire.BytesType), v)
}

func (e *encoder) string(num protowire.Number, v string) {
	e.b = protowire.AppendString(protowire.AppendTag(e.b, num, protowire.BytesType), v)
}

func (e *encoder) varint(num protowire.Number, v uint64) {
	e.b = protowire.AppendVarint(protowire.AppendTag(e.b, num, protowire.VarintType), v)
}

// header is one header to set; it replaces what is there.
type header struct{ Name, Value string }

const overwrite = 2 // HeaderValueOption.OVERWRITE_IF_EXISTS_OR_ADD

// mutation appends a HeaderMutation, which is field 2 of all messages that
// have one. Only raw_value is read by
// Envoy; removals run before sets.
func (e *encoder) mutation(set []header, remove []string) {
	if len(set)+len(remove) == 0 {
		return
	}
	m := e.open(2)
	for _, h := range set {
		o := e.open(1)
		v := e.open(1)
		e.string(1, h.Name)
		e.string(3, h.Value)
		e.close(v, 0)
		e.varint(3, overwrite)
		e.close(o, 0)
	}
	for _, name := range remove {
		e.string(2, name)
	}
	e.close(m, 0)
}

// structField appends one entry of a Struct whose value is a string.
func (e *encoder) structField(key, value string) {
	f := e.open(1)
	e.string(1, key)
	v := e.open(2)
	e.string(3, value)
	e.close(v, 0)
	e.close(f, 0)
}

// structFlag appends one entry of a Struct whose value is true.
func (e *encoder) structFlag(key string) {
	f := e.open(1)
	e.string(1, key)
	v := e.open(2)
	e.varint(4, 1)
	e.close(v, 0)
	e.close(f, 0)
}

// buffer hands the encoded bytes to gRPC, which returns them to pool when they
// have been written.
func (e *encoder) buffer(pool mem.BufferPool) mem.Buffer {
	*e.in = e.b
	return mem.NewBuffer(e.in, pool)
}

// newEncoder starts an encoding of about n bytes in a pooled buffer.
func newEncoder(pool mem.BufferPool, n int) encoder {
	in := pool.Get(n)
	return encoder{b: (*in)[:0], in: in}
}
