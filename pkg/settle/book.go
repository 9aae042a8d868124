package settle

import (
	"time"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"

	"github.com/signalbox-dev/signalbox/pkg/price"
)

const (
	defaultUnknown  = time.Minute
	defaultGrace    = 2 * time.Second
	defaultRemember = 4096
	defaultDeadline = time.Hour // of an Open that states none
)

// Options are the settings of a Book. The zero value works.
type Options struct {
	// UnknownAfter is how long after its deadline a request waits for the
	// proxy's entry before it is closed as unknown; 60 s when 0.
	UnknownAfter time.Duration
	// Grace is how long the entry of a request waits for entries of its
	// attempts; 2 s when 0.
	Grace time.Duration
	// Estimator may be nil: then nothing is estimated.
	Estimator Estimator
	// Price is what the tokens of an attempt cost, by the policy that decided;
	// nil where that is not known. It may be nil: then nothing is.
	Price func(a *signalboxv1.Attempt) *price.Price
	// Alone says that no log is read: readings of attached streams settle.
	Alone bool
	// Remember is how many ended requests are kept to recognise entries that
	// come again or late; 4096 when 0. As many that ended without the proxy's
	// entry are kept besides.
	Remember int
}

// Book holds the running requests. It is not safe for concurrent use.
type Book struct {
	o        Options
	byTicket map[[16]byte]*run
	byID     map[id]*run
	facts    table
	running  int

	waiting []wait // ends that wait for entries of attempts, in the order of their time
	touched []*run // that have entries which no sighting tells of
	ended   ring
	unseen  ring
	now     int64 // of the last call that had a time
	nextDue int64 // no running request is due before
	floor   bool  // restored requests wait for the first Tick to be given their due

	out Result
}

// wait is an end in waiting.
type wait struct {
	r     *run
	until int64
}

// New returns an empty Book.
func New(o Options) *Book {
	if o.UnknownAfter == 0 {
		o.UnknownAfter = defaultUnknown
	}
	if o.Grace == 0 {
		o.Grace = defaultGrace
	}
	if o.Remember <= 0 {
		o.Remember = defaultRemember
	}
	return &Book{o: o, byTicket: map[[16]byte]*run{}, byID: map[id]*run{}, facts: table{}, nextDue: never}
}

// Open takes in a request that was admitted. A repeated one changes nothing.
// The Book keeps nothing of o but its decision, which must not change any more.
func (b *Book) Open(o *signalboxv1.Open) {
	t, ok := ticketOf(o.GetTicket())
	if !ok || b.byTicket[t] != nil {
		return
	}
	b.adopt(b.byRequest(o.GetRequestId()), t, o)
}

// adopt makes r, or a new run when r is of another request, the run of o.
func (b *Book) adopt(r *run, t [16]byte, o *signalboxv1.Open) *run {
	if r == nil || r.facts != nil || r.phase != running {
		r = new(run)
		b.running++
	}
	r.ticket = t
	r.name(o.GetRequestId(), o.GetClientRequestId())
	r.facts = b.facts.take(o)
	r.from, r.deadline, r.bytes = int64(o.GetTimeNs()), int64(o.GetDeadlineNs()), o.GetRequestBytes()
	r.decision = o.GetDecision()
	b.byTicket[t] = r
	b.index(r)
	b.expect(r, r.limit()+int64(b.o.UnknownAfter))
	return r
}

func (b *Book) index(r *run) {
	if r.key != (id{}) {
		b.byID[r.key] = r
	}
}

// expect sets when r is closed as unknown.
func (b *Book) expect(r *run, due int64) {
	r.due = due
	b.nextDue = min(b.nextDue, due)
}

// byRequest returns the run with the proxy's request id, nil without one.
func (b *Book) byRequest(requestID string) *run {
	if requestID == "" {
		return nil
	}
	k, _ := idOf(requestID)
	return b.byID[k]
}

// Upstream takes in the end of an attempt.
func (b *Book) Upstream(u Upstream, now time.Time) {
	b.clock(now)
	if u.RequestID == "" {
		return // nothing can be joined to it
	}
	r := b.byRequest(u.RequestID)
	if r == nil {
		r = b.orphan(u.RequestID, now)
	}
	if r.phase == ended || !r.see(u) {
		return
	}
	b.touch(r)
	if d := r.down(); d != nil && len(r.seen) >= d.Attempts {
		b.finish(r, now)
		return
	}
	if r.phase == unseen && r.due == never { // its request's end may never come
		b.expect(r, now.Add(b.o.UnknownAfter).UnixNano())
	}
}

// orphan makes a run for an entry whose request was not opened here.
func (b *Book) orphan(requestID string, now time.Time) *run {
	r := new(run)
	r.name(requestID, "")
	r.from = now.UnixNano()
	b.running++
	b.index(r)
	b.expect(r, now.Add(b.o.UnknownAfter).UnixNano())
	return r
}

// Downstream takes in the end of a request.
func (b *Book) Downstream(d Downstream, now time.Time) {
	b.clock(now)
	r := b.find(&d, now)
	if r == nil || r.phase == ended || r.down() != nil {
		return
	}
	r.extra().down = &d
	b.touch(r)
	if len(r.seen) >= d.Attempts {
		b.finish(r, now)
		return
	}
	b.waiting = append(b.waiting, wait{r, now.Add(b.o.Grace).UnixNano()})
}

// find returns the run that d ends, nil when d is of no concern.
func (b *Book) find(d *Downstream, now time.Time) *run {
	byID := b.byRequest(d.RequestID)
	if d.HasTicket {
		if r := b.byTicket[d.Ticket]; r != nil {
			return r
		}
		if byID != nil && byID.phase != running && byID.ticket == byID.key {
			return byID // closed as a stranger's before its facts were read
		}
		if d.Facts != nil {
			return b.foreign(byID, d)
		}
	}
	if byID != nil || d.RequestID == "" {
		return byID
	}
	if d.Attempts == 0 && d.Details != viaUpstream {
		return nil // answered by the proxy or by us: no provider was asked
	}
	return b.orphan(d.RequestID, now)
}

// foreign makes a run from the facts in the entry itself: another process
// opened the request, or this one has forgotten it.
func (b *Book) foreign(byID *run, d *Downstream) *run {
	r := b.adopt(byID, d.Ticket, d.Facts)
	if r.key == (id{}) {
		r.name(d.RequestID, d.Facts.GetClientRequestId())
		b.index(r)
	}
	return r
}

// Metered takes in an attached stream's own reading of an attempt, when that
// has ended. It waits for the proxy's entry of the request, which it is checked
// against.
func (b *Book) Metered(ticket [16]byte, m Metered, now time.Time) {
	r := b.byTicket[ticket]
	if r == nil {
		return
	}
	if r.phase != running {
		b.lateReading(r, &m, now)
		return
	}
	b.clock(now)
	r.take(&m)
	b.touch(r)
	if !r.final(&m) {
		return // the next attempt may last
	}
	if b.o.Alone {
		b.lose(r, now)
		return
	}
	b.expect(r, min(r.due, now.Add(b.o.UnknownAfter).UnixNano()))
}

// Refused records a request that was turned away by us with status and code. It
// need not have been opened, nor have a ticket.
func (b *Book) Refused(o *signalboxv1.Open, code string, status int, now time.Time) {
	t, ok := ticketOf(o.GetTicket())
	if !ok {
		t, _ = idOf(o.GetRequestId())
	}
	r := b.byTicket[t]
	if r == nil {
		r = b.adopt(b.byRequest(o.GetRequestId()), t, o)
	}
	if r.phase != running {
		return
	}
	end := r.terminal(b.clock(now))
	end.State, end.Code, end.Status = signalboxv1.Terminal_STATE_REFUSED, code, uint32(status)
	b.close(r, nil, end, ended)
}

// Len is the number of running requests, those included that were not opened
// here.
func (b *Book) Len() int { return b.running }

// Running returns the requests that were opened and have not ended, in no
// order.
func (b *Book) Running() []*signalboxv1.Open {
	all := make([]*signalboxv1.Open, 0, b.running)
	for _, r := range b.byTicket {
		if r.phase == running && r.facts != nil {
			kept := r.more
			all = append(all, r.open())
			if kept == nil {
				r.more = nil // it may run on for long
			}
		}
	}
	return all
}

// Take returns what there is to append and to tell since the last Take.
func (b *Book) Take() Result {
	for _, r := range b.touched {
		b.sightings(r)
	}
	clear(b.touched)
	b.touched = b.touched[:0]
	out := b.out
	b.out = Result{}
	return out
}

func (b *Book) event(k EventKind, r *run, backend, detail string) {
	b.out.Events = append(b.out.Events, Event{Kind: k, RequestID: r.requestID(), Backend: backend, Detail: detail})
}

// clock takes note of the time.
func (b *Book) clock(now time.Time) int64 {
	b.now = now.UnixNano()
	return b.now
}

// touch remembers that r has entries that no sighting tells of yet.
func (b *Book) touch(r *run) {
	if !r.touched {
		r.touched = true
		b.touched = append(b.touched, r)
	}
}
