package ledger

import (
	"bufio"
	"bytes"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// childDir names the variable by which the test program is told to be the
// process that writes and dies.
const childDir = "SIGNALBOX_TEST_LEDGER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		writeUntilKilled(dir)
	}
	if dir := os.Getenv(fullDir); dir != "" {
		fillDisk(dir)
	}
	os.Exit(m.Run())
}

// writeUntilKilled opens and settles requests as fast as it can and says the
// number of each batch when it is acknowledged.
func writeUntilKilled(dir string) {
	l, r, err := Open(dir, Options{SegmentSize: 256 << 10})
	if err != nil {
		panic(err) // the parent sees it
	}
	n := uint64(0)
	if r.Offset != nil {
		n = uint64(r.Offset.GetOffset())
	}
	for {
		n++
		batch := []Record{opened(n), attempt(n, 1), terminal(n, signalboxv1.Terminal_STATE_COMPLETED), opened(1<<40 + n%50), offset(int64(n))}
		if err := l.Append(batch...); err != nil {
			panic(err)
		}
		if _, err := os.Stdout.Write(append(strconv.AppendUint(nil, n, 10), '\n')); err != nil {
			os.Exit(1)
		}
	}
}

// TestKilledWriterLosesNothing kills a process that writes at full speed,
// again and again in the same ledger, and looks for every batch that it had
// acknowledged.
func TestKilledWriterLosesNothing(t *testing.T) {
	rounds := 25
	if testing.Short() {
		rounds = 5
	}
	dir := t.TempDir()
	acknowledged, torn := uint64(0), 0
	for range rounds {
		last := killOne(t, dir, time.Duration(20+rand.IntN(80))*time.Millisecond)
		if last < acknowledged {
			t.Fatalf("the writer went back from %d to %d", acknowledged, last)
		}
		acknowledged = last
		l, r := mustOpen(t, dir, Options{})
		if got := uint64(r.Offset.GetOffset()); got < last {
			t.Errorf("%d acknowledged, %d recovered", last, got)
		}
		if r.TornBytes > 0 {
			torn++
		}
		if len(r.Damage) > 0 {
			t.Error(r.Damage)
		}
		abandon(t, l)
	}
	counts := map[Kind]uint64{}
	all, damage := read(t, dir)
	for _, e := range all {
		if !e.Copy {
			counts[e.Kind]++
		}
	}
	n := counts[KindOffset]
	if len(damage) > 0 || n < acknowledged || counts[KindAttempt] != n || counts[KindTerminal] != n || counts[KindOpen] != 2*n {
		t.Errorf("%d acknowledged; in the log: %v; damage %v", acknowledged, counts, damage)
	}
	t.Logf("%d rounds, %d batches acknowledged, 0 lost, %d torn ends, %d segments", rounds, acknowledged, torn, all[len(all)-1].Segment)
}

// killOne lets a child write for a while, kills it and returns the last batch
// that it had acknowledged.
func killOne(t *testing.T, dir string, after time.Duration) uint64 {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), childDir+"="+dir)
	var failed bytes.Buffer
	child.Stderr = &failed
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	first, err := lines.ReadString('\n')
	if err != nil {
		t.Fatalf("%v: %s", err, failed.String())
	}
	time.AfterFunc(after, func() { _ = child.Process.Kill() })
	rest, err := io.ReadAll(lines)
	if err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // it was killed
	whole := append([]byte(first), rest...)
	whole = whole[:bytes.LastIndexByte(whole, '\n')]
	n, err := strconv.ParseUint(string(whole[bytes.LastIndexByte(whole, '\n')+1:]), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
