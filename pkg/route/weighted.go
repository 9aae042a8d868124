package route

import (
	"math/bits"

	"github.com/signalbox-dev/signalbox/pkg/policy"
)

// weighted draws n candidates of mask without putting back, each with the
// chance of its weight among those that are left. Candidates without weight
// come after all others, as the model lists them.
func weighted(m *policy.Model, mask uint64, n int, pick uint64) []policy.Candidate {
	list := make([]policy.Candidate, 0, n)
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
