package route

import (
	"math/bits"
	"slices"

	"github.com/signalbox-dev/signalbox/pkg/health"
	"github.com/signalbox-dev/signalbox/pkg/policy"
)

// Graded is a candidate that was not well when a request was decided.
type Graded struct {
	Backend string
	Grade   health.Grade
}

// AllIll reports whether no candidate that the choice was left with was well:
// the request is served by the healthiest nonetheless.
func (d *Decision) AllIll() bool {
	if len(d.Order) == 0 || len(d.Graded) == 0 {
		return false
	}
	for _, g := range d.Graded {
		if g.Backend == d.Order[0].Backend.Name {
			return g.Grade > health.Well
		}
	}
	return false
}

// healthiest orders the candidates that k ranks: those that are well as the
// route wants them, where it draws them after those that are to be probed, then
// the others, by how ill they are. Health takes none out but by the limit of
// attempts.
func (c *chooser) healthiest(k *ranking, d *Decision) ([]policy.Candidate, []Graded) {
	m, limit := d.Model, d.Route.MaxAttempts
	by, graded := grades(m, k.mask, c.r)
	if len(graded) == 0 {
		if k.order == policy.OrderConfigured && k.mask == m.All() {
			n := min(len(m.Candidates), limit)
			return m.Candidates[:n:n], nil
		}
		c.race(k, d, k.mask)
		return k.list(slices.Grow(k.room, min(bits.OnesCount64(k.mask), limit)), m, k.mask, limit), nil
	}
	if k.order != policy.OrderWeighted { // its place is where the order has it
		by[health.Well] |= by[health.Probe]
		by[health.Probe] = 0
	}
	c.race(k, d, by[health.Well])
	list := slices.Grow(k.room, min(bits.OnesCount64(k.mask), limit))
	for _, mask := range by {
		if mask != 0 && len(list) < limit {
			list = k.list(list, m, mask, limit-len(list))
		}
	}
	return list, graded
}

// grades sorts the candidates of mask by their grade.
func grades(m *policy.Model, mask uint64, r *Request) (by [health.Ill + 1]uint64, graded []Graded) {
	if r.Grade == nil {
		return by, nil
	}
	for ; mask != 0; mask &= mask - 1 {
		i := bits.TrailingZeros64(mask)
		g := r.Grade(&m.Candidates[i])
		if g == health.Probe && m.Candidates[i].Weight == 0 {
			g = health.Well // never first by weight
		}
		by[g] |= 1 << i
		if g != health.Well {
			graded = append(graded, Graded{m.Candidates[i].Backend.Name, g})
		}
	}
	return by, graded
}
