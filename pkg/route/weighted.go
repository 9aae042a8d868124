package route

import (
	"cmp"
	"math"
	"math/bits"
	"slices"

	"github.com/signalbox-dev/signalbox/pkg/policy"
)

// weighted draws n candidates of mask without putting back and appends them to
// list, each with the chance of its weight among those that are left. Candidates without weight
// come after all others, as the model lists them.
func weighted(list []policy.Candidate, m *policy.Model, mask uint64, n int, pick uint64) []policy.Candidate {
	n += len(list)
	var total uint64
	for rest := mask; rest != 0; rest &= rest - 1 {
		total += uint64(m.Candidates[bits.TrailingZeros64(rest)].Weight)
	}
	for chance := pick; len(list) < n; {
		i := bits.TrailingZeros64(mask)
		if total > 0 {
			chance += 0x9e3779b97f4a7c15
			i = drawn(m, mask, below(mix(chance), total))
		}
		list = append(list, m.Candidates[i])
		total -= uint64(m.Candidates[i].Weight)
		mask &^= 1 << i
	}
	return list
}

// drawn is the candidate of mask on which point falls when their weights are
// laid end to end.
func drawn(m *policy.Model, mask, point uint64) int {
	for {
		i := bits.TrailingZeros64(mask)
		w := uint64(m.Candidates[i].Weight)
		if point < w {
			return i
		}
		point -= w
		mask &= mask - 1
	}
}

// alike appends n candidates of mask to order by weighted rendezvous hashing (Thaler,
// Ravishankar, 1998; the weights as by Efraimidis and Spirakis, 2006): the same
// pick gets the same order, with the shares of their weights over all picks, and
// a candidate that goes or comes moves no others.
func alike(order []policy.Candidate, m *policy.Model, mask uint64, n int, pick uint64) []policy.Candidate {
	var room [64]uint8
	var score [64]float64
	list := indexes(room[:0], mask)
	for _, i := range list {
		if w := m.Candidates[i].Weight; w > 0 {
			u := (float64(mix(pick^hash(m.Candidates[i].Backend.Name))>>11) + 0.5) / (1 << 53)
			score[i] = -float64(w) / math.Log(u)
		}
	}
	slices.SortStableFunc(list, func(a, b uint8) int { return cmp.Compare(score[b], score[a]) })
	for _, i := range list[:n] {
		order = append(order, m.Candidates[i])
	}
	return order
}

// onTrial reports whether a request is drawn for the canary of its route.
func (c *chooser) onTrial(d *Decision) bool {
	rt := d.Route
	if w := c.r.Weighed; w != nil && w.Untried {
		return false
	}
	return rt.Canary != nil && mix(d.Weighed.Pick^hash(rt.Name)^saltCanary) < rt.Share
}

// What is drawn from one pick for different ends must not hang together.
const (
	saltCanary = 0xc0ffee0ddc0ffee1
	saltRace   = 0x5ca1ab1e0ddba115
)

// pick is what chance comes to: by the user or the conversation on routes that
// want so, where those are known.
func (c *chooser) pick(rt *policy.Route) uint64 {
	if c.r.Weighed != nil {
		return c.r.Weighed.Pick
	}
	if c.r.Facts != nil {
		switch rt.Sticky {
		case policy.StickyUser:
			if n, ok := c.r.Facts.User(); ok {
				return c.stick(n)
			}
		case policy.StickyConversation:
			if n, ok := c.r.Facts.Conversation(); ok {
				return c.stick(n)
			}
		case policy.StickyNone:
		}
	}
	return c.r.Pick
}

// stick is what requests with the same number are drawn by.
func (c *chooser) stick(n uint64) uint64 {
	if c.r.Stick != nil {
		return c.r.Stick(n)
	}
	return mix(n)
}

// hash is FNV-1a of a name.
func hash(name string) uint64 {
	h := uint64(0xcbf29ce484222325)
	for i := range len(name) {
		h = (h ^ uint64(name[i])) * 0x100000001b3
	}
	return h
}

// mix spreads the bits of x: the output step of SplitMix64 (Steele, Lea,
// Flood, 2014), whose state moves on by the odd constant above.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// below maps x to a number below n, each as likely as the others but for one
// part in 2^64/n.
func below(x, n uint64) uint64 {
	hi, _ := bits.Mul64(x, n)
	return hi
}
