package main

import (
	"cmp"
	"fmt"
	"net/http"
	"time"

	"github.com/signalbox-dev/signalbox/e2e/internal/proc"
)

// scenario is one kind of load, run in each of its lanes in turn.
type scenario struct {
	name    string // as in the figures: chat_1k, stream_released
	lanes   []lane
	floor   string // the lane that Signalbox's is compared with
	cost    func(r round, lane string) float64
	figure  string // the ratio of the costs is called so in the figures,
	kind    string // with the kind of cost behind it
	rate    float64
	d       time.Duration // of a slice
	turns   int           // of each lane in a round, which share its slice; 0 is 1
	wide    int           // times as many connections as asked for; 0 is 1
	repeats []round
}

// lane is one side of a comparison: what is sent where.
type lane struct {
	name   string // as in the figures
	target string
	path   string
	bodies [][]byte // sent in turn
}

// round is a slice of every lane.
type round map[string]slice

// slice is what the turns of one lane cost, per request.
type slice struct {
	n                int
	envoy, processor float64 // ms of CPU
	p50, p99         float64 // ms; of several turns the mean
	errors           int
	first            string
}

// and returns the mean of s and another slice, by their requests.
func (s slice) and(o slice) slice {
	n := float64(max(s.n+o.n, 1))
	mean := func(a, b float64) float64 { return (a*float64(s.n) + b*float64(o.n)) / n }
	return slice{
		n: s.n + o.n, errors: s.errors + o.errors, first: cmp.Or(s.first, o.first),
		envoy: mean(s.envoy, o.envoy), processor: mean(s.processor, o.processor), p50: mean(s.p50, o.p50), p99: mean(s.p99, o.p99),
	}
}

// ratio is the name of the ratio of the costs.
func (s *scenario) ratio() string { return s.figure + "_" + s.kind + "_ratio" }

func (s slice) cpu() float64 { return s.envoy + s.processor }

// addedCost is the CPU of a lane's both processes above Envoy's alone.
func addedCost(r round, lane string) float64 { return r[lane].cpu() - r["alone"].cpu() }

// processorCost is the CPU of a lane's processor.
func processorCost(r round, lane string) float64 { return r[lane].processor }

// settle is the time after a slice in which what was put off is done: logs
// flushed and read.
const settle = 250 * time.Millisecond

// turn runs the scenario in one lane.
func (s *scenario) turn(l lane, t *target, c *http.Client, conns int) (slice, error) {
	before, err := t.cpu()
	if err != nil {
		return slice{}, err
	}
	o := work{url: t.url + l.path, key: t.key, bodies: l.bodies, conns: conns * max(s.wide, 1), rate: s.rate, d: s.d / time.Duration(max(s.turns, 1))}.run(c)
	time.Sleep(settle)
	after, err := t.cpu()
	if err != nil {
		return slice{}, err
	}
	n := float64(max(o.n, 1))
	return slice{
		n: o.n, errors: o.errors, first: o.first,
		envoy: (after[0] - before[0]) / n, processor: (after[1] - before[1]) / n,
		p50: ms(o.quantile(.5)), p99: ms(o.quantile(.99)),
	}, nil
}

// cpu of Envoy and processor so far, in ms.
func (t *target) cpu() ([2]float64, error) {
	var out [2]float64
	for i, pid := range []int{t.envoy, t.proc} {
		if pid == 0 {
			continue
		}
		d, err := proc.CPU(pid)
		if err != nil {
			return out, fmt.Errorf("CPU of %s: %w", t.name, err)
		}
		out[i] = ms(d)
	}
	return out, nil
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// run runs round k of the scenario in every lane whose target is there. Each
// time another lane begins.
func (s *scenario) run(k int, targets []*target, c *http.Client, conns int) error {
	got := round{}
	turns := max(s.turns, 1)
	for i := range turns * len(s.lanes) {
		l := s.lanes[(i+k+i/len(s.lanes))%len(s.lanes)]
		for _, t := range targets {
			if t.name != l.target {
				continue
			}
			v, err := s.turn(l, t, c, conns)
			if err != nil {
				return err
			}
			got[l.name] = got[l.name].and(v)
		}
	}
	s.repeats = append(s.repeats, got)
	return nil
}
