package health

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Book holds all cells. It is safe for concurrent use. Times have the monotonic
// reading of time.Now where a clock that is set must make no difference.
type Book struct {
	mu      sync.Mutex
	o       Options
	cells   map[Key]*cell
	groups  [][]Key // cells that can stand in for each other
	changes []Change
	outside atomic.Int32 // cells that are not closed
}

// New returns an empty book, in which every cell is well.
func New() *Book { return &Book{cells: make(map[Key]*cell)} }

// Configure names the cells that there are: those of a group, a model's
// candidates, can stand in for each other. Cells that are named no more are
// forgotten, all others keep what they know. gone are those that were forgotten
// while they were not closed.
func (b *Book) Configure(o Options, groups [][]Key) (gone []Key) {
	b.mu.Lock()
	defer b.mu.Unlock()
	old := b.cells
	b.o, b.groups, b.cells = o, groups, make(map[Key]*cell)
	for _, g := range groups {
		for _, k := range g {
			if b.cells[k] == nil {
				b.cells[k] = cmp.Or(old[k], new(cell))
			}
		}
	}
	for k, c := range old {
		if b.cells[k] == nil && c.state != Closed {
			gone = append(gone, k)
		}
	}
	b.count()
	return gone
}

// Observe takes an attempt that ended. One at a cell that is not configured
// makes no difference.
func (b *Book) Observe(k Key, s Sample, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.cells[k]
	if c == nil {
		return
	}
	before := c.state
	c.learn(s, now, b.o)
	switch {
	case c.state == Open:
		c.probed(s, now, b.o)
	case s.Result == Refusal:
		c.refused(s, now, b.o)
	case c.fails(now, b.o):
		c.out(Ill, now, b.o)
	case c.slow(b.best(k), now, b.o):
		c.out(Slow, now, b.o)
	}
	b.changed(k, c, before)
}

// best are the times to begin, in seconds, of the quickest cell that can stand
// in for k in all groups; infinite where nothing can, 0 where nothing is known
// of what can.
func (b *Book) best(k Key) (best [measures]float64) {
	for i := range best {
		best[i] = b.quickest(k, i)
	}
	return best
}

func (b *Book) quickest(k Key, measure int) float64 {
	worst, some := 0.0, false
	for _, g := range b.groups {
		if !slices.Contains(g, k) {
			continue
		}
		best, alone := math.Inf(1), true
		for _, other := range g {
			if other != k {
				alone = false
				best = min(best, b.cells[other].likely(measure))
			}
		}
		if !alone {
			worst, some = max(worst, best), true
		}
	}
	if !some {
		return math.Inf(1)
	}
	return worst
}

// likely is the time to begin that is to be expected, in seconds; 0 where
// nothing is known, and no end where the cell is out.
func (c *cell) likely(measure int) float64 {
	if c.state == Open {
		return math.Inf(1)
	}
	return c.begin[measure].likely()
}

// Grade says how a request should see a cell; pick is random.
func (b *Book) Grade(k Key, pick uint64, now time.Time) Grade {
	if b.outside.Load() == 0 {
		return Well
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.cells[k]
	if c == nil {
		return Well
	}
	return c.admit(pick, now, b.o)
}

// Speed is how fast a cell has been of late, as answers that ended well tell.
func (b *Book) Speed(k Key, now time.Time) Speed {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c := b.cells[k]; c != nil {
		return c.pace.speed(now)
	}
	return Speed{}
}

// Tick lets time pass and returns what changed since the last Tick.
func (b *Book) Tick(now time.Time) []Change {
	b.mu.Lock()
	defer b.mu.Unlock()
	for k, c := range b.cells {
		before := c.state
		c.rewind(now)
		c.pass(now, b.o)
		b.changed(k, c, before)
	}
	list := b.changes
	b.changes = nil
	return list
}

func (b *Book) changed(k Key, c *cell, before State) {
	if c.state == before {
		return
	}
	b.changes = append(b.changes, Change{Key: k, State: c.state, Grade: c.grade})
	b.count()
}

func (b *Book) count() {
	n := int32(0)
	for _, c := range b.cells {
		if c.state != Closed {
			n++
		}
	}
	b.outside.Store(n)
}

// Status lists all cells, by backend and model.
func (b *Book) Status(now time.Time) []Status {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := make([]Status, 0, len(b.cells))
	for k, c := range b.cells {
		c.failures.decay(now, b.o.Window)
		list = append(list, Status{
			Key: k, State: c.state, Grade: c.grade, Since: c.since,
			Errors: c.failures.mean(), Rate: c.failures.weight * math.Ln2 / b.o.Window.Seconds(),
			FirstByte: seconds(c.begin[0].fast.mean()), Usual: seconds(c.begin[0].normal()),
			Speed: c.pace.speed(now),
		})
	}
	slices.SortFunc(list, func(x, y Status) int {
		return cmp.Or(strings.Compare(x.Backend, y.Backend), strings.Compare(x.Model, y.Model))
	})
	return list
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
