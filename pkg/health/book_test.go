package health

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

var options = Options{Window: 2 * time.Second, ErrorRate: .2, SlowFactor: 3, Rest: 5 * time.Second, Probe: time.Second}

// world serves requests to three backends by a book, as the gateway does: an
// attempt's end is known some time after it began.
type world struct {
	book    *Book
	rand    *rand.Rand
	now     time.Time
	late    []told
	keys    []Key
	got     map[string]int // first choices since it was emptied
	changes []Change
	serve   func(backend string) Sample
	spread  bool // by chance over the backends that are well, else in order
}

type told struct {
	at time.Time
	k  Key
	s  Sample
}

func newWorld(seed uint64) *world {
	w := &world{book: New(), rand: rand.New(rand.NewPCG(seed, 1)), now: time.Unix(1e9, 0), got: map[string]int{}}
	for _, n := range []string{"a", "b", "c"} {
		w.keys = append(w.keys, Key{n, "m"})
	}
	w.book.Configure(options, [][]Key{w.keys})
	return w
}

// run serves rate requests a second for d.
func (w *world) run(d time.Duration, rate int) {
	for end := w.now.Add(d); w.now.Before(end); w.now = w.now.Add(time.Second / time.Duration(rate)) {
		for len(w.late) > 0 && !w.late[0].at.After(w.now) {
			w.book.Observe(w.late[0].k, w.late[0].s, w.now)
			w.late = w.late[1:]
		}
		w.changes = append(w.changes, w.book.Tick(w.now)...)
		k := w.choose()
		w.got[k.Backend]++
		s := w.serve(k.Backend)
		w.late = append(w.late, told{w.now.Add(s.FirstByte + 300*time.Millisecond), k, s})
		for i := len(w.late) - 1; i > 0 && w.late[i].at.Before(w.late[i-1].at); i-- {
			w.late[i], w.late[i-1] = w.late[i-1], w.late[i]
		}
	}
}

func (w *world) choose() Key {
	var by [Ill + 1][]Key
	for _, k := range w.keys {
		g := w.book.Grade(k, w.rand.Uint64(), w.now)
		by[g] = append(by[g], k)
	}
	if !w.spread { // a probe has the place of its backend
		for _, k := range w.keys {
			if slices.Contains(by[Probe], k) || slices.Contains(by[Well], k) {
				return k
			}
		}
	}
	for _, list := range by {
		switch {
		case len(list) > 0 && w.spread:
			return list[w.rand.IntN(len(list))]
		case len(list) > 0:
			return list[0]
		}
	}
	return Key{}
}

func (w *world) share(backend string) float64 {
	n := 0
	for _, v := range w.got {
		n += v
	}
	return float64(w.got[backend]) / float64(n)
}

// ways are how a backend can be ill.
var ways = map[string]func(w *world) Sample{
	"slow":     func(w *world) Sample { return Sample{FirstByte: w.ttft() * 10} },
	"refusing": func(*world) Sample { return Sample{Result: Refusal} },
	"failing": func(w *world) Sample {
		if w.rand.IntN(2) == 0 {
			return Sample{Result: Failure}
		}
		return Sample{FirstByte: w.ttft()}
	},
	"dead": func(*world) Sample { return Sample{Result: Failure} },
}

func (w *world) ttft() time.Duration {
	return time.Duration(60+w.rand.IntN(80)) * time.Millisecond
}

// TestMovesAwayAndComesBack is the promise: at 50 requests a second, 95 % of
// new requests go elsewhere within 3 s, all come back within 60 s, and the
// breaker does not flap meanwhile.
func TestMovesAwayAndComesBack(t *testing.T) {
	for way, ill := range ways {
		for _, spread := range []bool{true, false} {
			for seed := range uint64(8) {
				t.Run(fmt.Sprintf("%s/spread_%t/%d", way, spread, seed), func(t *testing.T) { promise(t, ill, spread, seed) })
			}
		}
	}
}

func promise(t *testing.T, ill func(*world) Sample, spread bool, seed uint64) {
	t.Helper()
	w := newWorld(seed)
	w.spread = spread
	w.serve = func(string) Sample { return Sample{FirstByte: w.ttft()} }
	w.run(30*time.Second, 50)
	if len(w.changes) > 0 {
		t.Fatalf("healthy, and yet %v", w.changes)
	}
	w.serve = func(b string) Sample {
		if b == "a" {
			return ill(w)
		}
		return Sample{FirstByte: w.ttft()}
	}
	w.run(3*time.Second, 50)
	clear(w.got)
	w.run(27*time.Second, 50)
	if s := w.share("a"); s > .05 {
		t.Errorf("the ill one got %.1f %%", s*100)
	}
	if n := opened(w.changes); n < 1 || n > 2 {
		t.Errorf("opened %d times: %v", n, w.changes)
	}
	w.serve = func(string) Sample { return Sample{FirstByte: w.ttft()} }
	w.changes = nil
	w.run(60*time.Second, 50)
	clear(w.got)
	w.run(10*time.Second, 50)
	if s := w.share("a"); s < .25 {
		t.Errorf("a minute after its recovery it got %.1f %%", s*100)
	}
	if n := opened(w.changes); n > 0 {
		t.Errorf("opened again %d times: %v", n, w.changes)
	}
}

func opened(list []Change) (n int) {
	for _, c := range list {
		if c.State == Open {
			n++
		}
	}
	return n
}

// TestStaysWell runs backends as they are on a common day.
func TestStaysWell(t *testing.T) {
	for _, rate := range []int{1, 5, 50, 200} {
		t.Run(fmt.Sprint(rate), func(t *testing.T) {
			w := newWorld(uint64(rate))
			w.spread = true
			w.serve = func(b string) Sample {
				if w.rand.IntN(100) < 2 {
					return Sample{Result: Failure}
				}
				ttft := w.ttft()
				if b == "c" {
					ttft *= 8 // it always is
				}
				if w.rand.IntN(200) == 0 {
					ttft *= 40
				}
				return Sample{FirstByte: ttft}
			}
			w.run(10*time.Minute, rate)
			if len(w.changes) > 0 {
				t.Errorf("%v", w.changes)
			}
		})
	}
}

func TestFailsOpen(t *testing.T) {
	w := newWorld(1)
	w.serve = func(b string) Sample {
		if b == "b" {
			return Sample{Result: Refusal}
		}
		return Sample{Result: Failure}
	}
	w.run(20*time.Second, 50)
	clear(w.got)
	w.run(2*time.Second, 50)
	if w.share("b") < .8 {
		t.Errorf("all are ill: %v", w.got)
	}
}

func TestAllSlowIsNobodysFault(t *testing.T) {
	w := newWorld(1)
	w.spread = true
	slow := 1
	w.serve = func(string) Sample { return Sample{FirstByte: w.ttft() * time.Duration(slow)} }
	w.run(30*time.Second, 50)
	slow = 5
	w.run(60*time.Second, 50)
	if n := opened(w.changes); n > 2 {
		t.Errorf("%v", w.changes)
	}
}

// TestSeldomAsked has a request a minute: what is known then rests on time.
func TestSeldomAsked(t *testing.T) {
	w := newWorld(1)
	w.serve = func(string) Sample { return Sample{Result: Failure} }
	b, k := w.book, w.keys[0]
	for range inARow {
		w.now = w.now.Add(time.Minute)
		b.Observe(k, Sample{Result: Failure}, w.now)
	}
	if b.Status(w.now)[0].State != Open {
		t.Fatal("five failures in a row, and closed")
	}
	for i := range 30 {
		w.now = w.now.Add(time.Minute)
		b.Tick(w.now)
		if b.Grade(k, 0, w.now) <= Well {
			b.Observe(k, Sample{}, w.now)
		}
		if b.Status(w.now)[0].State == Closed {
			if i > 10 {
				t.Errorf("closed after %d minutes", i)
			}
			return
		}
	}
	t.Error("never closed")
}

// TestRests: nothing comes to a backend that rests, and then a probe does.
func TestRests(t *testing.T) {
	w := newWorld(1)
	b, k := w.book, w.keys[0]
	rest := options.Rest
	for range 6 {
		b.Observe(k, Sample{Result: Refusal}, w.now)
		for range bored {
			if b.Grade(k, 0, w.now.Add(rest-time.Millisecond)) != Throttled {
				t.Errorf("asked before %v", rest)
			}
		}
		w.now = w.now.Add(rest + options.Probe)
		if b.Grade(k, 0, w.now) != Probe {
			t.Errorf("not asked after %v", rest)
		}
		rest = min(2*rest, maxRest*options.Rest)
	}
}

// TestRefusalAsksForTime: a refusal is left alone for as long as it asks, at
// least for the usual rest, and within bounds.
func TestRefusalAsksForTime(t *testing.T) {
	for _, c := range []struct {
		name        string
		retry, want time.Duration
	}{
		{"nothing", 0, options.Rest},
		{"less", time.Second, options.Rest},
		{"more", time.Minute, time.Minute},
		{"absurd", 1e6 * time.Hour, maxRetry},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(1)
			b, k := w.book, w.keys[0]
			b.Observe(k, Sample{Result: Refusal, Retry: c.retry}, w.now)
			for range 2 * bored {
				if g := b.Grade(k, 0, w.now.Add(c.want-time.Millisecond)); g != Throttled {
					t.Fatalf("%v before %v", g, c.want)
				}
			}
			if g := b.Grade(k, 0, w.now.Add(c.want+options.Probe)); g != Probe {
				t.Errorf("%v after %v", g, c.want)
			}
		})
	}
}

func TestLaterRefusalAsksForMoreTime(t *testing.T) {
	w := newWorld(1)
	b, k := w.book, w.keys[0]
	b.Observe(k, Sample{Result: Refusal}, w.now)
	b.Observe(k, Sample{Result: Refusal, Retry: time.Minute}, w.now.Add(time.Second))
	b.Observe(k, Sample{Result: Refusal, Retry: time.Second}, w.now.Add(2*time.Second))
	for range 2 * bored {
		if g := b.Grade(k, 0, w.now.Add(time.Minute)); g != Throttled {
			t.Fatalf("%v before the minute is over", g)
		}
	}
	if g := b.Grade(k, 0, w.now.Add(time.Minute+2*time.Second)); g != Probe {
		t.Errorf("%v after it", g)
	}
}

func TestForgottenCellComesBack(t *testing.T) {
	w := newWorld(1)
	b, k := w.book, w.keys[0]
	for range inARow {
		b.Observe(k, Sample{Result: Failure}, w.now)
	}
	b.Tick(w.now.Add(lost + options.Rest + time.Second))
	b.Tick(w.now.Add(lost + 3*options.Rest))
	if s := b.Status(w.now.Add(lost + 3*options.Rest))[0]; s.State != Closed || b.Grade(k, 0, w.now) != Well {
		t.Errorf("%+v", s)
	}
}

// TestClockGoesBack: what was learned stays, nothing opens or closes by it.
func TestClockGoesBack(t *testing.T) {
	w := newWorld(1)
	w.spread = true
	w.serve = func(string) Sample { return Sample{FirstByte: w.ttft()} }
	w.run(10*time.Second, 50)
	w.now, w.late = w.now.Add(-time.Hour), nil
	w.run(10*time.Second, 50)
	w.now, w.late = w.now.Add(2*time.Hour), nil
	w.run(10*time.Second, 50)
	if len(w.changes) > 0 {
		t.Errorf("%v", w.changes)
	}
}

// TestClockGoesBackWhileOpen: a cell that is out comes back as it would have.
func TestClockGoesBackWhileOpen(t *testing.T) {
	w := newWorld(1)
	b, k := w.book, w.keys[0]
	b.Observe(k, Sample{Result: Refusal}, w.now)
	b.Tick(w.now)
	w.now = w.now.Add(-time.Hour)
	if c := b.Tick(w.now); len(c) > 0 {
		t.Errorf("%v", c)
	}
	for range 2 * bored {
		if g := b.Grade(k, 0, w.now.Add(options.Rest-time.Second)); g != Throttled {
			t.Fatalf("%v while it rests", g)
		}
	}
	if g := b.Grade(k, 0, w.now.Add(options.Rest+options.Probe)); g != Probe {
		t.Errorf("%v after its rest", g)
	}
}

func TestConfigureKeepsWhatIsKnown(t *testing.T) {
	w := newWorld(1)
	b, k := w.book, w.keys[0]
	for range inARow {
		b.Observe(k, Sample{Result: Failure}, w.now)
	}
	if gone := b.Configure(options, [][]Key{w.keys[:2]}); len(gone) > 0 || b.Grade(k, 0, w.now) != Ill {
		t.Errorf("gone %v", gone)
	}
	if gone := b.Configure(options, [][]Key{w.keys[1:]}); len(gone) != 1 || b.Grade(k, 0, w.now) != Well {
		t.Errorf("gone %v", gone)
	}
	b.Observe(Key{"nobody", "m"}, Sample{Result: Refusal}, w.now)
	if b.Grade(Key{"nobody", "m"}, 0, w.now) != Well {
		t.Error("a cell that is not configured")
	}
}

func BenchmarkGrade(b *testing.B) {
	w := newWorld(1)
	w.book.Observe(w.keys[0], Sample{Result: Refusal}, w.now)
	for b.Loop() {
		w.book.Grade(w.keys[1], 1, w.now)
	}
}
