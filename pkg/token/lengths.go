package token

import "strings"

// MaxLengths is how many kinds of answers have a memory of their own.
const MaxLengths = 4096

// Lengths learns how long answers are: of a route and a model, streams apart
// from answers in one piece. The zero value is ready. It is not safe for
// concurrent use.
type Lengths struct {
	kinds map[kind]*length
	clock uint64
}

type kind struct {
	route, model string
	stream       bool
}

// length is a mean in which old answers fade.
type length struct {
	n             int // answers, ever
	weight, value float64
	heard         uint64
}

// Learn takes the output tokens of one answer that came to its end.
func (l *Lengths) Learn(route, model string, stream bool, output int64) {
	if output <= 0 || len(route) > maxName || len(model) > maxName {
		return
	}
	l.clock++
	k := kind{route, model, stream}
	m := l.kinds[k]
	if m == nil {
		m = l.add(k)
	}
	m.n++
	m.weight = m.weight*fade + 1
	m.value = m.value*fade + float64(min(output, maxCount))
	m.heard = l.clock
}

func (l *Lengths) add(k kind) *length {
	if l.kinds == nil {
		l.kinds = make(map[kind]*length)
	}
	if len(l.kinds) >= MaxLengths {
		l.forget()
	}
	m := new(length)
	k.route, k.model = strings.Clone(k.route), strings.Clone(k.model)
	l.kinds[k] = m
	return m
}

// forget drops the kind that was not heard of for longest.
func (l *Lengths) forget() {
	var stalest kind
	heard := l.clock + 1
	for k, m := range l.kinds {
		if m.heard < heard {
			stalest, heard = k, m.heard
		}
	}
	delete(l.kinds, stalest)
}

// Expect is how many output tokens an answer is likely to have, no more than
// the caller allows: maxOutput, 0 for any number. 0 means that too few answers
// were seen to tell.
func (l *Lengths) Expect(route, model string, stream bool, maxOutput int64) int64 {
	m := l.kinds[kind{route, model, stream}]
	if m == nil || m.n < enough {
		return 0
	}
	n := int64(m.value/m.weight + 0.5)
	if maxOutput > 0 {
		n = min(n, maxOutput)
	}
	return n
}
