package ledger

import (
	"slices"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// remember bounds the ends that recovery is told of, of each sort.
const remember = 4096

// index knows where in the current segment the frames are that recovery needs:
// it holds offsets, not records. The zero value is not usable; see newIndex.
type index struct {
	open      map[[16]byte]int64
	sightings map[string][]int64 // by request id
	closed    map[[16]byte]*closing
	fresh     queue // tickets in closed that were witnessed, since the last offset
	unseen    queue // tickets in closed that were not
	rows      []row // attempts of the batch that is being noted
	offset    int64 // of the last offset frame, 0 when there is none
}

// closing is where a request's end is.
type closing struct {
	requestID string
	terminal  int64
	rows      []int64 // open, attempts and adjustments, where it is unseen
	unseen    bool    // an entry of the proxy's was not there
}

type row struct {
	ticket [16]byte
	offset int64
}

func newIndex() index {
	return index{
		open:      map[[16]byte]int64{},
		sightings: map[string][]int64{},
		closed:    map[[16]byte]*closing{},
	}
}

// note takes in a record that is at offset off, in the log's order. batch must
// be called at the end of each batch.
func (x *index) note(off int64, r Record) {
	switch m := r.(type) {
	case *signalboxv1.Offset:
		x.offset = off
		x.passed()
		return
	case *signalboxv1.Sighting:
		x.sightings[m.GetRequestId()] = append(x.sightings[m.GetRequestId()], off)
		return
	}
	t, ok := ticketOf(r)
	if !ok {
		return // cannot be appended; in a file it is another program's
	}
	switch m := r.(type) {
	case *signalboxv1.Open:
		if x.closed[t] == nil {
			x.open[t] = off
		}
	case *signalboxv1.Attempt:
		x.attempt(t, off)
	case *signalboxv1.Terminal:
		x.terminal(t, off, m)
	case *signalboxv1.Adjustment:
		x.adjustment(t, off, m)
	}
}

// batch ends a batch.
func (x *index) batch() { x.rows = x.rows[:0] }

func (x *index) attempt(t [16]byte, off int64) {
	if c := x.closed[t]; c != nil {
		if c.unseen {
			c.rows = append(c.rows, off)
		}
		return
	}
	x.rows = append(x.rows, row{t, off})
}

func (x *index) terminal(t [16]byte, off int64, m *signalboxv1.Terminal) {
	opened := x.open[t]
	delete(x.open, t)
	delete(x.sightings, m.GetRequestId())
	c := &closing{requestID: m.GetRequestId(), terminal: off}
	if m.GetUnwitnessed() || m.GetIncomplete() {
		c.unseen, c.rows = true, x.rowsOf(t)
		if opened > 0 {
			c.rows = append(c.rows, opened)
		}
		oldest, fell := x.unseen.push(t)
		x.forget(oldest, fell, true)
	} else {
		oldest, fell := x.fresh.push(t)
		x.forget(oldest, fell, false)
	}
	x.closed[t] = c
}

// adjustment ends what the log is waited for, unless it says otherwise.
func (x *index) adjustment(t [16]byte, off int64, m *signalboxv1.Adjustment) {
	c := x.closed[t]
	keep := c != nil && c.unseen && (m.GetUnwitnessed() || m.GetIncomplete())
	if keep {
		c.rows = append(c.rows, off)
	} else {
		delete(x.closed, t)
	}
	if !m.GetUnwitnessed() {
		delete(x.sightings, m.GetRequestId())
	}
}

// rowsOf returns the attempts of t in this batch, which come just before its
// terminal.
func (x *index) rowsOf(t [16]byte) []int64 {
	i := len(x.rows)
	for i > 0 && x.rows[i-1].ticket == t {
		i--
	}
	var offsets []int64
	for _, r := range x.rows[i:] {
		offsets = append(offsets, r.offset)
	}
	return offsets
}

// passed forgets the known ends: the proxy's log has been read past them.
func (x *index) passed() {
	for _, t := range x.fresh.tickets {
		if c := x.closed[t]; c != nil && !c.unseen {
			delete(x.closed, t)
		}
	}
	x.fresh.tickets = x.fresh.tickets[:0]
}

// forget drops the end of a ticket that fell out of its queue.
func (x *index) forget(t [16]byte, fell, unseen bool) {
	c := x.closed[t]
	if !fell || c == nil || c.unseen != unseen {
		return
	}
	delete(x.closed, t)
	delete(x.sightings, c.requestID)
}

// live returns the offsets of all frames that recovery needs, in their order.
func (x *index) live() []int64 {
	var all []int64
	for _, off := range x.open {
		all = append(all, off)
	}
	for _, offsets := range x.sightings {
		all = append(all, offsets...)
	}
	for _, c := range x.closed {
		all = append(append(all, c.rows...), c.terminal)
	}
	if x.offset > 0 {
		all = append(all, x.offset)
	}
	slices.Sort(all)
	return all
}

// queue holds up to remember tickets, oldest first.
type queue struct{ tickets [][16]byte }

// push adds t and returns the oldest ticket when that makes one too many.
func (q *queue) push(t [16]byte) (oldest [16]byte, fell bool) {
	q.tickets = append(q.tickets, t)
	if len(q.tickets) <= remember {
		return oldest, false
	}
	oldest = q.tickets[0]
	q.tickets = q.tickets[1:]
	return oldest, true
}
