package settle

import (
	"cmp"
	"slices"
	"time"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"

	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/ledger"
)

// reading is one attempt's answer as we read it ourselves.
type reading struct {
	Metered
	told bool // a sighting tells of it, or none is needed
}

// lost reports whether another attempt follows the one that was read, as long
// as there is another candidate.
func (m *Metered) lost() bool { return m.Rejected != "" || retriable(m.Status) }

// differs reports whether the proxy's usage of the same answer is another one.
// A translation may have no words for the parts of a count.
func (m *Metered) differs(u genai.Usage) bool {
	if m.Translated {
		return m.Usage.Input != u.Input || m.Usage.Output != u.Output
	}
	return m.Usage != u
}

// take adds a reading, or puts it in the place of one of the same attempt.
func (r *run) take(m *Metered) {
	x := r.extra()
	for i, old := range x.readings {
		if old.Attempt == m.Attempt {
			x.readings[i] = &reading{Metered: *m}
			return
		}
	}
	x.readings = append(x.readings, &reading{Metered: *m})
}

// retain keeps readings for a correction: the rows tell of them.
func (r *run) retain(readings []*reading) {
	r.more.readings = readings
	for _, m := range readings {
		m.told = true
	}
}

// numbered is the reading of the numbered attempt, nil without one; 0 is the
// one that does not say which it is of.
func (r *run) numbered(n int) *Metered {
	if r.more == nil {
		return nil
	}
	for _, m := range r.more.readings {
		if m.Attempt == n {
			return &m.Metered
		}
	}
	return nil
}

// metered is the reading of the last of n attempts.
func (r *run) metered(n int) *Metered {
	if m := r.numbered(n); m != nil && n > 0 {
		return m
	}
	return r.numbered(0)
}

// highest is the number of the last attempt that has a reading which says so.
func (r *run) highest() (n int) {
	if r.more == nil {
		return 0
	}
	for _, m := range r.more.readings {
		n = max(n, m.Attempt)
	}
	return n
}

// final reports whether m is of the attempt that the caller's answer comes
// from, as far as it can be told from m.
func (r *run) final(m *Metered) bool {
	return m.Attempt <= 0 || !m.lost() || r.facts == nil || m.Attempt >= len(r.facts.order)
}

// supply gives attempts that another one followed, and that the proxy logged no
// entry of, one from their readings.
func (r *run) supply(slots []slot) {
	for i := range max(len(slots)-1, 0) {
		if m := r.numbered(i + 1); m != nil && slots[i].absent {
			slots[i] = slot{Upstream: fromReading(m), backend: cmp.Or(backendOf(m.Cluster), slots[i].backend), absent: true}
		}
	}
}

// fromReading makes the entry of an attempt from an attached stream's reading.
func fromReading(m *Metered) Upstream {
	u := Upstream{Cluster: m.Cluster, Status: m.Status, Start: m.Start, Received: m.Received}
	if !m.Start.IsZero() && !m.End.IsZero() {
		u.Duration = m.End.Sub(m.Start)
	}
	if !m.Start.IsZero() && !m.FirstByte.IsZero() {
		u.FirstByte = m.FirstByte.Sub(m.Start)
	}
	return u
}

// readings writes down what the book alone knows of a request that goes on:
// readings of attempts that another one follows, of answers that we turned
// down, and of translated ones, of which the proxy sees a part.
func (b *Book) readings(r *run) {
	if r.more == nil {
		return
	}
	for _, m := range r.more.readings {
		if m.told || m.Attempt <= 0 || m.Rejected == "" && !m.Translated && r.final(&m.Metered) {
			continue
		}
		m.told = true
		u := fromReading(&m.Metered)
		s := b.sighting(r, &u)
		s.Reading = &signalboxv1.Sighting_Reading{
			Ticket: r.ticket[:], Attempt: uint32(m.Attempt), Rejected: m.Rejected, Translated: m.Translated,
			Suspect: m.Suspect, ServedModel: name(m.ServedModel), Tier: name(m.Tier),
			Done: m.Done, Failed: m.Failed, ClientGone: m.ClientGone,
		}
		if !m.FirstToken.IsZero() {
			s.Reading.FirstTokenNs = ns(m.FirstToken) - ns(m.Start)
		}
		if m.Found {
			s.Reading.Usage = cmp.Or(ledger.UsageRecord(m.Usage), new(signalboxv1.Usage))
		}
		if len(m.Raw) <= maxRaw {
			s.Reading.RawUsage = m.Raw
		}
		b.out.Records = append(b.out.Records, s)
	}
}

// restoreReading takes in what readings wrote.
func (b *Book) restoreReading(u *Upstream, x *signalboxv1.Sighting_Reading) {
	t, _ := ticketOf(x.GetTicket())
	r := b.byTicket[t]
	if r == nil || r.phase != running {
		return
	}
	m := Metered{
		Attempt: int(x.GetAttempt()), Rejected: x.GetRejected(), Translated: x.GetTranslated(),
		Usage: ledger.UsageOf(x.GetUsage()), Found: x.GetUsage() != nil, Suspect: x.GetSuspect(), Raw: x.GetRawUsage(),
		ServedModel: x.GetServedModel(), Tier: x.GetTier(), Done: x.GetDone(), Failed: x.GetFailed(), ClientGone: x.GetClientGone(),
		Status: u.Status, Cluster: u.Cluster, Start: u.Start, Received: u.Received,
	}
	if !u.Start.IsZero() {
		m.End = u.Start.Add(u.Duration)
		if u.FirstByte != 0 {
			m.FirstByte = u.Start.Add(u.FirstByte)
		}
		if d := x.GetFirstTokenNs(); d != 0 {
			m.FirstToken = u.Start.Add(time.Duration(d))
		}
	}
	r.take(&m)
	last := r.more.readings[slices.IndexFunc(r.more.readings, func(y *reading) bool { return y.Attempt == m.Attempt })]
	last.told = true
}

// lateReading takes in an attached stream's reading of a run that is closed:
// it corrects a usage that no provider told, and is checked against one that
// a provider did.
func (b *Book) lateReading(r *run, m *Metered, now time.Time) {
	if r.phase == unseen {
		if r.numbered(m.Attempt) == nil {
			r.take(m)
			b.correct(r, now)
		}
		return
	}
	i := len(r.more.rows) - 1
	if m.Attempt > 0 && m.Attempt <= i {
		i = m.Attempt - 1
	}
	if i < 0 || !m.Found && m.Rejected == "" {
		return
	}
	was := &r.more.rows[i]
	if was.source == signalboxv1.Usage_SOURCE_PROVIDER {
		if m.Found && m.differs(was.usage) {
			b.event(Mismatch, r, was.backend, "usage")
		}
		return
	}
	b.event(Late, r, was.backend, "reading")
	b.amend(b.rowOf(r, m, was, i+1), was, news{lateReading, r.more.state, true, r.more.incomplete}, now)
}

// rowOf is the row that was, as a late reading tells it.
func (b *Book) rowOf(r *run, m *Metered, was *written, number int) *signalboxv1.Attempt {
	a := r.row(&slot{backend: was.backend, Upstream: fromReading(m)}, number)
	a.Outcome = was.outcome
	a.ServedModel, a.Tier = name(m.ServedModel), name(m.Tier)
	if m.Rejected != "" {
		a.Outcome = signalboxv1.Attempt_OUTCOME_REJECTED
	}
	b.record(a, b.read(m, a))
	return a
}
