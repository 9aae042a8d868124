package route

import (
	"sync"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/policy"
)

const (
	// better is how much of the leader's time, in percent, another may need at
	// most to displace it.
	better = 85
	// curious is of how many requests one explores, where some are not known.
	curious = 8
	// hold is how long a new leader is not displaced.
	hold = 30 * time.Second
	// maxRaces bounds what is remembered.
	maxRaces = 4096
)

// Race names the candidates among which the fastest is looked for.
type Race struct {
	Route, Model string
	Mask         uint64 // of the model's candidates
}

// Leader is the one that came first so far.
type Leader struct {
	Backend string // empty: nobody
	Held    bool   // it must not be displaced yet
}

// race says which of mask comes first where the fastest is wanted: the leader
// unless another is clearly better. Candidates of which nothing is known get
// their share, so that they neither win everything nor starve.
func (c *chooser) race(k *ranking, d *Decision, mask uint64) {
	if k.order != policy.OrderFastest || mask == 0 {
		return
	}
	var room [64]uint8
	list := indexes(room[:0], mask)
	k.sort(list)
	known := 0
	for known < len(list) && k.estimates[list[known]].Total > 0 {
		known++
	}
	draw := mix(k.pick ^ saltRace)
	k.race, k.first = mask, int(list[0])
	if known > 0 {
		d.Race = Race{d.Route.Name, d.Model.Name, mask}
		k.first = c.lead(k, d, list[:known])
		d.Lead = d.Model.Candidates[k.first].Backend.Name
	}
	if unknown := list[known:]; len(unknown) > 0 && (known == 0 || draw%curious == 0) {
		k.first = int(unknown[below(mix(draw), uint64(len(unknown)))])
	}
}

// lead is the leader of a race; list is sorted, the best first.
func (c *chooser) lead(k *ranking, d *Decision, list []uint8) int {
	l := &d.Weighed.Leader
	switch {
	case c.r.Weighed != nil:
		*l = c.r.Weighed.Leader
	case c.r.Leader != nil:
		*l = c.r.Leader(d.Race)
	}
	best := int(list[0])
	for _, i := range list[1:] {
		if d.Model.Candidates[i].Backend.Name != l.Backend {
			continue
		}
		if l.Held || k.estimates[best].Total*100 > k.estimates[i].Total*better {
			return int(i)
		}
	}
	return best
}

// Leads remembers who leads which race. The zero value is ready; it is safe for
// concurrent use.
type Leads struct {
	mu sync.Mutex
	of map[Race]lead
}

type lead struct {
	backend string
	since   time.Time // zero: from the beginning
}

// Leader says who leads r.
func (l *Leads) Leader(r Race, now time.Time) Leader {
	l.mu.Lock()
	defer l.mu.Unlock()
	x := l.of[r]
	return Leader{Backend: x.backend, Held: now.Sub(x.since) < hold}
}

// Take enters who leads from now on. A first leader can be displaced at once:
// little was known when it came to be it.
func (l *Leads) Take(r Race, backend string, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	x, ok := l.of[r]
	if ok && x.backend == backend {
		return
	}
	if l.of == nil || len(l.of) >= maxRaces {
		l.of = make(map[Race]lead)
	}
	if l.of[r] = (lead{backend: backend}); ok {
		l.of[r] = lead{backend, now}
	}
}
