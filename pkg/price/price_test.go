package price_test

import (
	"math"
	"math/big"
	"testing"

	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/price"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]genai.Money{
		"0": 0, "0.15": 150_000, "3": 3_000_000, "15.00": 15_000_000, "0.000001": 1, "1000000": 1_000_000_000_000, "007": 7_000_000,
	} {
		if got, err := price.Parse(text); got != want || err != nil {
			t.Errorf("%s is %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"", ".", ".5", "5.", "-1", "+1", "1e3", "0.0000001", "1000000.000001", "1000001", "1,5", "$3", " 3", "1.2.3", "99999999", "٣"} {
		if got, err := price.Parse(text); err == nil {
			t.Errorf("%q is %d", text, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("0.15")
	f.Add("1000000.0")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := price.Parse(text)
		if err != nil {
			return
		}
		r, ok := new(big.Rat).SetString(text)
		if want := new(big.Rat).SetInt64(int64(got)); !ok || r.Mul(r, big.NewRat(1_000_000, 1)).Cmp(want) != 0 {
			t.Errorf("%q is %d", text, got)
		}
	})
}

func TestCost(t *testing.T) {
	p := &price.Price{Input: 3_000_000, CacheRead: 300_000, CacheWrite5m: 3_750_000, CacheWrite1h: 6_000_000, Output: 15_000_000}
	for _, c := range []struct {
		name string
		u    genai.Usage
		want string
	}{
		{"nothing", genai.Usage{}, "0"},
		{"plain", genai.Usage{Input: 1000, Output: 100}, "0.0045"},
		{"caches", genai.Usage{Input: 1000, CacheRead: 500, CacheWrite5m: 200, CacheWrite1h: 100, Output: 10, Reasoning: 5}, "0.00225"},
		{"more_cache_than_input", genai.Usage{Input: 10, CacheRead: 500}, "0.00015"},
		{"absurd", genai.Usage{Input: math.MaxInt64, Output: math.MaxInt64}, "9223372.036854775807"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := p.Cost(c.u).String(); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
	if got := p.Expect(1000, 100).String(); got != "0.0045" {
		t.Errorf("expected %s", got)
	}
}
