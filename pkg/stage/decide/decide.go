// Package decide is the stage that chooses: it asks pkg/route for the order of
// candidates and plans what each of them will be sent.
//
// Invariants: constraints are applied to the whole order, so every fallback
// obeys them; a candidate that the proxy has not acknowledged is never in it.
package decide

import (
	"math/rand/v2"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/pipeline"
	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/route"
)

// Stage decides with the exchange's pinned snapshot.
type Stage struct {
	// Acknowledged reports whether the proxy serves a backend's clusters. It is
	// called concurrently.
	Acknowledged func(backend string) bool
}

func (Stage) Name() string { return "decide" }

func (Stage) Access() pipeline.Access {
	return pipeline.Access{
		Reads:  pipeline.SectionCaller | pipeline.SectionEndpoint | pipeline.SectionCall,
		Writes: pipeline.SectionDecision,
	}
}

func (s Stage) RequestBody(x *pipeline.Exchange) *fault.Error {
	d, f := route.Decide(x.Snapshot, route.Request{
		Model:        x.Call.Model,
		Team:         x.Caller.Team,
		Allowed:      x.Caller.Key.Models,
		Classes:      x.Classes(),
		Acknowledged: s.Acknowledged,
		Pick:         rand.Uint64(),
	})
	x.Decision = d
	if f != nil {
		return f
	}
	if x.Single && len(d.Order) > 1 {
		x.Decision.Order = d.Order[:1]
		x.Note("x-signalbox-fallback", "off; session memory full")
	}
	x.Order = plan(x)
	return nil
}

// plan says for each candidate how its request differs from the caller's.
func plan(x *pipeline.Exchange) []pipeline.Planned {
	order := make([]pipeline.Planned, len(x.Decision.Order))
	for i, c := range x.Decision.Order {
		order[i] = pipeline.Planned{
			Candidate: c,
			Target:    dialect.Target{Model: c.Model, InjectUsage: c.Backend.InjectUsage && x.Call.Stream && !x.Call.WantsUsage},
			Path:      path(c.Backend, x),
		}
	}
	return order
}

func path(b *policy.Backend, x *pipeline.Exchange) string {
	p := b.BasePath + x.Endpoint.Path
	if x.Head.Query != "" {
		p += "?" + x.Head.Query
	}
	return p
}
