package gateway

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/signalbox-dev/signalbox/pkg/alert"
	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/xds"
	"github.com/signalbox-dev/signalbox/pkg/xds/control"
)

// openControl prepares the way in which Envoy learns of backends and
// credentials.
func (g *Gateway) openControl(snap *policy.Snapshot) {
	g.creds = &credentials{dir: filepath.Join(g.dir, "envoy", "sds"), metrics: g.metrics, log: g.log, known: map[string]*credential{}}
	if !snap.Envoy.Control {
		return
	}
	g.control = control.New(control.Options{
		Log:     g.log,
		Changed: func() { g.acks.again() },
		Connected: func(n int) {
			g.connected.Store(int64(n))
			g.metrics.EnvoyConnected.Set(float64(n))
		},
		Answered: g.answered,
	})
	g.creds.tell = g.control.SetSecret
	if !g.opts.Supervise {
		return
	}
	// Credentials that an earlier run left on the disk.
	if err := os.RemoveAll(g.creds.dir); err != nil {
		g.log.Warn("old secret files", slog.Any("error", err))
	}
}

// answered counts what Envoy says of what it was sent. What it refuses of a
// changed file is told by the reload, too.
func (g *Gateway) answered(kind xds.Kind, taken bool) {
	result := "taken"
	if !taken {
		result = "refused"
	}
	g.metrics.EnvoyUpdates.WithLabelValues(kind.String(), result).Inc()
	e := alert.Event{Kind: alert.ReloadRefused, What: "envoy's " + kind.String(), Resolved: taken}
	if !taken {
		e.Detail = "Envoy keeps what it has; the log has the cause"
	}
	g.alerts.Notify(e)
}

var errNobody = errors.New("no Envoy has asked for its configuration: was its bootstrap rendered with -static? Then set envoy.control: files")

// served lists the clusters that Envoy serves: those that it has acknowledged,
// or while it is not connected those that it says it has.
func (g *Gateway) served(ctx context.Context) ([]string, error) {
	if g.control != nil {
		if names, known := g.control.Clusters(); known {
			return names, nil
		}
	}
	if g.proxy == nil {
		return nil, errNobody
	}
	return g.proxy.admin.Clusters(ctx)
}
