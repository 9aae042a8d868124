package settle

import (
	"slices"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// heard is an attempt that was told of before its request ended.
type heard struct {
	start   int64
	backend string
}

// hear tells of the attempts of a running request that failed: the one that
// follows may last long. Where we read answers ourselves, the proxy's entry
// does not say why one failed.
func (b *Book) hear(r *run) {
	if r.phase != running || r.facts == nil || r.more != nil && len(r.more.readings) > 0 {
		return
	}
	for i := range r.seen {
		u := &r.seen[i]
		h := heard{ns(u.Start), backendOf(u.Cluster)}
		if !retriable(u.Status) || slices.Contains(r.extra().heard, h) {
			continue
		}
		r.more.heard = append(r.more.heard, h)
		a := r.row(&slot{Upstream: *u, backend: h.backend}, 0)
		a.Outcome = outcomeOf(u.Status, u.Flags)
		b.out.Ended = append(b.out.Ended, a)
	}
}

// hearRows tells of those rows of r that hear did not tell of.
func (b *Book) hearRows(r *run, rows []*signalboxv1.Attempt) {
	for _, a := range rows {
		if !slices.Contains(r.extra().heard, heard{int64(a.GetStartNs()), a.GetBackend()}) {
			b.out.Ended = append(b.out.Ended, a)
		}
	}
}
