package view

import (
	"math"
	"slices"
	"time"
)

// histogram counts durations in bins that grow by a twelfth. Only bins that
// hold something take room.
type histogram []bin

type bin struct {
	index uint8
	n     uint32
}

// perOctave is how many bins a doubling has; the first one ends at a
// millisecond, the last one holds all from an hour on.
const (
	perOctave = 8
	lastBin   = 175
)

func binOf(d time.Duration) uint8 {
	ms := d.Seconds() * 1e3
	if ms <= 1 {
		return 0
	}
	return uint8(min(lastBin, math.Ceil(math.Log2(ms)*perOctave)))
}

func (h *histogram) add(d time.Duration) { h.put(binOf(d), 1) }

func (h *histogram) put(index uint8, n uint32) {
	i, found := slices.BinarySearchFunc(*h, index, func(b bin, at uint8) int { return int(b.index) - int(at) })
	if !found {
		*h = slices.Insert(*h, i, bin{index: index})
	}
	(*h)[i].n += n
}

// quantile is that of the durations in h.
func (h histogram) quantile(q float64) *float64 {
	var d dense
	d.add(h)
	return d.quantile(q)
}

// dense has room for every bin.
type dense [lastBin + 1]uint32

func (d *dense) add(h histogram) {
	for _, b := range h {
		d[b.index] += b.n
	}
}

// quantile is the time below which a share q stays, in milliseconds, to a few
// percent; nil when nothing was counted.
func (d *dense) quantile(q float64) *float64 {
	var all uint64
	for _, n := range d {
		all += uint64(n)
	}
	if all == 0 {
		return nil
	}
	want, sum := uint64(math.Ceil(q*float64(all))), uint64(0)
	for i, n := range d {
		if sum += uint64(n); sum >= want {
			ms := round(math.Exp2((float64(i)-.5)/perOctave), 1)
			return &ms
		}
	}
	return nil // cannot happen: the bins hold all
}

// round keeps so many decimals.
func round(x float64, decimals int) float64 {
	p := math.Pow10(decimals)
	return math.Round(x*p) / p
}
