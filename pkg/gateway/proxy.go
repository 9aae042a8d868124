package gateway

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/alert"
	"github.com/signalbox-dev/signalbox/pkg/envoy"
	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/xds"
)

// proxy is the Envoy beside us, as far as we can reach it.
type proxy struct {
	admin      *envoy.Admin
	supervisor *envoy.Supervisor // nil when the operator runs Envoy
	version    string            // of the one that is supervised
}

// openProxy prepares the Envoy that run supervises, or the way to ask the
// operator's.
func (g *Gateway) openProxy(ctx context.Context, snap *policy.Snapshot) error {
	switch {
	case g.opts.Supervise:
		if err := g.openSupervisor(ctx, snap); err != nil {
			return err
		}
		g.proxy.admin = g.proxy.supervisor.Admin()
	case snap.Envoy.Admin != "":
		g.proxy = &proxy{admin: envoy.NewAdmin(snap.Envoy.Admin)}
	}
	var ask clusters
	if g.proxy != nil || g.control != nil {
		ask = g.served
	}
	g.acks = newAcknowledged(ask, g.metrics, g.log)
	g.acks.trust = g.proxy == nil
	return nil
}

func (g *Gateway) openSupervisor(ctx context.Context, snap *policy.Snapshot) error {
	binary, err := envoy.Find(ctx, snap.Envoy.Binary)
	if err != nil {
		return err
	}
	in := input(snap, g.dir)
	out, err := xds.Bootstrap(in)
	if err != nil {
		return err
	}
	config := filepath.Join(in.Dir, "bootstrap.json")
	if err := replaceFile(config, out); err != nil {
		return fmt.Errorf("envoy's configuration: %w", err)
	}
	g.proxy = &proxy{version: binary.Version, supervisor: envoy.New(envoy.Options{
		Binary: binary, Dir: in.Dir, Config: config, Flags: xds.Flags(snap),
		Admin: "unix:" + filepath.Join(in.Dir, "admin.sock"), Log: g.log,
		Listen: func() string { return g.snapshot.Load().Envoy.Listen },
		Ready: func() {
			g.metrics.Envoy.Set(1)
			g.alerts.Notify(alert.Event{Kind: alert.EnvoyRestarted, Resolved: true})
			g.acks.again()
		},
		Gone: func(at time.Time) {
			g.metrics.Envoy.Set(0)
			g.metrics.EnvoyRestarts.Inc()
			g.alerts.Notify(alert.Event{Kind: alert.EnvoyRestarted})
			g.books.EnvoyGone(at)
		},
	})}
	return nil
}

// supervise runs the Envoy beside us until ctx ends; with the operator's there
// is nothing to do.
func (g *Gateway) supervise(ctx context.Context) error {
	if g.proxy == nil || g.proxy.supervisor == nil {
		<-ctx.Done()
		return nil
	}
	if _, err := g.proxy.supervisor.Start(ctx); err != nil {
		return fmt.Errorf("envoy: %w", err)
	}
	return g.proxy.supervisor.Run(ctx)
}

// stopProxy has the supervised Envoy finish what it serves and end.
func (g *Gateway) stopProxy(ctx context.Context) {
	if g.proxy != nil && g.proxy.supervisor != nil {
		g.proxy.supervisor.Stop(ctx)
	}
	g.metrics.Envoy.Set(0)
}

// proxyHealth says why Envoy does not serve.
func (g *Gateway) proxyHealth(ctx context.Context) error {
	if g.control != nil {
		if err := g.control.Err(); err != nil {
			return err
		}
		if _, known := g.control.Clusters(); !known && g.proxy == nil {
			return errNobody
		}
	}
	switch {
	case g.proxy == nil:
		return nil
	case g.proxy.supervisor != nil && g.proxy.supervisor.Err() != nil:
		return g.proxy.supervisor.Err()
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	return g.proxy.admin.Ready(ctx)
}
