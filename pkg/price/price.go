// Package price says what tokens cost. All amounts are exact: prices per
// million tokens have at most six decimals, so that a token costs a whole
// number of pico-dollars.
//
// Invariants: nothing overflows, an amount beyond the largest one is the
// largest one; nothing costs less than zero.
package price

import (
	"errors"
	"math"
	"math/bits"
	"strconv"
	"strings"

	"github.com/signalbox-dev/signalbox/pkg/genai"
)

// Price is what a token costs.
type Price struct {
	Input        genai.Money // neither read from a cache nor written to it
	CacheRead    genai.Money
	CacheWrite5m genai.Money
	CacheWrite1h genai.Money
	Output       genai.Money
}

// Max is the highest price, in dollars for a million tokens.
const Max = 1_000_000

const decimals = 6

var errForm = errors.New("must be dollars for a million tokens, as \"0.15\": digits and at most six decimals, up to 1000000")

// Parse reads a price for a million tokens in dollars, as "0.15", and returns
// that of one token.
func Parse(perMillion string) (genai.Money, error) {
	whole, part, point := strings.Cut(perMillion, ".")
	if len(whole) > 7 || len(part) > decimals || !digits(whole) || point != digits(part) {
		return 0, errForm
	}
	n, err := strconv.ParseInt(whole+part+strings.Repeat("0", decimals-len(part)), 10, 64)
	if err != nil || n > Max*1_000_000 {
		return 0, errForm
	}
	return genai.Money(n), nil
}

// digits reports whether text has digits and nothing else.
func digits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}

// Cost is what a usage costs.
func (p *Price) Cost(u genai.Usage) genai.Money {
	plain := u.Input - u.CacheRead - u.CacheWrite5m - u.CacheWrite1h
	return times(p.Input, plain).
		Add(times(p.CacheRead, u.CacheRead)).
		Add(times(p.CacheWrite5m, u.CacheWrite5m)).
		Add(times(p.CacheWrite1h, u.CacheWrite1h)).
		Add(times(p.Output, u.Output))
}

// Expect is what a request costs whose caches help nothing.
func (p *Price) Expect(input, output int64) genai.Money {
	return times(p.Input, input).Add(times(p.Output, output))
}

// times is the price of n tokens.
func times(p genai.Money, n int64) genai.Money {
	if p <= 0 || n <= 0 {
		return 0
	}
	hi, lo := bits.Mul64(uint64(p), uint64(n))
	if hi > 0 || lo > math.MaxInt64 {
		return math.MaxInt64
	}
	return genai.Money(lo)
}
