package health

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

func speedOf(w *world) Speed { return w.book.Speed(w.keys[0], w.now) }

func about(t *testing.T, what string, got, want, percent float64) {
	t.Helper()
	if math.Abs(got-want) > want*percent/100 {
		t.Errorf("%s: %.2f, want %.2f within %.0f %%", what, got, want, percent)
	}
}

// answers feeds n answers of a cell that needs first and then perToken for each
// token, give or take a fifth.
func answers(w *world, n int, stream bool, first, perToken time.Duration) {
	for range n {
		w.now = w.now.Add(100 * time.Millisecond)
		tokens := 20 + w.rand.Int64N(2000)
		noisy := func(d time.Duration) time.Duration { return time.Duration(float64(d) * (.8 + .4*w.rand.Float64())) }
		s := Sample{Output: tokens, Writing: noisy(time.Duration(tokens) * perToken)}
		if stream {
			s.FirstByte = noisy(first)
		} else {
			s.Writing += noisy(first)
		}
		w.book.Observe(w.keys[0], s, w.now)
	}
}

func TestSpeed(t *testing.T) {
	w := newWorld(1)
	if s := speedOf(w); s != (Speed{}) {
		t.Errorf("%+v of nothing", s)
	}
	answers(w, 200, true, 300*time.Millisecond, 10*time.Millisecond)
	about(t, "first byte", speedOf(w).FirstByte.Seconds(), .3, 10)
	about(t, "tokens a second", speedOf(w).TokensPerSecond, 100, 10)
	w.now = w.now.Add(time.Minute)
	answers(w, 600, true, 900*time.Millisecond, 40*time.Millisecond)
	about(t, "slower first byte", speedOf(w).FirstByte.Seconds(), .9, 20)
	about(t, "fewer tokens a second", speedOf(w).TokensPerSecond, 25, 30)
	w.now = w.now.Add(paceKept + time.Second)
	if s := speedOf(w); s != (Speed{}) {
		t.Errorf("%+v of long ago", s)
	}
}

func TestSpeedOfAnswersInOnePiece(t *testing.T) {
	w := newWorld(2)
	answers(w, 300, false, 500*time.Millisecond, 10*time.Millisecond)
	s := speedOf(w)
	about(t, "an answer of 1000 tokens", s.FirstByte.Seconds()+1000/s.TokensPerSecond, 10.5, 10)
	answers(w, 20, true, 300*time.Millisecond, 10*time.Millisecond)
	about(t, "first byte of streams", speedOf(w).FirstByte.Seconds(), .3, 10)
}

func TestSpeedOfOddAnswers(t *testing.T) {
	for _, c := range []struct {
		name string
		list []Sample
	}{
		{"one", []Sample{{Output: 100, Writing: time.Second}}},
		{"one_length", []Sample{{Output: 100, Writing: time.Second}, {Output: 100, Writing: 2 * time.Second}}},
		{"longer_quicker", []Sample{{Output: 100, Writing: 5 * time.Second}, {Output: 1000, Writing: time.Second}}},
		{"huge", []Sample{{Output: math.MaxInt64, Writing: math.MaxInt64}, {Output: 8, Writing: 1}}},
		{"stream", []Sample{{FirstByte: 1, Output: math.MaxInt64, Writing: 1}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(1)
			for _, s := range c.list {
				w.book.Observe(w.keys[0], s, w.now)
			}
			s := speedOf(w)
			if s.FirstByte <= 0 || !(s.TokensPerSecond > 0) || math.IsInf(s.TokensPerSecond, 0) {
				t.Errorf("%+v", s)
			}
		})
	}
}

func TestLongAnswersAreNotSlow(t *testing.T) {
	w := newWorld(3)
	w.serve = func(string) Sample {
		n := 20 + w.rand.Int64N(100)
		if w.now.Sub(time.Unix(1e9, 0)) > 30*time.Second {
			n *= 50
		}
		return Sample{FirstByte: w.ttft(), Output: n, Writing: time.Duration(n) * 10 * time.Millisecond}
	}
	w.run(60*time.Second, 50)
	if len(w.changes) > 0 {
		t.Errorf("%v", w.changes)
	}
	about(t, "tokens a second", speedOf(w).TokensPerSecond, 100, 5)
}

// TestSlowToTheFirstToken: heads come as ever, tokens do not.
func TestSlowToTheFirstToken(t *testing.T) {
	w := newWorld(4)
	w.spread = true
	slow := 1
	w.serve = func(b string) Sample {
		s := Sample{FirstByte: w.ttft()}
		if w.rand.IntN(2) == 0 { // nobody reads the others
			s.FirstToken = s.FirstByte + 4*w.ttft()
			if b == "a" {
				s.FirstToken *= time.Duration(slow)
			}
		}
		return s
	}
	w.run(30*time.Second, 50)
	if len(w.changes) > 0 {
		t.Fatalf("healthy, and yet %v", w.changes)
	}
	if got := speedOf(w).FirstByte.Seconds(); got < .25 || got > .4 { // of half of them the token, .5, of half the byte, .1
		t.Errorf("%.3f s until answers begin", got)
	}
	slow = 8
	w.run(5*time.Second, 50)
	clear(w.got)
	w.run(10*time.Second, 50)
	if s := w.share("a"); s > .05 {
		t.Errorf("the slow one got %.1f %%", s*100)
	}
	if s := w.book.Status(w.now)[0]; s.State != Open || s.Grade != Slow {
		t.Errorf("%+v", s)
	}
}

func TestFailuresSayNothingOfSpeed(t *testing.T) {
	w := newWorld(1)
	answers(w, 5, true, 100*time.Millisecond, 10*time.Millisecond)
	before := speedOf(w)
	w.book.Observe(w.keys[0], Sample{Result: Failure, FirstByte: time.Hour, Output: 10, Writing: time.Hour}, w.now)
	w.book.Observe(w.keys[0], Sample{Result: Refusal, FirstByte: time.Hour}, w.now)
	if s := speedOf(w); s != before {
		t.Errorf("%+v, was %+v", s, before)
	}
	if s := w.book.Speed(Key{"nobody", "m"}, w.now); s != (Speed{}) {
		t.Errorf("%+v of a cell that is not configured", s)
	}
}

func BenchmarkSpeed(b *testing.B) {
	w := newWorld(1)
	w.rand = rand.New(rand.NewPCG(1, 1))
	answers(w, 5, true, 100*time.Millisecond, 10*time.Millisecond)
	b.ReportAllocs()
	for b.Loop() {
		w.book.Speed(w.keys[0], w.now)
	}
}
