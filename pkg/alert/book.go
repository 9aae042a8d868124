package alert

import (
	"maps"
	"slices"
	"time"
)

// Bounds of what is kept.
const (
	maxFiring  = 512 // alerts at a time
	maxWaiting = 512 // alerts that one sink has not been told
	maxBatch   = 50  // alerts in one message
)

// rules are the times of a book.
type rules struct {
	resolveAfter time.Duration // how long a cause must be gone
	interval     time.Duration // least time between two messages to a sink
	repeat       time.Duration // how often a lasting alert is told again; 0: never
	refresh      time.Duration // the same for sinks that forget
}

// cause is what makes two events belong to one alert.
type cause struct {
	kind                 Kind
	backend, model, what string
}

func causeOf(e Event) cause { return cause{e.Kind, e.Backend, e.Model, e.What} }

// Alert is one cause as it is at one moment.
type Alert struct {
	Event  Event // the last that fired it
	Count  int64 // how many fired it
	Starts time.Time
	Last   time.Time // of the last that fired it
	Ends   time.Time // zero while it fires
}

// entry is an alert in the book.
type entry struct {
	Alert
	gone time.Time // when its cause was said to be gone; zero: it is there
}

// queue is what one sink has not been told.
type queue struct {
	sink    Sink
	waiting []*entry
	flying  []*entry // in the message that is under way
	told    map[*entry]time.Time
	next    time.Time // no message before
	fails   int       // messages in a row that were not taken
}

// book keeps alerts and what each sink must be told of them. It is a pure
// state machine, not safe for concurrent use.
type book struct {
	rules
	firing map[cause]*entry
	queues []*queue
	drop   func(reason string)
}

func newBook(drop func(string)) *book {
	return &book{firing: make(map[cause]*entry), drop: drop}
}

// note takes an event and reports whether a sink has something new to hear.
func (b *book) note(e Event, now time.Time) bool {
	c := causeOf(e)
	a := b.firing[c]
	if e.Resolved {
		if a != nil && a.gone.IsZero() {
			a.gone = now
			return true // its end must be waited for
		}
		return false
	}
	if a != nil {
		a.Count, a.Last, a.Event, a.gone = a.Count+1, now, e, b.fades(e.Kind, now)
		return false
	}
	if len(b.firing) >= maxFiring {
		b.drop("full")
		return false
	}
	a = &entry{Alert: Alert{Event: e, Count: 1, Starts: now, Last: now}, gone: b.fades(e.Kind, now)}
	b.firing[c] = a
	b.enqueue(a)
	return true
}

// fades is when an alert begins to be over by itself.
func (b *book) fades(k Kind, now time.Time) time.Time {
	if k.trait().occurs {
		return now
	}
	return time.Time{}
}

func (b *book) enqueue(a *entry) {
	for _, q := range b.queues {
		b.wait(q, a)
	}
}

func (b *book) wait(q *queue, a *entry) {
	if !q.sink.wants(a.Event.Kind) || slices.Contains(q.waiting, a) {
		return
	}
	if len(q.waiting) >= maxWaiting {
		q.forget(q.waiting[0])
		q.waiting = q.waiting[1:]
		b.drop("queue")
	}
	q.waiting = append(q.waiting, a)
}

// forget drops what is known of an alert that ended.
func (q *queue) forget(a *entry) {
	if !a.Ends.IsZero() && !slices.Contains(q.flying, a) {
		delete(q.told, a)
	}
}

// configure replaces the sinks. One that stays keeps what it was told; any
// other is told all that fires.
func (b *book) configure(r rules, sinks []Sink) {
	b.rules = r
	queues := make([]*queue, len(sinks))
	for i, s := range sinks {
		queues[i] = &queue{sink: s, told: make(map[*entry]time.Time)}
		for _, q := range b.queues {
			if q.sink.same(s) {
				q.sink = s
				queues[i] = q
				maps.DeleteFunc(q.told, func(a *entry, _ time.Time) bool { return !s.wants(a.Event.Kind) })
			}
		}
	}
	b.queues = queues
	for _, a := range b.sorted() {
		for _, q := range b.queues {
			if _, told := q.told[a]; !told && !slices.Contains(q.flying, a) {
				b.wait(q, a)
			}
		}
	}
}

// sorted is what fires, oldest first.
func (b *book) sorted() []*entry {
	return slices.SortedFunc(maps.Values(b.firing), func(x, y *entry) int { return x.Starts.Compare(y.Starts) })
}

// tick lets time pass: alerts end, and lasting ones are told again.
func (b *book) tick(now time.Time) {
	for _, a := range b.sorted() {
		if !a.gone.IsZero() && now.Sub(a.gone) >= b.resolveAfter {
			a.Ends = now
			delete(b.firing, causeOf(a.Event))
			b.enqueue(a)
		}
	}
	for _, q := range b.queues {
		every := b.again(q)
		if every == 0 {
			continue
		}
		for _, a := range b.sorted() {
			if at, ok := q.told[a]; ok && now.Sub(at) >= every {
				b.wait(q, a)
			}
		}
	}
}

func (b *book) again(q *queue) time.Duration {
	if q.sink.forgets() {
		return b.refresh
	}
	return b.repeat
}

// take begins a message to q with what it must be told; nil: nothing, or not
// now.
func (b *book) take(q *queue, now time.Time) []Alert {
	if len(q.flying) > 0 || len(q.waiting) == 0 || now.Before(q.next) {
		return nil
	}
	n := min(len(q.waiting), maxBatch)
	q.flying = slices.Clone(q.waiting[:n])
	q.waiting = slices.Delete(q.waiting, 0, n)
	list := make([]Alert, n)
	for i, a := range q.flying {
		list[i] = a.Alert
		if list[i].Ends.IsZero() {
			q.told[a] = now
		}
	}
	return list
}

// sent ends a message that q took, or never will.
func (b *book) sent(q *queue, now time.Time) {
	flown := q.flying
	q.flying, q.fails = nil, 0
	for _, a := range flown {
		if !slices.Contains(q.waiting, a) {
			q.forget(a)
		}
	}
	q.next = now.Add(b.interval)
}

// failed ends a message that q did not take: it is told again after a while,
// as things are then.
func (b *book) failed(q *queue, now time.Time, wait time.Duration) {
	flown := q.flying
	q.flying = nil
	q.fails++
	newer := q.waiting
	q.waiting = flown
	for _, a := range newer {
		b.wait(q, a)
	}
	q.next = now.Add(max(wait, b.interval))
}

// due is when there is something to do next; zero: nothing is foreseen.
func (b *book) due() time.Time {
	var first time.Time
	at := func(t time.Time) {
		if first.IsZero() || t.Before(first) {
			first = t
		}
	}
	for _, a := range b.firing {
		if !a.gone.IsZero() {
			at(a.gone.Add(b.resolveAfter))
		}
	}
	for _, q := range b.queues {
		if len(q.waiting) > 0 && len(q.flying) == 0 {
			at(q.next)
		}
		if every := b.again(q); every > 0 {
			for a, told := range q.told {
				if a.Ends.IsZero() && !slices.Contains(q.waiting, a) && !slices.Contains(q.flying, a) {
					at(told.Add(every))
				}
			}
		}
	}
	return first
}
