package view

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/key"
	"github.com/signalbox-dev/signalbox/pkg/ledger"
	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// DecisionsQuery chooses among the recent requests.
type DecisionsQuery struct {
	Words       string // "field:part", parts of any field, or ids
	Only        string // an outcome, or "findings"; empty: all
	Team, Model string // only these; empty: all
	Before      string // id of a request: only those before it
	Limit       int    // 0: 40
}

const (
	usualRows = 40
	maxRows   = 500
)

// Decisions are recent requests, the newest first.
type Decisions struct {
	Rate  float64 `json:"rate_per_s"`
	OneIn int64   `json:"shown_one_in"` // how many requests a row stands for
	Rows  []Row   `json:"decisions"`
}

// Row is one request.
type Row struct {
	ID        string    `json:"id"`
	At        time.Time `json:"at"`
	Team      *string   `json:"team"`
	Key       *string   `json:"key"` // its name, or its id where it has none
	Channel   *string   `json:"channel"`
	Route     *string   `json:"route"`
	Rule      *string   `json:"rule"` // the route's name: routes are the rules
	Class     *string   `json:"class"`
	Requested string    `json:"requested_model"`
	Outcome   string    `json:"outcome"`
	Signal    string    `json:"signal"`
	Served    *Place    `json:"served"` // nil: nobody did
	Made      uint32    `json:"attempts_n"`
	TTFT      *float64  `json:"ttft_ms"` // since the request came; of streams
	Total     *float64  `json:"total_ms"`
	Input     int64     `json:"input_tokens"`
	Output    int64     `json:"output_tokens"`
	Cost      *amount   `json:"cost_pico_usd"`
	Findings  *int64    `json:"findings"` // nothing is searched for yet
}

// Place is where requests go.
type Place struct {
	Model   string `json:"model"` // as the backend has it
	Backend string `json:"backend"`
	Region  string `json:"region"`
}

// outcomes are the words for how requests end.
var outcomes = []string{"served", "fallback", "downgraded", "blocked", "cancelled", "failed", "unknown"} //nolint:gochecknoglobals // a list that nothing changes

// Decisions answers a query. Without a filter it is a sample, one request a
// second.
func (v *View) Decisions(q DecisionsQuery, now time.Time) (*Decisions, error) {
	if q.Only != "" && q.Only != "findings" && !slices.Contains(outcomes, q.Only) {
		return nil, &BadQuery{"only", strings.Join(outcomes, ", ") + " or findings"}
	}
	if q.Limit < 0 || q.Limit > maxRows {
		return nil, &BadQuery{"limit", "a number from 1 to 500"}
	}
	v.lock()
	list, rate := slices.Clone(v.recent.all()), v.rate.perSecond(now)
	v.mu.Unlock()
	d := &Decisions{Rate: rate, OneIn: 1, Rows: []Row{}}
	names := namesOf(v.o.Keys())
	words, all := strings.Fields(strings.ToLower(q.Words)), q.Words+q.Only+q.Team+q.Model != ""
	seen := int64(0)
	for i := len(list) - 1; i >= 0 && len(d.Rows) < cmp.Or(q.Limit, usualRows); i-- {
		e := list[i]
		if q.Before != "" {
			if e.id == q.Before {
				q.Before = ""
			}
			continue
		}
		seen++
		if !all && !e.sampled {
			continue
		}
		if r := e.row(names); q.wants(&r, e, words) {
			d.Rows = append(d.Rows, r)
		}
	}
	if n := int64(len(d.Rows)); !all && n > 0 {
		d.OneIn = max(1, (seen+n/2)/n)
	}
	return d, nil
}

func (q *DecisionsQuery) wants(r *Row, e *entry, words []string) bool {
	switch {
	case q.Only != "" && q.Only != r.Outcome, // nothing has findings yet
		q.Team != "" && q.Team != text(r.Team), q.Model != "" && q.Model != r.Requested:
		return false
	case len(words) == 0:
		return true
	}
	fields := r.fields()
	var all strings.Builder
	for _, f := range fields {
		all.WriteString(f + "\n")
	}
	all.WriteString(strings.ToLower(r.ID + "\n" + e.open.GetClientRequestId() + "\n" + e.terminal.GetKeyId() + "\n" + trace(e.decision())))
	return !slices.ContainsFunc(words, func(w string) bool {
		name, part, found := strings.Cut(w, ":")
		if f, ok := fields[name]; found && ok {
			return !strings.Contains(f, part)
		}
		return !strings.Contains(all.String(), w)
	})
}

// fields are what a query can name, in lower case.
func (r *Row) fields() map[string]string {
	served := Place{}
	if r.Served != nil {
		served = *r.Served
	}
	f := map[string]string{
		"team": text(r.Team), "key": text(r.Key), "rule": text(r.Rule), "route": text(r.Route), "class": text(r.Class),
		"outcome": r.Outcome, "model": served.Model + " " + r.Requested, "backend": served.Backend, "region": served.Region, "channel": text(r.Channel),
	}
	for k := range f {
		f[k] = strings.ToLower(f[k])
	}
	return f
}

// row is what a list shows of a request.
func (e *entry) row(names map[string]string) Row {
	t, d := e.terminal, e.decision()
	start := e.start()
	r := Row{
		ID: e.id, At: start, Team: word(t.GetTeam()), Route: word(t.GetRoute()), Rule: word(t.GetRoute()),
		Key: word(cmp.Or(names[t.GetKeyId()], d.GetKeyName(), t.GetKeyId())), Channel: word(d.GetChannel()), Class: word(e.open.GetClass()),
		Requested: t.GetModel(), Made: t.GetAttempts(), Total: millis(at(t.GetTimeNs()).Sub(start)),
	}
	r.Outcome, r.Signal = outcome(t)
	var usage genai.Usage
	var cost amount
	known := true
	for _, a := range e.attempts {
		usage = usage.Add(ledger.UsageOf(a.GetUsage()))
		m, priced := costOf(a)
		cost.add(m)
		known = known && priced
	}
	r.Input, r.Output = usage.Input, usage.Output
	if known {
		r.Cost = &cost
	}
	if a := e.last(); a != nil {
		if r.Requested == "" {
			r.Requested = modelOf(a)
		}
		if r.Outcome != "failed" && r.Outcome != "blocked" {
			r.Served = &Place{a.GetModel(), a.GetBackend(), a.GetRegion()}
		}
		if d := firstToken(a); d > 0 {
			r.TTFT = millis(at(a.GetStartNs()).Add(d).Sub(start))
		}
	}
	return r
}

// outcome is how a request ended, and its signal.
func outcome(t *signalboxv1.Terminal) (string, string) {
	switch t.GetState() {
	case signalboxv1.Terminal_STATE_COMPLETED:
		if t.GetAttempts() > 1 {
			return "fallback", "held"
		}
		return "served", "clear"
	case signalboxv1.Terminal_STATE_REFUSED:
		return "blocked", "closed"
	case signalboxv1.Terminal_STATE_CLIENT_GONE:
		return "cancelled", "held"
	case signalboxv1.Terminal_STATE_FAILED:
		return "failed", "closed"
	}
	return "unknown", "held"
}

// last is the attempt that the answer came from, nil where there was none.
func (e *entry) last() *signalboxv1.Attempt {
	if len(e.attempts) == 0 {
		return nil
	}
	return e.attempts[len(e.attempts)-1]
}

// decision is why the request went where it went; empty where it is not known.
func (e *entry) decision() *signalboxv1.Decision {
	d := &signalboxv1.Decision{}
	if err := proto.Unmarshal(e.open.GetDecision(), d); err != nil {
		return &signalboxv1.Decision{}
	}
	return d
}

// namesOf are what keys are called, by id.
func namesOf(s *key.Set) map[string]string {
	names := map[string]string{}
	for _, k := range s.All() {
		names[k.ID] = k.Name
	}
	return names
}

// word is nil for the empty word.
func word(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
