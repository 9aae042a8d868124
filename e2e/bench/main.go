// Command bench measures what Signalbox costs beside Envoy, in one run and
// against a floor that anyone can check: Envoy alone, Envoy with a naive no-op
// external processor (e2e/noop), Envoy with Signalbox and everything on. All of
// them run side by side and take turns in short slices, so that a change of the
// machine's mood meets all alike.
//
//	go run ./e2e/bench                          the whole measurement, some minutes
//	go run ./e2e/bench -rounds 3 -seconds 0.3   a short form
//
// CPU is read from /proc, per request, of Envoy and of the processor. A figure
// is the median over the rounds; "added" is above Envoy alone in the same
// round. Answers that are translated are compared with what is next to them: a
// whole one with one that passes through Signalbox, a stream with a no-op that
// sends every chunk back, on the same stream of the same provider. The last line
// is one JSON object of all figures.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/signalbox-dev/signalbox/e2e/internal/bed"
	"github.com/signalbox-dev/signalbox/e2e/internal/envoybin"
	"github.com/signalbox-dev/signalbox/e2e/internal/proc"
)

type options struct {
	seconds float64
	rounds  int
	conns   int
	rate    float64
	open    int
	targets string
	only    string
	data    string
}

func main() {
	var o options
	flag.Float64Var(&o.seconds, "seconds", 1, "length of a slice; streams take twice as long")
	flag.IntVar(&o.rounds, "rounds", 7, "alternations")
	flag.IntVar(&o.conns, "conns", 8, "connections of the closed loop")
	flag.Float64Var(&o.rate, "rate", 100, "requests a second of the paced load; 0: none")
	flag.IntVar(&o.open, "open", 2000, "open streams whose memory is measured; 0: none")
	flag.StringVar(&o.targets, "targets", "alone,noop,noop_stream,noop_duplex,signalbox", "what to measure")
	flag.StringVar(&o.only, "only", "", "scenarios whose name contains this")
	flag.StringVar(&o.data, "data", os.Getenv("DATA"), "folder with recorded traffic, whose requests make another scenario")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) (err error) {
	scenarios, err := o.scenarios()
	if err != nil {
		return err
	}
	s, cleanup, err := newSite(ctx)
	if err != nil {
		return err
	}
	defer cleanup()
	targets, err := s.start(ctx, strings.Split(o.targets, ","))
	defer func() {
		for _, t := range targets {
			err = errors.Join(err, t.close())
		}
	}()
	if err != nil {
		return err
	}
	out := figures{"rounds": o.rounds, "seconds": o.seconds, "conns": o.conns}
	if err := s.measureMemory(ctx, o, targets, out); err != nil {
		return err
	}
	if err := measureCPU(ctx, o, scenarios, targets); err != nil {
		return err
	}
	failed := 0
	for _, sc := range scenarios {
		sc.print(os.Stdout)
		sc.add(out)
		for _, l := range sc.lanes {
			_, n, _ := sc.totals(l.name)
			failed += n
		}
	}
	if err := measureEngine(o.rounds, out); err != nil {
		return err
	}
	out["errors"] = failed
	line, err := json.Marshal(out)
	if err != nil {
		return err
	}
	fmt.Println(string(line))
	if failed > 0 {
		return fmt.Errorf("%d requests failed", failed)
	}
	return nil
}

func newSite(ctx context.Context) (site, func(), error) {
	s := site{}
	var err error
	if s.envoy, err = envoybin.Find(); err != nil {
		return s, nil, err
	}
	if s.up, err = startUpstream(); err != nil {
		return s, nil, err
	}
	sink, url, err := startSink()
	if err != nil {
		return s, nil, err
	}
	s.traces = strings.TrimPrefix(url, "http://")
	if s.dir, err = os.MkdirTemp("", "bench"); err != nil {
		return s, nil, err
	}
	cleanup := func() {
		err := errors.Join(sink.Close(), s.up.http.Close(), os.RemoveAll(s.dir))
		if err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
		}
	}
	if _, err := bed.GoBuild(ctx, s.dir, "./e2e/noop"); err != nil {
		cleanup()
		return s, nil, err
	}
	return s, cleanup, nil
}

// start starts the targets; those that run are returned with an error too.
func (s site) start(ctx context.Context, names []string) ([]*target, error) {
	var out []*target
	for _, name := range names {
		var t *target
		var err error
		switch name {
		case "alone":
			t, err = s.plain(ctx, name, "")
		case "noop":
			t, err = s.plain(ctx, name, "NONE")
		case "noop_stream":
			t, err = s.plain(ctx, name, "STREAMED")
		case "noop_duplex":
			t, err = s.plain(ctx, name, duplex)
		case "signalbox":
			t, err = s.signalbox(ctx)
		default:
			err = fmt.Errorf("no target %q", name)
		}
		if t != nil {
			out = append(out, t)
		}
		if err != nil {
			return out, fmt.Errorf("target %s: %w", name, err)
		}
		fmt.Printf("%-12s %s\n", t.name, t.flags)
	}
	return out, nil
}

// measureMemory looks at idle and loaded memory before any other load.
func (s site) measureMemory(ctx context.Context, o options, targets []*target, out figures) error {
	for _, t := range targets {
		if t.name != "signalbox" {
			continue
		}
		time.Sleep(2 * time.Second)
		idle, err := proc.RSS(t.proc)
		if err != nil {
			return err
		}
		out["idle_rss_mb"] = round3(megabytes(idle))
		fmt.Printf("signalbox idle: %.1f MB resident\n", megabytes(idle))
		if o.open == 0 {
			return nil
		}
		grown, err := openStreams(ctx, t, s.up, o.open)
		if err != nil {
			return fmt.Errorf("open streams: %w", err)
		}
		out[fmt.Sprintf("open_streams_%d_mb", o.open)] = round3(megabytes(grown))
		fmt.Printf("signalbox with %d open streams: %.1f MB more\n", o.open, megabytes(grown))
	}
	return nil
}

// measureCPU runs all rounds of all scenarios.
func measureCPU(ctx context.Context, o options, scenarios []*scenario, targets []*target) error {
	for _, sc := range scenarios {
		c := newClient(max(o.conns, 256))
		if err := warm(sc, targets, c, o.conns); err != nil {
			return err
		}
		for k := range o.rounds {
			if err := sc.run(k, targets, c, o.conns); err != nil {
				return err
			}
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
		}
		c.CloseIdleConnections()
	}
	return nil
}

// warm opens the connections and fills the pools of every target.
func warm(sc *scenario, targets []*target, c *http.Client, conns int) error {
	short := *sc
	short.d, short.turns, short.rate, short.repeats = max(300*time.Millisecond, sc.d/4), 1, 0, nil
	return short.run(0, targets, c, conns)
}
