package settle

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"

	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/ledger"
)

// verdict is what the ledger says of a request when all is added up.
type verdict struct {
	rows     map[uint32]*signalboxv1.Attempt
	terminal *signalboxv1.Terminal
	first    signalboxv1.Terminal_State // the first that was known: what a report counts
	adjusted map[uint32]uint32
	problem  string
}

func (w *world) verdict(requestID string) verdict {
	v := verdict{rows: map[uint32]*signalboxv1.Attempt{}, adjusted: map[uint32]uint32{}}
	for _, r := range w.ledger.records {
		switch m := proto.Clone(r).(type) {
		case *signalboxv1.Attempt:
			if m.GetRequestId() == requestID {
				if v.rows[m.GetNumber()] != nil {
					v.problem = fmt.Sprintf("two rows for attempt %d", m.GetNumber())
				}
				v.rows[m.GetNumber()] = m
			}
		case *signalboxv1.Terminal:
			if m.GetRequestId() == requestID {
				if v.terminal != nil {
					v.problem = "two terminals"
				}
				v.terminal, v.first = m, m.GetState()
			}
		case *signalboxv1.Adjustment:
			if m.GetRequestId() == requestID {
				v.adjust(m)
			}
		}
	}
	for i := range uint32(len(v.rows)) {
		if v.rows[i+1] == nil {
			v.problem = fmt.Sprintf("attempt %d has no row", i+1)
		}
	}
	return v
}

func (v *verdict) adjust(j *signalboxv1.Adjustment) {
	v.adjusted[j.GetNumber()]++
	if v.adjusted[j.GetNumber()] != j.GetSequence() || v.terminal == nil {
		v.problem = "an adjustment too much"
		return
	}
	v.terminal.State = j.GetState()
	if v.first == signalboxv1.Terminal_STATE_UNKNOWN {
		v.first = j.GetState()
	}
	if a := v.rows[j.GetNumber()]; a != nil {
		a.Usage = ledger.UsageRecord(ledger.UsageOf(a.GetUsage()).Add(ledger.UsageOf(j.GetDelta())))
		a.Outcome, a.Source, a.CostPicoUsd = j.GetOutcome(), j.GetSource(), j.CostPicoUsd
	}
}

// checkCosts holds the costs of rows, adjustments included, against their usage.
func (w *world) checkCosts(s *story, v verdict) {
	for n, a := range v.rows {
		want := new(int64)
		switch u := a.GetUsage(); {
		case a.GetOutcome() == signalboxv1.Attempt_OUTCOME_UNKNOWN && a.GetCostPicoUsd() == 0:
			want = a.CostPicoUsd // it may turn out that it never was
		case a.GetSource() == signalboxv1.Usage_SOURCE_NONE:
		case a.GetBackend() == "b":
			*want = 2*u.GetInput() + 3*u.GetOutput()
		default:
			want = nil
		}
		if cost(a.CostPicoUsd) != cost(want) {
			w.t.Errorf("request %d attempt %d costs %s, want %s: %v", s.n, n, cost(a.CostPicoUsd), cost(want), a)
		}
	}
}

func (w *world) check(s *story) {
	v := w.verdict(requestID(s.n))
	w.checkCosts(s, v)
	reached := slices.ContainsFunc(s.tries, func(x try) bool { return !x.silent })
	if !s.ticketed && (!reached || s.lost && s.written == 0) || !s.opened && s.lost && s.written == 0 {
		if v.terminal != nil || len(v.rows) > 0 {
			w.t.Errorf("request %d is of no concern and has rows", s.n)
		}
		return
	}
	if v.terminal == nil && v.problem == "" {
		v.problem = "no terminal"
	}
	if v.problem != "" {
		w.t.Errorf("request %d: %s", s.n, v.problem)
		return
	}
	if len(v.adjusted) > 0 && !v.terminal.GetUnwitnessed() && !s.metered {
		w.t.Errorf("request %d was witnessed and corrected", s.n)
	}
	if s.lost {
		w.checkLost(s, v)
		return
	}
	for i, x := range s.tries {
		a := v.rows[uint32(i+1)]
		if a == nil || !s.outcome(a, x) || a.GetBackend() != s.open.GetOrder()[i].GetBackend() || a.GetStranger() == s.ticketed && s.opened {
			w.t.Errorf("request %d attempt %d: %v, want %v", s.n, i+1, a, x)
			continue
		}
		if u := ledger.UsageOf(a.GetUsage()); !slices.Contains(s.due(i), u) {
			w.t.Errorf("request %d attempt %d: usage %+v, want one of %+v", s.n, i+1, u, s.due(i))
		}
	}
	for n, a := range v.rows {
		if int(n) > len(s.tries) && (a.GetOutcome() != signalboxv1.Attempt_OUTCOME_UNKNOWN || a.GetUsage() != nil) {
			w.t.Errorf("request %d has a row for an attempt that never was: %v", s.n, a)
		}
	}
	if want := s.state(); v.terminal.GetState() != want {
		w.t.Errorf("request %d: state %v, want %v", s.n, v.terminal.GetState(), want)
	}
}

// checkLost checks a request whose end was never logged: what was logged has
// its rows.
func (w *world) checkLost(s *story, v verdict) {
	logged := s.entries[:s.written]
	ended := slices.ContainsFunc(logged, func(e any) bool { _, ok := e.(Downstream); return ok })
	read := s.metered || len(s.tries) > 0 && s.tries[len(s.tries)-1].turned != "" && v.terminal.GetState() == signalboxv1.Terminal_STATE_FAILED
	if !ended && v.terminal.GetState() != signalboxv1.Terminal_STATE_UNKNOWN && !read {
		w.t.Errorf("request %d: state %v, want unknown", s.n, v.terminal.GetState())
	}
	for _, e := range logged {
		u, ok := e.(Upstream)
		if !ok {
			continue
		}
		found := slices.ContainsFunc(rowsOf(v), func(a *signalboxv1.Attempt) bool {
			status := a.GetStatus() == uint32(u.Status) || a.GetOutcome() == signalboxv1.Attempt_OUTCOME_REJECTED
			return a.GetBackend() == backendOf(u.Cluster) && status && a.GetStartNs() == uint64(u.Start.UnixNano())
		})
		if !found && len(v.adjusted) == 0 && !s.metered {
			w.t.Errorf("request %d: no row for the attempt at %s: %v", s.n, u.Cluster, rowsOf(v))
		}
	}
}

func rowsOf(v verdict) (all []*signalboxv1.Attempt) {
	for _, a := range v.rows {
		all = append(all, a)
	}
	return all
}

// checkReport compares the report of a real ledger with the verdicts.
func (w *world) checkReport(t *testing.T) {
	dir := t.TempDir()
	l, _, err := ledger.Open(dir, ledger.Options{SegmentSize: 4 << 10})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range w.ledger.records {
		if err := l.Append(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	lines, err := ledger.Report(dir, ledger.Query{})
	if err != nil {
		t.Fatal(err)
	}
	var got ledger.Line
	for _, x := range lines {
		if x.Requests != x.Completed+x.Failed+x.ClientGone+x.Refused+x.Unknown {
			t.Errorf("the states do not add up: %+v", x)
		}
		add(&got, x)
	}
	var want ledger.Line
	for _, s := range w.stories {
		if v := w.verdict(requestID(s.n)); v.terminal != nil {
			add(&want, v.line())
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func add(l *ledger.Line, x ledger.Line) {
	l.Requests += x.Requests
	l.Completed += x.Completed
	l.Failed += x.Failed
	l.ClientGone += x.ClientGone
	l.Unknown += x.Unknown
	l.Attempts += x.Attempts
	l.Strangers += x.Strangers
	l.Estimated += x.Estimated
	l.Usage = l.Usage.Add(x.Usage)
	l.Guessed = l.Guessed.Add(x.Guessed)
	l.Cost = l.Cost.Plus(x.Cost)
	l.Unpriced += x.Unpriced
}

// line is what a report must count for the request.
func (v *verdict) line() ledger.Line {
	l := ledger.Line{Requests: 1, Attempts: int64(len(v.rows))}
	switch v.first {
	case signalboxv1.Terminal_STATE_COMPLETED:
		l.Completed = 1
	case signalboxv1.Terminal_STATE_FAILED:
		l.Failed = 1
	case signalboxv1.Terminal_STATE_CLIENT_GONE:
		l.ClientGone = 1
	case signalboxv1.Terminal_STATE_UNKNOWN:
		l.Unknown = 1
	}
	for _, a := range v.rows {
		l.Usage = l.Usage.Add(ledger.UsageOf(a.GetUsage()))
		if a.GetSource() == signalboxv1.Usage_SOURCE_ESTIMATED {
			l.Estimated++
			l.Guessed = l.Guessed.Add(ledger.UsageOf(a.GetUsage()))
		}
		if a.GetStranger() {
			l.Strangers++
		}
		l.Cost = l.Cost.Add(genai.Money(a.GetCostPicoUsd()))
		if a.CostPicoUsd == nil {
			l.Unpriced++
		}
	}
	return l
}
