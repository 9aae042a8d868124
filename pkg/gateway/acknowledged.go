package gateway

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/telemetry"
)

// clusters lists the names that the proxy serves.
type clusters func(ctx context.Context) ([]string, error)

// acknowledged knows which backends the proxy serves: a backend counts when
// both of its clusters are active. Without a way to ask, all count. Safe for
// concurrent use.
type acknowledged struct {
	ask     clusters // nil: the operator's proxy has what was rendered
	trust   bool     // all count until the proxy has said for the first time
	active  atomic.Pointer[map[string]bool]
	metrics *telemetry.Metrics
	log     *slog.Logger

	mu     sync.Mutex
	wanted map[string]*policy.Backend
	whole  time.Time // since when the proxy serves all that is wanted; zero: it does not
	kick   chan struct{}
}

func newAcknowledged(ask clusters, m *telemetry.Metrics, log *slog.Logger) *acknowledged {
	return &acknowledged{ask: ask, metrics: m, log: log, kick: make(chan struct{}, 1)}
}

// has reports whether backend may be used.
func (a *acknowledged) has(backend string) bool {
	if a.ask == nil {
		return true
	}
	m := a.active.Load()
	if m == nil {
		return a.trust
	}
	return (*m)[backend]
}

// want says which backends the proxy was given and starts asking.
func (a *acknowledged) want(backends map[string]*policy.Backend) {
	a.mu.Lock()
	a.wanted, a.whole = backends, time.Time{}
	a.mu.Unlock()
	a.again()
}

// since is when the proxy came to serve all that is wanted, nil when it does
// not.
func (a *acknowledged) since() *time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.whole.IsZero() {
		return nil
	}
	t := a.whole.UTC()
	return &t
}

// again asks anew: the proxy may have been replaced.
func (a *acknowledged) again() {
	select {
	case a.kick <- struct{}{}:
	default:
	}
}

// run asks the proxy until it serves all that is wanted, whenever that
// changes, and once in a while besides.
func (a *acknowledged) run(ctx context.Context) {
	if a.ask == nil {
		return
	}
	const eager, patient = 20 * time.Millisecond, 5 * time.Second
	wait := eager
	for {
		missing := a.look(ctx)
		a.metrics.BackendsAwaiting.Set(float64(missing))
		if missing == 0 {
			wait = patient
		}
		select {
		case <-ctx.Done():
			return
		case <-a.kick:
			wait = eager
		case <-time.After(wait):
			wait = min(wait*3/2, patient)
		}
	}
}

// look asks once and returns how many backends are missing. When the proxy
// does not answer, what it said last stays in force.
func (a *acknowledged) look(ctx context.Context) (missing int) {
	a.mu.Lock()
	wanted := a.wanted
	a.mu.Unlock()
	names, err := a.ask(ctx)
	if err != nil {
		a.log.Debug("envoy's clusters", slog.Any("error", err))
		return len(wanted)
	}
	serves := make(map[string]bool, len(names))
	for _, n := range names {
		serves[n] = true
	}
	active := make(map[string]bool, len(wanted))
	for name, b := range wanted {
		if serves[b.Cluster()] && serves[b.AttemptCluster()] {
			active[name] = true
		}
	}
	a.active.Store(&active)
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case len(active) < len(wanted):
		a.whole = time.Time{}
	case a.whole.IsZero() && len(wanted) == len(a.wanted):
		a.whole = time.Now()
	}
	return len(wanted) - len(active)
}
