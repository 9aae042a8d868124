package view

import "time"

// series is what figures are told apart by. Which names stand in it depends on
// the rollup.
type series struct{ team, model, backend string }

// other takes what is too much to be told apart.
const other = "(other)"

const (
	maxSeries = 4096 // that a rollup knows
	maxCells  = 256  // of one bucket
)

// rollup is figures by time and series, in tiers of ever longer buckets.
type rollup struct {
	tiers []tier
	known map[series]series // each with strings that are kept once
}

// tier keeps the last buckets of one length.
type tier struct {
	step    time.Duration
	buckets []bucket // by their number, modulo
}

type bucket struct {
	number int64 // since the epoch
	cells  map[series]*figures
}

// newRollup has pairs of a step and of how long its buckets are kept.
func newRollup(pairs ...time.Duration) *rollup {
	r := &rollup{known: map[series]series{}}
	for i := 0; i+1 < len(pairs); i += 2 {
		r.tiers = append(r.tiers, tier{pairs[i], make([]bucket, pairs[i+1]/pairs[i]+1)})
	}
	return r
}

// at calls put with the figures of a series at a time, in every tier that
// reaches back so far.
func (r *rollup) at(s series, t time.Time, put func(*figures)) {
	s = r.intern(s)
	for i := range r.tiers {
		if b := r.tiers[i].open(t); b != nil {
			put(b.cell(s))
		}
	}
}

func (r *rollup) intern(s series) series {
	if k, ok := r.known[s]; ok {
		return k
	}
	if len(r.known) >= maxSeries {
		return series{other, other, other}
	}
	r.known[s] = s
	return s
}

// open returns the bucket of t, nil when it is too old.
func (t *tier) open(at time.Time) *bucket {
	n := at.UnixNano() / int64(t.step)
	b := &t.buckets[n%int64(len(t.buckets))]
	if n < b.number || n < 0 {
		return nil
	}
	if n > b.number {
		*b = bucket{number: n}
	}
	return b
}

func (b *bucket) cell(s series) *figures {
	if f := b.cells[s]; f != nil {
		return f
	}
	if len(b.cells) >= maxCells {
		s = series{other, other, other}
		if f := b.cells[s]; f != nil {
			return f
		}
	}
	if b.cells == nil {
		b.cells = map[series]*figures{}
	}
	f := &figures{}
	b.cells[s] = f
	return f
}

// each calls f with the start and figures of all that lies in [from, to), which
// are multiples of step, the step of a tier.
func (r *rollup) each(step time.Duration, from, to time.Time, f func(start time.Time, s series, x *figures)) {
	for i := range r.tiers {
		t := &r.tiers[i]
		if t.step != step {
			continue
		}
		for n := from.UnixNano() / int64(step); n < to.UnixNano()/int64(step); n++ {
			b := &t.buckets[n%int64(len(t.buckets))]
			if n < 0 || b.number != n {
				continue
			}
			start := time.Unix(0, n*int64(step)).UTC()
			for s, x := range b.cells {
				f(start, s, x)
			}
		}
	}
}
