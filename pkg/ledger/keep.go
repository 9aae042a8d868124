package ledger

import (
	"errors"
	"fmt"
	"time"
)

// Sync makes every acknowledged record durable.
func (l *Log) Sync() error {
	l.mu.Lock()
	n := l.written
	l.mu.Unlock()
	return l.syncTo(n)
}

// syncTo returns when the first n appends are durable. Callers that come while
// another one waits for the disk share the next wait.
func (l *Log) syncTo(n uint64) error {
	l.syncing.Lock()
	defer l.syncing.Unlock()
	for l.synced < n {
		l.mu.Lock()
		seg, upTo := l.seg, l.written
		l.mu.Unlock()
		err := l.settle(seg)
		if l.rolled(seg) {
			continue // the roll made the old segment durable and closed it
		}
		if err != nil {
			return l.failed(fmt.Errorf("ledger sync: %w", err))
		}
		l.synced = upTo
	}
	return nil
}

// settle makes seg and its name durable; syncing is held.
func (l *Log) settle(seg segment) error {
	if err := datasync(seg.f); err != nil || seg.listed {
		return err
	}
	if err := syncDir(l.dir); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.seg.f == seg.f {
		l.seg.listed = true
	}
	return nil
}

func (l *Log) rolled(from segment) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.seg.f != from.f
}

func (l *Log) failed(err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refuse(err)
	l.nudge()
	return err
}

// nudge tells the keeper that there is something to do.
func (l *Log) nudge() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// keep syncs what was appended, at most once each interval, and probes a disk
// that refused. It sleeps while there is nothing to do.
func (l *Log) keep() {
	for {
		select {
		case <-l.stop:
			return
		case <-l.wake:
		}
		wait := l.o.Sync
		if !l.Healthy() {
			wait = probeEvery
		}
		if wait > 0 && !l.sleep(wait) {
			return
		}
		l.tend()
	}
}

// sleep waits; false when the log is being closed.
func (l *Log) sleep(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-l.stop:
		return false
	case <-t.C:
		return true
	}
}

func (l *Log) tend() {
	if !l.Healthy() {
		l.mu.Lock()
		err := l.probe()
		l.mu.Unlock()
		if err != nil {
			l.nudge()
			return
		}
	}
	if err := l.Sync(); err != nil && l.o.Observe != nil {
		l.o.Observe(0, err)
	}
}

// probe finds out whether the disk takes writes again; mu is held. What it
// writes is zeros, which no reader takes for a frame, and it takes them back.
func (l *Log) probe() error {
	if l.closed || l.refused == nil {
		return nil
	}
	if err := l.seg.f.Truncate(l.seg.size); err != nil {
		return err
	}
	_, err := l.writeAt(l.seg.f, make([]byte, probeSize), l.seg.size)
	if err == nil {
		err = datasync(l.seg.f)
	}
	if err = errors.Join(err, l.seg.f.Truncate(l.seg.size)); err != nil {
		return err
	}
	l.refused = nil
	l.healthy.Store(true)
	return nil
}

// roll goes on in a new segment, which begins with what recovery needs; mu is
// held. When it fails the current segment grows on and it is tried later.
func (l *Log) roll() {
	next, x, err := l.renew()
	if err != nil {
		l.rollAt = l.seg.size + l.o.SegmentSize/16 + 1
		if l.o.Observe != nil {
			l.o.Observe(0, fmt.Errorf("ledger roll: %w", err))
		}
		return
	}
	_ = l.seg.f.Close() // read and synced; there is nothing left to fail
	l.seg, l.index = next, x
	l.rollAt = max(l.o.SegmentSize, 2*next.size)
}

func (l *Log) renew() (segment, index, error) {
	if err := datasync(l.seg.f); err != nil {
		return segment{}, index{}, err
	}
	return renew(l.dir, l.seg, &l.index, l.seg.number+1)
}

// renew makes segment number with copies of the frames of seg that x points
// at.
func renew(dir string, seg segment, x *index, number uint64) (segment, index, error) {
	var records []Record
	s := &scanner{r: seg.f, size: seg.size, seed: seg.seed}
	for _, off := range x.live() {
		r, err := s.record(off)
		if err != nil {
			return segment{}, index{}, err
		}
		records = append(records, r)
	}
	b, err := appendBatch(nil, records, flagCopy)
	if err != nil {
		return segment{}, index{}, err
	}
	next, err := create(dir, number, b)
	if err != nil {
		return segment{}, index{}, err
	}
	return next, indexOf(b, records), nil
}
