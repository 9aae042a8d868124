package ledger

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// state is the slow and simple reference for what recovery must find.
type state struct {
	open      map[[16]byte]*signalboxv1.Open
	sightings []*signalboxv1.Sighting
	offset    *signalboxv1.Offset
	closed    map[[16]byte]Closed
}

// after replays batches from the beginning.
func after(batches [][]Record) state {
	s := state{open: map[[16]byte]*signalboxv1.Open{}, closed: map[[16]byte]Closed{}}
	rows := map[[16]byte][]*signalboxv1.Attempt{}
	for _, r := range slices.Concat(batches...) {
		t, _ := ticketOf(r)
		switch m := r.(type) {
		case *signalboxv1.Open:
			s.open[t] = m
		case *signalboxv1.Sighting:
			s.sightings = append(s.sightings, m)
		case *signalboxv1.Attempt:
			rows[t] = append(rows[t], m)
		case *signalboxv1.Terminal:
			s.done(m.GetRequestId())
			s.closed[t] = Closed{Terminal: m}
			if m.GetUnwitnessed() {
				s.closed[t] = Closed{Terminal: m, Open: s.open[t], Attempts: rows[t]}
			}
			delete(s.open, t)
		case *signalboxv1.Adjustment:
			if c := s.closed[t]; m.GetUnwitnessed() {
				c.Adjustments = append(c.Adjustments, m)
				s.closed[t] = c
				continue
			}
			s.done(m.GetRequestId())
			delete(s.closed, t)
		case *signalboxv1.Offset:
			s.offset = m
			maps.DeleteFunc(s.closed, func(_ [16]byte, c Closed) bool {
				return !c.Terminal.GetUnwitnessed()
			})
		}
	}
	return s
}

func (s *state) done(requestID string) {
	s.sightings = slices.DeleteFunc(s.sightings, func(x *signalboxv1.Sighting) bool { return x.GetRequestId() == requestID })
}

// check compares what was recovered with the reference.
func (s state) check(t *testing.T, r *Recovered) {
	t.Helper()
	open := map[[16]byte]*signalboxv1.Open{}
	for _, o := range r.Open {
		open[[16]byte(o.GetTicket())] = o
	}
	if len(open) != len(r.Open) {
		t.Error("an open request was recovered twice")
	}
	got := state{open, r.Sightings, r.Offset, r.Closed}
	opts := cmp.Options{cmp.AllowUnexported(state{}), protocmp.Transform(), cmp.Transformer("count", func(m map[[16]byte]Closed) map[string]Closed {
		named := map[string]Closed{}
		for k, v := range m {
			named[fmt.Sprintf("%x", k)] = v
		}
		return named
	})}
	sortSightings(got.sightings)
	want := state{s.open, slices.Clone(s.sightings), s.offset, s.closed}
	sortSightings(want.sightings)
	if diff := cmp.Diff(want, got, append(opts, cmp.Comparer(sameSightings))...); diff != "" {
		t.Error(diff)
	}
}

func sortSightings(s []*signalboxv1.Sighting) {
	slices.SortFunc(s, func(a, b *signalboxv1.Sighting) int {
		return bytes.Compare([]byte(a.GetRequestId()+a.GetCluster()), []byte(b.GetRequestId()+b.GetCluster()))
	})
}

func sameSightings(a, b []*signalboxv1.Sighting) bool {
	return slices.EqualFunc(a, b, func(x, y *signalboxv1.Sighting) bool { return proto.Equal(x, y) })
}

// script is a run with every kind of record and of end.
func script() [][]Record {
	lost := terminal(3, signalboxv1.Terminal_STATE_UNKNOWN)
	return [][]Record{
		{opened(1)}, {opened(2)}, {offset(10)},
		{&signalboxv1.Sighting{RequestId: requestID(2), Cluster: "a"}, offset(20)},
		{attempt(1, 1), terminal(1, signalboxv1.Terminal_STATE_COMPLETED), offset(30)},
		{opened(3)}, {opened(4)},
		{attempt(3, 1), attempt(3, 2), lost},
		{attempt(2, 1), attempt(2, 2), terminal(2, signalboxv1.Terminal_STATE_FAILED), offset(40)},
		{terminal(5, signalboxv1.Terminal_STATE_REFUSED)},
		{&signalboxv1.Sighting{RequestId: requestID(3), Cluster: "b"}, offset(50)},
		{&signalboxv1.Adjustment{Ticket: ticket(3), RequestId: requestID(3), Number: 2, Unwitnessed: true}},
		{&signalboxv1.Adjustment{Ticket: ticket(3), RequestId: requestID(3), Number: 2, Sequence: 1}, attempt(3, 3), offset(60)},
		{opened(6)},
		{attempt(6, 1), terminal(6, signalboxv1.Terminal_STATE_UNKNOWN), terminal(7, signalboxv1.Terminal_STATE_REFUSED)},
		{opened(8)},
	}
}

func TestRecoveryAtEveryBatch(t *testing.T) {
	all := script()
	for name, size := range map[string]int64{"one_segment": 0, "many_segments": 300, "a_segment_each": 1} {
		t.Run(name, func(t *testing.T) {
			for n := range len(all) + 1 {
				dir := t.TempDir()
				l, _ := mustOpen(t, dir, Options{SegmentSize: size})
				for _, batch := range all[:n] {
					mustAppend(t, l, batch...)
				}
				if err := l.Close(); err != nil {
					t.Fatal(err)
				}
				_, r := open(t, dir, Options{})
				after(all[:n]).check(t, r)
				entries, damage := read(t, dir)
				if diff := cmp.Diff(messages(all[:n]), originals(entries), protocmp.Transform()); diff != "" || len(damage) > 0 {
					t.Error(diff, damage)
				}
			}
		})
	}
}

func messages(batches [][]Record) (all []proto.Message) {
	for _, r := range slices.Concat(batches...) {
		all = append(all, r)
	}
	return all
}

// TestRecoveryAtEveryByte cuts a log at every byte, as a crash may: recovery
// finds exactly the batches that are whole, the log takes appends again, and
// nothing reads what was cut.
func TestRecoveryAtEveryByte(t *testing.T) {
	all := script()
	dir := t.TempDir()
	l, _ := mustOpen(t, dir, Options{})
	ends := []int64{headerSize}
	for _, batch := range all {
		mustAppend(t, l, batch...)
		ends = append(ends, l.seg.size)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	whole := content(t, segmentPath(dir, 1))
	for cut := headerSize; cut <= len(whole); cut++ {
		n, _ := slices.BinarySearch(ends, int64(cut)+1)
		n-- // batches that end at or before the cut
		atByte(t, whole[:cut], all[:n], int64(cut)-ends[n])
	}
}

func atByte(t *testing.T, rest []byte, batches [][]Record, torn int64) {
	dir := t.TempDir()
	replace(t, segmentPath(dir, 1), rest)
	before, damage := read(t, dir)
	if diff := cmp.Diff(messages(batches), originals(before), protocmp.Transform()); diff != "" || len(damage) > 0 {
		t.Fatalf("cut at %d: %s %v", len(rest), diff, damage)
	}
	l, r := mustOpen(t, dir, Options{Sync: 1 << 40})
	if r.TornBytes != torn || len(r.Damage) > 0 {
		t.Errorf("cut at %d: %d bytes cut, want %d; damage %v", len(rest), r.TornBytes, torn, r.Damage)
	}
	after(batches).check(t, r)
	more := opened(99)
	mustAppend(t, l, more)
	afterwards, damage := read(t, dir)
	if diff := cmp.Diff(append(messages(batches), more), originals(afterwards), protocmp.Transform()); diff != "" || len(damage) > 0 {
		t.Errorf("cut at %d, then appended: %s %v", len(rest), diff, damage)
	}
	abandon(t, l)
}

// abandon lets go of a log as the death of the process does: without a sync.
func abandon(t testing.TB, l *Log) {
	t.Helper()
	l.mu.Lock()
	l.written = 0
	l.mu.Unlock()
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

func TestUnfinishedSegmentsAreRemoved(t *testing.T) {
	dir := t.TempDir()
	l, _ := mustOpen(t, dir, Options{})
	mustAppend(t, l, opened(1))
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	left := segmentPath(dir, 2) + temporary
	replace(t, left, []byte("half a header"))
	_, r := open(t, dir, Options{})
	if len(r.Open) != 1 {
		t.Errorf("%d requests are open, want 1", len(r.Open))
	}
	if _, err := os.Stat(left); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", filepath.Base(left), err)
	}
}

func TestARollThatFailsIsTriedLater(t *testing.T) {
	dir := t.TempDir()
	var told int
	l, _ := open(t, dir, Options{SegmentSize: 200, Observe: func(_ time.Duration, err error) {
		if err != nil {
			told++
		}
	}})
	blocked := segmentPath(dir, 2) + temporary
	if err := os.Mkdir(blocked, 0o700); err != nil {
		t.Fatal(err)
	}
	for n := range uint64(20) {
		mustAppend(t, l, opened(n))
	}
	if told == 0 {
		t.Error("the observer was not told of the roll")
	}
	if err := os.Remove(blocked); err != nil {
		t.Fatal(err)
	}
	for n := range uint64(20) {
		mustAppend(t, l, opened(20+n))
	}
	if numbers, err := segments(dir); err != nil || len(numbers) < 2 {
		t.Errorf("segments %v, %v", numbers, err)
	}
	if all, damage := read(t, dir); len(originals(all)) != 40 || len(damage) > 0 {
		t.Errorf("%d records, damage %v", len(originals(all)), damage)
	}
}
