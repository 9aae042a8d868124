package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"google.golang.org/grpc"

	"github.com/signalbox-dev/signalbox/pkg/builtin"
	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/settle"
	"github.com/signalbox-dev/signalbox/pkg/witness"
	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// openTail prepares to follow the proxy's file log from where the ledger says
// that it was read to.
func (g *Gateway) openTail(snap *policy.Snapshot) {
	dialects := builtin.Table()
	g.parser = witness.NewParser(g.usageOf(dialects))
	for _, name := range builtin.Translated() {
		g.parser.Speak(dialects[name].Usage)
	}
	o := witness.TailOptions{
		Path: filepath.Join(g.dir, "envoy", "access.log"),
		From: g.last,
		Take: g.take,
		Log:  g.log,
	}
	if g.proxy != nil {
		o.RotateAt, o.Reopen = snap.Envoy.RotateLogAt, g.proxy.admin.ReopenLogs
	}
	g.tail = witness.NewTail(o)
}

// usageOf finds the reader of a cluster's answers: that of its backend's
// dialect, or the only one that there is for a cluster that is gone.
func (g *Gateway) usageOf(dialects map[string]*dialect.Dialect) witness.Lookup {
	return func(cluster string) (dialect.UsageReader, string) {
		if b := g.snapshot.Load().Backends[policy.BackendOf(cluster)]; b != nil {
			return dialects[b.Dialect].Usage, b.Kind
		}
		return dialects["openai"].Usage, ""
	}
}

// take reads the lines of one batch into the books, which write what follows
// from them together with the offset behind them.
func (g *Gateway) take(lines [][]byte, behind *signalboxv1.Offset) error {
	return g.books.Witnessed(behind, func(b *settle.Book) {
		now := time.Now()
		for _, line := range lines {
			e, err := g.parser.Parse(line)
			if err != nil {
				g.metrics.WitnessLines.WithLabelValues("bad").Inc()
				g.log.Warn("access log line skipped", slog.Any("error", err))
				continue
			}
			g.metrics.WitnessLines.WithLabelValues(e.Kind.String()).Inc()
			switch e.Kind {
			case witness.Attempt:
				b.Upstream(e.Upstream, now)
			case witness.Request:
				b.Downstream(e.Downstream, now)
			case witness.Other:
			}
		}
	})
}

// follow reads the log until ctx ends, and then what is left of it.
func (g *Gateway) follow(ctx context.Context) error {
	if err := g.tail.Run(ctx); err != nil {
		return fmt.Errorf("witness: %w", err)
	}
	return nil
}

// witnessHealth says what keeps the log from being read. A log that is not
// there before the first request is no failure.
func (g *Gateway) witnessHealth() error {
	err := g.tail.Err()
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// registerEarly serves the proxy's log of running requests. It is early news,
// nothing that the books rely on: a first byte means that no retry can come any
// more, so the session of a request that was left at the decision is freed.
func (g *Gateway) registerEarly(s *grpc.Server) {
	e := &witness.Early{Report: func(n witness.News) {
		g.metrics.WitnessLines.WithLabelValues("early").Inc()
		if n.HasTicket && n.Sent > 0 {
			g.store.Forget(n.Ticket)
		}
	}}
	e.Register(s)
}
