package settle

import (
	"time"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"

	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/ledger"
)

const (
	lateEntry   = "late_entry"
	lateReading = "late_reading"
)

// correct brings the rows of a run that was closed without its end to what the
// proxy's late entry says: rows that were written get an adjustment, attempts
// that have no row get one.
func (b *Book) correct(r *run, now time.Time) {
	d, old := r.down(), r.more.rows
	if r.facts == nil && d.Facts != nil {
		r.facts = b.facts.take(d.Facts)
	}
	rows := b.attempts(r, d, r.metered(), max(d.Attempts, len(r.seen)))
	state := stateOf(d, lastOf(rows).GetOutcome())
	b.event(Late, r, backendOf(d.Cluster), state.String())
	for i := range max(len(rows), len(old), 1) {
		switch {
		case i < len(old) && i < len(rows):
			b.amend(r, rows[i], &old[i], lateEntry, state, now)
		case i < len(rows):
			b.out.Records = append(b.out.Records, rows[i])
		default: // the truth has no such attempt; the request's state is news all the same
			b.amend(r, b.noAttempt(r, old, i), rowAt(old, i), lateEntry, state, now)
		}
	}
	for i := range rows {
		b.notice(r, rows[i])
	}
	r.wrote(rows, state)
	for i := range r.more.rows {
		r.more.rows[i].adjusted = i < len(old)
	}
	b.keep(r, ended)
}

func rowAt(old []written, i int) *written {
	if i < len(old) {
		return &old[i]
	}
	return &written{}
}

// noAttempt is what an adjustment says of a row whose attempt there never was,
// or of a request without rows (number 0).
func (b *Book) noAttempt(r *run, old []written, i int) *signalboxv1.Attempt {
	if i >= len(old) {
		return b.row(r, &slot{}, 0)
	}
	a := b.row(r, &slot{backend: old[i].backend}, i+1)
	a.Outcome = signalboxv1.Attempt_OUTCOME_UNKNOWN
	return a
}

// amend writes the adjustment that brings the row was to what a says.
func (b *Book) amend(r *run, a *signalboxv1.Attempt, was *written, reason string, state signalboxv1.Terminal_State, now time.Time) {
	if was.adjusted {
		return
	}
	was.adjusted = true
	start := uint64(was.start)
	if start == 0 {
		start = a.GetStartNs()
	}
	j := &signalboxv1.Adjustment{
		Ticket: a.GetTicket(), RequestId: a.GetRequestId(), Number: a.GetNumber(), TimeNs: uint64(now.UnixNano()), Reason: reason,
		Delta: ledger.UsageRecord(minus(ledger.UsageOf(a.GetUsage()), was.usage)), Source: a.GetSource(), StartNs: start,
		Backend: a.GetBackend(), Provider: a.GetProvider(), Region: a.GetRegion(), Model: a.GetModel(),
		ServedModel: a.GetServedModel(), Tier: a.GetTier(), RequestedModel: a.GetRequestedModel(),
		Team: a.GetTeam(), KeyId: a.GetKeyId(), Route: a.GetRoute(), Class: a.GetClass(), Policy: a.GetPolicy(), Operation: a.GetOperation(),
		Stream: a.GetStream(), Status: a.GetStatus(), Outcome: a.GetOutcome(), State: state,
		RawUsage: a.GetRawUsage(), Suspect: a.GetSuspect(), Stranger: a.GetStranger(),
	}
	b.out.Records = append(b.out.Records, j)
}

// lateReading takes in an attached stream's reading of a run that is closed:
// it corrects a usage that no provider told, and is checked against one that
// a provider did.
func (b *Book) lateReading(r *run, m *Metered, now time.Time) {
	if r.more == nil || len(r.more.rows) == 0 || !m.Found {
		return
	}
	n := len(r.more.rows)
	was := &r.more.rows[n-1]
	if was.source == signalboxv1.Usage_SOURCE_PROVIDER {
		if was.usage != m.Usage {
			b.event(Mismatch, r, was.backend, "usage")
		}
		return
	}
	a := b.row(r, &slot{backend: was.backend}, n)
	a.Outcome, a.Status = was.outcome, uint32(max(m.Status, 0))
	a.ServedModel, a.Tier = name(m.ServedModel), name(m.Tier)
	a.Usage, a.Source, a.Suspect = ledger.UsageRecord(m.Usage), signalboxv1.Usage_SOURCE_PROVIDER, m.Suspect
	if len(m.Raw) <= maxRaw {
		a.RawUsage = m.Raw
	}
	b.event(Late, r, was.backend, "reading")
	b.amend(r, a, was, lateReading, r.more.state, now)
	was.source, was.usage = a.GetSource(), m.Usage
}

func minus(u, v genai.Usage) genai.Usage {
	return genai.Usage{
		Input: u.Input - v.Input, CacheRead: u.CacheRead - v.CacheRead,
		CacheWrite5m: u.CacheWrite5m - v.CacheWrite5m, CacheWrite1h: u.CacheWrite1h - v.CacheWrite1h,
		ToolUse: u.ToolUse - v.ToolUse, AudioInput: u.AudioInput - v.AudioInput,
		Output: u.Output - v.Output, Reasoning: u.Reasoning - v.Reasoning,
	}
}
