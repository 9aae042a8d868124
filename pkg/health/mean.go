package health

import (
	"math"
	"time"
)

// sum is a sum and its weight, of which half is forgotten in each half-life.
type sum struct {
	value, weight float64
	at            time.Time
}

// decay forgets. A clock that went back makes no difference.
func (s *sum) decay(now time.Time, half time.Duration) {
	if d := now.Sub(s.at); d > 0 {
		f := fade(d, half)
		s.value *= f
		s.weight *= f
		s.at = now
	}
}

// fade is what is left after d.
func fade(d, half time.Duration) float64 { return math.Exp2(-d.Seconds() / half.Seconds()) }

func (s *sum) add(v float64, now time.Time, half time.Duration) { s.weigh(v, 1, now, half) }

// weigh adds v, of weight w.
func (s *sum) weigh(v, w float64, now time.Time, half time.Duration) {
	s.decay(now, half)
	s.value += v
	s.weight += w
}

// mean is 0 where nothing is known.
func (s *sum) mean() float64 {
	if s.weight == 0 {
		return 0
	}
	return s.value / s.weight
}
