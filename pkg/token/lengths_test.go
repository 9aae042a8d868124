package token

import (
	"math"
	"strconv"
	"strings"
	"testing"
)

func TestLengthsAreLearnedByKind(t *testing.T) {
	var l Lengths
	if n := l.Expect("r", "m", true, 0); n != 0 {
		t.Errorf("%d of nothing", n)
	}
	for i := range int64(enough) {
		if n := l.Expect("r", "m", true, 10); n != 0 {
			t.Errorf("%d of %d answers", n, i)
		}
		l.Learn("r", "m", true, 100+i)
		l.Learn("r", "m", false, 900)
		l.Learn("other", "m", true, 5)
	}
	for _, c := range []struct {
		name   string
		route  string
		stream bool
		limit  int64
		want   int64
	}{
		{"stream", "r", true, 0, 101},
		{"one_piece", "r", false, 0, 900},
		{"route", "other", true, 0, 5},
		{"limit", "r", true, 64, 64},
		{"limit_above", "r", true, 4096, 101},
		{"unknown", "new", true, 50, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			if n := l.Expect(c.route, "m", c.stream, c.limit); n != c.want {
				t.Errorf("%d, want %d", n, c.want)
			}
		})
	}
}

func TestLengthsFollowChange(t *testing.T) {
	var l Lengths
	for range 500 {
		l.Learn("r", "m", true, 100)
	}
	for range 200 {
		l.Learn("r", "m", true, 1000)
	}
	near(t, "length", l.Expect("r", "m", true, 0), 1000, 5)
}

func TestLengthsAreBounded(t *testing.T) {
	var l Lengths
	for i := range 2 * MaxLengths {
		l.Learn("busy", "m", true, 10)
		l.Learn("r", strconv.Itoa(i), true, 10)
	}
	for range enough {
		l.Learn("r", strings.Repeat("x", maxName+1), true, 10)
		l.Learn("r", "odd", true, -3)
		l.Learn("r", "huge", true, math.MaxInt64)
	}
	if len(l.kinds) != MaxLengths {
		t.Errorf("%d kinds", len(l.kinds))
	}
	if l.Expect("busy", "m", true, 0) != 10 || l.kinds[kind{"r", "0", true}] != nil {
		t.Error("not the stalest was forgotten")
	}
	if n := l.Expect("r", "huge", true, 0); n != maxCount {
		t.Errorf("%d", n)
	}
}
