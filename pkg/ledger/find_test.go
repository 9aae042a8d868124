package ledger

import (
	"encoding/hex"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// TestFind finds one request among others by each of its names, over segments
// that repeat frames.
func TestFind(t *testing.T) {
	dir := t.TempDir()
	l, _ := open(t, dir, Options{SegmentSize: 600})
	trace := []byte("0123456789abcdef")
	decision, err := proto.Marshal(&signalboxv1.Decision{TraceId: trace})
	if err != nil {
		t.Fatal(err)
	}
	o := opened(1)
	o.RequestId, o.ClientRequestId, o.Decision = "request-one", "mine", decision
	mustAppend(t, l, o)
	for n := range uint64(30) {
		mustAppend(t, l, opened(100+n))
		mustAppend(t, l, attempt(100+n, 1), terminal(100+n, completed))
	}
	a := attempt(1, 1)
	a.RequestId, a.Outcome = "request-one", signalboxv1.Attempt_OUTCOME_UNKNOWN
	mustAppend(t, l, a, terminal(1, lost))
	mustAppend(t, l, &signalboxv1.Adjustment{Ticket: ticket(1), Number: 1, Sequence: 1})
	mustAppend(t, l, attempt(1, 1), terminal(1, completed)) // another process knew more
	for name, id := range map[string]string{
		"request_id": "request-one", "client_id": "mine", "ticket": hex.EncodeToString(ticket(1)), "trace_id": hex.EncodeToString(trace),
	} {
		t.Run(name, func(t *testing.T) {
			found, err := Find(dir, id)
			if err != nil || len(found) != 1 {
				t.Fatalf("%d stories, %v", len(found), err)
			}
			s := found[0]
			if s.Open.GetClientRequestId() != "mine" || len(s.Attempts) != 1 || s.Attempts[0].GetOutcome() != signalboxv1.Attempt_OUTCOME_COMPLETED ||
				s.Terminal.GetState() != completed || len(s.Adjustments) != 1 {
				t.Errorf("%+v", s)
			}
		})
	}
	for _, id := range []string{"", "request", "none", strings.Repeat("0", 32)} {
		if found, err := Find(dir, id); err != nil || len(found) != 0 {
			t.Errorf("%q: %d stories, %v", id, len(found), err)
		}
	}
}
