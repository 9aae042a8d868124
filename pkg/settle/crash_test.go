package settle

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/ledger"
)

// TestCrashAtEveryByte settles some stories into a real ledger, cuts it at
// every byte, and goes on from there with the rest of the proxy's log: whatever
// was cut, every request and every attempt has its rows, once.
func TestCrashAtEveryByte(t *testing.T) {
	step := 1
	if testing.Short() {
		step = 13
	}
	for seed := range uint64(2) {
		w, whole := lived(t, seed)
		t.Logf("seed %d: %d bytes, %d entries", seed, len(whole), len(w.log))
		for cut := len(whole); cut >= headerSize; cut -= step {
			goOn(t, w, whole[:cut])
			if t.Failed() {
				t.Fatalf("seed %d, cut at %d of %d", seed, cut, len(whole))
			}
		}
	}
}

// headerSize is how many bytes of a segment are there from the beginning.
const headerSize = 32

// lived is a world that has read all of the proxy's log without a crash, and
// its ledger.
func lived(t *testing.T, seed uint64) (*world, []byte) {
	dir := t.TempDir()
	l, _, err := ledger.Open(dir, ledger.Options{})
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(seed, 2))
	w := newWorld(t, func(n int) int {
		if n == 15 || n == 30 {
			return 1 // no death
		}
		return random.IntN(n)
	})
	w.ledger.also = func(records []ledger.Record) {
		if err := l.Append(records...); err != nil {
			t.Fatal(err)
		}
	}
	for range 5 {
		w.begin()
		for range 3 {
			w.proceed()
			w.witness(1)
		}
		w.measure()
		w.pass(time.Second)
	}
	w.finish()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(filepath.Join(dir, "000000000001.log"))
	if err != nil {
		t.Fatal(err)
	}
	return w, whole
}

// goOn recovers from what is left of the ledger and reads the rest of the
// proxy's log.
func goOn(t *testing.T, before *world, rest []byte) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "000000000001.log"), rest, 0o600); err != nil {
		t.Fatal(err)
	}
	l, recovered, err := ledger.Open(dir, ledger.Options{Sync: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	w := newWorld(t, func(n int) int { return n - 1 })
	w.stories, w.log, w.now = before.stories, before.log, before.now
	for _, s := range w.stories {
		s.forgotten = true
	}
	w.book.Restore(recovered)
	w.read = int(recovered.Offset.GetOffset())
	w.ledger.also = func(records []ledger.Record) {
		if err := l.Append(records...); err != nil {
			t.Fatal(err)
		}
	}
	for w.read < len(w.log) {
		w.witness(2)
	}
	for range 4 {
		w.pass(10 * time.Minute)
	}
	w.ledger.records = nil
	for e, err := range ledger.Read(dir) {
		if err != nil {
			t.Fatal(err)
		}
		w.ledger.records = append(w.ledger.records, e.Record)
	}
	for _, s := range w.stories {
		w.check(s)
	}
}
