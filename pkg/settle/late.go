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

// correct brings the rows of a run that was closed without its end to what
// late entries say: rows that were written get an adjustment, attempts that
// have no row get one. The request's own end may still be missing.
func (b *Book) correct(r *run, now time.Time) {
	d, old := r.down(), r.more.rows
	n := r.known()
	if d != nil && d.Facts != nil { // after a restart ours may be no more than what the rows say
		b.facts.drop(r.facts)
		r.facts = b.facts.take(d.Facts)
	}
	if d != nil {
		n = max(d.Attempts, len(r.seen))
	}
	rows := b.attempts(r, n)
	for i := range min(len(rows), len(old)) {
		old[i].recall(rows[i])
	}
	state := r.state(rows)
	b.event(Late, r, lastOf(rows).GetBackend(), state.String())
	what := news{lateEntry, state, d != nil, d != nil && synthetic(lastOf(rows))}
	for i := range max(len(rows), len(old), 1) {
		switch {
		case i < len(old) && i < len(rows):
			b.amend(rows[i], &old[i], what, now)
		case i < len(rows):
			b.out.Records = append(b.out.Records, rows[i])
		default: // the truth has no such attempt; the request's state is news all the same
			b.amend(r.noAttempt(old, i), rowAt(old, i), what, now)
		}
	}
	for i := range rows {
		b.notice(r, rows[i])
	}
	readings := r.more.readings
	r.wrote(append(old, remember(rows[min(len(rows), len(old)):])...), state)
	r.more.incomplete = what.incomplete
	if d != nil {
		b.keep(r, ended)
		return
	}
	r.told = uint16(len(r.seen))
	r.retain(readings)
}

// recall brings a to what was written of an attempt whose answer we turned
// down: the reading may be forgotten, and the proxy knows no better.
func (w *written) recall(a *signalboxv1.Attempt) {
	if w.outcome != signalboxv1.Attempt_OUTCOME_REJECTED || a.GetOutcome() == w.outcome || a.GetBackend() != w.backend {
		return
	}
	a.Outcome, a.Status = w.outcome, w.status
	a.Usage, a.Source = ledger.UsageRecord(w.usage), w.source
}

func rowAt(old []written, i int) *written {
	if i < len(old) {
		return &old[i]
	}
	return &written{}
}

// noAttempt is what an adjustment says of a row whose attempt there never was,
// or of a request without rows (number 0).
func (r *run) noAttempt(old []written, i int) *signalboxv1.Attempt {
	if i >= len(old) {
		return r.row(&slot{}, 0)
	}
	a := r.row(&slot{backend: old[i].backend}, i+1)
	a.Outcome = signalboxv1.Attempt_OUTCOME_UNKNOWN
	return a
}

// news is what an adjustment says besides the row.
type news struct {
	reason     string
	state      signalboxv1.Terminal_State
	witnessed  bool // the request's end was there
	incomplete bool // the entry of the last attempt is still missing
}

// amend writes the adjustment that brings the row was to what a says. Without
// the request's end it writes nothing when there is nothing new.
func (b *Book) amend(a *signalboxv1.Attempt, was *written, n news, now time.Time) {
	if was.source == signalboxv1.Usage_SOURCE_PROVIDER && a.GetSource() == signalboxv1.Usage_SOURCE_ESTIMATED {
		a.Usage, a.Source = ledger.UsageRecord(was.usage), was.source // a reading that was forgotten meanwhile
	}
	b.price(a)
	if n.witnessed && a.GetNumber() > 0 && a.GetOutcome() == signalboxv1.Attempt_OUTCOME_UNKNOWN {
		a.CostPicoUsd = new(int64) // there never was such an attempt
	}
	usage := ledger.UsageOf(a.GetUsage())
	if !n.witnessed && usage == was.usage && a.GetOutcome() == was.outcome && a.GetSource() == was.source {
		return
	}
	delta, start := minus(usage, was.usage), uint64(was.start)
	if start == 0 {
		start = a.GetStartNs()
	}
	before, cost := was.source, costDelta(a.CostPicoUsd, was.cost)
	was.outcome, was.source, was.usage, was.cost = a.GetOutcome(), a.GetSource(), usage, a.CostPicoUsd
	was.adjustments++
	b.out.Records = append(b.out.Records, &signalboxv1.Adjustment{
		Ticket: a.GetTicket(), RequestId: a.GetRequestId(), Number: a.GetNumber(), Sequence: was.adjustments,
		TimeNs: uint64(now.UnixNano()), Reason: n.reason, Unwitnessed: !n.witnessed, Incomplete: n.incomplete,
		Delta: ledger.UsageRecord(delta), Usage: a.GetUsage(), Was: before, Source: a.GetSource(), StartNs: start,
		Backend: a.GetBackend(), Provider: a.GetProvider(), Region: a.GetRegion(), Model: a.GetModel(),
		ServedModel: a.GetServedModel(), Tier: a.GetTier(), RequestedModel: a.GetRequestedModel(),
		Team: a.GetTeam(), KeyId: a.GetKeyId(), Route: a.GetRoute(), Class: a.GetClass(), Policy: a.GetPolicy(), Operation: a.GetOperation(),
		Stream: a.GetStream(), Status: a.GetStatus(), Outcome: a.GetOutcome(), State: n.state,
		CostPicoUsd: a.CostPicoUsd, CostDeltaPicoUsd: cost,
		RawUsage: a.GetRawUsage(), Suspect: a.GetSuspect(), Stranger: a.GetStranger(), ShadowOf: a.GetShadowOf(),
	})
}

func minus(u, v genai.Usage) genai.Usage {
	return genai.Usage{
		Input: u.Input - v.Input, CacheRead: u.CacheRead - v.CacheRead,
		CacheWrite5m: u.CacheWrite5m - v.CacheWrite5m, CacheWrite1h: u.CacheWrite1h - v.CacheWrite1h,
		ToolUse: u.ToolUse - v.ToolUse, AudioInput: u.AudioInput - v.AudioInput,
		Output: u.Output - v.Output, Reasoning: u.Reasoning - v.Reasoning,
	}
}
