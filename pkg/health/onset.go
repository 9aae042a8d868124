package health

import (
	"math"
	"time"
)

// onset is how long streams take to begin, by one of the two measures that
// there are: to the first byte, and to the first token, which comes with it or
// long after.
type onset struct {
	fast  sum // seconds of late
	usual sum // their logarithm in the long run: single ones count little
}

// measures is how many onsets a cell has: it is slow by either, and each is
// held against its like alone.
const measures = 2

// onsets are the times of s by measure, in seconds, 0 where not known.
func (s *Sample) onsets() [measures]float64 {
	return [measures]float64{s.FirstByte.Seconds(), s.FirstToken.Seconds()}
}

func (t *onset) learn(sec float64, now time.Time, o Options) {
	if sec <= 0 {
		return
	}
	if t.usual.weight >= minUsual {
		sec = min(sec, clip*t.normal())
	}
	t.fast.add(sec, now, o.Window)
	t.usual.add(math.Log(sec), now, usualHalf)
}

// normal is the usual time in seconds, 0 while it is not known.
func (t *onset) normal() float64 {
	if t.usual.weight == 0 {
		return 0
	}
	return math.Exp(t.usual.mean())
}

// likely is the time to expect, 0 while it is not known.
func (t *onset) likely() float64 {
	if t.fast.weight >= 1 {
		return t.fast.mean()
	}
	return t.normal()
}

// slow reports whether the time is far above the usual and above that of the
// best alternative, best in seconds, 0 where none is known.
func (t *onset) slow(best float64, now time.Time, o Options) bool {
	t.fast.decay(now, o.Window)
	t.usual.decay(now, usualHalf)
	if t.fast.weight < minSamples || t.usual.weight < minUsual {
		return false
	}
	sec := t.fast.mean()
	return sec > o.SlowFactor*t.normal() && sec-t.normal() > noise.Seconds() && sec > 1.5*best
}

// late reports whether a probe of a slow cell was slow: halfway to the factor
// that takes it out.
func (t *onset) late(sec float64, o Options) bool {
	return t.usual.weight > 0 && sec > (1+o.SlowFactor)/2*t.normal() && sec-t.normal() > noise.Seconds()
}
