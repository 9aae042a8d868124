package ledger

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"

	"github.com/signalbox-dev/signalbox/pkg/genai"
)

// sum adds up one report.
type sum struct {
	q     Query
	lines map[place]*Line
	seen  map[id]bool
	open  map[id]held // rows and ends that are not known yet
	a     signalboxv1.Attempt
	t     signalboxv1.Terminal
	j     signalboxv1.Adjustment
}

type place struct {
	day, team, model, backend string
	shadow                    bool
}

// id is a row: number is 0 for a terminal, sequence for all but adjustments.
type id struct {
	ticket   [16]byte
	number   uint32
	sequence uint32
	kind     Kind
}

// held is what a row with an unknown end has put into its line.
type held struct {
	line     *Line
	usage    genai.Usage
	source   signalboxv1.Usage_Source
	cost     *int64
	stranger bool
}

func newSum(q Query) *sum {
	if q.By == 0 {
		q.By = ByDay | ByTeam | ByModel | ByBackend
	}
	return &sum{q: q, lines: map[place]*Line{}, seen: map[id]bool{}, open: map[id]held{}}
}

func (s *sum) frame(p placed) error {
	var m Record
	switch p.kind() {
	case KindAttempt:
		m = &s.a
	case KindTerminal:
		m = &s.t
	case KindAdjustment:
		m = &s.j
	default:
		return nil
	}
	err := proto.Unmarshal(p.payload, m)
	t, ok := ticketOf(m)
	if err == nil && !ok {
		err = errors.New("no ticket")
	}
	if err != nil {
		return &DamageError{File: p.file, Offset: p.offset, Length: p.end() - p.offset, Reason: err.Error()}
	}
	switch p.kind() {
	case KindAttempt:
		s.attempt(t)
	case KindTerminal:
		s.terminal(t)
	case KindAdjustment:
		s.adjust(t)
	}
	return nil
}

// first reports whether the row is to be counted, and takes back what an
// earlier one with an unknown end counted.
func (s *sum) first(k id, unknown bool, undo func(held)) bool {
	if !s.seen[k] {
		s.seen[k] = true
		return true
	}
	h, open := s.open[k]
	if unknown || !open {
		return false
	}
	delete(s.open, k)
	undo(h)
	return true
}

func (s *sum) attempt(t [16]byte) {
	a := &s.a
	k := id{ticket: t, number: a.GetNumber(), kind: KindAttempt}
	unknown := a.GetOutcome() == signalboxv1.Attempt_OUTCOME_UNKNOWN
	if !s.first(k, unknown, func(h held) { h.count(-1) }) {
		return
	}
	l := s.line(a.GetStartNs(), place{team: a.GetTeam(), model: cmp.Or(a.GetRequestedModel(), a.GetServedModel(), a.GetModel()), backend: a.GetBackend(), shadow: a.GetShadowOf() != ""})
	if l == nil {
		return
	}
	h := held{l, UsageOf(a.GetUsage()), a.GetSource(), a.CostPicoUsd, a.GetStranger()}
	h.count(1)
	if unknown {
		s.open[k] = h
	}
}

// count puts the row into its line n times: 1, or -1 to take it back.
func (h held) count(n int64) {
	l := h.line
	l.Attempts += n
	if h.stranger {
		l.Strangers += n
	}
	l.Usage = l.Usage.Add(times(h.usage, n))
	l.guess(h.source, h.usage, n)
	l.pay(h.cost, n)
}

// pay counts the cost of an attempt n times; nil is one that is not known.
func (l *Line) pay(cost *int64, n int64) {
	if cost == nil {
		l.Unpriced += n
		return
	}
	l.Cost = l.Cost.Add(genai.Money(n * *cost))
}

// guess counts a usage that no provider told n times.
func (l *Line) guess(source signalboxv1.Usage_Source, u genai.Usage, n int64) {
	if source == signalboxv1.Usage_SOURCE_COUNTED || source == signalboxv1.Usage_SOURCE_ESTIMATED {
		l.Estimated += n
		l.Guessed = l.Guessed.Add(times(u, n))
	}
}

func (s *sum) terminal(t [16]byte) {
	k := id{ticket: t, kind: KindTerminal}
	unknown := s.t.GetState() == signalboxv1.Terminal_STATE_UNKNOWN
	if !s.first(k, unknown, func(h held) { h.line.Unknown--; h.line.Requests-- }) {
		return
	}
	start := cmp.Or(s.t.GetStartNs(), s.t.GetTimeNs())
	l := s.line(start, place{team: s.t.GetTeam(), model: s.t.GetModel(), backend: s.t.GetBackend(), shadow: s.t.GetShadowOf() != ""})
	if l == nil {
		return
	}
	l.Requests++
	l.end(s.t.GetState(), 1)
	if unknown {
		s.open[k] = held{line: l}
	}
}

// adjust adds a correction.
func (s *sum) adjust(t [16]byte) {
	j := &s.j
	if !s.first(id{t, j.GetNumber(), j.GetSequence(), KindAdjustment}, true, nil) {
		return
	}
	s.adjustState(id{ticket: t, kind: KindTerminal}, j.GetState())
	l := s.line(j.GetStartNs(), place{team: j.GetTeam(), model: cmp.Or(j.GetRequestedModel(), j.GetServedModel(), j.GetModel()), backend: j.GetBackend(), shadow: j.GetShadowOf() != ""})
	if l == nil {
		return
	}
	delta := UsageOf(j.GetDelta())
	l.Usage = l.Usage.Add(delta)
	k := id{ticket: t, number: j.GetNumber(), kind: KindAttempt} // no other row may replace it now
	delete(s.open, k)
	usage := UsageOf(j.GetUsage())
	l.guess(j.GetWas(), usage.Add(times(delta, -1)), -1)
	l.guess(j.GetSource(), usage, 1)
	switch now, delta := j.CostPicoUsd, j.CostDeltaPicoUsd; {
	case delta != nil && now == nil: // it was known
		l.Unpriced++
		l.pay(delta, 1)
	case delta != nil:
		l.pay(delta, 1)
	case now != nil: // it was not known
		l.Unpriced--
		l.pay(now, 1)
	}
}

// adjustState moves a request from the unknown to what is known now.
func (s *sum) adjustState(k id, state signalboxv1.Terminal_State) {
	h, ok := s.open[k]
	if !ok || state == signalboxv1.Terminal_STATE_UNKNOWN || state == signalboxv1.Terminal_STATE_UNSPECIFIED {
		return
	}
	h.line.end(signalboxv1.Terminal_STATE_UNKNOWN, -1)
	h.line.end(state, 1)
	delete(s.open, k)
}

// end counts n requests that ended in state.
func (l *Line) end(state signalboxv1.Terminal_State, n int64) {
	switch state {
	case signalboxv1.Terminal_STATE_COMPLETED:
		l.Completed += n
	case signalboxv1.Terminal_STATE_CLIENT_GONE:
		l.ClientGone += n
	case signalboxv1.Terminal_STATE_REFUSED:
		l.Refused += n
	case signalboxv1.Terminal_STATE_UNKNOWN:
		l.Unknown += n
	default:
		l.Failed += n
	}
}

// line returns the line to count what is of in, nil when the query leaves it
// out.
func (s *sum) line(startNs uint64, of place) *Line {
	q, start := &s.q, time.Unix(0, int64(startNs)).UTC()
	switch {
	case !q.Since.IsZero() && start.Before(q.Since), !q.Until.IsZero() && !start.Before(q.Until),
		q.Team != "" && q.Team != of.team, q.Model != "" && q.Model != of.model, q.Backend != "" && q.Backend != of.backend:
		return nil
	}
	p := place{shadow: of.shadow}
	if q.By&ByDay != 0 {
		p.day = start.Format(time.DateOnly)
	}
	if q.By&ByTeam != 0 {
		p.team = of.team
	}
	if q.By&ByModel != 0 {
		p.model = of.model
	}
	if q.By&ByBackend != 0 {
		p.backend = of.backend
	}
	l := s.lines[p]
	if l == nil {
		l = &Line{Day: p.day, Team: p.team, Model: p.model, Backend: p.backend, Shadow: p.shadow}
		s.lines[p] = l
	}
	return l
}

func (s *sum) sorted() []Line {
	lines := make([]Line, 0, len(s.lines))
	for _, l := range s.lines {
		lines = append(lines, *l)
	}
	slices.SortFunc(lines, func(a, b Line) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.Team, b.Team), cmp.Compare(a.Model, b.Model), cmp.Compare(a.Backend, b.Backend), order(a.Shadow, b.Shadow))
	})
	return lines
}

// order sorts false before true.
func order(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

func times(u genai.Usage, n int64) genai.Usage {
	return genai.Usage{
		Input: n * u.Input, CacheRead: n * u.CacheRead, CacheWrite5m: n * u.CacheWrite5m, CacheWrite1h: n * u.CacheWrite1h,
		ToolUse: n * u.ToolUse, AudioInput: n * u.AudioInput, Output: n * u.Output, Reasoning: n * u.Reasoning,
	}
}
