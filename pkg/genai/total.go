package genai

// Total is a sum of money, exact, and of any size that can occur. The zero
// value is nothing.
type Total struct {
	dollars int64
	rest    int64 // pico-dollars, 0 to one dollar
}

// Add returns the sum.
func (t Total) Add(m Money) Total { return t.Plus(Total{int64(m / picos), int64(m % picos)}) }

// Plus returns the sum.
func (t Total) Plus(u Total) Total {
	t.dollars += u.dollars
	t.rest += u.rest
	switch {
	case t.rest >= picos:
		t.dollars, t.rest = t.dollars+1, t.rest-picos
	case t.rest < 0:
		t.dollars, t.rest = t.dollars-1, t.rest+picos
	}
	return t
}

// Equal reports whether both are the same amount.
func (t Total) Equal(u Total) bool { return t == u }

// String is the sum in dollars, exactly: "0.00345".
func (t Total) String() string {
	sign := ""
	if t.dollars < 0 {
		sign, t.dollars = "-", -t.dollars
		if t.rest > 0 {
			t.dollars, t.rest = t.dollars-1, picos-t.rest
		}
	}
	return sign + decimal(uint64(t.dollars), uint64(t.rest))
}
