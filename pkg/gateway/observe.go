package gateway

import (
	"cmp"
	"iter"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/alert"
	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/pipeline"
	"github.com/signalbox-dev/signalbox/pkg/settle"
	"github.com/signalbox-dev/signalbox/pkg/telemetry"
	"github.com/signalbox-dev/signalbox/pkg/view"
	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// observer shows what was settled: metrics, spans, log lines. Labels come from
// the configuration or from closed lists.
type observer struct {
	metrics *telemetry.Metrics
	tracer  *telemetry.Tracer
	log     *slog.Logger
	alerts  alert.Notifier
	ward    *ward
	lengths *lengths
	view    *view.View
	forget  func(pipeline.Ticket)

	mu      sync.Mutex
	parents map[pipeline.Ticket]telemetry.Parent // of sampled, running requests
}

// maxParents bounds what sampling can make the observer remember.
const maxParents = 10000

// sampled remembers the span below which the attempts of x belong.
func (o *observer) sampled(x *pipeline.Exchange) {
	if !x.Trace.Sampled {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.parents) < maxParents {
		o.parents[x.Ticket] = telemetry.Parent{Trace: x.Trace.Trace, Span: x.Trace.Span}
	}
}

func (o *observer) parent(t pipeline.Ticket) (telemetry.Parent, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	p, ok := o.parents[t]
	delete(o.parents, t)
	return p, ok
}

func (o *observer) settled(s settle.Settled) {
	t := s.Terminal
	state := word(t.State.String(), "STATE_")
	var ticket pipeline.Ticket
	copy(ticket[:], t.Ticket)
	o.forget(ticket)
	o.view.Settled(s, time.Now())
	if t.ShadowOf != "" {
		o.copied(s)
		return // nothing else may depend on it
	}
	if t.State == signalboxv1.Terminal_STATE_REFUSED {
		return // counted where it was refused; its model may be any word
	}
	o.metrics.Requests.WithLabelValues(state, t.Route, t.Model, t.Team).Inc()
	o.metrics.Duration.WithLabelValues(t.Model, state).Observe(seconds(t.StartNs, t.TimeNs))
	if t.Attempts > 1 && t.State == signalboxv1.Terminal_STATE_COMPLETED {
		o.metrics.Fallbacks.WithLabelValues(t.Model).Inc()
		o.fellBack(s)
	}
	parent, sampled := o.parent(ticket)
	for _, a := range s.Attempts {
		o.attempt(a)
		o.lengths.learn(a)
		if sampled {
			o.tracer.Attempt(parent, span(a))
		}
	}
}

func (o *observer) ended(list []*signalboxv1.Attempt) {
	now := time.Now()
	for _, a := range list {
		if a.ShadowOf == "" {
			o.ward.observe(a, now)
		}
	}
}

// copied counts a copy of a request. How it went says nothing of how well its
// backend serves callers: that may be all that was to be found out.
func (o *observer) copied(s settle.Settled) {
	for _, a := range s.Attempts {
		o.accepted(a)
		o.metrics.Shadows.WithLabelValues(a.Backend, word(a.Outcome.String(), "OUTCOME_")).Inc()
		if a.CostPicoUsd != nil {
			o.metrics.ShadowCost.WithLabelValues(a.Provider).Add(genai.Money(*a.CostPicoUsd).USD())
		}
		for kind, n := range tokens(a.Usage) {
			o.metrics.ShadowTokens.WithLabelValues(kind, a.Provider).Add(float64(n))
		}
	}
}

// accepted ends the alert of a credential that was rejected.
func (o *observer) accepted(a *signalboxv1.Attempt) {
	if a.Outcome == signalboxv1.Attempt_OUTCOME_COMPLETED {
		o.alerts.Notify(alert.Event{Kind: alert.CredentialRejected, Backend: a.Backend, Resolved: true})
	}
}

// fellBack alerts that the first candidate did not serve. Outcomes are words of
// a closed list.
func (o *observer) fellBack(s settle.Settled) {
	if len(s.Attempts) < 2 {
		return
	}
	first, last := s.Attempts[0], s.Attempts[len(s.Attempts)-1]
	o.alerts.Notify(alert.Event{
		Kind: alert.Fallback, Backend: first.Backend, Model: s.Terminal.Model, RequestID: s.Terminal.RequestId,
		Detail: first.Backend + ": " + word(first.Outcome.String(), "OUTCOME_") + "; served by " + last.Backend,
	})
}

func (o *observer) attempt(a *signalboxv1.Attempt) {
	m := o.metrics
	o.accepted(a)
	m.Attempts.WithLabelValues(a.Backend, word(a.Outcome.String(), "OUTCOME_")).Inc()
	if a.FirstByteNs > a.StartNs {
		m.FirstByte.WithLabelValues(a.Backend).Observe(seconds(a.StartNs, a.FirstByteNs))
	}
	source := word(a.Source.String(), "SOURCE_")
	if a.Last && a.Source != signalboxv1.Usage_SOURCE_PROVIDER && a.Status < 400 {
		m.UsageMissing.WithLabelValues(source).Inc()
	}
	if a.CostPicoUsd == nil {
		m.Unpriced.WithLabelValues(a.RequestedModel, a.Provider).Inc()
	} else {
		m.Cost.WithLabelValues(a.Team, a.RequestedModel, a.Provider).Add(genai.Money(*a.CostPicoUsd).USD())
	}
	for kind, n := range tokens(a.Usage) {
		m.Tokens.WithLabelValues(kind, a.Team, a.RequestedModel, a.Provider, source).Add(float64(n))
	}
}

// tokens yields the counts of u that are not 0, by their word in metrics.
func tokens(u *signalboxv1.Usage) iter.Seq2[string, int64] {
	return func(yield func(string, int64) bool) {
		for _, t := range [...]struct {
			kind string
			n    int64
		}{
			{"input", u.GetInput()},
			{"cache_read", u.GetCacheRead()},
			{"cache_write", u.GetCacheWrite_5M() + u.GetCacheWrite_1H()},
			{"output", u.GetOutput()},
			{"reasoning", u.GetReasoning()},
		} {
			if t.n > 0 && !yield(t.kind, t.n) {
				return
			}
		}
	}
}

func (o *observer) event(e settle.Event) {
	o.metrics.WitnessEvents.WithLabelValues(e.Kind.String()).Inc()
	attrs := []any{slog.String("request_id", e.RequestID), slog.String("backend", e.Backend), slog.String("detail", e.Detail)}
	switch e.Kind {
	case settle.CredentialRejected:
		o.metrics.Credential.WithLabelValues(e.Backend).Inc()
		o.log.Error("provider rejected our credential", attrs...)
		o.alerts.Notify(alert.Event{Kind: alert.CredentialRejected, Backend: e.Backend, RequestID: e.RequestID, Detail: "renew the credential of backend " + e.Backend})
	case settle.Stranger, settle.Mismatch, settle.Unknown, settle.Late:
		o.log.Warn("witness", append(attrs, slog.String("event", e.Kind.String()))...)
	case settle.Fallback:
		o.log.Info("fallback", attrs...)
	case settle.Synthesized:
		o.log.Debug("synthesized", attrs...)
	}
}

func span(a *signalboxv1.Attempt) telemetry.AttemptSpan {
	s := telemetry.AttemptSpan{
		Start: stamp(a.StartNs), End: stamp(a.EndNs), Number: int(a.Number),
		Backend: a.Backend, Provider: a.Provider, Operation: a.Operation,
		Model: a.Model, ServedModel: a.ServedModel,
		Status: int(a.Status), Outcome: word(a.Outcome.String(), "OUTCOME_"), Source: word(a.Source.String(), "SOURCE_"),
		Input: a.Usage.GetInput(), Output: a.Usage.GetOutput(), CacheRead: a.Usage.GetCacheRead(), Reasoning: a.Usage.GetReasoning(),
		Failed: a.Outcome != signalboxv1.Attempt_OUTCOME_COMPLETED && a.Outcome != signalboxv1.Attempt_OUTCOME_CLIENT_GONE,
	}
	if first := cmp.Or(a.FirstTokenNs, a.FirstByteNs); first != 0 {
		s.FirstByte = stamp(first)
	}
	return s
}

// word is the enum value as metrics and rows show it: "completed".
func word(name, prefix string) string { return strings.ToLower(strings.TrimPrefix(name, prefix)) }

func stamp(ns uint64) time.Time { return time.Unix(0, int64(ns)) }

func seconds(from, to uint64) float64 {
	if to < from {
		return 0
	}
	return float64(to-from) / 1e9
}
