package gateway

import (
	"cmp"
	"log/slog"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/alert"
	"github.com/signalbox-dev/signalbox/pkg/health"
	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/telemetry"
	"github.com/signalbox-dev/signalbox/pkg/view"
	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// ward feeds the book of health with settled attempts, asks it for decisions,
// and shows what changes in it.
type ward struct {
	book    *health.Book
	metrics *telemetry.Metrics
	log     *slog.Logger
	alerts  alert.Notifier
	view    *view.View
}

// stale is how old an attempt's end may be to say something about now: after a
// restart the proxy's log is read from where it was left.
const stale = 30 * time.Second

func newWard(m *telemetry.Metrics, log *slog.Logger, alerts alert.Notifier, v *view.View) *ward {
	return &ward{book: health.New(), metrics: m, log: log, alerts: alerts, view: v}
}

// configure takes the candidates and thresholds of a snapshot.
func (w *ward) configure(s *policy.Snapshot) {
	h := s.Health
	var groups [][]health.Key
	if h.Enabled {
		for _, name := range s.Names() {
			var g []health.Key
			for i := range s.Models[name].Candidates {
				g = append(g, cellOf(&s.Models[name].Candidates[i]))
			}
			groups = append(groups, g)
		}
	}
	gone := w.book.Configure(health.Options{Window: h.Window, ErrorRate: h.ErrorRate, SlowFactor: h.SlowFactor, Rest: h.Rest, Probe: h.Probe}, groups)
	for _, k := range gone {
		w.metrics.Breakers.DeleteLabelValues(k.Backend, k.Model)
		w.alerts.Notify(alert.Event{Kind: alert.BreakerOpen, Backend: k.Backend, Model: k.Model, Resolved: true})
	}
}

func cellOf(c *policy.Candidate) health.Key {
	return health.Key{Backend: c.Backend.Name, Model: c.Model}
}

// grade says how ill a candidate is, for one request.
func (w *ward) grade(c *policy.Candidate) health.Grade {
	return w.book.Grade(cellOf(c), rand.Uint64(), time.Now()) //nolint:gosec // a share of requests is no secret
}

// speed is how fast a candidate has been of late.
func (w *ward) speed(c *policy.Candidate) health.Speed { return w.book.Speed(cellOf(c), time.Now()) }

// observe takes an attempt that ended.
func (w *ward) observe(a *signalboxv1.Attempt, now time.Time) {
	if now.Sub(stamp(a.EndNs)) > stale {
		return
	}
	if s, ok := sample(a); ok {
		w.book.Observe(health.Key{Backend: a.Backend, Model: a.Model}, s, now)
	}
}

// sample is what an attempt says about its backend, false for nothing: callers
// who left, and requests that were wrong.
func sample(a *signalboxv1.Attempt) (s health.Sample, ok bool) {
	if a.Stream && a.FirstByteNs > a.StartNs {
		s.FirstByte = time.Duration(a.FirstByteNs - a.StartNs)
	}
	if a.Stream && a.FirstTokenNs > a.StartNs {
		s.FirstToken = time.Duration(a.FirstTokenNs - a.StartNs)
	}
	switch a.Outcome {
	case signalboxv1.Attempt_OUTCOME_COMPLETED:
		if told(a) {
			s.Output, s.Writing = a.Usage.GetOutput(), writing(a)
		}
		return s, true
	case signalboxv1.Attempt_OUTCOME_RATE_LIMITED:
		s.Result, s.Retry = health.Refusal, time.Duration(a.RetryAfterNs)
		return s, true
	case signalboxv1.Attempt_OUTCOME_CONNECT_FAILURE, signalboxv1.Attempt_OUTCOME_RESET, signalboxv1.Attempt_OUTCOME_TIMEOUT,
		signalboxv1.Attempt_OUTCOME_NO_HOST, signalboxv1.Attempt_OUTCOME_CREDENTIAL_REJECTED, signalboxv1.Attempt_OUTCOME_CUT:
		s.Result = health.Failure
		return s, true
	case signalboxv1.Attempt_OUTCOME_HTTP_ERROR:
		s.Result = health.Failure
		return s, a.Status >= 500
	case signalboxv1.Attempt_OUTCOME_REJECTED:
		s.Result = health.Failure
		return s, !strings.Contains(a.Details, "content_filter")
	}
	return s, false
}

// writing is how long a's answer took, without the time until it began where it
// is a stream.
func writing(a *signalboxv1.Attempt) time.Duration {
	from := a.StartNs
	if a.Stream {
		from = cmp.Or(a.FirstTokenNs, a.FirstByteNs)
	}
	if from == 0 || a.EndNs < from {
		return 0
	}
	return time.Duration(a.EndNs - from)
}

// tick shows what changed.
func (w *ward) tick(now time.Time) {
	for _, c := range w.book.Tick(now) {
		w.view.Breaker(c, now)
		w.metrics.Breakers.WithLabelValues(c.Key.Backend, c.Key.Model).Set(level(c.State))
		w.metrics.BreakerChanges.WithLabelValues(c.Key.Backend, c.Key.Model, c.State.String(), c.Grade.String()).Inc()
		attrs := []any{slog.String("backend", c.Key.Backend), slog.String("model", c.Key.Model), slog.String("state", c.State.String()), slog.String("reason", c.Grade.String())}
		e := alert.Event{Kind: alert.BreakerOpen, Backend: c.Key.Backend, Model: c.Key.Model}
		switch c.State {
		case health.Open:
			e.Detail = "it is " + c.Grade.String() + "; the model's other candidates come first"
			w.alerts.Notify(e)
			w.log.Warn("breaker", attrs...)
		case health.Closed:
			e.Resolved = true
			w.alerts.Notify(e)
			w.log.Info("breaker", attrs...)
		case health.HalfOpen:
			w.log.Info("breaker", attrs...)
		}
	}
}

func level(s health.State) float64 {
	switch s {
	case health.Open:
		return 2
	case health.HalfOpen:
		return 1
	case health.Closed:
	}
	return 0
}
