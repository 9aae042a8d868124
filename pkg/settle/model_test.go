package settle

import (
	"math/rand/v2"
	"testing"
	"time"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"

	"github.com/signalbox-dev/signalbox/pkg/ledger"
)

// world is a proxy with its log, a ledger, and the book under test.
type world struct {
	t       *testing.T
	choose  func(n int) int // 0 <= choice < n
	now     time.Time
	stories []*story
	log     []any // entries, in the order of the proxy's log
	read    int   // of the log, by the book
	again   int   // entries from here on were read by this book
	ledger  memory
	book    *Book
}

func newWorld(t *testing.T, choose func(int) int) *world {
	w := &world{t: t, choose: choose, now: epoch}
	w.book = New(Options{Estimator: new(guess), Price: priced})
	return w
}

func (w *world) one(of int) bool { return w.choose(of) == 0 }

// step lets one thing happen.
func (w *world) step() {
	switch w.choose(20) {
	case 0, 1, 2:
		w.begin()
	case 3, 4, 5, 6, 7, 8:
		w.proceed()
	case 9, 10, 11, 12:
		w.witness(1 + w.choose(4))
	case 13:
		w.repeat()
	case 14, 15:
		w.pass(time.Duration(w.choose(3000)) * time.Millisecond)
	case 16:
		w.pass(time.Duration(w.choose(5)) * time.Minute)
	case 17:
		w.measure()
	case 18:
		w.crash()
	case 19:
		if w.one(5) {
			w.proxyDies()
		}
	}
}

func (w *world) begin() {
	s := &story{n: len(w.stories)}
	s.open = opened(s.n)
	s.open.Order = s.open.Order[:1+w.choose(3)]
	s.open.TimeNs, s.open.DeadlineNs = uint64(w.now.UnixNano()), uint64(w.now.Add(30*time.Second).UnixNano())
	s.opened, s.ticketed = true, true
	if w.one(6) { // of another process, or of no one
		s.opened, s.ticketed = false, w.one(2)
	}
	w.invent(s)
	w.stories = append(w.stories, s)
	if !s.opened {
		return
	}
	w.ledger.append([]ledger.Record{s.open})
	if w.one(30) { // we die before the proxy is told to go on
		s.entries, s.lost, s.tries = nil, true, nil
		w.crash()
		return
	}
	w.book.Open(s.open)
}

// proceed lets the proxy log one more entry of a request.
func (w *world) proceed() {
	var busy []*story
	for _, s := range w.stories {
		if s.written < len(s.entries) && !s.lost {
			busy = append(busy, s)
		}
	}
	if len(busy) > 0 {
		w.write(busy[w.choose(len(busy))])
	}
}

// write logs the next entry. What we read of an attempt we know before that.
func (w *world) write(s *story) {
	e := s.entries[s.written]
	if u, ok := e.(Upstream); ok {
		if m := s.reading(u); m != nil {
			w.book.Metered(ticket(s.n), *m, w.now)
			w.take()
		}
	}
	w.log = append(w.log, e)
	s.written++
}

// witness reads n entries and appends what follows in one batch with the
// offset, unless we die in between.
func (w *world) witness(n int) {
	upTo := min(w.read+n, len(w.log))
	w.feed(w.log[w.read:upTo])
	w.read = upTo
	records := w.book.Take().Records
	if w.one(15) {
		w.crash()
		return
	}
	w.ledger.append(append(records, &signalboxv1.Offset{Offset: int64(upTo)}))
}

func (w *world) feed(entries []any) {
	for _, e := range entries {
		switch x := e.(type) {
		case Upstream:
			w.book.Upstream(x, w.now)
		case Downstream:
			w.book.Downstream(x, w.now)
		}
	}
}

// repeat gives the book entries that it had already.
func (w *world) repeat() {
	if w.read > w.again {
		w.feed(w.log[w.again+w.choose(w.read-w.again) : w.read])
		w.take()
	}
}

func (w *world) take() { w.ledger.append(w.book.Take().Records) }

func (w *world) pass(d time.Duration) {
	w.now = w.now.Add(d)
	w.book.Tick(w.now)
	w.take()
}

// measure lets an attached stream of a request end.
func (w *world) measure() {
	if len(w.stories) == 0 {
		return
	}
	s := w.stories[w.choose(len(w.stories))]
	if s.metered && !s.lost {
		w.book.Metered(ticket(s.n), Metered{
			Usage: s.usage(), Found: true, Done: true, Status: 200, Cluster: s.end.Cluster, Start: s.end.Start, End: w.now,
		}, w.now)
		w.take()
	}
}

// crash forgets all that is not in the ledger.
func (w *world) crash() {
	r := w.ledger.recovered()
	w.book = New(Options{Estimator: new(guess), Price: priced})
	w.book.Restore(r)
	w.read = int(r.Offset.GetOffset())
	w.again = w.read
}

// proxyDies loses what the proxy has not logged.
func (w *world) proxyDies() {
	for _, s := range w.stories {
		s.lost = s.lost || s.written < len(s.entries)
	}
	w.book.EnvoyGone(w.now)
}

// finish lets everything come to its end and compares the rows with the
// stories.
func (w *world) finish() {
	for _, s := range w.stories {
		for s.written < len(s.entries) && !s.lost {
			w.write(s)
		}
	}
	for w.read < len(w.log) {
		w.witness(10)
	}
	for range 4 {
		w.pass(10 * time.Minute)
	}
	if w.book.Len() != 0 || len(w.book.Running()) != 0 {
		w.t.Errorf("%d requests never end", w.book.Len())
	}
	for _, s := range w.stories {
		w.check(s)
	}
}

// TestBookAgainstStories lets random things happen to random requests:
// interleaved entries, ticks, deaths of either process at any point.
func TestBookAgainstStories(t *testing.T) {
	seeds := uint64(4000)
	if testing.Short() {
		seeds = 400
	}
	for seed := range seeds {
		random := rand.New(rand.NewPCG(seed, 1))
		w := newWorld(t, random.IntN)
		for range 20 + random.IntN(120) {
			w.step()
		}
		w.finish()
		if seed%200 == 0 {
			w.checkReport(t)
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// FuzzBook is the same with choices made by the fuzzer.
func FuzzBook(f *testing.F) {
	f.Add([]byte{0, 1, 3, 3, 9, 0, 18, 3, 9, 1, 16, 4})
	f.Fuzz(func(t *testing.T, choices []byte) {
		if len(choices) > 2000 {
			return
		}
		w := newWorld(t, func(n int) int {
			if len(choices) == 0 {
				return n - 1
			}
			c := int(choices[0]) % n
			choices = choices[1:]
			return c
		})
		for len(choices) > 0 {
			w.step()
		}
		w.finish()
	})
}
