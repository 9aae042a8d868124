// Package builtin is the registry: explicit tables of the dialects and the
// stages that this build has, one line for each, in the order in which they
// act. Nothing registers itself.
package builtin

import (
	"sync/atomic"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/dialect/anthropic"
	"github.com/signalbox-dev/signalbox/pkg/dialect/gemini"
	"github.com/signalbox-dev/signalbox/pkg/dialect/openai"
	"github.com/signalbox-dev/signalbox/pkg/dialect/responses"
	"github.com/signalbox-dev/signalbox/pkg/health"
	"github.com/signalbox-dev/signalbox/pkg/key"
	"github.com/signalbox-dev/signalbox/pkg/pipeline"
	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/route"
	"github.com/signalbox-dev/signalbox/pkg/stage/authenticate"
	"github.com/signalbox-dev/signalbox/pkg/stage/decide"
	"github.com/signalbox-dev/signalbox/pkg/stage/fail"
	"github.com/signalbox-dev/signalbox/pkg/stage/hide"
	"github.com/signalbox-dev/signalbox/pkg/stage/list"
	"github.com/signalbox-dev/signalbox/pkg/stage/meter"
	"github.com/signalbox-dev/signalbox/pkg/stage/read"
	"github.com/signalbox-dev/signalbox/pkg/stage/record"
	"github.com/signalbox-dev/signalbox/pkg/stage/trace"
	"github.com/signalbox-dev/signalbox/pkg/stage/translate"
	"github.com/signalbox-dev/signalbox/pkg/telemetry"
)

// Dialects returns the dialects by name. Those whose name is that of their
// family are what backends speak.
func Dialects() map[string]dialect.Dialect {
	return map[string]dialect.Dialect{
		"openai":    openai.New(),
		"responses": responses.New(),
		"anthropic": anthropic.New(),
		"gemini":    gemini.New(),
	}
}

// Table is Dialects for those who hand them on.
func Table() map[string]*dialect.Dialect {
	all := map[string]*dialect.Dialect{}
	for name, d := range Dialects() {
		all[name] = &d
	}
	return all
}

// Translated names the dialects in which an answer may pass the proxy although
// its backend speaks another: those that callers use.
func Translated() []string { return []string{"openai", "anthropic", "gemini"} }

// Parts are what the stages share with the rest of the process.
type Parts struct {
	Keys         *atomic.Pointer[key.Set]
	Acknowledged func(backend string) bool
	Grade        func(c *policy.Candidate) health.Grade
	Speed        func(c *policy.Candidate) health.Speed
	Stick        func(n uint64) uint64 // of sticky orders and canaries
	Expect       func(r *policy.Route, m *policy.Model, stream bool, maxOutput int64) int64
	Dialects     map[string]*dialect.Dialect
	Books        interface {
		record.Books
		pipeline.Meterer
	}
	Witness bool
	Tracer  *telemetry.Tracer
	Metrics *telemetry.Metrics
}

// allIll counts a request for which no candidate was well.
func (p Parts) allIll(model string) { p.Metrics.AllIll.WithLabelValues(model).Inc() }

// ruleFailed counts a condition of a route that failed.
func (p Parts) ruleFailed(route string) { p.Metrics.RuleErrors.WithLabelValues(route).Inc() }

// noShadow counts a copy of a request that no candidate may or can take.
func (p Parts) noShadow() { p.Metrics.ShadowsSkipped.WithLabelValues("no_candidate").Inc() }

// Stages returns the stages in order.
func Stages(p Parts) []pipeline.Stage {
	return []pipeline.Stage{
		read.Stage{},                     // understand the head; later, the body: refuse what is ambiguous
		authenticate.Stage{Keys: p.Keys}, // before the body is received: strangers cost nothing
		list.Stage{},                     // answers that need no provider
		decide.Stage{RuleFailed: p.ruleFailed, NoShadow: p.noShadow, Acknowledged: p.Acknowledged, Grade: p.Grade, AllIll: p.allIll, Speed: p.Speed, Expect: p.Expect, Stick: p.Stick, Leads: new(route.Leads), Dialects: p.Dialects}, // the order, within the constraints
		record.Stage{Books: p.Books},  // in the books before any provider sees it
		trace.Stage{Tracer: p.Tracer}, // last of the request: it shows what the others decided
		fail.Stage{},                  // what an error answer becomes
		meter.Stage{Books: p.Books, Witness: p.Witness, Metrics: p.Metrics}, // reads the provider's bytes
		hide.Stage{}, // after the meter: it removes what that needs
		translate.Stage{Books: p.Books, Witness: p.Witness, Metrics: p.Metrics}, // last of the answer: the others read the provider's bytes
	}
}
