package settle

import (
	"cmp"
	"slices"
	"time"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"

	"github.com/signalbox-dev/signalbox/pkg/ledger"
)

// Tick lets time pass: it settles what waited long enough and closes what will
// not be told any more. Call it a few times a second.
func (b *Book) Tick(now time.Time) {
	at := b.clock(now)
	if b.floor {
		b.raise(at)
	}
	n := 0
	for n < len(b.waiting) && b.waiting[n].until <= at {
		if r := b.waiting[n].r; r.phase != ended && r.down() != nil {
			b.finish(r, now)
		}
		n++
	}
	b.waiting = slices.Delete(b.waiting, 0, n)
	if at >= b.nextDue {
		b.expire(now)
	}
}

// all yields every run; those that are in both maps twice.
func (b *Book) all(yield func(*run) bool) {
	for _, r := range b.byTicket {
		if !yield(r) {
			return
		}
	}
	for _, r := range b.byID {
		if !yield(r) {
			return
		}
	}
}

// raise gives restored requests their due: the proxy's log of the time in
// which we were away is yet to be read.
func (b *Book) raise(at int64) {
	for r := range b.all {
		switch {
		case r.due != 0 || r.phase == ended:
		case r.phase == running && r.facts != nil:
			b.expect(r, max(r.limit(), at)+int64(b.o.UnknownAfter))
		default:
			b.expect(r, at+int64(b.o.UnknownAfter))
		}
	}
	for i := range b.waiting {
		b.waiting[i].until = max(b.waiting[i].until, at+int64(b.o.Grace))
	}
	b.floor = false
}

// expire closes all runs that are due, and corrects with what there is those
// that were closed and of which another entry came.
func (b *Book) expire(now time.Time) {
	at := now.UnixNano()
	b.nextDue = never
	var due []*run
	for r := range b.all {
		switch {
		case r.phase == ended || r.due == 0 || r.down() != nil: // an end in waiting has its own time
		case r.due <= at:
			due = append(due, r)
			r.due = never // it is found once
		default:
			b.nextDue = min(b.nextDue, r.due)
		}
	}
	slices.SortFunc(due, func(x, y *run) int { return cmp.Or(cmp.Compare(x.from, y.from), slices.Compare(x.key[:], y.key[:])) })
	for _, r := range due {
		if r.phase == unseen {
			b.correct(r, now)
		} else {
			b.lose(r, now)
		}
	}
}

// EnvoyGone says that the proxy was found dead at the time at: requests that it
// had until then wait for what is left of its log, and no longer for their
// deadline.
func (b *Book) EnvoyGone(at time.Time) {
	end := at.UnixNano()
	for r := range b.all {
		if r.phase != running || r.from > end {
			continue
		}
		if due := end + int64(b.o.UnknownAfter); r.due == 0 || r.due > due {
			b.expect(r, due)
		}
	}
}

// finish settles or corrects r, whose end and attempts are there.
func (b *Book) finish(r *run, now time.Time) {
	if r.phase == unseen {
		b.correct(r, now)
		return
	}
	d := r.down()
	n := max(d.Attempts, len(r.seen))
	if r.facts == nil && len(r.seen) == 0 && !d.reached() {
		b.drop(r) // not ours, and no provider had it
		return
	}
	if r.facts == nil {
		b.strange(r)
		n = max(n, 1)
	}
	rows := b.attempts(r, n)
	end := r.terminal(ns(d.Start.Add(d.Duration)))
	end.Status = uint32(max(d.Status, 0))
	end.State, end.Incomplete = r.state(rows), synthetic(lastOf(rows))
	b.close(r, rows, end, ended)
}

// lose closes r without the end of its request: by an attached stream's own
// reading when there is one, as unknown else.
func (b *Book) lose(r *run, now time.Time) {
	if r.facts == nil {
		b.strange(r)
	}
	rows := b.attempts(r, r.known())
	end := r.terminal(now.UnixNano())
	end.State = r.state(rows)
	if m := r.metered(len(rows)); m != nil {
		end.TimeNs = uint64(cmp.Or(ns(m.End), now.UnixNano()))
		if m.Rejected == "" { // else the caller got one of ours
			end.Status = uint32(max(m.Status, 0))
		}
	} else {
		b.event(Unknown, r, lastOf(rows).GetBackend(), "no entry in time")
	}
	to := ended
	if !b.o.Alone {
		to, end.Unwitnessed = unseen, true
	}
	b.close(r, rows, end, to)
}

// state is how r ended, by the proxy's entry or else by a reading.
func (r *run) state(rows []*signalboxv1.Attempt) signalboxv1.Terminal_State {
	last := lastOf(rows).GetOutcome()
	switch d, m := r.down(), r.metered(len(rows)); {
	case d != nil:
		return stateOf(d, last)
	case m != nil:
		return stateOf(&Downstream{Upstream: Upstream{Status: m.Status}}, last)
	}
	return signalboxv1.Terminal_STATE_UNKNOWN
}

// known is how many attempts r has had as far as can be told without its end.
func (r *run) known() int {
	n := max(reach(r.inOrder(), r.facts), r.highest())
	switch m := r.numbered(0); {
	case m != nil:
		return r.readingAt(m, n)
	case r.facts != nil && r.pending(n):
		return n + 1 // the one that was running
	}
	return n
}

// readingAt is the number of the attempt that the reading is of, when there
// are entries up to number n.
func (r *run) readingAt(m *Metered, n int) int {
	n = max(n, 1)
	for i := n; r.facts != nil && i <= len(r.facts.order); i++ {
		ofAnother := i == n && (r.numbered(i) != nil || len(r.seen) > 0 && r.seen[len(r.seen)-1].Status != m.Status)
		if r.facts.backend(i) == backendOf(m.Cluster) && !ofAnother {
			return i
		}
	}
	return n
}

// pending reports whether another attempt may have been running behind the n
// that are known of.
func (r *run) pending(n int) bool {
	if n == 0 {
		return true
	}
	if m := r.numbered(n); m != nil {
		return n < len(r.facts.order) && m.lost()
	}
	last := &r.seen[len(r.seen)-1]
	return n < len(r.facts.order) && (last.Status >= 400 || last.Status == 0)
}

// strange makes r a request of no one: its ticket is its request id.
func (b *Book) strange(r *run) {
	r.ticket = r.key
	r.extra().ticket = nil
	b.byTicket[r.ticket] = r
	backend := ""
	switch d := r.down(); {
	case d != nil:
		backend, r.from = backendOf(d.Cluster), ns(d.Start)
	case len(r.seen) > 0:
		first := &r.inOrder()[0]
		backend, r.from = backendOf(first.Cluster), ns(first.Start)
	}
	b.event(Stranger, r, backend, "no decision of ours")
}

// close writes the rows and the end of r.
func (b *Book) close(r *run, rows []*signalboxv1.Attempt, end *signalboxv1.Terminal, to phase) {
	end.Attempts, end.Backend = uint32(len(rows)), lastOf(rows).GetBackend()
	b.out.Records = slices.Grow(b.out.Records, len(rows)+1)
	for _, a := range rows {
		b.out.Records = append(b.out.Records, a)
		b.notice(r, a)
	}
	b.out.Records = append(b.out.Records, end)
	s := Settled{Attempts: rows, Terminal: end}
	if r.facts != nil {
		s.Open = r.open()
		r.decision = nil
	}
	b.out.Settled = append(b.out.Settled, s)
	b.hearRows(r, rows)
	readings := r.extra().readings
	r.wrote(remember(rows), end.GetState())
	r.more.incomplete = end.GetIncomplete()
	if to == unseen {
		r.retain(readings)
	}
	b.keep(r, to)
}

// notice tells what a row is worth telling of.
func (b *Book) notice(r *run, a *signalboxv1.Attempt) {
	switch {
	case a.GetOutcome() == signalboxv1.Attempt_OUTCOME_CREDENTIAL_REJECTED:
		b.event(CredentialRejected, r, a.GetBackend(), "")
	case a.GetLast() && a.GetNumber() > 1 && a.GetOutcome() == signalboxv1.Attempt_OUTCOME_COMPLETED:
		b.event(Fallback, r, a.GetBackend(), "")
	}
}

// wrote remembers of r what a later truth is compared with.
func (r *run) wrote(rows []written, state signalboxv1.Terminal_State) {
	x := r.extra()
	*x = more{requestID: x.requestID, rows: rows, state: state}
}

func remember(rows []*signalboxv1.Attempt) []written {
	all := make([]written, 0, len(rows))
	for _, a := range rows {
		all = append(all, written{
			outcome: a.GetOutcome(), source: a.GetSource(), usage: ledger.UsageOf(a.GetUsage()),
			cost: a.CostPicoUsd, start: int64(a.GetStartNs()), backend: a.GetBackend(), status: a.GetStatus(),
		})
	}
	return all
}

// synthetic reports whether the proxy should have logged an entry for a, and
// had not.
func synthetic(a *signalboxv1.Attempt) bool {
	return a.GetUnwitnessed() && a.GetOutcome() != signalboxv1.Attempt_OUTCOME_NO_HOST
}

func lastOf(rows []*signalboxv1.Attempt) *signalboxv1.Attempt {
	if len(rows) == 0 {
		return nil
	}
	return rows[len(rows)-1]
}

// keep puts r among the closed runs, and forgets the oldest of them.
func (b *Book) keep(r *run, to phase) {
	if r.phase == running {
		b.running--
	}
	r.phase, r.told, r.due = to, uint16(len(r.seen)), never
	ring := &b.ended
	if to == ended { // else a late entry needs those that are there
		r.seen, r.told = nil, 0
	}
	if to == unseen {
		ring = &b.unseen
	}
	if old := ring.push(r, b.o.Remember); old != nil && old.phase == to {
		b.drop(old)
	}
}

// drop forgets r.
func (b *Book) drop(r *run) {
	if r.phase == running {
		b.running--
	}
	r.phase = ended
	if b.byTicket[r.ticket] == r {
		delete(b.byTicket, r.ticket)
	}
	if b.byID[r.key] == r {
		delete(b.byID, r.key)
	}
	b.facts.drop(r.facts)
	r.facts, r.seen, r.more = nil, nil, nil
}

// ring holds the last closed runs.
type ring struct {
	runs []*run
	next int
}

// push adds r and returns the run that had to go, nil when there was room.
func (q *ring) push(r *run, limit int) *run {
	if len(q.runs) < limit {
		q.runs = append(q.runs, r)
		return nil
	}
	old := q.runs[q.next]
	q.runs[q.next] = r
	q.next = (q.next + 1) % limit
	return old
}
