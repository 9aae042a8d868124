package ledger

import (
	"bytes"
	"errors"
	"testing"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// FuzzScan reads any bytes as the frames of a segment: the ranges that are
// read, damaged and left over cover it without a gap or an overlap.
func FuzzScan(f *testing.F) {
	h := header{}
	for _, batch := range script() {
		b, err := appendBatch(nil, batch, 0)
		if err != nil {
			f.Fatal(err)
		}
		seal(b, h.seed())
		f.Add(b, false)
		f.Add(b[:len(b)-1], true)
	}
	f.Fuzz(func(t *testing.T, b []byte, final bool) {
		all := append(h.append(nil), b...)
		s := &scanner{r: bytes.NewReader(all), size: int64(len(all)), seed: h.seed(), final: final}
		pos := int64(headerSize)
		end, err := s.run(func(batch []frame) bool {
			for _, x := range batch {
				if x.offset != pos || !bytes.Equal(x.payload, all[x.offset+prefixSize:x.end()]) {
					t.Fatalf("frame at %d, expected at %d", x.offset, pos)
				}
				pos = x.end()
				_, _ = x.decode()
			}
			return true
		}, func(from, to int64) bool {
			if from != pos || to < from {
				t.Fatalf("damage from %d to %d, expected at %d", from, to, pos)
			}
			pos = to
			return true
		})
		if err != nil || end != pos || !final && end != s.size {
			t.Fatalf("ended at %d of %d, read to %d: %v", end, s.size, pos, err)
		}
	})
}

// FuzzRead puts any bytes where a segment should be: nothing but damage is
// reported, the log opens, and takes and returns a record.
func FuzzRead(f *testing.F) {
	b, err := appendBatch(nil, []Record{opened(1), attempt(1, 1), terminal(1, signalboxv1.Terminal_STATE_COMPLETED)}, 0)
	if err != nil {
		f.Fatal(err)
	}
	h := header{number: 1}
	seal(b, h.seed())
	f.Add(append(h.append(nil), b...))
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, b []byte) {
		dir := t.TempDir()
		replace(t, segmentPath(dir, 1), b)
		l, _, err := Open(dir, Options{})
		if errors.Is(err, errVersion) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		mustAppend(t, l, opened(7))
		abandon(t, l)
		all, _ := read(t, dir)
		if len(all) == 0 || all[len(all)-1].Record.(*signalboxv1.Open).GetTimeNs() != 8 {
			t.Fatal("the appended record is not the last")
		}
		if _, err := Report(dir, Query{}); err != nil {
			if _, damaged := errors.AsType[*DamageError](err); !damaged {
				t.Fatal(err)
			}
		}
	})
}

func FuzzHeader(f *testing.F) {
	f.Add(header{number: 9, salt: [8]byte{1, 2}}.append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := parseHeader(b)
		if err == nil && !bytes.Equal(h.append(nil), b[:headerSize]) {
			t.Fatalf("%x is not what it says", b)
		}
	})
}
