package genai_test

import (
	"math"
	"testing"

	"github.com/signalbox-dev/signalbox/pkg/genai"
)

func TestMoneyString(t *testing.T) {
	for m, want := range map[genai.Money]string{
		0: "0", 1: "0.000000000001", 3_450_000_000: "0.00345", 2_000_000_000_000: "2", -1_500_000_000_000: "-1.5",
		math.MaxInt64: "9223372.036854775807", math.MinInt64: "-9223372.036854775808",
	} {
		if got := m.String(); got != want {
			t.Errorf("%d is %s, want %s", int64(m), got, want)
		}
	}
}

func TestMoneyAdd(t *testing.T) {
	const most, least = genai.Money(math.MaxInt64), genai.Money(math.MinInt64)
	for _, c := range []struct{ a, b, want genai.Money }{
		{1, 2, 3}, {5, -7, -2}, {most, 1, most}, {most - 1, most, most}, {least, -1, least}, {most, least, -1},
	} {
		if got := c.a.Add(c.b); got != c.want {
			t.Errorf("%v and %v are %v", c.a, c.b, got)
		}
	}
}
