package route

import (
	"math/bits"
	"slices"

	"github.com/signalbox-dev/signalbox/pkg/policy"
)

// Out is a candidate that is not in the order, and why.
type Out struct {
	Backend string
	Reason  Reason
}

// Reason is why a candidate is not in the order.
type Reason string

const (
	ReasonClass          Reason = "class"          // a class of the request forbids its region or its provider
	ReasonVersion        Reason = "version"        // it is not of the version that was asked for
	ReasonCapability     Reason = "capability"     // it cannot do what the request needs
	ReasonContext        Reason = "context"        // the request is too long for it
	ReasonDialect        Reason = "dialect"        // the request cannot be translated for it
	ReasonLoss           Reason = "loss"           // a translation would lose fields, which the caller forbade
	ReasonUnacknowledged Reason = "unacknowledged" // the proxy does not serve it, yet or any more
	ReasonQuality        Reason = "quality"        // it is below the route's least quality
	ReasonLimit          Reason = "max_attempts"   // better candidates used the attempts up
)

// The steps by which candidates are ruled out.
const (
	byClass = iota
	byVersion
	byCapability
	byContext
	byDialect
	byProxy
	byQuality
	steps
)

// reasons are why a candidate is not left after each step.
var reasons = [steps]Reason{ReasonClass, ReasonVersion, ReasonCapability, ReasonContext, ReasonDialect, ReasonUnacknowledged, ReasonQuality} //nolint:gochecknoglobals // read only

// sieve has the candidates that are left after each step.
type sieve [steps]uint64

// sift rules out what must not or cannot serve the request. A step looks at the
// request only where candidates differ and some are left.
func (c *chooser) sift(d *Decision) (s sieve) {
	m := d.Model
	s[byClass], d.Class = bound(c.s, d, c.team, c.r.Classes)
	left := s[byClass]
	left = keep(m, left, c.version != "", func(x *policy.Candidate) bool { return x.Version == c.version })
	s[byVersion] = left
	if left != 0 && m.Able != policy.All {
		d.Weighed.Needs = c.needs()
		needs := d.Weighed.Needs &^ m.Able
		left = keep(m, left, needs != 0, func(x *policy.Candidate) bool { return x.Capabilities == 0 || needs&^x.Capabilities == 0 })
	}
	s[byCapability] = left
	if left != 0 && m.Context > 0 {
		d.Weighed.Length = c.length(m)
		length := d.Weighed.Length
		left = keep(m, left, length > m.Context, func(x *policy.Candidate) bool { return x.Context == 0 || length <= x.Context })
	}
	s[byContext] = left
	left = keep(m, left, c.r.Takes != nil, func(x *policy.Candidate) bool { return c.r.Takes(x.Backend) })
	s[byDialect] = left
	left = keep(m, left, c.r.Acknowledged != nil, func(x *policy.Candidate) bool { return c.r.Acknowledged(x.Backend.Name) })
	s[byProxy], s[byQuality] = left, left
	return s
}

// keep are the candidates of mask that fit, all of them where there is nothing
// to ask.
func keep(m *policy.Model, mask uint64, ask bool, fits func(*policy.Candidate) bool) uint64 {
	if !ask {
		return mask
	}
	left := mask
	for ; mask != 0; mask &= mask - 1 {
		if i := bits.TrailingZeros64(mask); !fits(&m.Candidates[i]) {
			left &^= 1 << i
		}
	}
	return left
}

// out lists what is not in order: a shared slice of all candidates has none.
func out(m *policy.Model, s *sieve, order []policy.Candidate) []Out {
	if len(order) == len(m.Candidates) {
		return nil
	}
	list := make([]Out, 0, len(m.Candidates)-len(order))
	for i := range m.Candidates {
		b := m.Candidates[i].Backend
		step := slices.IndexFunc(s[:], func(left uint64) bool { return left>>i&1 == 0 })
		switch {
		case step >= 0:
			list = append(list, Out{b.Name, reasons[step]})
		case !slices.ContainsFunc(order, func(c policy.Candidate) bool { return c.Backend == b }):
			list = append(list, Out{b.Name, ReasonLimit})
		}
	}
	return list
}

// Has reports whether some candidate of m is of a version.
func Has(m *policy.Model, version string) bool {
	return slices.ContainsFunc(m.Candidates, func(c policy.Candidate) bool { return version != "" && c.Version == version })
}
