package main

import (
	"bytes"
	"compress/gzip"
	"math"
	"testing"
)

// BenchmarkTranslatedDelta is what the engine takes for a delta of forty bytes,
// framing and reading for the books included.
func BenchmarkTranslatedDelta(b *testing.B) {
	for from, t := range talks {
		b.Run(from, func(b *testing.B) {
			e := newEngine(from, "")
			e.feed([]byte(t.first))
			p := []byte(t.delta)
			e.feed(p)
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				n += e.feed(p)
			}
			if n == 0 {
				b.Fatal("nothing came out")
			}
		})
	}
}

// TestTimeIsLinearInTheStream translates streams of rising length. What a delta
// takes must not rise with them.
func TestTimeIsLinearInTheStream(t *testing.T) {
	if testing.Short() || raced {
		t.Skip("measures for seconds")
	}
	for from := range talks {
		for _, coding := range []string{"", "gzip"} {
			t.Run(from+coding, func(t *testing.T) {
				short := least(t, from, coding, 1000)
				for _, n := range []int{10_000, 100_000} {
					if long := least(t, from, coding, n); long > 1.5*short {
						t.Errorf("a delta takes %.0f ns in a stream of 1000, %.0f ns in one of %d", short, long, n)
					}
				}
			})
		}
	}
}

// least is the CPU time that a delta takes in a stream of n, in ns: the least of
// several streams, since whatever else the machine does only adds to it.
func least(t *testing.T, from, coding string, n int) float64 {
	t.Helper()
	pieces := cut(t, talks[from], coding, n)
	best := math.Inf(1)
	for range max(3, 20_000/n) {
		e := newEngine(from, coding)
		start := cpuTime()
		for _, p := range pieces {
			e.feed(p)
		}
		e.end()
		best = min(best, float64(cpuTime()-start)/float64(n))
		if r := e.read; !r.Finished || r.Failed || r.Malformed > 0 || r.DeltaBytes != int64(n*len(delta)) {
			t.Fatalf("read %+v of %d deltas", r.Reading.Reading, n)
		}
	}
	return best
}

// cut is a stream of n deltas in the pieces in which it arrives: one for each.
func cut(t *testing.T, k talk, coding string, n int) [][]byte {
	t.Helper()
	var out [][]byte
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	add := func(text string) {
		if coding == "" {
			out = append(out, []byte(text))
			return
		}
		if _, err := z.Write([]byte(text)); err != nil || z.Flush() != nil {
			t.Fatal(err)
		}
		out = append(out, bytes.Clone(b.Bytes()))
		b.Reset()
	}
	add(k.first)
	for range n {
		add(k.delta)
	}
	add(k.last)
	if coding == "" {
		return out
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return append(out, b.Bytes())
}
