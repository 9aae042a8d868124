package ledger

import (
	"encoding/binary"
	"hash/crc32"
	"io"
)

// scanner reads the frames of a segment batch by batch.
type scanner struct {
	r     io.ReaderAt
	size  int64 // of the segment when the scan began
	seed  uint32
	final bool // an unfinished end is no damage: it was never acknowledged

	buf    []byte // the window: bytes of the segment from start on
	start  int64
	frames []frame // of the batch that is being read
	arena  []byte  // their payloads
}

const (
	windowSize = 64 << 10
	// searchLimit bounds the bytes that the search for the next good frame may
	// checksum: about a second.
	searchLimit = 4 << 30
)

// run calls batch for each whole batch and damage for each range that cannot
// be read, in order, until one returns false. It returns the offset behind the
// last byte that was read as batch or damage: what follows is the unfinished
// end of a final segment. The frames are valid during the call only.
func (s *scanner) run(batch func([]frame) bool, damage func(from, to int64) bool) (int64, error) {
	pos := int64(headerSize)
	for pos < s.size {
		f, ok, err := s.frame(pos)
		if err != nil {
			return s.begin(pos), err
		}
		if ok {
			s.keep(f)
			pos = f.end()
			if !f.more() && !s.deliver(batch) {
				return pos, nil
			}
			continue
		}
		next, found, err := s.search(pos + 1)
		if err != nil {
			return s.begin(pos), err
		}
		if s.final && !found {
			return s.begin(pos), nil
		}
		if !s.deliver(batch) || !damage(pos, next) {
			return next, nil
		}
		pos = next
	}
	return s.rest(batch, damage)
}

// rest deals with a batch that lacks its end at the end of the segment.
func (s *scanner) rest(batch func([]frame) bool, damage func(from, to int64) bool) (int64, error) {
	if len(s.frames) == 0 {
		return s.size, nil
	}
	if s.final {
		return s.begin(s.size), nil
	}
	if s.deliver(batch) {
		damage(s.size, s.size)
	}
	return s.size, nil
}

// begin is where the batch that is being read begins, pos when there is none.
func (s *scanner) begin(pos int64) int64 {
	if len(s.frames) == 0 {
		return pos
	}
	return s.frames[0].offset
}

func (s *scanner) keep(f frame) {
	if f.more() || len(s.frames) > 0 { // the window may move before it is delivered
		from := len(s.arena)
		s.arena = append(s.arena, f.payload...)
		f.payload = s.arena[from:len(s.arena):len(s.arena)]
	}
	s.frames = append(s.frames, f)
}

func (s *scanner) deliver(batch func([]frame) bool) bool {
	if len(s.frames) == 0 {
		return true
	}
	ok := batch(s.frames)
	s.frames, s.arena = s.frames[:0], s.arena[:0]
	return ok
}

// frame reads the frame at off; ok is false when there is no good one.
func (s *scanner) frame(off int64) (f frame, ok bool, err error) {
	if off+prefixSize > s.size {
		return f, false, nil
	}
	b, err := s.at(off, prefixSize)
	if err != nil {
		return f, false, err
	}
	n, sum, flags := int64(binary.LittleEndian.Uint32(b)), binary.LittleEndian.Uint32(b[4:]), Kind(b[8])
	if n > maxPayload || off+prefixSize+n > s.size || flags&maskKind == 0 {
		return f, false, nil
	}
	if b, err = s.at(off, prefixSize+int(n)); err != nil {
		return f, false, err
	}
	if crc32.Update(s.seed, castagnoli, b[8:]) != sum {
		return f, false, nil
	}
	return frame{off, flags, b[prefixSize:]}, true, nil
}

// search looks for the next good frame from off on and returns where the scan
// goes on; found is false when nothing readable follows. Damage that is too
// costly to search counts as readable at its end, so that nothing is cut there.
func (s *scanner) search(off int64) (next int64, found bool, err error) {
	var spent int64
	for ; off+prefixSize <= s.size; off++ {
		b, err := s.at(off, prefixSize)
		if err != nil {
			return off, false, err
		}
		n := int64(binary.LittleEndian.Uint32(b))
		if n > maxPayload || off+prefixSize+n > s.size || Kind(b[8])&maskKind == 0 {
			continue
		}
		if spent += n; spent > searchLimit {
			return s.size, true, nil
		}
		if _, ok, err := s.frame(off); ok || err != nil {
			return off, ok, err
		}
	}
	return s.size, false, nil
}

// at returns the n bytes at off, which lie inside the segment; they are valid
// until the next call.
func (s *scanner) at(off int64, n int) ([]byte, error) {
	if i := off - s.start; i >= 0 && i+int64(n) <= int64(len(s.buf)) {
		return s.buf[i : i+int64(n)], nil
	}
	want := int(min(max(int64(n), windowSize), s.size-off))
	if cap(s.buf) < want {
		s.buf = make([]byte, want)
	}
	s.buf = s.buf[:want]
	m, err := s.r.ReadAt(s.buf, off)
	s.start, s.buf = off, s.buf[:m]
	if m < n {
		if err == nil {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return s.buf[:n], nil
}
