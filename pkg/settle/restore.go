package settle

import (
	"cmp"
	"slices"
	"time"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"

	"github.com/signalbox-dev/signalbox/pkg/ledger"
)

// Restore brings a new Book to where the one stopped that wrote the ledger.
func (b *Book) Restore(r *ledger.Recovered) {
	for t, c := range r.Closed {
		b.restoreClosed(t, &c)
	}
	for _, o := range r.Open {
		b.Open(o)
	}
	for _, s := range r.Sightings {
		b.restoreSighting(s)
	}
	for x := range b.all {
		if x.due != never {
			x.due = 0
		}
	}
	slices.SortStableFunc(b.waiting, func(x, y wait) int { return cmp.Compare(x.until, y.until) })
	b.floor = true
}

// restoreClosed takes in a request that has its end.
func (b *Book) restoreClosed(t [16]byte, c *ledger.Closed) {
	end := c.Terminal
	if end == nil || b.byTicket[t] != nil {
		return
	}
	r := &run{ticket: t, from: int64(end.GetStartNs()), due: never, bytes: c.Open.GetRequestBytes()}
	r.name(end.GetRequestId(), "")
	switch {
	case c.Open != nil:
		r.facts = b.facts.take(c.Open)
	case !end.GetStranger():
		r.facts = b.facts.take(factsOf(c))
	}
	r.wrote(remember(c.Attempts), end.GetState())
	r.more.incomplete = end.GetIncomplete()
	for _, j := range c.Adjustments {
		r.adjust(j)
	}
	b.byTicket[t] = r
	b.index(r)
	b.running++ // keep takes it back
	to := ended
	if end.GetUnwitnessed() && !slices.ContainsFunc(c.Adjustments, func(j *signalboxv1.Adjustment) bool { return !j.GetUnwitnessed() }) {
		to = unseen
		for _, a := range c.Attempts {
			if !a.GetUnwitnessed() {
				r.see(entryOf(a))
			}
		}
		r.told = uint16(len(r.seen))
	}
	b.keep(r, to)
}

// adjust brings what is remembered of a row to what an adjustment says.
func (r *run) adjust(j *signalboxv1.Adjustment) {
	r.more.state, r.more.incomplete = j.GetState(), j.GetIncomplete()
	i := int(j.GetNumber()) - 1
	if i < 0 || i >= len(r.more.rows) {
		return
	}
	was := &r.more.rows[i]
	was.outcome, was.source, was.adjustments = j.GetOutcome(), j.GetSource(), j.GetSequence()
	was.usage = was.usage.Add(ledger.UsageOf(j.GetDelta()))
	was.cost = j.CostPicoUsd
}

// entryOf makes an entry that leads to the row a again.
func entryOf(a *signalboxv1.Attempt) Upstream {
	u := Upstream{Cluster: a.GetBackend(), Status: int(a.GetStatus()), Received: a.GetResponseBytes(), Sent: a.GetRequestBytes(), Details: a.GetDetails(), RetryAfter: time.Duration(a.GetRetryAfterNs())}
	u.Flags = map[signalboxv1.Attempt_Outcome]string{
		signalboxv1.Attempt_OUTCOME_CONNECT_FAILURE: "UF",
		signalboxv1.Attempt_OUTCOME_TIMEOUT:         "UT",
		signalboxv1.Attempt_OUTCOME_NO_HOST:         "UH",
		signalboxv1.Attempt_OUTCOME_RESET:           "UR",
		signalboxv1.Attempt_OUTCOME_CUT:             "UPE",
		signalboxv1.Attempt_OUTCOME_CLIENT_GONE:     "DC",
	}[a.GetOutcome()]
	if a.GetStartNs() == 0 {
		return u
	}
	u.Start = time.Unix(0, int64(a.GetStartNs()))
	u.Duration = time.Duration(a.GetEndNs() - a.GetStartNs())
	if a.GetFirstByteNs() != 0 {
		u.FirstByte = time.Duration(a.GetFirstByteNs() - a.GetStartNs())
	}
	return u
}

// factsOf is what the rows of a request say that was opened elsewhere.
func factsOf(c *ledger.Closed) *signalboxv1.Open {
	end := c.Terminal
	o := &signalboxv1.Open{Team: end.GetTeam(), Model: end.GetModel(), Route: end.GetRoute(), KeyId: end.GetKeyId(), Operation: end.GetOperation(), ShadowOf: end.GetShadowOf()}
	for _, a := range c.Attempts {
		o.Class, o.Policy, o.Stream, o.Node = a.GetClass(), a.GetPolicy(), a.GetStream(), a.GetNode()
		o.Order = append(o.Order, &signalboxv1.Candidate{Backend: a.GetBackend(), Provider: a.GetProvider(), Region: a.GetRegion(), Model: a.GetModel()})
	}
	return o
}

// sightings writes down the entries of r that are not settled, so that the
// log's offset may pass them.
func (b *Book) sightings(r *run) {
	r.touched = false
	if r.phase == ended {
		return
	}
	b.readings(r)
	b.hear(r)
	for ; int(r.told) < len(r.seen); r.told++ {
		b.out.Records = append(b.out.Records, b.sighting(r, &r.seen[r.told]))
	}
	d := r.down()
	if d == nil || r.more.downTold {
		return
	}
	r.more.downTold = true
	s := b.sighting(r, &d.Upstream)
	s.End = &signalboxv1.Sighting_End{
		Facts: d.Facts, Attempts: uint32(max(d.Attempts, 0)), RawUsage: d.RawUsage, Suspect: d.Suspect,
		ServedModel: d.ServedModel, Tier: d.Tier, ContentType: d.ContentType,
	}
	if d.HasTicket {
		s.End.Ticket = d.Ticket[:]
	}
	if d.UsageFound {
		s.End.Usage = cmp.Or(ledger.UsageRecord(d.Usage), new(signalboxv1.Usage))
	}
	b.out.Records = append(b.out.Records, s)
}

func (b *Book) sighting(r *run, u *Upstream) *signalboxv1.Sighting {
	return &signalboxv1.Sighting{
		RequestId: r.requestID(), Cluster: u.Cluster, Status: uint32(max(u.Status, 0)), Flags: u.Flags, Details: u.Details,
		StartNs: uint64(ns(u.Start)), DurationNs: int64(u.Duration), FirstByteNs: int64(u.FirstByte),
		Received: u.Received, Sent: u.Sent, RetryAfterNs: int64(u.RetryAfter), TimeNs: uint64(b.now),
	}
}

func (b *Book) restoreSighting(s *signalboxv1.Sighting) {
	seen := time.Unix(0, int64(s.GetTimeNs()))
	u := Upstream{
		RequestID: s.GetRequestId(), Cluster: s.GetCluster(), Status: int(s.GetStatus()), Flags: s.GetFlags(), Details: s.GetDetails(),
		Duration: time.Duration(s.GetDurationNs()), FirstByte: time.Duration(s.GetFirstByteNs()),
		Received: s.GetReceived(), Sent: s.GetSent(), RetryAfter: time.Duration(s.GetRetryAfterNs()),
	}
	if s.GetStartNs() != 0 {
		u.Start = time.Unix(0, int64(s.GetStartNs()))
	}
	switch e, m := s.GetEnd(), s.GetReading(); {
	case e != nil:
		b.restoreEnd(u, e, seen)
		return
	case m != nil:
		b.restoreReading(&u, m)
		return
	}
	b.Upstream(u, seen)
	if r := b.byRequest(u.RequestID); r != nil {
		r.told = uint16(len(r.seen))
	}
}

func (b *Book) restoreEnd(u Upstream, e *signalboxv1.Sighting_End, seen time.Time) {
	d := Downstream{
		Upstream: u, Facts: e.GetFacts(), Attempts: int(e.GetAttempts()),
		Usage: ledger.UsageOf(e.GetUsage()), UsageFound: e.GetUsage() != nil, Suspect: e.GetSuspect(), RawUsage: e.GetRawUsage(),
		ServedModel: e.GetServedModel(), Tier: e.GetTier(), ContentType: e.GetContentType(),
	}
	d.Ticket, d.HasTicket = ticketOf(e.GetTicket())
	b.Downstream(d, seen)
	if r := b.find(&d, seen); r != nil && r.down() != nil {
		r.more.downTold = true
	}
}
