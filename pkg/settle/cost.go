package settle

import (
	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"

	"github.com/signalbox-dev/signalbox/pkg/ledger"
)

// price writes to a what its usage costs. Where nothing was due it costs
// nothing; where the price is not known, or nobody told how it ended, nor is
// the cost.
func (b *Book) price(a *signalboxv1.Attempt) {
	a.CostPicoUsd = nil
	usage := ledger.UsageOf(a.GetUsage())
	switch {
	case a.GetNumber() == 0, a.GetOutcome() == signalboxv1.Attempt_OUTCOME_UNKNOWN:
	case a.GetSource() == signalboxv1.Usage_SOURCE_NONE:
		a.CostPicoUsd = new(int64)
	case b.o.Price != nil:
		if p := b.o.Price(a); p != nil {
			cost := int64(p.Cost(usage))
			a.CostPicoUsd = &cost
		}
	}
}

// costDelta is what now adds to before; nil where there is no before, and all
// of before, taken back, where there is no now.
func costDelta(now, before *int64) *int64 {
	if before == nil {
		return nil
	}
	delta := -*before
	if now != nil {
		delta += *now
	}
	return &delta
}
