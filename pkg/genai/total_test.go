package genai

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

func TestTotal(t *testing.T) {
	var none Total
	for _, c := range []struct {
		name string
		sum  Total
		want string
	}{
		{"nothing", none, "0"},
		{"little", none.Add(1), "0.000000000001"},
		{"negative", none.Add(-1), "-0.000000000001"},
		{"negative_whole", none.Add(-2 * picos), "-2"},
		{"back", none.Add(3 * picos / 2).Add(-3 * picos / 2), "0"},
		{"beyond_money", none.Add(math.MaxInt64).Add(math.MaxInt64).Add(math.MaxInt64), "27670116.110564327421"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.sum.String(); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

func TestTotalIsExact(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	var sum Total
	want := new(big.Int)
	for range 10_000 {
		m := r.Int64() >> r.IntN(63)
		if r.IntN(2) == 0 {
			m = -m
		}
		sum = sum.Add(Money(m))
		want.Add(want, big.NewInt(m))
		got, ok := new(big.Rat).SetString(sum.String())
		if !ok || got.Cmp(new(big.Rat).SetFrac(want, big.NewInt(picos))) != 0 {
			t.Fatalf("%s, want %v picos", sum, want)
		}
	}
}
