package gateway

import (
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/alert"
	"github.com/signalbox-dev/signalbox/pkg/config"
	"github.com/signalbox-dev/signalbox/pkg/health"
	"github.com/signalbox-dev/signalbox/pkg/ledger"
	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/settle"
	"github.com/signalbox-dev/signalbox/pkg/view"
	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// openView makes what the admin endpoint shows. What it asks for is set before
// the endpoint serves.
func (g *Gateway) openView(snap *policy.Snapshot) {
	g.snapshot.Store(snap) // apply does the rest
	g.view = view.New(view.Options{
		Version: g.opts.Version, Started: time.Now(), Loopback: loopback(snap.Admin.Listen),
		Snapshot: g.snapshot.Load, Keys: g.keys.Load,
		Policy: func(version string) *policy.Snapshot {
			if s := g.past.of(version); s != nil && s.Version == version {
				return s
			}
			s, err := Policy(g.dir, version)
			if err != nil {
				return nil
			}
			return s
		},
		Find: g.find, Replay: g.again,
		Health:  func(now time.Time) []health.Status { return g.ward.book.Status(now) },
		Envoys:  g.envoys,
		Running: func() int { return g.books.Len() },
		Append:  func() time.Duration { return time.Duration(g.appendTook.Load()) },
		Alerts:  func() []view.Item { return items(g.alerts.Firing()) },
	})
}

// find looks for the last request of a name that ended in the ledger.
func (g *Gateway) find(id string) *view.Found {
	stories, err := Find(g.dir, id)
	if err != nil {
		g.log.Debug("not found in the ledger", slog.Any("error", err))
	}
	for _, s := range slices.Backward(stories) {
		if s.Terminal != nil {
			return &view.Found{Settled: settle.Settled{Open: s.Open, Attempts: s.Attempts, Terminal: s.Terminal}, Adjustments: s.Adjustments}
		}
	}
	return nil
}

// again makes a decision again.
func (g *Gateway) again(o *signalboxv1.Open) (*view.Replayed, error) {
	r, err := Replay(g.dir, g.snapshot.Load(), o)
	if err != nil {
		return nil, err
	}
	v := &view.Replayed{Identical: r.Identical, Compared: r.Compared, Differs: r.Differs, Policy: r.Policy, Took: r.TookUS}
	v.Today.Policy, v.Today.Same, v.Today.Unsure = r.Today.Policy, r.Today.Same, r.Today.Unsure
	return v, nil
}

// remember shows what the ledger had before this process.
func (g *Gateway) remember() {
	began := time.Now()
	var bad error
	g.view.Fill(func(yield func(ledger.Entry, error) bool) {
		for e, err := range ledger.ReadUntil(LedgerDir(g.dir), began.Add(-view.Horizon), g.before) {
			if err != nil {
				bad = err
			}
			if !yield(e, err) {
				return
			}
		}
	})
	if bad != nil {
		g.log.Error("not all of the ledger could be read for the admin endpoint's figures", slog.Any("error", bad))
	}
	g.log.Debug("figures of the ledger", slog.Duration("took", time.Since(began)))
}

// show tells of the configuration that is in force from now on.
func (g *Gateway) show(l view.Load, c *config.Checked) {
	l.File, l.Lints = g.opts.ConfigFile, c.Lint(nil)
	g.view.Loaded(l)
	g.metrics.ConfigGood.Set(1)
	g.metrics.ConfigLoaded.Set(float64(l.At.Unix()))
}

// host is the name or address of a host:port.
func host(listen string) string {
	name, _, err := net.SplitHostPort(listen)
	if err != nil {
		return ""
	}
	return name
}

func loopback(listen string) bool {
	name := host(listen)
	if name == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(name)
	return err == nil && addr.IsLoopback()
}

// items are alerts as the page lists them.
func items(list []alert.Alert) []view.Item {
	all := make([]view.Item, 0, len(list))
	for _, a := range list {
		e, since := a.Event, a.Starts.UTC()
		i := view.Item{Signal: "held", Text: e.Kind.Title(), More: e.Detail, Since: &since, Href: "#/overview"}
		if e.Kind.Severity() == "critical" {
			i.Signal = "closed"
		}
		switch e.Kind {
		case alert.BreakerOpen:
			i.Text, i.Href = "Breaker open: "+e.Model+" on "+e.Backend, "#/models"
		case alert.Fallback:
			i.Text, i.Href = "Fallbacks: "+e.Model+" is served by a later candidate than "+e.Backend, "#/decisions?only=fallback"
		case alert.CredentialRejected:
			i.Text, i.Href = "Credential rejected: backend "+e.Backend, "#/models"
		case alert.ReloadRefused:
			i.Text, i.Href = "Reload refused: "+e.What, "#/config"
		case alert.LedgerDown, alert.WitnessDown, alert.EnvoyRestarted:
		}
		all = append(all, i)
	}
	return all
}

// envoys are the proxies that are known of, and what they serve: the one beside
// us, or the operator's, as one.
func (g *Gateway) envoys() []view.Envoy {
	if g.acks.ask == nil {
		return nil
	}
	s, profile := g.snapshot.Load(), "serve"
	e := view.Envoy{Node: "envoy", Profile: &profile, Signal: "held", AckedAt: g.acks.since()}
	if g.proxy != nil && g.proxy.supervisor != nil {
		profile, e.Version = "run", &g.proxy.version
	}
	if g.control != nil {
		n := int(g.connected.Load())
		e.Streams = &n
	}
	if e.AckedAt != nil && (e.Streams == nil || *e.Streams > 0) {
		e.Config, e.Signal = &s.Version, "clear"
	}
	return []view.Envoy{e}
}
