package route

import (
	"cmp"
	"math/bits"
	"slices"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/policy"
)

// Estimate is what an objective expects of a candidate.
type Estimate struct {
	Cost      genai.Money   // -1: not known, or not asked for
	FirstByte time.Duration // 0: not known, or not asked for
	Total     time.Duration // until the answer is complete; 0: as above
	Quality   float64       // 0: not known

	TokensPerSecond float64 // as measured; 0: not known, or not asked for
}

// ranking is how the candidates of a decision are put in order.
type ranking struct {
	order     policy.Order
	mask      uint64 // of those that are
	pick      uint64
	sticky    bool // they are drawn alike by the same pick
	estimates []Estimate
	room      []policy.Candidate // for the order; may be nil
	race      uint64             // those of which one leads, as below
	first     int                // the one of race that comes first, whatever its estimate
}

// rank says how those of served that have the least quality are put in order.
// Where none has it, the strongest come first.
func (c *chooser) rank(d *Decision, served uint64) ranking {
	k := ranking{order: d.Route.Order, mask: served, pick: d.Weighed.Pick, sticky: d.Route.Sticky != policy.StickyNone}
	if q := d.Route.MinQuality; q > 0 {
		k.mask = keep(d.Model, served, true, func(x *policy.Candidate) bool { return x.Quality >= q })
		if k.mask == 0 {
			k.mask, k.order = served, policy.OrderStrongest
		}
	}
	if k.order >= policy.OrderCheapest {
		if n := len(d.Model.Candidates); n <= len(room{}.order) { // one allocation for both
			r := new(room)
			d.Estimates, k.room = r.estimates[:n:n], r.order[:0]
		} else {
			d.Estimates = make([]Estimate, n)
		}
		c.estimate(d, k.order)
		k.estimates = d.Estimates
	}
	return k
}

// room is where most rankings fit.
type room struct {
	estimates [4]Estimate
	order     [4]policy.Candidate
}

// estimate fills in what the order needs to know of all candidates.
func (c *chooser) estimate(d *Decision, order policy.Order) {
	list := d.Estimates
	for i := range list {
		list[i] = Estimate{Cost: -1, Quality: d.Model.Candidates[i].Quality}
	}
	switch order {
	case policy.OrderCheapest:
		d.Weighed.Input, d.Weighed.Output = c.input(), c.output(d)
		for i := range list {
			if p := d.Model.Candidates[i].Price; p != nil {
				list[i].Cost = p.Expect(d.Weighed.Input, d.Weighed.Output)
			}
		}
	case policy.OrderFastest:
		d.Weighed.Output = c.output(d)
		if c.r.Speed != nil {
			c.times(d, list)
		}
	}
}

// times estimates when answers are complete. A backend whose tokens a second
// are not known is taken to be like the others.
func (c *chooser) times(d *Decision, list []Estimate) {
	var sum, known float64
	for i := range list {
		s := c.r.Speed(&d.Model.Candidates[i])
		list[i].FirstByte, list[i].TokensPerSecond = max(s.FirstByte, 0), max(s.TokensPerSecond, 0)
		if s.FirstByte > 0 && s.TokensPerSecond > 0 {
			sum, known = sum+s.TokensPerSecond, known+1
		}
	}
	for i := range list {
		if list[i].FirstByte == 0 {
			continue
		}
		rate := list[i].TokensPerSecond
		if rate == 0 && known > 0 {
			rate = sum / known
		}
		list[i].Total = list[i].FirstByte
		if rate > 0 {
			list[i].Total += time.Duration(min(float64(d.Weighed.Output)/rate, maxSeconds) * float64(time.Second))
		}
	}
}

// maxSeconds bounds an estimate of time.
const maxSeconds = 1e6

// compare says which of two candidates comes first by their estimates. What is
// not known comes last.
func (k *ranking) compare(a, b uint8) int {
	x, y := &k.estimates[a], &k.estimates[b]
	switch k.order {
	case policy.OrderCheapest:
		return unknownLast(x.Cost, y.Cost, -1)
	case policy.OrderFastest:
		return unknownLast(x.Total, y.Total, 0)
	}
	return cmp.Compare(y.Quality, x.Quality)
}

func unknownLast[T cmp.Ordered](x, y, unknown T) int {
	switch {
	case x == y:
		return 0
	case x == unknown:
		return 1
	case y == unknown:
		return -1
	}
	return cmp.Compare(x, y)
}

// list appends the candidates of mask to list in order, at most limit.
func (k *ranking) list(list []policy.Candidate, m *policy.Model, mask uint64, limit int) []policy.Candidate {
	n := min(bits.OnesCount64(mask), limit)
	switch {
	case k.order == policy.OrderWeighted && k.sticky:
		return alike(list, m, mask, n, k.pick)
	case k.order == policy.OrderWeighted:
		return weighted(list, m, mask, n, k.pick)
	}
	var room [64]uint8
	sorted := indexes(room[:0], mask)
	if k.order != policy.OrderConfigured {
		k.sort(sorted)
		if mask == k.race {
			forward(sorted, uint8(k.first))
		}
	}
	for _, i := range sorted[:n] {
		list = append(list, m.Candidates[i])
	}
	return list
}

// sort leaves those that are equal as they are.
func (k *ranking) sort(list []uint8) { slices.SortStableFunc(list, k.compare) }

// indexes appends the bits of mask that are set.
func indexes(dst []uint8, mask uint64) []uint8 {
	for ; mask != 0; mask &= mask - 1 {
		dst = append(dst, uint8(bits.TrailingZeros64(mask)))
	}
	return dst
}

// forward puts i to the front.
func forward(list []uint8, i uint8) {
	at := slices.Index(list, i)
	copy(list[1:at+1], list[:at])
	list[0] = i
}
