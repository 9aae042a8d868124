package ledger

import (
	"errors"
	"fmt"
	"iter"
	"os"
	"time"
)

// Entry is a record and its place.
type Entry struct {
	Kind    Kind
	Record  Record
	Copy    bool   // repeats a record of an earlier segment
	Segment uint64 // number
	Offset  int64  // of the frame in the segment
}

// Read yields the records of the ledger in dir in the order in which they were
// appended, batches as a whole. It may run beside the process that writes. A
// *DamageError is yielded where records are missing, and reading goes on
// behind it; any other error is the last.
func Read(dir string) iter.Seq2[Entry, error] { return entries(walk(dir)) }

// ReadUntil is Read of what was appended before end, without the segments that
// nothing was appended to after since.
func ReadUntil(dir string, since time.Time, end Position) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for e, err := range entries(walkSince(dir, since)) {
			if err == nil && !end.after(e) || !yield(e, err) {
				return
			}
		}
	}
}

// Position is a place in the ledger.
type Position struct {
	Segment uint64
	Offset  int64
}

func (p Position) after(e Entry) bool {
	return e.Segment < p.Segment || e.Segment == p.Segment && e.Offset < p.Offset
}

// End is where the next record goes.
func (l *Log) End() Position {
	l.mu.Lock()
	defer l.mu.Unlock()
	return Position{l.seg.number, l.seg.size}
}

func entries(frames iter.Seq2[placed, error]) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for p, err := range frames {
			if err != nil {
				if !yield(Entry{}, err) {
					return
				}
				continue
			}
			r, err := p.decode()
			if err != nil {
				err = &DamageError{File: p.file, Offset: p.offset, Length: p.end() - p.offset, Reason: err.Error()}
			}
			if r == nil && err == nil {
				continue // a kind of a later version
			}
			e := Entry{p.kind(), r, p.copied(), p.segment, p.offset}
			if !yield(e, err) {
				return
			}
		}
	}
}

// placed is a frame with its segment.
type placed struct {
	frame
	file    string
	segment uint64
}

// walk yields the frames of all segments, and the damage between them. A frame
// is valid until the next one.
func walk(dir string) iter.Seq2[placed, error] { return walkSince(dir, time.Time{}) }

// walkSince is walk without the segments that were last written before since.
func walkSince(dir string, since time.Time) iter.Seq2[placed, error] {
	return func(yield func(placed, error) bool) {
		numbers, err := segments(dir)
		if err != nil {
			yield(placed{}, err)
			return
		}
		for i, n := range numbers {
			if info, err := os.Stat(segmentPath(dir, n)); err == nil && info.ModTime().Before(since) {
				continue
			}
			if !walkSegment(segmentPath(dir, n), n, i == len(numbers)-1, yield) {
				return
			}
		}
	}
}

func walkSegment(path string, number uint64, final bool, yield func(placed, error) bool) bool {
	f, err := os.Open(path)
	if err != nil {
		yield(placed{}, fmt.Errorf("ledger segment: %w", err))
		return false
	}
	defer f.Close() // only read
	s, _, err := openScan(f, final)
	if _, damaged := errors.AsType[*DamageError](err); damaged {
		return yield(placed{}, err)
	}
	if err != nil {
		yield(placed{}, err)
		return false
	}
	on := true
	_, err = s.run(func(batch []frame) bool {
		for _, b := range batch {
			if on = on && yield(placed{b, path, number}, nil); !on {
				break
			}
		}
		return on
	}, func(from, to int64) bool {
		on = yield(placed{}, &DamageError{File: path, Offset: from, Length: to - from, Reason: "no frame"})
		return on
	})
	if err != nil {
		if on {
			yield(placed{}, fmt.Errorf("ledger segment: %w", err))
		}
		return false
	}
	return on
}
