package witness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// reader follows a log step by step and keeps what it was given.
type reader struct {
	*Tail
	t      *testing.T
	got    []string
	offset *signalboxv1.Offset
	refuse error
	opened int
}

func newReader(t *testing.T, path string, from *signalboxv1.Offset, change func(*TailOptions)) *reader {
	t.Helper()
	r := &reader{t: t, offset: from}
	o := TailOptions{Path: path, From: from, MaxLine: 64, Take: func(lines [][]byte, behind *signalboxv1.Offset) error {
		if r.refuse != nil {
			return r.refuse
		}
		for _, l := range lines {
			r.got = append(r.got, string(l))
		}
		r.offset = behind
		return nil
	}}
	if change != nil {
		change(&o)
	}
	r.Tail = NewTail(o)
	r.resume()
	t.Cleanup(r.close)
	return r
}

// step catches up and checks what came.
func (r *reader) step(want ...string) {
	r.t.Helper()
	r.got = nil
	err := r.catchUp(r.t.Context())
	if err != nil && !errors.Is(err, os.ErrNotExist) && !errors.Is(err, errGone) {
		r.t.Errorf("catch up: %v", err)
	}
	if !slices.Equal(r.got, want) {
		r.t.Errorf("got %q, want %q", r.got, want)
	}
}

// log is a file that is written as Envoy writes it.
type log struct {
	t    *testing.T
	path string
	f    *os.File
}

func newLog(t *testing.T) *log {
	l := &log{t: t, path: filepath.Join(t.TempDir(), "access.log")}
	l.reopen()
	return l
}

func (l *log) reopen() {
	l.t.Helper()
	if l.f != nil {
		l.f.Close()
	}
	f, err := os.OpenFile(l.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		l.t.Fatal(err)
	}
	l.f = f
	l.t.Cleanup(func() { f.Close() })
}

func (l *log) write(s string) {
	l.t.Helper()
	if _, err := l.f.WriteString(s); err != nil {
		l.t.Fatal(err)
	}
}

func (l *log) rename(to string) {
	l.t.Helper()
	if err := os.Rename(l.path, l.path+to); err != nil {
		l.t.Fatal(err)
	}
}

func TestTailTakesCompleteLines(t *testing.T) {
	l := newLog(t)
	r := newReader(t, l.path, nil, nil)
	r.step()
	l.write("a\nb\nhal")
	r.step("a", "b")
	if r.offset.Offset != 4 {
		t.Errorf("offset %d", r.offset.Offset)
	}
	r.step()
	l.write("f\n\n\nc\n")
	r.step("half", "c")
	if r.offset.Offset != 13 || r.offset.Inode == 0 || r.offset.Path != l.path || r.offset.TimeNs == 0 {
		t.Errorf("offset %v", r.offset)
	}
}

func TestTailResumes(t *testing.T) {
	l := newLog(t)
	l.write("a\nb\n")
	first := newReader(t, l.path, nil, nil)
	first.step("a", "b")
	l.write("c\nd")
	second := newReader(t, l.path, first.offset, nil)
	second.step("c")
	l.write("\n")
	third := newReader(t, l.path, second.offset, nil)
	third.step("d")
}

func TestTailRefusedLinesComeAgain(t *testing.T) {
	l := newLog(t)
	l.write("a\n")
	r := newReader(t, l.path, nil, nil)
	r.refuse = errors.New("disk full")
	for range 3 {
		if err := r.catchUp(t.Context()); !errors.Is(err, r.refuse) {
			t.Fatalf("error %v", err)
		}
	}
	l.write("b\n")
	r.refuse = nil
	r.step("a", "b")
}

func TestTailLongLines(t *testing.T) {
	l := newLog(t)
	long := strings.Repeat("x", 65)
	r := newReader(t, l.path, nil, nil)
	l.write("a\n" + long + "\nb\n")
	r.step("a", "b")
	l.write(long) // without its end
	r.step()
	l.write(strings.Repeat("y", 1000))
	r.step()
	l.write("end\nc\n")
	r.step("c")
	if n := r.Dropped(); n != 2 {
		t.Errorf("dropped %d", n)
	}
	if len(r.buf) > 64 {
		t.Errorf("keeps %d bytes", len(r.buf))
	}
	again := newReader(t, l.path, r.offset, nil)
	l.write("d\n")
	again.step("d")
}

func TestTailRotationByRename(t *testing.T) {
	l := newLog(t)
	r := newReader(t, l.path, nil, nil)
	l.write("a\n")
	r.step("a")
	l.rename(".1")
	l.write("b\n") // Envoy has not opened the new file yet
	r.step("b")
	l.write("c\n")
	old := l.f
	l.f = nil
	l.reopen()
	l.write("d\n")
	fmt.Fprint(old, "late\n")
	old.Close()
	r.step("c", "late", "d")
	l.write("e\n")
	r.step("e")
}

func TestTailResumesInRotatedFiles(t *testing.T) {
	l := newLog(t)
	l.write("a\nb\n")
	r := newReader(t, l.path, nil, nil)
	r.step("a", "b")
	l.write("c\n")
	r.close()
	past := time.Now().Add(-time.Hour)
	for i, s := range []string{"d\n", "e\n", "f\n"} { // three rotations while nobody reads
		for n := 9; n > 0; n-- {
			os.Rename(fmt.Sprint(l.path, ".", n), fmt.Sprint(l.path, ".", n+1))
		}
		l.rename(".1")
		os.Chtimes(l.path+".1", past, past.Add(time.Duration(i)*time.Minute))
		l.reopen()
		l.write(s)
	}
	again := newReader(t, l.path, r.offset, nil)
	again.step("c", "d", "e", "f")
	l.write("g\n")
	again.step("g")
}

func TestTailOffsetOfLostFile(t *testing.T) {
	l := newLog(t)
	l.write("new\n")
	lost := &signalboxv1.Offset{Inode: 1, Device: 1, Offset: 100, TimeNs: uint64(time.Now().Add(-time.Minute).UnixNano())}
	l.rename(".2")
	l.reopen()
	l.write("old\n")
	l.rename(".3")
	os.Chtimes(l.path+".3", time.Now(), time.Now().Add(-time.Hour))
	l.reopen()
	l.write("newest\n")
	r := newReader(t, l.path, lost, nil)
	r.step("new", "newest")
}

func TestTailCopyTruncate(t *testing.T) {
	l := newLog(t)
	r := newReader(t, l.path, nil, nil)
	l.write("aaaa\nbbbb\n")
	r.step("aaaa", "bbbb")
	if err := os.Truncate(l.path, 0); err != nil {
		t.Fatal(err)
	}
	l.write("c\n")
	r.step("c")
	if err := os.Truncate(l.path, 0); err != nil {
		t.Fatal(err)
	}
	l.write("longer than before\nd\n") // seen only when it has grown again
	r.step("longer than before", "d")
	again := newReader(t, l.path, &signalboxv1.Offset{Inode: r.offset.Inode, Device: r.offset.Device, Offset: 5}, nil)
	again.step("longer than before", "d") // 5 is inside a line
}

func TestTailWaitsForTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "access.log")
	r := newReader(t, path, nil, nil)
	if err := r.catchUp(t.Context()); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("error %v", err)
	}
	l := &log{t: t, path: path}
	l.reopen()
	l.write("a\n")
	r.step("a")
}

func TestTailRotatesItself(t *testing.T) {
	l := newLog(t)
	var r *reader
	r = newReader(t, l.path, nil, func(o *TailOptions) {
		o.RotateAt = 10
		o.Reopen = func(context.Context) error { r.opened++; return nil }
	})
	l.write("one\n")
	r.step("one")
	for i, want := range []string{"second", "third", "fourth"} {
		l.write(want + "\n" + want + "\n")
		r.step(want, want)
		if r.opened != i+1 {
			t.Fatalf("%d logs opened", r.opened)
		}
		l.write("late\n") // Envoy takes its time
		r.opened = i
		r.step("late")
		if r.opened != i+1 {
			t.Error("Envoy was not asked again")
		}
		l.reopen()
		r.step()
	}
	files, err := filepath.Glob(l.path + "*")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 3 {
		t.Errorf("files %v", files)
	}
	newest, err := os.ReadFile(l.path + ".1")
	if err != nil || !bytes.HasPrefix(newest, []byte("fourth")) {
		t.Errorf("%q %v", newest, err)
	}
}

func TestTailRemovedLog(t *testing.T) {
	l := newLog(t)
	r := newReader(t, l.path, nil, nil)
	l.write("a\n")
	r.step("a")
	if err := os.Remove(l.path); err != nil {
		t.Fatal(err)
	}
	l.write("b\n")
	r.step("b")
	if err := r.catchUp(t.Context()); !errors.Is(err, errGone) {
		t.Errorf("error %v", err)
	}
	r.o.Reopen = func(context.Context) error { l.reopen(); return nil }
	r.step()
	l.write("c\n")
	r.step("c")
}

// Run is the steps with a clock and notifications around them.
func TestTailRun(t *testing.T) {
	l := newLog(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	took := make(chan string, 1000)
	tail := NewTail(TailOptions{Path: l.path, Poll: time.Hour, Take: func(lines [][]byte, _ *signalboxv1.Offset) error {
		for _, line := range lines {
			took <- string(line)
		}
		return nil
	}})
	done := make(chan error)
	go func() { done <- tail.Run(ctx) }()
	for i := range 200 {
		want := fmt.Sprintf("line %d", i)
		l.write(want + "\n")
		if i%50 == 49 {
			l.rename(fmt.Sprint(".", i))
			l.reopen()
		}
		select {
		case got := <-took:
			if got != want {
				t.Fatalf("got %q, want %q", got, want)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("no %q; %v", want, tail.Err())
		}
	}
	cancel()
	l.write("last\n")
	if err := <-done; err != nil {
		t.Error(err)
	}
	if tail.Err() != nil {
		t.Error(tail.Err())
	}
}

// Whatever is written, in whatever pieces, complete lines come once and in
// order.
func FuzzTail(f *testing.F) {
	f.Add([]byte("a\nbb\n\nccc"), uint8(2))
	f.Add([]byte(strings.Repeat("x", 70)+"\nb\n"), uint8(5))
	f.Fuzz(func(t *testing.T, data []byte, cut uint8) {
		l := newLog(t)
		r := newReader(t, l.path, nil, nil)
		var got []string
		for rest := data; len(rest) > 0; {
			n := min(int(cut)+1, len(rest))
			l.write(string(rest[:n]))
			rest = rest[n:]
			r.got = nil
			if err := r.catchUp(t.Context()); err != nil {
				t.Fatal(err)
			}
			got = append(got, r.got...)
		}
		var want []string
		end := bytes.LastIndexByte(data, '\n') + 1
		for line := range strings.Lines(string(data[:end])) {
			if line = strings.TrimSuffix(line, "\n"); line != "" && len(line) <= 64 {
				want = append(want, line)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}
