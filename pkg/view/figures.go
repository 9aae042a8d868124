package view

import (
	"math/big"

	"github.com/signalbox-dev/signalbox/pkg/genai"
)

// figures are what is counted of requests and attempts in a time.
type figures struct {
	requests  int64
	errors    int64 // the caller got an error or a broken answer
	fallbacks int64 // a later attempt served
	refused   int64 // no provider was asked

	attempts int64
	unpriced int64 // attempts of which nobody knows the price
	input    int64 // tokens
	output   int64
	spend    amount // of those whose price is known
	copies   int64  // requests that no caller saw an answer to; they count nowhere else
	copied   amount // what they cost
	first    histogram
}

// add adds all but the times to the first token.
func (f *figures) add(o *figures) {
	f.requests += o.requests
	f.errors += o.errors
	f.fallbacks += o.fallbacks
	f.refused += o.refused
	f.attempts += o.attempts
	f.unpriced += o.unpriced
	f.input += o.input
	f.output += o.output
	f.spend.plus(o.spend)
	f.copies += o.copies
	f.copied.plus(o.copied)
}

// money is what was spent: nil when something was used and no price is known.
func (f *figures) money() *amount {
	if f.attempts > 0 && f.unpriced == f.attempts {
		return nil
	}
	return &f.spend
}

// amount is a sum of money without a limit. Its zero value is nothing.
type amount struct {
	dollars int64
	picos   int64 // less than a dollar, of the same sign or 0
}

const dollar = 1_000_000_000_000

func (a *amount) add(m genai.Money) { a.plus(amount{int64(m) / dollar, int64(m) % dollar}) }

func (a *amount) plus(b amount) {
	a.dollars += b.dollars
	a.picos += b.picos
	a.dollars += a.picos / dollar
	a.picos %= dollar
}

func (a amount) usd() float64 { return float64(a.dollars) + float64(a.picos)/dollar }

// MarshalJSON writes the pico-dollars as a string: a double cannot hold them.
func (a amount) MarshalJSON() ([]byte, error) {
	n := new(big.Int).Mul(big.NewInt(a.dollars), big.NewInt(dollar))
	return []byte(`"` + n.Add(n, big.NewInt(a.picos)).String() + `"`), nil
}

// amountOf is m as the API shows it.
func amountOf(m genai.Money) *amount {
	var a amount
	a.add(m)
	return &a
}
