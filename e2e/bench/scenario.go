package main

import (
	"fmt"
	"net/http"
	"time"

	"github.com/signalbox-dev/signalbox/e2e/internal/proc"
)

// scenario is one kind of load, run on each of its targets in turn.
type scenario struct {
	name    string // as in the figures: chat_1k, stream_released
	floor   string // the no-op target that it is compared with
	bodies  [][]byte
	rate    float64
	d       time.Duration
	repeats []map[string]slice // by round, by target
}

// slice is what one turn on one target cost, per request.
type slice struct {
	n                int
	envoy, processor float64 // ms of CPU
	p50, p99         float64 // ms
	errors           int
	first            string
}

func (s slice) cpu() float64 { return s.envoy + s.processor }

// settle is the time after a slice in which what was put off is done: logs
// flushed and read.
const settle = 250 * time.Millisecond

// turn runs the scenario on one target.
func (s *scenario) turn(t *target, c *http.Client, conns int) (slice, error) {
	before, err := t.cpu()
	if err != nil {
		return slice{}, err
	}
	o := work{url: t.url, key: t.key, bodies: s.bodies, conns: conns, rate: s.rate, d: s.d}.run(c)
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

// round runs the scenario once on every target, beginning with another one
// each time.
func (s *scenario) round(k int, targets []*target, c *http.Client, conns int) error {
	var mine []*target
	for _, t := range targets {
		if t.name == "alone" || t.name == s.floor || t.name == "signalbox" {
			mine = append(mine, t)
		}
	}
	got := map[string]slice{}
	for i := range mine {
		t := mine[(i+k)%len(mine)]
		v, err := s.turn(t, c, conns)
		if err != nil {
			return err
		}
		got[t.name] = v
	}
	s.repeats = append(s.repeats, got)
	return nil
}
