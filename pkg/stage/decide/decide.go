// Package decide is the stage that chooses: it asks pkg/route for the order of
// candidates and plans what each of them will be sent.
//
// Invariants: constraints are applied to the whole order, so every fallback
// obeys them; a candidate that the proxy has not acknowledged is never in it.
package decide

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/health"
	"github.com/signalbox-dev/signalbox/pkg/pipeline"
	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/route"
	"github.com/signalbox-dev/signalbox/pkg/route/account"
	"github.com/signalbox-dev/signalbox/pkg/signal"
)

// Stage decides with the exchange's pinned snapshot.
type Stage struct {
	// Acknowledged reports whether the proxy serves a backend's clusters. It is
	// called concurrently.
	Acknowledged func(backend string) bool
	// Grade says how ill a candidate is; nil: all are well. It is called
	// concurrently.
	Grade func(c *policy.Candidate) health.Grade
	// Speed says how fast a candidate has been of late; nil: nothing is known. It
	// is called concurrently.
	Speed func(c *policy.Candidate) health.Speed
	// Expect is how many tokens an answer is likely to have where the caller
	// allows maxOutput, 0 for any number; 0: not known. nil: it never is. It is
	// called concurrently.
	Expect func(r *policy.Route, m *policy.Model, stream bool, maxOutput int64) int64
	// Stick is route.Request.Stick; it is called concurrently.
	Stick func(n uint64) uint64
	// Leads remembers who is the fastest; nil: nobody does.
	Leads *route.Leads
	// AllIll is told the model of a request for which no candidate was well;
	// nil: nobody is.
	AllIll func(model string)
	// RuleFailed is told the name of a route whose condition failed; nil: nobody
	// is.
	RuleFailed func(route string)
	// NoShadow is told of a request that was to be copied, and that no candidate
	// may or can take; nil: nobody is.
	NoShadow func()
	// Dialects are all that backends speak, by family.
	Dialects map[string]*dialect.Dialect
}

// Name implements pipeline.Stage.
func (Stage) Name() string { return "decide" }

// Access implements pipeline.Stage.
func (Stage) Access() pipeline.Access {
	return pipeline.Access{
		Reads:  pipeline.SectionCaller | pipeline.SectionEndpoint | pipeline.SectionCall,
		Writes: pipeline.SectionDecision,
	}
}

// RequestBody implements pipeline.OnRequestBody.
func (s Stage) RequestBody(x *pipeline.Exchange) *fault.Error {
	began := time.Now()
	f := s.choose(x)
	x.Made.Took = time.Since(began)
	if f != nil {
		x.Made.Refused = f.Kind.Code()
	}
	return f
}

func (s Stage) choose(x *pipeline.Exchange) *fault.Error {
	m := &x.Made
	*m = account.Made{
		Allowed: x.Caller.Key.Models, Classes: x.Classes(), Pick: rand.Uint64(), Facts: facts(x),
		KeyName: x.Caller.Key.Name, Single: x.Single, Strict: x.Strict, Trace: x.Trace.ID(),
	}
	r := route.Request{
		Model:        x.Call.Model,
		Team:         x.Caller.Team,
		Allowed:      m.Allowed,
		Classes:      m.Classes,
		Acknowledged: s.Acknowledged,
		Takes:        func(b *policy.Backend) bool { return s.takes(x, b) },
		Grade:        s.Grade,
		Speed:        s.Speed,
		Pick:         m.Pick,
		Stick:        s.Stick,
		Facts:        m.Facts,
	}
	if s.Expect != nil && x.Snapshot.Estimates() {
		r.Expect = func(rt *policy.Route, m *policy.Model) int64 { return s.Expect(rt, m, x.Call.Stream, x.Call.MaxOutput) }
	}
	if s.Leads != nil && x.Snapshot.Estimates() {
		r.Leader = func(race route.Race) route.Leader { return s.Leads.Leader(race, x.Arrived) }
	}
	d, f := route.Decide(x.Snapshot, r)
	if d.Lead != "" && s.Leads != nil {
		s.Leads.Take(d.Race, d.Lead, x.Arrived)
	}
	x.Decision, m.Pick, m.Early = d, d.Weighed.Pick, len(d.Out)
	if s.RuleFailed != nil {
		for _, r := range d.Failed {
			s.RuleFailed(r.Name)
		}
	}
	if f != nil {
		return f
	}
	if s.AllIll != nil && d.AllIll() {
		s.AllIll(d.Model.Name)
	}
	if x.Single && len(d.Order) > 1 {
		x.Decision.Order = d.Order[:1]
		x.Note("x-signalbox-fallback", "off; session memory full")
	}
	x.Order = s.plan(x)
	if x.Strict {
		if f := lossless(x); f != nil {
			return f
		}
	}
	if f := first(x); f != nil {
		return f
	}
	s.shadow(x, r)
	return nil
}

// shadow plans a copy of the request, where its route asks for one.
func (s Stage) shadow(x *pipeline.Exchange, r route.Request) {
	if w := x.Decision.Route.Shadow; w == nil || x.Single || rand.Float64()*100 >= w.Percent {
		return
	}
	c, ok := route.Shadow(x.Snapshot, &x.Decision, r)
	switch {
	case ok:
		p := s.planned(x, c)
		x.Copy = &p
	case s.NoShadow != nil:
		s.NoShadow()
	}
}

// facts are what routes may look at; nil when none of them looks at anything.
func facts(x *pipeline.Exchange) *signal.Facts {
	if !x.Snapshot.Ruled() {
		return nil
	}
	return &signal.Facts{
		KeyID: x.Caller.Key.ID, KeyName: x.Caller.Key.Name,
		Operation: x.Endpoint.Operation, Time: x.Arrived, Headers: x.Head.Seen,
		Call: &x.Call, Front: x.Dialect.Front,
	}
}

// first writes the request for a translated first candidate. One for which it
// cannot be written is no candidate; the fault is that of the last one.
func first(x *pipeline.Exchange) *fault.Error {
	p := &x.Order[0]
	if !p.Translated || p.Owned {
		return nil
	}
	var f *fault.Error
	p.Body, p.Lost, f = x.Build(x.Room(len(x.Body)+1024), 0)
	if f == nil {
		return nil
	}
	x.Decision.Out = append(x.Decision.Out, route.Out{Backend: p.Candidate.Backend.Name, Reason: route.ReasonDialect})
	x.Order, x.Decision.Order = x.Order[1:], x.Decision.Order[1:]
	if len(x.Order) == 0 {
		return f
	}
	return nil
}

// takes reports whether b can be sent the request of x.
func (s Stage) takes(x *pipeline.Exchange, b *policy.Backend) bool {
	if b.Dialect == x.Dialect.Family {
		return true
	}
	d := s.Dialects[b.Dialect]
	return x.Dialect.Front != nil && d != nil && d.Back != nil && d.Back.Takes(x.Endpoint.Operation)
}

// plan says for each candidate how its request differs from the caller's.
func (s Stage) plan(x *pipeline.Exchange) []pipeline.Planned {
	gated := x.Decision.Route.Gates != 0 && !x.Single && x.Endpoint.Operation == genai.Chat
	order := make([]pipeline.Planned, len(x.Decision.Order))
	for i, c := range x.Decision.Order {
		p := s.planned(x, c)
		p.Owned = gated && x.Reader(&p) != nil || p.Translated && i > 0
		order[i] = p
	}
	return order
}

// planned says how the request for c differs from the caller's.
func (s Stage) planned(x *pipeline.Exchange, c policy.Candidate) pipeline.Planned {
	b := c.Backend
	p := pipeline.Planned{
		Candidate:  c,
		Dialect:    s.Dialects[b.Dialect],
		Translated: b.Dialect != x.Dialect.Family,
		Target:     dialect.Target{Model: c.Model, Kind: b.Kind, Drop: c.Drop, MaxOutput: c.MaxOutput},
	}
	p.Target.InjectUsage = b.InjectUsage && x.Call.Stream && (p.Translated || x.Dialect.Injects && !x.Call.WantsUsage)
	p.Path = path(x, &p)
	return p
}

func path(x *pipeline.Exchange, p *pipeline.Planned) string {
	call := dialect.Call{Operation: x.Endpoint.Operation, Model: p.Candidate.Model, Stream: x.Call.Stream}
	if p.Translated {
		return p.Dialect.Path(p.Candidate.Backend.BasePath, call)
	}
	call.Own = &x.Endpoint
	path := x.Dialect.Path(p.Candidate.Backend.BasePath, call)
	if x.Head.Query != "" {
		path += "?" + x.Head.Query
	}
	return path
}

// lossless takes the candidates out for which fields of the request would be
// lost. The fault is that of a request for which none is left.
func lossless(x *pipeline.Exchange) *fault.Error {
	kept := x.Order[:0:0]
	order := x.Decision.Order[:0:0]
	lost := map[string]bool{}
	var refused *fault.Error
	for i := range x.Order {
		var fields []string
		var f *fault.Error
		if x.Order[i].Translated {
			_, fields, f = x.Build(nil, i)
		}
		if f == nil && len(fields) == 0 {
			kept, order = append(kept, x.Order[i]), append(order, x.Decision.Order[i])
			continue
		}
		refused = f
		for _, name := range fields {
			lost[name] = true
		}
		x.Decision.Out = append(x.Decision.Out, route.Out{Backend: x.Order[i].Candidate.Backend.Name, Reason: route.ReasonLoss})
	}
	x.Order, x.Decision.Order = kept, order
	switch {
	case len(kept) > 0:
		return nil
	case refused != nil:
		return refused
	}
	names := strings.Join(slices.Sorted(maps.Keys(lost)), ", ")
	return fault.New(fault.FieldsLost, "No backend of the model can take the request without losing "+names+". Leave these fields out, or do without the header signalbox-strict.").With(names)
}
