package genai

import (
	"math"
	"strconv"
	"strings"
)

// Money is an amount in pico-dollars, 1e-12 USD: prices per token are whole
// numbers of it, and the largest amount is nine million dollars.
type Money int64

// picos is one dollar.
const picos = 1_000_000_000_000

// USD is the amount in dollars, for what wants a floating-point number.
func (m Money) USD() float64 { return float64(m) / picos }

// Add returns the sum, the largest or smallest amount where it is beyond that.
func (m Money) Add(n Money) Money {
	switch {
	case n > 0 && m > math.MaxInt64-n:
		return math.MaxInt64
	case n < 0 && m < math.MinInt64-n:
		return math.MinInt64
	}
	return m + n
}

// String is the amount in dollars, exactly: "0.00345".
func (m Money) String() string {
	sign, n := "", uint64(m)
	if m < 0 {
		sign, n = "-", -n
	}
	return sign + decimal(n/picos, n%picos)
}

// decimal writes dollars and pico-dollars below one.
func decimal(dollars, rest uint64) string {
	whole := strconv.FormatUint(dollars, 10)
	part := strings.TrimRight(strconv.FormatUint(picos+rest, 10)[1:], "0")
	if part == "" {
		return whole
	}
	return whole + "." + part
}
