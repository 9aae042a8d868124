package settle

import (
	"cmp"
	"strings"
	"time"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"

	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/ledger"
)

const (
	maxDetails = 200
	maxRaw     = 16 << 10    // of a provider's usage object: larger ones are not kept
	lag        = time.Second // in which we may see what the proxy has seen; with more another clock ran
	maxName    = 256         // of a served model or tier: the provider's words

	rejected      = "rejected_" // begins the details of a row whose answer we turned down
	rejectedError = "error"     // its reason: the answer was an error
)

// count is a usage and where it comes from.
type count struct {
	genai.Usage
	source  signalboxv1.Usage_Source
	suspect bool
	raw     []byte
}

// attempts makes the rows of r's n attempts.
func (b *Book) attempts(r *run, n int) []*signalboxv1.Attempt {
	slots := place(r.inOrder(), r.facts, n)
	r.supply(slots)
	rows := make([]*signalboxv1.Attempt, 0, n)
	for i := range slots {
		if i < n-1 {
			rows = append(rows, b.lostRow(r, &slots[i], i+1))
			continue
		}
		synthesized := substitute(slots, r.down(), r.metered(n))
		a := b.lastRow(r, &slots[i], n)
		if synthesized {
			b.event(Synthesized, r, a.GetBackend(), a.GetOutcome().String())
		}
		rows = append(rows, a)
	}
	for _, a := range rows {
		b.price(a)
	}
	return rows
}

// lostRow makes the row of an attempt that another one followed.
func (b *Book) lostRow(r *run, s *slot, number int) *signalboxv1.Attempt {
	m := r.numbered(number)
	a := r.row(s, number)
	switch {
	case m != nil && m.Rejected != "":
		a.Outcome = signalboxv1.Attempt_OUTCOME_REJECTED
	case !s.absent || m != nil:
		a.Outcome = outcomeOf(s.Status, s.Flags)
	case r.down() == nil: // its entry may still come
		a.Outcome = signalboxv1.Attempt_OUTCOME_UNKNOWN
	default:
		a.Outcome = signalboxv1.Attempt_OUTCOME_NO_HOST
	}
	if m != nil {
		heed(a, m)
		b.record(a, b.read(m, a))
	}
	return a
}

// row makes the row of one attempt without its outcome and usage.
func (r *run) row(s *slot, number int) *signalboxv1.Attempt {
	c := r.facts.candidate(number, s.backend)
	ticket, id := r.ids()
	a := &signalboxv1.Attempt{
		Ticket: ticket, RequestId: id, Number: uint32(number),
		Backend: c.GetBackend(), Provider: c.GetProvider(), Region: c.GetRegion(), Model: c.GetModel(),
		Status: uint32(max(s.Status, 0)), Details: details(&s.Upstream),
		RequestBytes: cmp.Or(s.Sent, r.bytes), ResponseBytes: s.Received,
		Stranger: r.facts == nil, Unwitnessed: s.absent, RetryAfterNs: int64(s.RetryAfter),
	}
	if f := r.facts; f != nil {
		a.RequestedModel, a.Team, a.KeyId, a.Route, a.Class, a.Policy = f.model, f.team, f.keyID, f.route, f.class, f.policy
		a.Operation, a.Node, a.Stream, a.ShadowOf = f.operation, f.node, f.stream, f.shadowOf
	}
	if !s.Start.IsZero() {
		a.StartNs = uint64(ns(s.Start))
		a.EndNs = uint64(ns(s.Start.Add(s.Duration)))
		if s.Status > 0 {
			a.FirstByteNs = uint64(ns(s.Start.Add(s.FirstByte)))
		}
	} else {
		a.StartNs = uint64(r.from) // its day must be right
	}
	return a
}

// substitute gives the last attempt an entry when the proxy logged none but
// something else tells of it.
func substitute(slots []slot, d *Downstream, m *Metered) bool {
	last := &slots[len(slots)-1]
	switch {
	case !last.absent, d == nil && m == nil:
		return false
	case d == nil:
		*last = slot{Upstream: fromReading(m), backend: cmp.Or(backendOf(m.Cluster), last.backend), absent: true}
		return true
	}
	*last = slot{Upstream: fromEnd(d), backend: cmp.Or(backendOf(d.Cluster), last.backend), absent: true}
	if n := len(slots); n > 1 && !slots[n-2].Start.IsZero() { // d began with the first one
		end := d.Start.Add(d.Duration)
		last.Start = slots[n-2].Start.Add(slots[n-2].Duration)
		last.Duration, last.FirstByte = max(end.Sub(last.Start), 0), 0
	}
	return true
}

// lastRow makes the row of the attempt that the answer came from.
func (b *Book) lastRow(r *run, s *slot, number int) *signalboxv1.Attempt {
	a, d, m := r.row(s, number), r.down(), r.metered(number)
	a.Last = true
	if s.absent && d == nil && m == nil { // nothing tells of it
		a.Outcome = signalboxv1.Attempt_OUTCOME_UNKNOWN
		return a
	}
	a.Outcome = lastOutcome(&s.Upstream, d, m)
	if d != nil {
		a.ServedModel, a.Tier = name(d.ServedModel), name(d.Tier)
		a.Stream = a.Stream || r.facts == nil && strings.HasPrefix(d.ContentType, "text/event-stream")
		a.RequestBytes, a.ResponseBytes = cmp.Or(a.RequestBytes, d.Received), cmp.Or(a.ResponseBytes, d.Sent)
	}
	if m != nil {
		heed(a, m)
	}
	b.measure(r, a, m)
	return a
}

// heed brings a to what the reading of its answer says. A reading that names
// its attempt was taken before the gateway changed anything; the proxy's entry
// has the status that it was given then.
func heed(a *signalboxv1.Attempt, m *Metered) {
	a.ServedModel, a.Tier = cmp.Or(name(m.ServedModel), a.ServedModel), cmp.Or(name(m.Tier), a.Tier)
	switch {
	case m.Attempt > 0 && a.GetUnwitnessed() || m.Rejected != "":
		a.ResponseBytes = cmp.Or(m.Received, a.ResponseBytes)
	case m.Attempt > 0:
		a.ResponseBytes = cmp.Or(a.ResponseBytes, m.Received)
	}
	if m.Attempt > 0 && m.Status > 0 && a.GetStatus() > 0 {
		a.Status = uint32(m.Status)
	}
	if t := uint64(ns(m.FirstToken)); a.GetStream() && t >= a.GetStartNs() && t < a.GetEndNs()+uint64(lag) {
		a.FirstTokenNs = min(t, a.GetEndNs())
	}
	if m.Rejected == "" {
		return
	}
	a.Status, a.Details = uint32(max(m.Status, 0)), clip(rejected+m.Rejected, maxDetails)
	if first := fromReading(m).FirstByte; first > 0 && a.GetFirstByteNs() == 0 {
		a.FirstByteNs = a.GetStartNs() + uint64(first)
	}
}

// measure finds the usage of the last attempt: what our own meter read, else
// what the proxy lifted, else an estimate where a provider has worked for it.
func (b *Book) measure(r *run, a *signalboxv1.Attempt, m *Metered) {
	d := r.down()
	if d != nil && d.UsageFound && m != nil && m.Found && m.differs(d.Usage) {
		b.event(Mismatch, r, a.GetBackend(), "usage")
	}
	c := b.read(m, a)
	// Of an answer that was translated the proxy lifted what we wrote ourselves.
	if d != nil && d.UsageFound && (m == nil || !m.Found && m.Rejected == "" && !m.Translated) {
		c = count{d.Usage, signalboxv1.Usage_SOURCE_PROVIDER, d.Suspect, d.RawUsage}
	}
	b.record(a, c)
	if b.o.Estimator != nil && c.source == signalboxv1.Usage_SOURCE_PROVIDER && !c.suspect && a.GetOutcome() == signalboxv1.Attempt_OUTCOME_COMPLETED {
		b.o.Estimator.Learn(a.GetModel(), a.GetRequestBytes(), a.GetResponseBytes(), c.Usage, a.GetStream())
	}
}

// read is the usage that the reading of a tells, or an estimate; m may be nil.
func (b *Book) read(m *Metered, a *signalboxv1.Attempt) (c count) {
	switch {
	case m != nil && m.Found:
		return count{m.Usage, signalboxv1.Usage_SOURCE_PROVIDER, m.Suspect, m.Raw}
	case b.o.Estimator != nil && worked(a, m):
		c.Usage = b.o.Estimator.Estimate(a.GetModel(), a.GetRequestBytes(), a.GetResponseBytes(), a.GetStream())
		c.source = signalboxv1.Usage_SOURCE_ESTIMATED
	}
	return c
}

// record writes c to a.
func (b *Book) record(a *signalboxv1.Attempt, c count) {
	a.Usage, a.Source, a.Suspect = ledger.UsageRecord(c.Usage), c.source, c.suspect
	if len(c.raw) <= maxRaw {
		a.RawUsage = c.raw
	}
}

// worked reports whether the provider of a had a request that it may charge
// for although it told no usage: it began a good answer, or the caller left
// while it worked. One that says in its answer that it failed has not.
func worked(a *signalboxv1.Attempt, m *Metered) bool {
	switch a.GetOutcome() {
	case signalboxv1.Attempt_OUTCOME_REJECTED:
		return m != nil && m.Rejected != rejectedError
	case signalboxv1.Attempt_OUTCOME_COMPLETED, signalboxv1.Attempt_OUTCOME_CUT, signalboxv1.Attempt_OUTCOME_CLIENT_GONE:
		return a.GetStatus() < 400
	case signalboxv1.Attempt_OUTCOME_TIMEOUT: // in the midst of an answer that a gate held
		return m != nil && m.Attempt > 0 && m.Status > 0 && m.Status < 300
	}
	return false
}

// terminal begins the end of r at time at.
func (r *run) terminal(at int64) *signalboxv1.Terminal {
	ticket, id := r.ids()
	t := &signalboxv1.Terminal{
		Ticket: ticket, RequestId: id, TimeNs: uint64(at), StartNs: uint64(r.from), Stranger: r.facts == nil,
	}
	if f := r.facts; f != nil {
		t.Team, t.Model, t.Route, t.KeyId, t.Operation, t.ShadowOf = f.team, f.model, f.route, f.keyID, f.operation, f.shadowOf
	}
	return t
}

// details are the proxy's words about an attempt, without a provider's.
func details(u *Upstream) string {
	switch {
	case quiet(u.Flags):
		return clip(u.Details, maxDetails)
	case u.Details == "" || u.Details == "-":
		return clip(u.Flags, maxDetails)
	}
	return clip(u.Details+" "+u.Flags, maxDetails)
}

func name(s string) string { return clip(s, maxName) }

// clip keeps at most n bytes of s, whole and valid runes only: the ledger's
// strings are UTF-8.
func clip(s string, n int) string {
	if len(s) > n {
		s = s[:n]
	}
	return strings.ToValidUTF8(s, "")
}
