package ledger

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

const (
	defaultSegment = 64 << 20
	defaultSync    = 50 * time.Millisecond
	probeEvery     = 200 * time.Millisecond
	probeSize      = 64 << 10 // room for a few hundred records, or the disk counts as full
)

// Options are the settings of a Log. The zero value works.
type Options struct {
	// SegmentSize is how large a segment grows, 64 MiB when 0.
	SegmentSize int64
	// Sync is the longest time that an acknowledged record may be lost by the
	// death of the machine, 50 ms when 0. Below 0 every Append waits for the
	// disk (concurrent ones share a wait).
	Sync time.Duration
	// Now, when set, times appends for Observe.
	Now func() time.Time
	// Observe, when set, is told of every Append: how long it took and its
	// error; and, with no time, of a failed sync or roll. It must not call the
	// Log.
	Observe func(took time.Duration, err error)
}

// Log is an open ledger. It is safe for concurrent use. One process at a time
// holds a directory.
//
// After a failed write or sync the log refuses every Append until it has
// written and synced a probe, which it tries on its own several times a
// second.
type Log struct {
	dir  string
	o    Options
	lock *os.File
	pool sync.Pool // of *[]byte

	mu      sync.Mutex
	seg     segment
	index   index
	written uint64 // appends so far
	rollAt  int64
	refused error // why appends are refused, nil when they are not
	closed  bool
	healthy atomic.Bool

	syncing sync.Mutex // taken before mu
	synced  uint64     // appends that are durable

	wake    chan struct{}
	stop    chan struct{}
	keeper  sync.WaitGroup
	writeAt func(f *os.File, b []byte, off int64) (int, error) // a test's disk
}

// start makes a Log of what was opened and starts its keeper.
func start(dir string, o Options, lock *os.File, seg segment, x index) *Log {
	if o.SegmentSize <= 0 {
		o.SegmentSize = defaultSegment
	}
	if o.Sync == 0 {
		o.Sync = defaultSync
	}
	l := &Log{
		dir: dir, o: o, lock: lock, seg: seg, index: x,
		rollAt:  o.SegmentSize,
		wake:    make(chan struct{}, 1),
		stop:    make(chan struct{}),
		pool:    sync.Pool{New: func() any { return new([]byte) }},
		writeAt: (*os.File).WriteAt,
	}
	l.healthy.Store(true)
	l.keeper.Go(l.keep)
	return l
}

// Append writes the records as one batch: all of them are in the log when it
// returns nil, none when it returns an error. They survive the death of the
// process from then on. (Where Options.Sync is below 0 and the disk fails in
// the wait, records of an error may be in the log.)
func (l *Log) Append(records ...Record) error {
	if l.o.Observe == nil {
		return l.append(records)
	}
	if l.o.Now == nil {
		err := l.append(records)
		l.o.Observe(0, err)
		return err
	}
	begin := l.o.Now()
	err := l.append(records)
	l.o.Observe(l.o.Now().Sub(begin), err)
	return err
}

func (l *Log) append(records []Record) error {
	if len(records) == 0 {
		return nil
	}
	buf := l.pool.Get().(*[]byte)
	defer l.pool.Put(buf)
	b, err := appendBatch((*buf)[:0], records, 0)
	*buf = b
	if err != nil {
		return err
	}
	l.mu.Lock()
	err = l.write(b, records)
	number := l.written
	l.mu.Unlock()
	if err == nil && l.o.Sync < 0 {
		return l.syncTo(number)
	}
	l.nudge()
	return err
}

// appendBatch appends the frames of a batch, not sealed.
func appendBatch(dst []byte, records []Record, flags Kind) ([]byte, error) {
	for i, r := range records {
		f := flags
		if i < len(records)-1 {
			f |= flagMore
		}
		var err error
		if dst, err = appendFrame(dst, r, f); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

// write writes the frames in b, which are those of records; mu is held.
func (l *Log) write(b []byte, records []Record) error {
	switch {
	case l.closed:
		return ErrClosed
	case l.refused != nil:
		return fmt.Errorf("ledger is refusing: %w", l.refused)
	case l.seg.size >= l.rollAt:
		l.roll()
	}
	seal(b, l.seg.seed)
	if _, err := l.writeAt(l.seg.f, b, l.seg.size); err != nil {
		err = fmt.Errorf("ledger write: %w", err)
		l.refuse(err)
		return err
	}
	off := l.seg.size
	for _, r := range records {
		l.index.note(off, r)
		n := prefixSize + int64(binary.LittleEndian.Uint32(b))
		off, b = off+n, b[n:]
	}
	l.index.batch()
	l.seg.size = off
	l.written++
	return nil
}

// refuse stops appends and takes back what the failed one left; mu is held. A
// rest that cannot be taken back now is overwritten or cut by the probe, or by
// recovery.
func (l *Log) refuse(err error) {
	l.refused = errors.Join(err, l.seg.f.Truncate(l.seg.size))
	l.healthy.Store(false)
}

// Healthy reports whether the log takes appends.
func (l *Log) Healthy() bool { return l.healthy.Load() }

// Close makes everything durable and gives the directory free. Appends fail
// from then on.
func (l *Log) Close() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return nil
	}
	l.closed = true
	l.healthy.Store(false)
	l.mu.Unlock()
	close(l.stop)
	l.keeper.Wait()
	return errors.Join(l.Sync(), l.seg.f.Close(), l.lock.Close())
}
