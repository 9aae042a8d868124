package witness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// TailOptions are the settings of a Tail.
type TailOptions struct {
	Path string              // of the log; rotated files lie beside it, as Path.1 and so on
	From *signalboxv1.Offset // behind what was taken already; nil: nothing

	// Take is given complete lines, without their ends, and the offset behind
	// the last of them. The lines are valid during the call alone. An error
	// means that they were not taken: they come again.
	Take func(lines [][]byte, behind *signalboxv1.Offset) error

	// RotateAt is the size above which the log is renamed away, in bytes; 0
	// leaves rotation to others. Reopen then has Envoy open a new file.
	RotateAt int64
	Reopen   func(ctx context.Context) error
	Keep     int // rotated files that are kept; 2 when 0

	MaxLine int           // longer lines are dropped, in bytes; 4 MiB when 0
	Poll    time.Duration // how often to look besides when told; 1 s when 0
	Log     *slog.Logger  // nil: none
}

// Tail follows the file log. Run may be called once; the other methods are
// safe for concurrent use.
type Tail struct {
	o   TailOptions
	log *slog.Logger

	file  *os.File // nil while there is none
	id    identity // of file
	at    int64    // behind the last line that was taken
	read  int64    // behind what is in buf
	buf   []byte   // from at to read: perhaps a part of a line at its end
	skip  bool     // inside a line that is too long
	last  bool     // file was rotated away: nothing follows behind its end
	queue []string // rotated files that come before the log itself

	dropped atomic.Int64
	problem atomic.Pointer[error]
}

// NewTail returns a Tail for o.
func NewTail(o TailOptions) *Tail {
	if o.MaxLine <= 0 {
		o.MaxLine = 4 << 20
	}
	if o.Poll <= 0 {
		o.Poll = time.Second
	}
	if o.Keep <= 0 {
		o.Keep = 2
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Tail{o: o, log: o.Log}
}

// Dropped is the number of lines that were too long.
func (t *Tail) Dropped() int64 { return t.dropped.Load() }

// Err says what keeps the log from being read, nil when all is well.
func (t *Tail) Err() error {
	if p := t.problem.Load(); p != nil {
		return *p
	}
	return nil
}

// retryAfter is how long to wait when lines were not taken.
const retryAfter = 500 * time.Millisecond

// Run follows the log until ctx ends; then it takes what the file holds at
// that moment and returns. Lines that are refused at the end stay for the next
// start.
func (t *Tail) Run(ctx context.Context) error {
	w := watch(t.o.Path, t.log)
	defer w.close()
	defer t.close()
	t.resume()
	for {
		err := t.catchUp(ctx)
		t.report(err)
		wait := t.o.Poll
		if err != nil {
			wait = min(wait, retryAfter)
		}
		if ctx.Err() != nil || !w.wait(ctx, wait) {
			break
		}
	}
	t.o.Reopen = nil // no rotation any more
	err := t.catchUp(context.WithoutCancel(ctx))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func (t *Tail) report(err error) {
	if err == nil {
		t.problem.Store(nil)
		return
	}
	if t.Err() == nil && !errors.Is(err, fs.ErrNotExist) { // Envoy has yet to start
		t.log.Warn("access log", slog.Any("error", err))
	}
	t.problem.Store(&err)
}

// catchUp takes all that is there, file by file, and rotates the log when it
// has grown too large.
func (t *Tail) catchUp(ctx context.Context) error {
	for {
		if t.file == nil {
			if err := t.next(); err != nil {
				return err
			}
		}
		if err := t.drain(ctx); err != nil {
			return err
		}
		now, err := t.look()
		if err != nil {
			return err
		}
		switch {
		case now == moved && !t.last:
			t.last = true // once more: lines may have come before the new file
		case now == moved:
			t.finish()
		case now == missing:
			return t.recreate(ctx)
		default:
			return t.rotate(ctx)
		}
	}
}

// drain takes lines up to the end of the file.
func (t *Tail) drain(ctx context.Context) error {
	if err := t.truncated(); err != nil {
		return err
	}
	for {
		n, err := t.fill()
		if err != nil {
			return fmt.Errorf("access log: %w", err)
		}
		if n == 0 {
			return nil
		}
		if err := t.deliver(); err != nil {
			return fmt.Errorf("access log lines: %w", err)
		}
		if ctx.Err() != nil {
			return nil // the rest is taken at the end, or at the next start
		}
	}
}

// chunk is how much is read at once.
const chunk = 256 << 10

// fill reads on behind what is in the buffer. Zero means the end of the file
// unless lines that were not taken are still there.
func (t *Tail) fill() (int, error) {
	if bytes.IndexByte(t.buf, '\n') >= 0 {
		return 1, nil // refused before
	}
	n := len(t.buf)
	if cap(t.buf)-n < chunk {
		t.buf = append(make([]byte, 0, n+chunk), t.buf...)
	}
	got, err := t.file.ReadAt(t.buf[n:n+chunk], t.read)
	t.buf = t.buf[:n+got]
	t.read += int64(got)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return got, err
}

// deliver hands over the complete lines of the buffer and keeps the rest.
func (t *Tail) deliver() error {
	end := bytes.LastIndexByte(t.buf, '\n') + 1
	if end > 0 {
		behind := t.at + int64(end)
		if lines := t.lines(t.buf[:end]); len(lines) > 0 {
			if err := t.o.Take(lines, t.offset(behind)); err != nil {
				return err
			}
		}
		t.skip = false
		t.at = behind
		t.buf = append(t.buf[:0], t.buf[end:]...)
	}
	if len(t.buf) > t.o.MaxLine {
		if !t.skip {
			t.dropped.Add(1)
		}
		t.skip = true
		t.at += int64(len(t.buf))
		t.buf = t.buf[:0]
	}
	return nil
}

// lines splits complete lines; empty ones, and the end of one that was too
// long, are left out.
func (t *Tail) lines(b []byte) [][]byte {
	lines := make([][]byte, 0, bytes.Count(b, []byte{'\n'}))
	first := true
	for line := range bytes.SplitSeq(b[:len(b)-1], []byte{'\n'}) {
		switch {
		case first && t.skip:
		case len(line) > t.o.MaxLine:
			t.dropped.Add(1)
		case len(line) > 0:
			lines = append(lines, line)
		}
		first = false
	}
	return lines
}

func (t *Tail) offset(at int64) *signalboxv1.Offset {
	return &signalboxv1.Offset{Inode: t.id.inode, Device: t.id.device, Offset: at, Path: t.o.Path, TimeNs: uint64(time.Now().UnixNano())}
}

// truncated starts again when the file was cut under us, as copy-truncate
// does: it is shorter than what was read, or what was read does not end in a
// line's end any more.
func (t *Tail) truncated() error {
	info, err := t.file.Stat()
	if err != nil {
		return fmt.Errorf("access log: %w", err)
	}
	if info.Size() >= t.read && endsLine(t.file, t.at, t.skip) {
		return nil
	}
	t.log.Info("access log was truncated", slog.Int64("read", t.read), slog.Int64("size", info.Size()))
	t.begin(0)
	return nil
}

// endsLine reports whether at lies behind the end of a line; skip allows any
// place.
func endsLine(f *os.File, at int64, skip bool) bool {
	if at == 0 || skip {
		return true
	}
	var b [1]byte
	_, err := f.ReadAt(b[:], at-1)
	return err == nil && b[0] == '\n'
}

// begin continues in the current file at an offset.
func (t *Tail) begin(at int64) {
	t.at, t.read, t.buf, t.skip, t.last = at, at, t.buf[:0], false, false
}

func (t *Tail) close() {
	if t.file != nil {
		t.file.Close()
		t.file = nil
	}
}

// open opens a file at an offset.
func (t *Tail) open(path string, at int64) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("access log: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return fmt.Errorf("access log: %w", err)
	}
	t.close()
	t.file, t.id = f, identify(info)
	if at > info.Size() || !endsLine(f, at, false) {
		at = 0 // another file in the old one's place
	}
	t.begin(at)
	return nil
}
