package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"

	"github.com/signalbox-dev/signalbox/pkg/admin"
	"github.com/signalbox-dev/signalbox/pkg/admin/page"
	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/secret"
)

// Run serves until ctx ends, then stops in order: the proxy takes no new
// requests, running ones get until the drain deadline, what the proxy logged is
// read to its end, the ledger is synced and closed.
func (g *Gateway) Run(ctx context.Context) (err error) {
	defer func() { err = errors.Join(err, g.close(context.WithoutCancel(ctx))) }()
	snap := g.snapshot.Load()
	l, err := listen(processor(snap, g.dir))
	if err != nil {
		return fmt.Errorf("processor: %w", err)
	}
	gs := g.server.NewGRPC(receives(snap))
	g.registerEarly(gs)
	if g.control != nil {
		g.control.Register(gs)
	}
	adm, err := g.listenAdmin(ctx)
	if err != nil {
		l.Close()
		return err
	}
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	var wg sync.WaitGroup
	failed := make(chan error, 8)
	spawn := func(f func(context.Context) error) {
		wg.Go(func() {
			if err := f(work); err != nil && !errors.Is(err, context.Canceled) {
				failed <- err
			}
		})
	}
	spawn(func(context.Context) error { return gs.Serve(l) })
	spawn(g.follow)
	spawn(func(context.Context) error { g.remember(); return nil })
	spawn(func(ctx context.Context) error { g.watch(ctx); return nil })
	spawn(func(ctx context.Context) error { g.acks.run(ctx); return nil })
	spawn(func(ctx context.Context) error { g.tick(ctx); return nil })
	spawn(func(ctx context.Context) error { g.alerts.Run(ctx); return nil })
	spawn(adm.serve)
	spawn(g.supervise)
	g.log.Info("serving", slog.String("processor", processor(snap, g.dir)), slog.String("admin", adm.addr()), slog.String("config", snap.Version))
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	g.shutdown(work, gs)
	stop()
	wg.Wait()
	return err
}

// shutdown drains: first the proxy, whose requests need the processor, then
// the processor.
func (g *Gateway) shutdown(ctx context.Context, gs *grpc.Server) {
	ctx, cancel := context.WithTimeout(ctx, g.opts.Drain)
	defer cancel()
	g.log.Info("stopping", slog.Duration("deadline", g.opts.Drain))
	g.stopProxy(ctx)
	if err := g.server.Drain(ctx); err != nil {
		g.log.Warn("drain deadline passed: remaining streams are cut")
	}
	gs.Stop() // not gracefully: an operator's Envoy keeps its log stream open
}

// receives is how long a body may be that Envoy sends us. Where Envoy learns of
// new limits while we run, it is the highest that there can be.
func receives(s *policy.Snapshot) int64 {
	if s.Envoy.Control {
		return 1 << 30
	}
	return max(s.Envoy.BodyLimit, s.Envoy.AnswerLimit)
}

// listen opens "unix:PATH" or "host:port". A socket that a dead process left
// is removed; the lock of the state directory says that it is dead.
func listen(addr string) (net.Listener, error) {
	path, ok := strings.CutPrefix(addr, "unix:")
	if !ok {
		return net.Listen("tcp", addr)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	return l, os.Chmod(path, 0o600)
}

// tick lets the books close what nobody reports.
func (g *Gateway) tick(ctx context.Context) {
	t := time.NewTicker(250 * time.Millisecond)
	defer t.Stop()
	watched := blindness{alerts: g.alerts}
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-t.C:
			g.books.Tick(now)
			g.ward.tick(now)
			g.view.Tick()
			g.metrics.Sessions.Set(float64(g.store.Len()))
			g.metrics.SessionMem.Set(float64(g.store.Bytes()))
			blind, up := g.witnessHealth() != nil, 1.0
			if blind {
				up = 0
			}
			g.metrics.WitnessUp.Set(up)
			watched.see(blind, now)
		}
	}
}

// adminServer is the operator's endpoint.
type adminServer struct {
	l net.Listener
	s *http.Server
}

func (a *adminServer) addr() string { return a.l.Addr().String() }

func (a *adminServer) serve(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { a.s.Close() })
	defer stop()
	if err := a.s.Serve(a.l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("admin: %w", err)
	}
	return nil
}

func (g *Gateway) listenAdmin(ctx context.Context) (*adminServer, error) {
	snap := g.snapshot.Load()
	var token secret.Value
	if !snap.Admin.Token.IsZero() {
		var err error
		if token, err = snap.Admin.Token.Resolve(ctx); err != nil {
			return nil, fmt.Errorf("admin token: %w", err)
		}
	}
	l, err := net.Listen("tcp", snap.Admin.Listen)
	if err != nil {
		return nil, fmt.Errorf("admin: %w (set admin.listen to a free address)", err)
	}
	return &adminServer{l, admin.New(admin.Options{
		Metrics: g.metrics.Handler(), Version: g.opts.Version, Token: token, Ready: g.checks(), View: g.view, Host: host(snap.Admin.Listen), Page: page.Handler(), Pprof: snap.Admin.Pprof,
	})}, nil
}

func (g *Gateway) checks() []admin.Check {
	return []admin.Check{
		{Name: "ledger", Run: func(context.Context) error {
			if g.ledger.Healthy() {
				return nil
			}
			return errors.New("the ledger takes no appends (disk full?); requests are refused with ledger_unavailable")
		}},
		{Name: "witness", Run: func(context.Context) error { return g.witnessHealth() }},
		{Name: "envoy", Run: g.proxyHealth},
		{Name: "backends", Run: func(context.Context) error {
			for name := range g.snapshot.Load().Backends {
				if !g.acks.has(name) {
					return fmt.Errorf("envoy does not serve backend %s yet", name)
				}
			}
			return nil
		}},
	}
}
