package view

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/settle"
	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// keep is how many requests the view remembers one by one.
const keep = 2000

// entry is a request that ended.
type entry struct {
	id       string
	open     *signalboxv1.Open // nil for a stranger
	attempts []*signalboxv1.Attempt
	terminal *signalboxv1.Terminal
	sampled  bool // it stands for all of its second
}

func entryOf(s settle.Settled) *entry {
	return &entry{id: idOf(s.Terminal.GetRequestId(), s.Terminal.GetTicket()), open: s.Open, attempts: s.Attempts, terminal: s.Terminal}
}

// idOf names a request: by the id that the proxy gave it, or by a digest of its
// ticket, which must not be shown.
func idOf(requestID string, ticket []byte) string {
	if requestID != "" {
		return requestID
	}
	sum := sha256.Sum256(ticket)
	return "dec_" + hex.EncodeToString(sum[:8])
}

// start is the request's arrival.
func (e *entry) start() time.Time {
	if ns := e.terminal.GetStartNs(); ns != 0 {
		return at(ns)
	}
	return at(e.terminal.GetTimeNs())
}

// recent are the last requests, by their end, the oldest first.
type recent struct {
	list   []*entry
	second int64 // of the last one that was sampled
}

func (r *recent) push(e *entry) {
	if s := int64(e.terminal.GetTimeNs()) / int64(time.Second); s > r.second {
		r.second, e.sampled = s, true
	}
	r.list = append(r.list, e)
	for i := len(r.list) - 1; i > 0 && r.list[i-1].terminal.GetTimeNs() > e.terminal.GetTimeNs(); i-- {
		r.list[i], r.list[i-1] = r.list[i-1], e // some ends are told later than others
	}
	if len(r.list) >= 2*keep { // seldom, so that a push is cheap
		r.list = append(make([]*entry, 0, 2*keep), r.list[len(r.list)-keep:]...)
	}
}

// all are those that are kept. They are not changed any more.
func (r *recent) all() []*entry { return r.list[max(0, len(r.list)-keep):] }
