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
// round. The last line is one JSON object of all figures.
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
	flag.StringVar(&o.targets, "targets", "alone,noop,noop_stream,signalbox", "what to measure")
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
		for _, t := range targets {
			_, n, _ := sc.totals(t.name)
			failed += n
		}
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

// scenarios in the order of the table.
func (o options) scenarios() ([]*scenario, error) {
	d := time.Duration(o.seconds * float64(time.Second))
	sizes := []struct {
		name string
		n    int
	}{{"1k", 1 << 10}, {"32k", 32 << 10}, {"220k", 220 << 10}, {"1m", 1 << 20}}
	var all []*scenario
	for _, z := range sizes {
		all = append(all, &scenario{name: "chat_" + z.name, floor: "noop", bodies: [][]byte{body(z.n, false, "")}, d: d})
	}
	all = append(all, &scenario{name: "stream_released", floor: "noop_stream", bodies: [][]byte{body(1<<10, true, "")}, d: 2 * d})
	if o.data != "" {
		bodies, err := recorded(o.data)
		if err != nil {
			return nil, err
		}
		if len(bodies) > 0 {
			all = append(all, &scenario{name: "chat_recorded", floor: "noop", bodies: bodies, d: d})
		}
	}
	for _, s := range all {
		if o.rate > 0 {
			all = append(all, &scenario{name: fmt.Sprintf("%s_at%.0f", s.name, o.rate), floor: s.floor, bodies: s.bodies, rate: o.rate, d: s.d})
		}
	}
	var chosen []*scenario
	for _, s := range all {
		if strings.Contains(s.name, o.only) {
			chosen = append(chosen, s)
		}
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("no scenario has %q in its name", o.only)
	}
	return chosen, nil
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
			if err := sc.round(k, targets, c, o.conns); err != nil {
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
	short.d, short.rate, short.repeats = 300*time.Millisecond, 0, nil
	return short.round(0, targets, c, conns)
}
