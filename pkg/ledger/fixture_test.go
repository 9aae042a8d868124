package ledger

import (
	"encoding/binary"
	"errors"
	"os"
	"testing"

	"google.golang.org/protobuf/proto"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// ticket makes the ticket of request n.
func ticket(n uint64) []byte {
	return binary.LittleEndian.AppendUint64(make([]byte, 8, 16), n)
}

func key(n uint64) [16]byte { return [16]byte(ticket(n)) }

func opened(n uint64) *signalboxv1.Open {
	return &signalboxv1.Open{Ticket: ticket(n), RequestId: requestID(n), TimeNs: n + 1, Team: "search", Model: "gpt"}
}

func attempt(n uint64, number uint32) *signalboxv1.Attempt {
	return &signalboxv1.Attempt{Ticket: ticket(n), RequestId: requestID(n), Number: number, StartNs: n + 1, Backend: "a", Outcome: signalboxv1.Attempt_OUTCOME_COMPLETED}
}

func terminal(n uint64, s signalboxv1.Terminal_State) *signalboxv1.Terminal {
	return &signalboxv1.Terminal{Ticket: ticket(n), RequestId: requestID(n), TimeNs: n + 2, State: s, Unwitnessed: s == signalboxv1.Terminal_STATE_UNKNOWN}
}

func offset(n int64) *signalboxv1.Offset { return &signalboxv1.Offset{Offset: n, Path: "access.log"} }

func requestID(n uint64) string { return string(rune('a'+n%26)) + "-" + string(rune('a'+n/26%26)) }

// open opens a log that is closed with the test.
func open(t testing.TB, dir string, o Options) (*Log, *Recovered) {
	t.Helper()
	l, r := mustOpen(t, dir, o)
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l, r
}

func mustOpen(t testing.TB, dir string, o Options) (*Log, *Recovered) {
	t.Helper()
	l, r, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return l, r
}

// read returns all records in dir, and the damage.
func read(t testing.TB, dir string) (all []Entry, damage []*DamageError) {
	t.Helper()
	for e, err := range Read(dir) {
		if d, ok := errors.AsType[*DamageError](err); ok {
			damage = append(damage, d)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	return all, damage
}

// originals returns the records that are no copies.
func originals(all []Entry) (records []proto.Message) {
	for _, e := range all {
		if !e.Copy {
			records = append(records, e.Record)
		}
	}
	return records
}

func mustAppend(t testing.TB, l *Log, records ...Record) {
	t.Helper()
	if err := l.Append(records...); err != nil {
		t.Fatal(err)
	}
}

func content(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func replace(t testing.TB, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}
