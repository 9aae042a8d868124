package health

import "time"

const (
	// minFailures and minSamples are what a rate of errors must rest on, as
	// weights within the window.
	minFailures = 3.5
	minSamples  = 8
	// inARow failures open a breaker at any rate of requests.
	inARow = 5
	// usualHalf is the half-life of what is usual for a cell.
	usualHalf = 10 * time.Minute
	// minUsual is how much must be known of it.
	minUsual = 20
	// clip bounds a sample as a multiple of the usual, so that no single one
	// makes a cell slow.
	clip = 10
	// noise is what a difference in time must exceed to count.
	noise = 50 * time.Millisecond
	// probes in a row must be good: of a cell that fails half the time, 6 are
	// so once in about two minutes.
	probes         = 6
	capacityProbes = 2
	// bored is after how many requests that passed a cell by it gets a probe at
	// the earliest; patience after what time at the latest.
	bored    = 20
	patience = 30 * time.Second
	// maxRest bounds how long a cell rests that goes out again and again, as a
	// multiple of Options.Rest.
	maxRest = 6
	// maxRetry bounds what a refusal can ask for.
	maxRetry = 5 * time.Minute
	// lost is after how long without any sample a cell that is out comes back.
	lost = 10 * time.Minute
	// steps of the way back last Options.Rest in all.
	steps = 4
)

// cell is one backend's service of one model.
type cell struct {
	failures sum // of late
	row      int // failures in a row
	begin    [measures]onset
	pace     pace

	state State
	grade Grade     // why it is not closed
	since time.Time // of the state
	heard time.Time // the last sample
	until time.Time // of the rest
	again int       // how often it went out without having been well for long
	probe time.Time // the last one
	shun  int       // requests that passed it by since
	good  int       // probes in a row
}

// learn takes a sample into the figures.
func (c *cell) learn(s Sample, now time.Time, o Options) {
	c.heard = now
	switch s.Result {
	case Refusal:
		return
	case Failure:
		c.row++
		c.failures.add(1, now, o.Window)
		return
	case Success:
	}
	c.row = 0
	c.failures.add(0, now, o.Window)
	c.pace.learn(s, now)
	for i, sec := range s.onsets() {
		c.begin[i].learn(sec, now, o)
	}
}

// fails reports whether the breaker must open for errors.
func (c *cell) fails(now time.Time, o Options) bool {
	c.failures.decay(now, o.Window)
	return c.row >= inARow ||
		c.failures.weight >= minSamples && c.failures.value >= minFailures && c.failures.mean() >= o.ErrorRate
}

// slow reports whether it begins its answers far later than usual, by either
// measure; best are the times of the best alternative.
func (c *cell) slow(best [measures]float64, now time.Time, o Options) bool {
	for i := range c.begin {
		if c.begin[i].slow(best[i], now, o) {
			return true
		}
	}
	return false
}

// out takes the cell out for at least a while.
func (c *cell) out(why Grade, now time.Time, o Options) {
	rest := o.Rest << min(c.again, 8)
	c.again++
	c.state, c.grade, c.since = Open, why, now
	c.until = now.Add(min(rest, maxRest*o.Rest))
	c.probe, c.shun, c.good = c.until, 0, 0
}

// refused takes the cell out for as long as a refusal asks for, and never for
// less than a refusal that asks for nothing.
func (c *cell) refused(s Sample, now time.Time, o Options) {
	if c.state != Open || !now.Before(c.until) {
		c.out(Throttled, now, o)
	}
	if until := now.Add(min(s.Retry, maxRetry)); until.After(c.until) {
		c.until, c.probe = until, until
	}
}

// probed takes the end of an attempt while the cell is out.
func (c *cell) probed(s Sample, now time.Time, o Options) {
	switch {
	case s.Result == Refusal:
		c.refused(s, now, o)
	case now.Before(c.until): // sent before it went out, most likely
	case s.Result == Failure, c.grade == Slow && c.late(s, o):
		c.good = 0
	default:
		c.good++
		if c.good >= c.needed() {
			c.ramp(now)
		}
	}
}

// ramp begins the way back. What was of late is forgotten.
func (c *cell) ramp(now time.Time) {
	c.state, c.since = HalfOpen, now
	c.failures, c.row = sum{}, 0
	for i := range c.begin {
		c.begin[i].fast = sum{}
	}
}

func (c *cell) needed() int {
	if c.grade == Throttled {
		return capacityProbes
	}
	return probes
}

// late reports whether a probe of a slow cell was slow.
func (c *cell) late(s Sample, o Options) bool {
	for i, sec := range s.onsets() {
		if c.begin[i].late(sec, o) {
			return true
		}
	}
	return false
}

// admit says how a request should see the cell. pick is random.
func (c *cell) admit(pick uint64, now time.Time, o Options) Grade {
	switch c.state {
	case Closed:
		return Well
	case HalfOpen:
		step := int64(now.Sub(c.since) / (o.Rest / steps))
		share := [steps]uint64{10, 25, 50, 75}[max(0, min(step, steps-1))]
		if pick%100 < share {
			return Well
		}
		return c.grade
	case Open:
	}
	c.shun++
	since := now.Sub(c.probe)
	if now.Before(c.until) || since < o.Probe || c.shun < bored && since < patience {
		return c.grade
	}
	c.probe, c.shun = now, 0
	return Probe
}

// rewind moves the times of a cell to where they would be, had the clock always
// been as it is now: one that was set back must not make a rest last.
func (c *cell) rewind(now time.Time) {
	if d := now.Sub(c.since); d < 0 {
		for _, t := range []*time.Time{&c.since, &c.heard, &c.until, &c.probe} {
			*t = t.Add(d)
		}
	}
}

// pass lets time pass.
func (c *cell) pass(now time.Time, o Options) {
	switch {
	case c.state == Open && now.Sub(maxTime(c.heard, c.until)) > lost:
		c.ramp(now)
	case c.state == HalfOpen && now.Sub(c.since) >= o.Rest:
		c.state, c.since = Closed, now
	case c.state == Closed && now.Sub(c.since) > 2*maxRest*o.Rest:
		c.again = 0
	}
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
