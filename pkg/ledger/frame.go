package ledger

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

const (
	magic      = "sbledger"
	version    = 1
	headerSize = 32
	prefixSize = 9       // length, CRC, kind
	maxPayload = 1 << 20 // of one record; a larger length is damage
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// header begins a segment.
type header struct {
	number uint64
	salt   [8]byte
}

// seed is the CRC that every frame's CRC starts from.
func (h header) seed() uint32 { return crc32.Checksum(h.salt[:], castagnoli) }

func (h header) append(dst []byte) []byte {
	start := len(dst)
	dst = append(dst, magic...)
	dst = binary.LittleEndian.AppendUint32(dst, version)
	dst = binary.LittleEndian.AppendUint64(dst, h.number)
	dst = append(dst, h.salt[:]...)
	return binary.LittleEndian.AppendUint32(dst, crc32.Checksum(dst[start:], castagnoli))
}

// parseHeader reads the header at the start of a segment.
func parseHeader(b []byte) (h header, err error) {
	if len(b) < headerSize || string(b[:8]) != magic {
		return h, errHeader
	}
	if v := binary.LittleEndian.Uint32(b[8:]); v != version {
		return h, fmt.Errorf("%w %d: this program reads version %d", errVersion, v, version)
	}
	sum := headerSize - 4
	if binary.LittleEndian.Uint32(b[sum:]) != crc32.Checksum(b[:sum], castagnoli) {
		return h, errHeader
	}
	h.number = binary.LittleEndian.Uint64(b[12:])
	copy(h.salt[:], b[20:])
	return h, nil
}

// appendFrame appends the frame of r without its CRC, which seal adds when the
// segment is known.
func appendFrame(dst []byte, r Record, flags Kind) ([]byte, error) {
	k := kindOf(r)
	if k == 0 {
		return dst, fmt.Errorf("record of type %T", r)
	}
	if err := checkTicket(r); err != nil {
		return dst, err
	}
	start := len(dst)
	dst = append(dst, 0, 0, 0, 0, 0, 0, 0, 0, byte(k|flags))
	b, err := proto.MarshalOptions{}.MarshalAppend(dst, r)
	if err != nil { // a string that came from outside is not UTF-8
		r = proto.Clone(r)
		clean(r.ProtoReflect())
		b, err = proto.MarshalOptions{}.MarshalAppend(dst, r)
	}
	if err != nil {
		return dst[:start], fmt.Errorf("%s record: %w", k, err)
	}
	n := len(b) - start - prefixSize
	if n > maxPayload {
		return b[:start], fmt.Errorf("%s record of %d bytes: at most %d fit", k, n, maxPayload)
	}
	binary.LittleEndian.PutUint32(b[start:], uint32(n))
	return b, nil
}

// clean takes the bytes that are not UTF-8 out of all strings of m.
func clean(m protoreflect.Message) {
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.Kind() == protoreflect.StringKind && !f.IsList():
			m.Set(f, protoreflect.ValueOfString(strings.ToValidUTF8(v.String(), "")))
		case f.Kind() == protoreflect.MessageKind && f.IsList():
			for i := range v.List().Len() {
				clean(v.List().Get(i).Message())
			}
		case f.Kind() == protoreflect.MessageKind:
			clean(v.Message())
		}
		return true
	})
}

// seal fills in the CRCs of the frames in b.
func seal(b []byte, seed uint32) {
	for len(b) > 0 {
		n := prefixSize + int(binary.LittleEndian.Uint32(b))
		binary.LittleEndian.PutUint32(b[4:], crc32.Update(seed, castagnoli, b[8:n]))
		b = b[n:]
	}
}

// frame is one frame of a segment. The payload points into a buffer of the
// scanner.
type frame struct {
	offset  int64
	flags   Kind // kind and flags as on disk
	payload []byte
}

func (f frame) kind() Kind   { return f.flags & maskKind }
func (f frame) more() bool   { return f.flags&flagMore != 0 }
func (f frame) copied() bool { return f.flags&flagCopy != 0 }
func (f frame) end() int64   { return f.offset + prefixSize + int64(len(f.payload)) }

// decode returns the frame's record, nil for a kind that is not known here.
func (f frame) decode() (Record, error) {
	r := newRecord(f.kind())
	if r == nil {
		return nil, nil
	}
	if err := proto.Unmarshal(f.payload, r); err != nil {
		return nil, fmt.Errorf("%s record: %w", f.kind(), err)
	}
	return r, nil
}
