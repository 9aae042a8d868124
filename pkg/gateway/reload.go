package gateway

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/signalbox-dev/signalbox/pkg/alert"
	"github.com/signalbox-dev/signalbox/pkg/key"
	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/view"
)

// watch follows the configuration, the keys and the credentials until ctx
// ends. File events make it quick; the clock makes it sure, since not every
// file system has events.
func (g *Gateway) watch(ctx context.Context) {
	events := make(chan fsnotify.Event)
	if w, err := fsnotify.NewWatcher(); err != nil {
		g.log.Warn("no file events: changes are seen within a second", slog.Any("error", err))
	} else {
		defer w.Close()
		events = w.Events
		for _, dir := range []string{filepath.Dir(g.opts.ConfigFile), g.dir} {
			if err := w.Add(dir); err != nil {
				g.log.Warn("no file events", slog.String("dir", dir), slog.Any("error", err))
			}
		}
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case err := <-g.pending.settled():
			g.finish(ctx, err)
		case _, ok := <-events:
			if !ok {
				events = nil
				continue
			}
			g.reload(ctx)
		case now := <-tick.C:
			g.reload(ctx)
			g.creds.refresh(ctx, now)
			g.store.Sweep(now)
			g.dropRetired(now)
		}
	}
}

// reload takes what changed on disk since it last looked.
func (g *Gateway) reload(ctx context.Context) {
	if info, err := os.Stat(g.opts.ConfigFile); err == nil && !same(info, g.configInfo) {
		g.configInfo = info
		g.reloadConfig(ctx)
	}
	if info, err := os.Stat(KeyFile(g.dir)); !same(info, g.keyInfo) && (err == nil || errors.Is(err, os.ErrNotExist)) {
		g.keyInfo = info
		g.reloadKeys()
	}
}

func same(a, b os.FileInfo) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}

func (g *Gateway) reloadKeys() {
	set, err := key.Load(KeyFile(g.dir))
	if err != nil {
		g.metrics.Reloads.WithLabelValues("keys", "error").Inc()
		g.log.Error("keys not reloaded; the old ones stay in force", slog.Any("error", err))
		g.alerts.Notify(alert.Event{Kind: alert.ReloadRefused, What: "keys", Detail: "the log has the cause"})
		return
	}
	g.kept = set
	g.keys.Store(set.With(Declared(g.snapshot.Load())))
	g.alerts.Notify(alert.Event{Kind: alert.ReloadRefused, What: "keys", Resolved: true})
	g.metrics.Reloads.WithLabelValues("keys", "ok").Inc()
	g.log.Info("keys reloaded")
}

// reloadConfig compiles the file and, when all of it is good, gives it to Envoy
// and puts it in force. The old configuration stays in force otherwise.
func (g *Gateway) reloadConfig(ctx context.Context) {
	data, err := os.ReadFile(g.opts.ConfigFile)
	if err != nil {
		g.keepOld(err)
		return
	}
	if sum := sha256.Sum256(data); sum == g.configSum {
		return
	} else {
		g.configSum = sum
	}
	began := time.Now()
	l, err := g.loaded.next(g.opts.ConfigFile, g.opts.StateDir, data)
	if err != nil {
		g.keepOld(err)
		return
	}
	g.loaded = l
	load := view.Load{By: "file watch", Text: data, Compile: time.Since(began)}
	next := l.snapshot
	old := g.snapshot.Load()
	for _, what := range append(policy.NeedsEnvoyRestart(old, next), policy.NeedsRestart(old, next)...) {
		g.log.Warn("setting changed that takes a restart; the old value stays in force", slog.String("setting", what))
	}
	next = next.Keep(old)
	sinks, err := alert.Resolve(ctx, next.Alerts)
	if err != nil {
		g.keepOld(err)
		return
	}
	if err := g.creds.sync(ctx, next); err != nil {
		g.keepOld(err)
		return
	}
	g.keepPolicy(next.Version, data)
	if err := g.apply(ctx, change{old: old, next: next, sinks: sinks, load: load, checked: l.checked}); err != nil {
		g.keepOld(err)
	}
}

// keepPolicy keeps a configuration that goes in force. Nothing but replay needs
// it.
func (g *Gateway) keepPolicy(version string, data []byte) {
	if err := keepPolicy(g.dir, version, data); err != nil {
		g.log.Error("configuration not kept: decisions by it cannot be replayed", slog.Any("error", err))
	}
}

func (g *Gateway) keepOld(err error) {
	g.metrics.Reloads.WithLabelValues("config", "error").Inc()
	g.metrics.ConfigGood.Set(0)
	version := g.snapshot.Load().Version
	g.view.Refused(err, time.Now())
	g.log.Error("configuration not reloaded; the old one stays in force", slog.String("version", version), slog.Any("error", err))
	g.alerts.Notify(alert.Event{Kind: alert.ReloadRefused, What: "config", Detail: "version " + version + " stays in force; signalbox check says what is wrong"})
}
