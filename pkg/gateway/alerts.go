package gateway

import (
	"context"
	"fmt"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/alert"
	"github.com/signalbox-dev/signalbox/pkg/policy"
)

// openAlerts prepares to tell the sinks of the configuration.
func (g *Gateway) openAlerts(ctx context.Context, snap *policy.Snapshot) error {
	m := g.metrics
	g.alerts = alert.New(alert.Options{
		Log:     g.log,
		Told:    func(sink, result string) { m.AlertMessages.WithLabelValues(sink, result).Inc() },
		Dropped: func(reason string) { m.AlertsDropped.WithLabelValues(reason).Inc() },
		Firing:  func(kind string, n int) { m.AlertsFiring.WithLabelValues(kind).Set(float64(n)) },
	})
	sinks, err := alert.Resolve(ctx, snap.Alerts)
	if err != nil {
		return fmt.Errorf("%w\nset what is missing, or take the sink out of %s", err, g.opts.ConfigFile)
	}
	g.alerts.Configure(sinks)
	return nil
}

// blindness alerts when the proxy's log cannot be read for longer than a
// rotation or a slow disk explains.
type blindness struct {
	alerts alert.Notifier
	since  time.Time // zero: the log can be read
}

// patience is how long the log may be unreadable.
const patience = 5 * time.Second

func (b *blindness) see(blind bool, now time.Time) {
	switch {
	case !blind:
		b.since = time.Time{}
		b.alerts.Notify(alert.Event{Kind: alert.WitnessDown, Resolved: true})
	case b.since.IsZero():
		b.since = now
	case now.Sub(b.since) >= patience:
		b.since = now // once in a while is enough
		b.alerts.Notify(alert.Event{Kind: alert.WitnessDown, Detail: "the log has the cause"})
	}
}
