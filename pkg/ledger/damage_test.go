package ledger

import (
	"encoding/binary"
	"errors"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// written makes a log of the batches and returns its first segment and where
// each batch ends.
func written(t *testing.T, dir string, batches [][]Record) (b []byte, ends []int) {
	t.Helper()
	l, _ := mustOpen(t, dir, Options{})
	for _, batch := range batches {
		mustAppend(t, l, batch...)
		ends = append(ends, int(l.seg.size))
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return content(t, segmentPath(dir, 1)), ends
}

// TestDamageHidesNothingElse flips each byte of a log but those of its last
// batch: all records but the ones in the damaged frame are still read.
func TestDamageHidesNothingElse(t *testing.T) {
	batches := [][]Record{{opened(1)}, {opened(2), attempt(2, 1), offset(3)}, {opened(4)}, {opened(5)}}
	dir := t.TempDir()
	b, ends := written(t, dir, batches)
	total := len(messages(batches))
	path := segmentPath(dir, 1)
	for i := headerSize; i < ends[len(ends)-2]; i++ {
		bad := append([]byte(nil), b...)
		bad[i] ^= 0x10
		replace(t, path, bad)
		all, damage := read(t, dir)
		if len(all) != total-1 || len(damage) != 1 {
			t.Fatalf("byte %d: %d records of %d, damage %v", i, len(all), total, damage)
		}
		d := damage[0]
		if d.File != path || d.Offset > int64(i) || d.Offset+d.Length <= int64(i) {
			t.Errorf("byte %d: reported %v", i, d)
		}
	}
}

func TestOpenLeavesDamageAndGoesOn(t *testing.T) {
	dir := t.TempDir()
	b, ends := written(t, dir, [][]Record{{opened(1)}, {opened(2)}, {opened(3)}})
	bad := append([]byte(nil), b...)
	bad[ends[0]+prefixSize] ^= 1
	bad = append(bad, "torn"...)
	replace(t, segmentPath(dir, 1), bad)
	for range 2 {
		l, r := mustOpen(t, dir, Options{})
		if len(r.Open) != 2 {
			t.Errorf("%d requests are open, want 2", len(r.Open))
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(bad, content(t, segmentPath(dir, 1))); diff != "" {
		t.Error("the damaged segment was changed")
	}
	if numbers, err := segments(dir); err != nil || len(numbers) != 2 {
		t.Errorf("segments %v, %v: want one new one", numbers, err)
	}
	lines, err := Report(dir, Query{})
	if _, damaged := errors.AsType[*DamageError](err); !damaged || lines == nil {
		t.Errorf("report: %v, %v", lines, err)
	}
}

func TestASegmentWithoutHeader(t *testing.T) {
	for name, rest := range map[string][]byte{"empty": {}, "zeros": make([]byte, 100), "text": []byte("this was a ledger once, believe me, it was")} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			written(t, dir, [][]Record{{opened(1)}})
			replace(t, segmentPath(dir, 2), rest)
			l, r := open(t, dir, Options{})
			if len(r.Open) != 1 || len(r.Damage) != 1 {
				t.Errorf("recovered %d, damage %v", len(r.Open), r.Damage)
			}
			mustAppend(t, l, opened(2))
			if all, damage := read(t, dir); len(originals(all)) != 2 || len(damage) != 1 {
				t.Errorf("%d records, damage %v", len(originals(all)), damage)
			}
		})
	}
}

func TestALaterVersionIsNotTouched(t *testing.T) {
	dir := t.TempDir()
	b, _ := written(t, dir, [][]Record{{opened(1)}})
	binary.LittleEndian.PutUint32(b[8:], version+1)
	replace(t, segmentPath(dir, 1), b)
	if _, _, err := Open(dir, Options{}); !errors.Is(err, errVersion) {
		t.Errorf("open: %v", err)
	}
	for _, err := range Read(dir) {
		if !errors.Is(err, errVersion) {
			t.Errorf("read: %v", err)
		}
	}
	if _, _, err := Open(dir, Options{}); errors.Is(err, ErrInUse) {
		t.Error("the directory was not given free")
	}
}

// TestPayloadsCannotPassForFrames puts a whole frame of another segment into a
// string that a caller chooses, and damages the frame around it.
func TestPayloadsCannotPassForFrames(t *testing.T) {
	other := t.TempDir()
	forged, _ := written(t, other, [][]Record{{terminal(1, signalboxv1.Terminal_STATE_COMPLETED)}})
	dir := t.TempDir()
	a := attempt(1, 1)
	a.RawUsage = forged[headerSize:]
	b, ends := written(t, dir, [][]Record{{a}, {opened(2)}})
	b[headerSize+prefixSize] ^= 1
	replace(t, segmentPath(dir, 1), b)
	all, damage := read(t, dir)
	if diff := cmp.Diff(messages([][]Record{{opened(2)}}), originals(all), protocmp.Transform()); diff != "" || len(damage) != 1 {
		t.Error(diff, damage)
	}
	replace(t, segmentPath(dir, 1), b[:ends[0]-1])
	if all, damage = read(t, dir); len(all)+len(damage) != 0 {
		t.Errorf("a torn frame showed what it holds: %v %v", all, damage)
	}
}

func TestKindsOfLaterVersionsAreSkipped(t *testing.T) {
	dir := t.TempDir()
	l, _ := open(t, dir, Options{})
	mustAppend(t, l, opened(1))
	b := []byte{3, 0, 0, 0, 0, 0, 0, 0, 33, 1, 2, 3}
	l.mu.Lock()
	seal(b, l.seg.seed)
	if _, err := l.seg.f.WriteAt(b, l.seg.size); err != nil {
		t.Fatal(err)
	}
	l.seg.size += int64(len(b))
	l.mu.Unlock()
	mustAppend(t, l, opened(2))
	if all, damage := read(t, dir); len(all) != 2 || len(damage) > 0 {
		t.Errorf("%d records, damage %v", len(all), damage)
	}
}

func TestReadOfNothing(t *testing.T) {
	if all, damage := read(t, t.TempDir()); len(all)+len(damage) > 0 {
		t.Error(all, damage)
	}
	for _, err := range Read(t.TempDir() + "/none") {
		if !errors.Is(err, os.ErrNotExist) {
			t.Errorf("read of no directory: %v", err)
		}
	}
	if _, err := Report(t.TempDir()+"/none", Query{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("report of no directory: %v", err)
	}
}
