// Package trace is the stage that shows the decision as a span below the
// proxy's own, and remembers that span as the parent of the attempts'.
//
// Invariants: spans carry names, counts and reasons, never content, keys or
// tickets; an exchange whose trace is not sampled costs nothing.
package trace

import (
	"cmp"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/pipeline"
	"github.com/signalbox-dev/signalbox/pkg/route/account"
	"github.com/signalbox-dev/signalbox/pkg/telemetry"
	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// Stage emits the decision's span.
type Stage struct{ Tracer *telemetry.Tracer }

// Name implements pipeline.Stage.
func (Stage) Name() string { return "trace" }

// Access implements pipeline.Stage.
func (Stage) Access() pipeline.Access {
	return pipeline.Access{Reads: pipeline.SectionCaller | pipeline.SectionCall | pipeline.SectionDecision}
}

// RequestBody implements pipeline.OnRequestBody.
func (s Stage) RequestBody(x *pipeline.Exchange) *fault.Error {
	Decision(s.Tracer, x, "")
	return nil
}

// Decision emits the span of the decision, refused with a code or not.
func Decision(t *telemetry.Tracer, x *pipeline.Exchange, code string) {
	if t == nil || x.Trace.Parent != "" && !x.Trace.Sampled {
		x.Trace.Sampled = false
		return
	}
	s := telemetry.DecisionSpan{
		Traceparent: x.Trace.Parent, Start: x.Arrived, End: time.Now(),
		RequestID: x.Head.ID, ClientID: x.Head.ClientID,
		Operation: string(x.Endpoint.Operation), Model: cmp.Or(x.Decision.Asked, x.Call.Model), Team: x.Caller.Team,
		Class: x.Decision.Class, Policy: x.Snapshot.Version, Refused: code,
	}
	if x.Caller.Key != nil {
		s.KeyID = x.Caller.Key.ID
	}
	if x.Decision.Route != nil {
		s.Route, s.Channel = x.Decision.Route.Name, x.Decision.Channel
	}
	for _, p := range x.Order {
		s.Order = append(s.Order, p.Candidate.Backend.Name+"/"+p.Candidate.Model)
	}
	for _, o := range x.Decision.Out {
		s.Out = append(s.Out, o.Backend+": "+string(o.Reason))
	}
	for _, g := range x.Decision.Graded {
		s.Graded = append(s.Graded, g.Backend+": "+g.Grade.String())
	}
	s.Account = func() telemetry.Account { return told(x) }
	p, ok := t.Decision(s)
	x.Trace.Sampled, x.Trace.Trace, x.Trace.Span = ok, p.Trace, p.Span
}

// told is the account of the decision.
func told(x *pipeline.Exchange) (t telemetry.Account) {
	if x.Decision.Policy == "" {
		return t
	}
	o := &signalboxv1.Open{Model: x.Call.Model, Class: x.Decision.Class, Policy: x.Snapshot.Version, Decision: account.Append(nil, &x.Decision, &x.Made)}
	if x.Decision.Route != nil {
		o.Route = x.Decision.Route.Name
	}
	a, err := account.Read(o)
	if err != nil {
		return t
	}
	v := a.Show(x.Snapshot)
	t.Objective, t.Model, t.Took = v.Objective, v.Model, x.Made.Took
	for _, r := range v.Rules {
		t.Rules = append(t.Rules, r.Name+": "+r.Result)
	}
	for _, f := range v.Signals {
		t.Signals = append(t.Signals, f.Name+": "+f.Value)
	}
	for _, c := range v.Candidates {
		k := telemetry.Candidate{Backend: c.Backend, Model: c.Model, Region: c.Region, Signal: c.Signal, Code: c.Code, Reason: c.Reason}
		if c.Order != nil {
			k.Order = *c.Order
		}
		t.Candidates = append(t.Candidates, k)
	}
	return t
}
