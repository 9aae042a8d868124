package ledger

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// Open opens the ledger in dir, which it makes when it is not there, and tells
// what state it was left in. Damage is not an error: the segment is left as it
// is and a new one begun.
func Open(dir string, o Options) (*Log, *Recovered, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, nil, fmt.Errorf("ledger directory: %w", err)
	}
	held, err := lock(dir)
	if err != nil {
		return nil, nil, err
	}
	seg, x, r, err := recovered(dir)
	if err != nil {
		return nil, nil, errors.Join(err, held.Close())
	}
	return start(dir, o, held, seg, x), r, nil
}

// recovered opens the last segment for appending.
func recovered(dir string) (segment, index, *Recovered, error) {
	if err := removeTemporary(dir); err != nil {
		return segment{}, index{}, nil, err
	}
	numbers, err := segments(dir)
	if err != nil {
		return segment{}, index{}, nil, err
	}
	r := &Recovered{Closed: map[[16]byte]Closed{}}
	newest := uint64(0)
	if n := len(numbers); n > 0 {
		newest = numbers[n-1]
	}
	for i := len(numbers) - 1; i >= 0; i-- {
		seg, x, err := load(dir, numbers[i], r)
		if _, damaged := errors.AsType[*DamageError](err); damaged {
			continue // not a segment any more: the one before knows the most
		}
		if err != nil {
			return segment{}, index{}, nil, err
		}
		if err := r.fill(seg, &x); err != nil {
			return segment{}, index{}, nil, errors.Join(err, seg.f.Close())
		}
		if len(r.Damage) == 0 {
			return seg, x, r, nil
		}
		next, x, err := renew(dir, seg, &x, newest+1)
		return next, x, r, errors.Join(err, seg.f.Close())
	}
	seg, err := create(dir, newest+1, nil)
	return seg, newIndex(), r, err
}

// load opens one segment, indexes it and cuts its unfinished end.
func load(dir string, number uint64, r *Recovered) (segment, index, error) {
	f, err := os.OpenFile(segmentPath(dir, number), os.O_RDWR, 0)
	if err != nil {
		return segment{}, index{}, fmt.Errorf("ledger segment: %w", err)
	}
	seg, x, err := scan(f, number, r)
	if err == nil && r.TornBytes > 0 && len(r.Damage) == 0 {
		err = f.Truncate(seg.size)
	}
	if err != nil {
		if d, damaged := errors.AsType[*DamageError](err); damaged {
			r.Damage = append(r.Damage, d)
		}
		return segment{}, index{}, errors.Join(err, f.Close())
	}
	return seg, x, nil
}

// scan indexes the segment in f.
func scan(f *os.File, number uint64, r *Recovered) (segment, index, error) {
	s, h, err := openScan(f, true)
	if err != nil {
		return segment{}, index{}, err
	}
	x := newIndex()
	damage := func(from, to int64, reason string) bool {
		r.Damage = append(r.Damage, &DamageError{File: f.Name(), Offset: from, Length: to - from, Reason: reason})
		return true
	}
	end, err := s.run(func(batch []frame) bool {
		for _, b := range batch {
			record, err := b.decode()
			if err != nil {
				damage(b.offset, b.end(), err.Error())
				continue
			}
			x.note(b.offset, record)
		}
		x.batch()
		return true
	}, func(from, to int64) bool { return damage(from, to, "no frame") })
	if err != nil {
		return segment{}, index{}, fmt.Errorf("ledger segment: %w", err)
	}
	r.TornBytes = s.size - end
	return segment{f: f, number: number, seed: h.seed(), size: end, listed: true}, x, nil
}

// record reads the record at off.
func (s *scanner) record(off int64) (Record, error) {
	f, ok, err := s.frame(off)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, fmt.Errorf("ledger frame at %d: not readable any more", off)
	}
	return f.decode()
}

// indexOf indexes the one batch that a new segment begins with.
func indexOf(b []byte, records []Record) index {
	x := newIndex()
	off := int64(headerSize)
	for _, r := range records {
		x.note(off, r)
		n := prefixSize + int64(binary.LittleEndian.Uint32(b))
		off, b = off+n, b[n:]
	}
	x.batch()
	return x
}

// fill reads the records that x points at.
func (r *Recovered) fill(seg segment, x *index) error {
	s := &scanner{r: seg.f, size: seg.size, seed: seg.seed}
	for _, off := range x.live() {
		record, err := s.record(off)
		if err != nil {
			return err
		}
		r.add(record, x)
	}
	return nil
}

func (r *Recovered) add(record Record, x *index) {
	t, _ := ticketOf(record)
	switch m := record.(type) {
	case *signalboxv1.Open:
		if x.closed[t] == nil {
			r.Open = append(r.Open, m)
			return
		}
		c := r.Closed[t]
		c.Open = m
		r.Closed[t] = c
	case *signalboxv1.Sighting:
		r.Sightings = append(r.Sightings, m)
	case *signalboxv1.Offset:
		r.Offset = m
	case *signalboxv1.Attempt:
		c := r.Closed[t]
		c.Attempts = append(c.Attempts, m)
		r.Closed[t] = c
	case *signalboxv1.Adjustment:
		c := r.Closed[t]
		c.Adjustments = append(c.Adjustments, m)
		r.Closed[t] = c
	case *signalboxv1.Terminal:
		c := r.Closed[t]
		c.Terminal = m
		r.Closed[t] = c
	}
}
