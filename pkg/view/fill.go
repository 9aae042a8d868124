package view

import (
	"bytes"
	"iter"

	"google.golang.org/protobuf/proto"

	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/ledger"
	"github.com/signalbox-dev/signalbox/pkg/settle"
	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// Horizon is how far back the view reaches.
const Horizon = 62 * day

// Fill takes in what the ledger had before this process, while new requests
// come in. The records are those from before the first that it wrote.
func (v *View) Fill(records iter.Seq2[ledger.Entry, error]) {
	f := filler{v: v, used: uses{}, open: map[string]*signalboxv1.Open{}, attempts: map[string][]*signalboxv1.Attempt{}}
	for e, err := range records {
		if err == nil && !e.Copy {
			f.take(e.Record)
		}
	}
	v.lock()
	defer v.mu.Unlock()
	v.recent.list = append(f.older.all(), v.recent.list...)
	v.used.merge(f.used)
}

// filler puts requests together from their records.
type filler struct {
	v        *View
	open     map[string]*signalboxv1.Open      // that have not ended, by ticket
	attempts map[string][]*signalboxv1.Attempt // of a request whose end comes next
	older    recent
	used     uses
}

func (f *filler) take(r ledger.Record) {
	switch m := r.(type) {
	case *signalboxv1.Open:
		f.open[string(m.GetTicket())] = m
	case *signalboxv1.Attempt:
		t := string(m.GetTicket())
		f.attempts[t] = append(f.attempts[t], m)
	case *signalboxv1.Terminal:
		t := string(m.GetTicket())
		s := settle.Settled{Open: f.open[t], Attempts: f.attempts[t], Terminal: m}
		delete(f.open, t)
		delete(f.attempts, t)
		f.v.mu.Lock()
		defer f.v.mu.Unlock()
		f.v.settled(s)
		if m.GetShadowOf() == "" {
			f.used.count(s)
			f.older.push(entryOf(s))
		}
	case *signalboxv1.Adjustment:
		f.v.mu.Lock()
		defer f.v.mu.Unlock()
		f.v.adjusted(m, &f.older)
	}
}

// Adjusted takes a correction of what was settled before. It never waits for a
// reader.
func (v *View) Adjusted(j *signalboxv1.Adjustment) {
	v.inbox.Lock()
	defer v.inbox.Unlock()
	v.news = append(v.news, news{adjusted: j})
}

func (v *View) adjusted(j *signalboxv1.Adjustment, r *recent) {
	was, is := r.adjust(j)
	p := place{series{j.GetTeam(), modelOf(j), j.GetBackend()}, j.GetRoute(), j.GetKeyId()}
	if j.GetNumber() > 0 {
		v.count(p, at(j.GetStartNs()), func(f *figures) {
			if j.GetShadowOf() != "" {
				f.copied.add(addedBy(j))
				return
			}
			f.spent(ledger.UsageOf(j.GetDelta()), addedBy(j), true)
			switch before := j.CostDeltaPicoUsd != nil; {
			case j.CostPicoUsd != nil && !before:
				f.unpriced--
			case j.CostPicoUsd == nil && before: // it is known no more
				f.unpriced++
			}
		})
	}
	if was == nil || was.GetState() == is.GetState() {
		return
	}
	place := place{series{is.GetTeam(), v.named(is), is.GetBackend()}, is.GetRoute(), is.GetKeyId()}
	v.count(place, at(is.GetStartNs()), func(f *figures) {
		f.ended(was, -1)
		f.ended(is, 1)
	})
}

// addedBy is what a correction adds to a cost: all of it where none was known
// before.
func addedBy(j *signalboxv1.Adjustment) genai.Money {
	if j.CostDeltaPicoUsd == nil {
		return genai.Money(j.GetCostPicoUsd())
	}
	return genai.Money(j.GetCostDeltaPicoUsd())
}

// adjust corrects a recent request and returns its end before and after; nil
// where it is not kept. Entries that were handed out stay as they are.
func (r *recent) adjust(j *signalboxv1.Adjustment) (was, is *signalboxv1.Terminal) {
	for i := len(r.list) - 1; i >= 0; i-- {
		e := r.list[i]
		if !bytes.Equal(e.terminal.GetTicket(), j.GetTicket()) {
			continue
		}
		next := *e
		next.terminal = proto.CloneOf(e.terminal)
		next.terminal.Unwitnessed, next.terminal.Incomplete = j.GetUnwitnessed(), j.GetIncomplete()
		if j.GetState() != signalboxv1.Terminal_STATE_UNSPECIFIED {
			next.terminal.State = j.GetState()
		}
		next.attempts = make([]*signalboxv1.Attempt, 0, len(e.attempts))
		for _, a := range e.attempts {
			if a.GetNumber() == j.GetNumber() {
				a = corrected(a, j)
			}
			next.attempts = append(next.attempts, a)
		}
		r.list[i] = &next
		return e.terminal, next.terminal
	}
	return nil, nil
}

func corrected(a *signalboxv1.Attempt, j *signalboxv1.Adjustment) *signalboxv1.Attempt {
	a = proto.CloneOf(a)
	a.Usage, a.Source, a.CostPicoUsd = j.GetUsage(), j.GetSource(), j.CostPicoUsd
	if j.GetOutcome() != signalboxv1.Attempt_OUTCOME_UNSPECIFIED {
		a.Outcome, a.Status = j.GetOutcome(), j.GetStatus()
	}
	return a
}
