package gateway

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"path/filepath"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/alert"
	"github.com/signalbox-dev/signalbox/pkg/config"
	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/view"
	"github.com/signalbox-dev/signalbox/pkg/xds"
	"github.com/signalbox-dev/signalbox/pkg/xds/control"
)

// retire is how long a backend that left the configuration stays in Envoy:
// running requests may still fail over to it.
const retire = 2 * time.Minute

// retired is a backend that left the configuration.
type retired struct {
	backend *policy.Backend
	until   time.Time
}

// change is a configuration on its way into force.
type change struct {
	old, next *policy.Snapshot
	sinks     *alert.Settings
	load      view.Load
	checked   *config.Checked
	retired   map[string]retired // as they were before

	cancel context.CancelFunc
	answer chan error // of Envoy
}

// settled is where Envoy's answer comes; c may be nil.
func (c *change) settled() <-chan error {
	if c == nil {
		return nil
	}
	return c.answer
}

// awaitEnvoy is how long a change waits for Envoy: longer than it tries to
// resolve a name.
const awaitEnvoy = 5 * time.Second

// begin gives Envoy the first configuration and puts it in force.
func (g *Gateway) begin(s *policy.Snapshot) error {
	if _, err := g.publish(s); err != nil {
		return err
	}
	g.force(nil, s)
	return nil
}

// apply gives Envoy the backends of a change and, as soon as it has taken them,
// puts it in force: the first decision by the new policy finds all of it there.
// Backends that left stay in Envoy for a while. A change that still waits is
// given up for a newer one.
func (g *Gateway) apply(ctx context.Context, c change) error {
	if g.pending != nil {
		g.pending.cancel()
		g.retired, g.pending = g.pending.retired, nil
	}
	c.retired = maps.Clone(g.retired)
	for name, b := range c.old.Backends {
		if c.next.Backends[name] == nil {
			g.retired[name] = retired{b, time.Now().Add(retire)}
		}
	}
	for name := range c.next.Backends {
		delete(g.retired, name)
	}
	changed, err := g.publish(c.next)
	if err != nil {
		g.retired = c.retired
		return err
	}
	if g.control == nil || !changed {
		g.accept(&c)
		return nil
	}
	ctx, c.cancel = context.WithTimeout(ctx, awaitEnvoy)
	c.answer = make(chan error, 1)
	g.pending = &c
	go func() { c.answer <- g.control.Settled(ctx) }()
	return nil
}

// finish ends a change that waited for Envoy.
func (g *Gateway) finish(ctx context.Context, err error) {
	c := g.pending
	g.pending = nil
	c.cancel()
	switch {
	case errors.Is(err, control.ErrRefused):
		g.retired = c.retired
		if err := g.creds.sync(ctx, c.old); err != nil {
			g.log.Error("credentials", slog.Any("error", err))
		}
		if _, err := g.publish(c.old); err != nil {
			g.log.Error("envoy's configuration", slog.Any("error", err))
		}
		g.keepOld(err)
		return
	case err != nil && ctx.Err() == nil:
		g.log.Warn("envoy has not taken all of the configuration yet; backends that it lacks are left out", slog.Any("error", err))
	}
	g.accept(c)
}

// accept puts a change in force.
func (g *Gateway) accept(c *change) {
	began := time.Now()
	g.force(c.old, c.next)
	c.load.At, c.load.Version, c.load.Swap = time.Now(), c.next.Version, time.Since(began)
	g.alerts.Configure(c.sinks)
	g.alerts.Notify(alert.Event{Kind: alert.ReloadRefused, What: "config", Resolved: true})
	g.metrics.Reloads.WithLabelValues("config", "ok").Inc()
	g.log.Info("configuration reloaded", slog.String("version", c.next.Version))
	g.show(c.load, c.checked)
}

func (g *Gateway) force(old, next *policy.Snapshot) {
	g.ward.configure(next)
	if old != nil {
		g.metrics.Config.DeleteLabelValues(old.Version)
	}
	g.past.add(next)
	g.snapshot.Store(next)
	g.keys.Store(g.kept.With(Declared(next)))
	g.metrics.Config.WithLabelValues(next.Version).Set(1)
}

// publish gives Envoy the backends of s and those that have left it a short
// while ago. Changed says that Envoy has something to take.
func (g *Gateway) publish(s *policy.Snapshot) (changed bool, err error) {
	all := *s
	all.Backends = maps.Clone(s.Backends)
	for name, r := range g.retired {
		all.Backends[name] = r.backend
	}
	if changed, err = g.hand(input(&all, g.dir)); err != nil {
		return changed, err
	}
	g.acks.want(all.Backends)
	return changed, nil
}

// hand gives Envoy what it asks for, or the file of its clusters.
func (g *Gateway) hand(in xds.Input) (changed bool, err error) {
	if g.control == nil {
		out, err := xds.Clusters(in)
		if err != nil {
			return false, err
		}
		return true, replaceFile(filepath.Join(in.Dir, "cds.json"), out)
	}
	all, err := xds.Resources(in)
	if err != nil {
		return false, err
	}
	return g.control.Set(in.Snapshot.Version, all)
}

func (g *Gateway) dropRetired(now time.Time) {
	if g.pending != nil {
		return // Envoy has enough to do
	}
	n := len(g.retired)
	maps.DeleteFunc(g.retired, func(_ string, r retired) bool { return now.After(r.until) })
	if len(g.retired) == n {
		return
	}
	if _, err := g.publish(g.snapshot.Load()); err != nil {
		g.log.Error("envoy's clusters", slog.Any("error", err))
	}
}
