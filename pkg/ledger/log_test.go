package ledger

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

func TestReadReturnsWhatWasAppended(t *testing.T) {
	dir := t.TempDir()
	l, r := open(t, dir, Options{})
	if len(r.Open)+len(r.Closed)+len(r.Sightings) != 0 || r.Offset != nil {
		t.Errorf("a new log has a past: %+v", r)
	}
	want := []proto.Message{
		opened(1), attempt(1, 1), terminal(1, signalboxv1.Terminal_STATE_COMPLETED), offset(77),
		&signalboxv1.Adjustment{Ticket: ticket(1), Number: 1, Delta: &signalboxv1.Usage{Input: -5}},
		&signalboxv1.Sighting{RequestId: "x", Cluster: "a~"},
	}
	mustAppend(t, l, want[0])
	mustAppend(t, l, want[1], want[2], want[3])
	mustAppend(t, l, want[4], want[5])
	all, damage := read(t, dir)
	if diff := cmp.Diff(want, originals(all), protocmp.Transform()); diff != "" || len(damage) > 0 {
		t.Error(diff, damage)
	}
	kinds := []Kind{KindOpen, KindAttempt, KindTerminal, KindOffset, KindAdjustment, KindSighting}
	for i, e := range all {
		if e.Kind != kinds[i] || e.Segment != 1 || e.Kind.String() == "unknown" {
			t.Errorf("entry %d is %v in segment %d", i, e.Kind, e.Segment)
		}
	}
}

func TestFilesAreThePrivateOnesOfTheOwner(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ledger")
	open(t, dir, Options{})
	for path, want := range map[string]os.FileMode{dir: 0o700, segmentPath(dir, 1): 0o600} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %v, want %v", path, got, want)
		}
	}
}

func TestASecondProcessIsRefused(t *testing.T) {
	dir := t.TempDir()
	open(t, dir, Options{})
	if _, _, err := Open(dir, Options{}); !errors.Is(err, ErrInUse) {
		t.Errorf("second Open: %v", err)
	}
}

func TestAppendRefusesWhatIsNoRecord(t *testing.T) {
	dir := t.TempDir()
	l, _ := open(t, dir, Options{})
	for name, r := range map[string]Record{
		"no_ticket":    &signalboxv1.Open{},
		"short_ticket": &signalboxv1.Terminal{Ticket: []byte("short")},
		"no_record":    &signalboxv1.Usage{},
		"too_large":    &signalboxv1.Attempt{Ticket: ticket(1), RawUsage: make([]byte, maxPayload)},
	} {
		if err := l.Append(opened(1), r); err == nil {
			t.Errorf("%s was appended", name)
		}
	}
	if !l.Healthy() {
		t.Error("a wrong record made the log unhealthy")
	}
	if all, _ := read(t, dir); len(all) != 0 {
		t.Errorf("the log has %d records", len(all))
	}
}

func TestStringsThatAreNotUTF8AreCleaned(t *testing.T) {
	dir := t.TempDir()
	l, _ := open(t, dir, Options{})
	o := opened(1)
	o.ClientRequestId, o.Order = "a\xffb", []*signalboxv1.Candidate{{Model: "\xc3m"}}
	mustAppend(t, l, o)
	all, _ := read(t, dir)
	got := all[0].Record.(*signalboxv1.Open)
	if got.GetClientRequestId() != "ab" || got.GetOrder()[0].GetModel() != "m" {
		t.Errorf("read %v", got)
	}
	if o.GetClientRequestId() != "a\xffb" {
		t.Error("the caller's record was changed")
	}
}

func TestAppendAfterClose(t *testing.T) {
	l, _, err := Open(t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Append(opened(1)); !errors.Is(err, ErrClosed) || l.Healthy() {
		t.Errorf("append after close: %v, healthy %v", err, l.Healthy())
	}
}

func TestConcurrentAppendsAreWhole(t *testing.T) {
	for name, sync := range map[string]time.Duration{"grouped": 0, "each": -1} {
		t.Run(name, func(t *testing.T) { concurrently(t, sync) })
	}
}

func concurrently(t *testing.T, every time.Duration) {
	const writers, each = 8, 50
	dir := t.TempDir()
	l, _ := open(t, dir, Options{Sync: every, SegmentSize: 4 << 10})
	var group sync.WaitGroup
	for w := range uint64(writers) {
		group.Go(func() {
			for i := range uint64(each) {
				n := w*each + i
				if err := errors.Join(l.Append(opened(n)), l.Append(attempt(n, 1), terminal(n, signalboxv1.Terminal_STATE_COMPLETED), offset(int64(n)))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if err := l.Sync(); err != nil {
		t.Error(err)
	}
	ends := map[string]int{}
	all, damage := read(t, dir)
	for i, e := range all {
		m, ok := e.Record.(*signalboxv1.Terminal)
		if !ok || e.Copy {
			continue
		}
		ends[string(m.GetTicket())]++
		if all[i-1].Kind != KindAttempt || all[i+1].Kind != KindOffset {
			t.Error("a batch was torn apart")
		}
	}
	if len(ends) != writers*each || len(damage) > 0 {
		t.Errorf("%d ends of %d, damage %v", len(ends), writers*each, damage)
	}
}

// full is a disk with room for some bytes.
type full struct {
	room  int64
	short bool // write what fits, as a real disk does
}

func (d *full) writeAt(f *os.File, b []byte, off int64) (int, error) {
	if off+int64(len(b)) <= d.room {
		return f.WriteAt(b, off)
	}
	n := 0
	if d.short && off < d.room {
		n, _ = f.WriteAt(b[:d.room-off], off)
	}
	return n, syscall.ENOSPC
}

func TestFullDiskRefusesUntilThereIsRoom(t *testing.T) {
	for name, short := range map[string]bool{"nothing_fits": false, "a_part_fits": true} {
		t.Run(name, func(t *testing.T) { fullDisk(t, short) })
	}
}

func fullDisk(t *testing.T, short bool) {
	dir := t.TempDir()
	var told []error
	l, _ := open(t, dir, Options{Observe: func(_ time.Duration, err error) { told = append(told, err) }})
	disk := &full{room: 400, short: short}
	l.writeAt = disk.writeAt
	n := uint64(0)
	var err error
	for ; err == nil; n++ {
		err = l.Append(opened(n), attempt(n, 1))
	}
	if !errors.Is(err, syscall.ENOSPC) || l.Healthy() {
		t.Fatalf("full disk: %v, healthy %v", err, l.Healthy())
	}
	if err := l.Append(opened(n)); err == nil || !strings.Contains(err.Error(), "refusing") {
		t.Errorf("append while refusing: %v", err)
	}
	if err := told[len(told)-1]; err == nil {
		t.Error("the observer was not told")
	}
	all, damage := read(t, dir)
	if len(all) != int(n-1)*2 || len(damage) > 0 {
		t.Errorf("%d records of %d whole batches, damage %v", len(all), n-1, damage)
	}
	l.mu.Lock()
	if l.probe() == nil {
		t.Error("the probe found room on a full disk")
	}
	disk.room = 1 << 20
	if err := l.probe(); err != nil {
		t.Error(err)
	}
	l.mu.Unlock()
	mustAppend(t, l, opened(n))
	if all, damage = read(t, dir); len(all) != int(n-1)*2+1 || len(damage) > 0 || !l.Healthy() {
		t.Errorf("after there was room: %d records, damage %v", len(all), damage)
	}
}

func TestTheKeeperProbesOnItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, _, err := Open(t.TempDir(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		disk := &full{room: headerSize}
		l.writeAt = disk.writeAt
		if l.Append(opened(1)) == nil {
			t.Fatal("appended to a full disk")
		}
		time.Sleep(probeEvery + time.Millisecond)
		synctest.Wait()
		if l.Healthy() {
			t.Error("the disk is full and the log says that it takes appends")
		}
		l.mu.Lock()
		disk.room = 1 << 20
		l.mu.Unlock()
		time.Sleep(probeEvery + time.Millisecond)
		synctest.Wait()
		if !l.Healthy() {
			t.Error("there is room again and the log still refuses")
		}
		mustAppend(t, l, opened(1))
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestSyncIsGrouped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, _, err := Open(t.TempDir(), Options{Sync: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		durable := func() uint64 {
			synctest.Wait()
			l.syncing.Lock()
			defer l.syncing.Unlock()
			return l.synced
		}
		mustAppend(t, l, opened(1))
		time.Sleep(500 * time.Millisecond)
		mustAppend(t, l, opened(2))
		if n := durable(); n != 0 {
			t.Errorf("%d appends synced before the interval was over", n)
		}
		time.Sleep(501 * time.Millisecond)
		if n := durable(); n != 2 {
			t.Errorf("%d appends synced after the interval, want 2", n)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestAFailedSyncRefuses(t *testing.T) {
	l, _, err := Open(t.TempDir(), Options{Sync: -1})
	if err != nil {
		t.Fatal(err)
	}
	mustAppend(t, l, opened(1))
	l.mu.Lock()
	l.seg.f.Close()
	l.mu.Unlock()
	if err := l.Sync(); err != nil {
		t.Errorf("nothing to sync: %v", err)
	}
	if err := l.Append(opened(2)); err == nil || l.Healthy() {
		t.Errorf("append to a closed file: %v", err)
	}
	if l.Close() == nil {
		t.Error("close hides that the file is gone")
	}
}
