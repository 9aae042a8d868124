package main

import (
	"context"
	"fmt"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/ledger"
	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// What exceptions speak of.
const (
	ledgerSays = "ledger: "
	noUsage    = ledgerSays + "found no usage"
	otherName  = ledgerSays + "served model or tier is not that of the answer"
)

const servedModel = "served model"

// record is what the ledger says about one request.
type record struct {
	attempts    []*signalboxv1.Attempt
	terminals   []*signalboxv1.Terminal
	adjustments []*signalboxv1.Adjustment
}

// await reads the ledger until every answered exchange has its end in it.
func await(ctx context.Context, dir string, exchanges []*exchange) (map[string]*record, error) {
	ctx, stop := context.WithTimeout(ctx, 30*time.Second)
	defer stop()
	for {
		rows, err := readLedger(dir)
		if err != nil {
			return nil, err
		}
		missing := 0
		for _, x := range exchanges {
			if r := rows[x.id]; x.id != "" && (r == nil || len(r.terminals) == 0) {
				missing++
			}
		}
		if missing == 0 {
			return rows, nil
		}
		select {
		case <-ctx.Done(): // the rows that are missing are failures of their own
			return rows, context.Cause(context.WithoutCancel(ctx))
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func readLedger(dir string) (map[string]*record, error) {
	out := map[string]*record{}
	of := func(id string) *record {
		if out[id] == nil {
			out[id] = &record{}
		}
		return out[id]
	}
	for e, err := range ledger.Read(dir) {
		if err != nil {
			return nil, err
		}
		switch m := e.Record.(type) {
		case *signalboxv1.Attempt:
			r := of(m.RequestId)
			r.attempts = append(r.attempts, m)
		case *signalboxv1.Terminal:
			r := of(m.RequestId)
			r.terminals = append(r.terminals, m)
		case *signalboxv1.Adjustment:
			r := of(m.RequestId)
			r.adjustments = append(r.adjustments, m)
		}
	}
	return out, nil
}

// settled judges the rows of an exchange.
func (x *exchange) settled(r *record) {
	if x.id == "" {
		x.fault("the answer has no request id")
		return
	}
	if r == nil || len(r.terminals) != 1 || len(r.attempts) != 1 || len(r.adjustments) != 0 {
		x.fault("the ledger has not one attempt and one end: %s", r)
		return
	}
	a, t := r.attempts[0], r.terminals[0]
	x.described(a)
	x.ended(a, t)
	x.measured(a)
}

// String counts the records.
func (r *record) String() string {
	if r == nil {
		return "nothing"
	}
	return fmt.Sprintf("%d attempts, %d ends, %d adjustments", len(r.attempts), len(r.terminals), len(r.adjustments))
}

// described judges who was asked for what.
func (x *exchange) described(a *signalboxv1.Attempt) {
	if a.Model != x.ask.model || a.RequestedModel != x.alias || "sk-"+a.Backend != x.key || a.Team != team {
		x.fault("ledger: the row names another model, backend or team")
	}
	if int(a.Status) != x.Response.Status {
		x.fault("ledger: status %d, want %d", a.Status, x.Response.Status)
	}
	want := x.reading.Model
	if want == "" && x.mode == across && a.ServedModel == x.ask.model {
		want = a.ServedModel // where the provider names none, OpenAI's callers still get a name
	}
	if r := &x.reading; !x.refused() && (a.ServedModel != want || a.Tier != r.Tier) {
		x.fault(otherName+" (%d and %d bytes, want %d and %d bytes)",
			len(a.ServedModel), len(a.Tier), len(want), len(r.Tier))
	}
}

// ended judges how it ended.
func (x *exchange) ended(a *signalboxv1.Attempt, t *signalboxv1.Terminal) {
	outcome, state := signalboxv1.Attempt_OUTCOME_COMPLETED, signalboxv1.Terminal_STATE_COMPLETED
	switch status := x.Response.Status; {
	case status == 401 || status == 403:
		outcome = signalboxv1.Attempt_OUTCOME_CREDENTIAL_REJECTED
	case status == 429:
		outcome = signalboxv1.Attempt_OUTCOME_RATE_LIMITED
	case x.refused():
		outcome = signalboxv1.Attempt_OUTCOME_HTTP_ERROR
	}
	if x.refused() {
		state = signalboxv1.Terminal_STATE_FAILED
	}
	if !x.refused() && x.reading.Failed {
		return // an error within the answer: only our own meter sees it
	}
	if a.Outcome != outcome || t.State != state {
		x.fault("ledger: %v and %v, want %v and %v", a.Outcome, t.State, outcome, state)
	}
}

// measured judges the usage.
func (x *exchange) measured(a *signalboxv1.Attempt) {
	u, found := ledger.UsageOf(a.Usage), a.Source == signalboxv1.Usage_SOURCE_PROVIDER
	if diff := x.Truth.Diff(u, found); diff != "" {
		x.fault("%s", ledgerSays+diff)
	}
	if found && u != x.reading.Usage {
		x.fault("ledger: %s, the meter in process reads %s", counts(u), counts(x.reading.Usage))
	}
	if !found && x.refused() && u != (genai.Usage{}) {
		x.fault("ledger: %s for an error", counts(u))
	}
}

func counts(u genai.Usage) string { return fmt.Sprintf("%+v", u) }

// compare holds the rows of both ways of metering against each other.
func compare(exchanges []*exchange, rows map[string]*record) {
	first := map[*subject]*signalboxv1.Attempt{}
	for _, x := range exchanges {
		r := rows[x.id]
		if r == nil || len(r.attempts) != 1 {
			continue
		}
		a := r.attempts[0]
		if x.mode == witness {
			if len(x.failed) == 0 { // what is wrong already is no measure
				first[x.subject] = a
			}
			continue
		}
		if diff := unlike(a, first[x.subject]); diff != "" && (diff != servedModel || x.mode != across) {
			x.fault("ledger: %s is not that of the row by the witness", diff)
		}
	}
}

// unlike names the first field in which two rows of one answer differ, apart
// from those that name the request and its time.
func unlike(a, b *signalboxv1.Attempt) string {
	switch {
	case b == nil:
		return ""
	case a.Source != b.Source:
		return "source"
	case a.Source != signalboxv1.Usage_SOURCE_ESTIMATED && ledger.UsageOf(a.Usage) != ledger.UsageOf(b.Usage):
		return "usage" // estimates learn, so they differ
	case a.Suspect != b.Suspect:
		return "doubt about the usage"
	case a.ServedModel != b.ServedModel:
		return servedModel
	case a.Tier != b.Tier:
		return "tier"
	case a.Outcome != b.Outcome:
		return "outcome"
	case a.Status != b.Status || a.Stream != b.Stream || a.Backend != b.Backend || a.Model != b.Model:
		return "status, form, backend or model"
	}
	return ""
}
