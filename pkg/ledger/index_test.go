package ledger

import (
	"testing"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// TestIndexIsBounded ends more requests than are remembered, with and without
// an offset in sight: recovery gets the youngest of each sort.
func TestIndexIsBounded(t *testing.T) {
	const many = remember + 100
	for name, state := range map[string]signalboxv1.Terminal_State{"known": signalboxv1.Terminal_STATE_FAILED, "unknown": signalboxv1.Terminal_STATE_UNKNOWN} {
		t.Run(name, func(t *testing.T) {
			x := newIndex()
			for n := range uint64(many) {
				off := int64(3 * n)
				x.note(off, opened(n))
				x.note(off+1, attempt(n, 1))
				x.note(off+2, terminal(n, state))
				x.batch()
			}
			if len(x.open) != 0 || len(x.closed) != remember || x.closed[key(0)] != nil || x.closed[key(many-1)] == nil {
				t.Errorf("%d open, %d closed", len(x.open), len(x.closed))
			}
			x.note(1<<30, offset(1))
			kept := 0
			if state == signalboxv1.Terminal_STATE_UNKNOWN {
				kept = remember
			}
			if len(x.closed) != kept || len(x.live()) != 3*kept+1 {
				t.Errorf("behind an offset %d ends are kept, want %d", len(x.closed), kept)
			}
		})
	}
}
