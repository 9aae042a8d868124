package health

import (
	"cmp"
	"time"
)

const (
	// paceHalf is the half-life of what is known of a cell's speed: long enough
	// that two cells do not change places with every answer.
	paceHalf = 30 * time.Second
	// paceKept is after how long without an answer it is not known any more.
	paceKept = 10 * time.Minute
	// minOutput is the least number of tokens that says something of the time
	// they take.
	minOutput = 8
	// maxOutput is how much of one long answer counts: its length says nothing
	// of speed, and it must not outweigh all others.
	maxOutput = 512
)

// pace is how fast a cell is: the time until it begins, and the time that a
// token takes from then on. The two are told apart, so that a long answer does
// not make a cell slow.
type pace struct {
	first  sum // seconds to the first token of streams, to the first byte where that is all that is known
	stream fit // seconds after it, over tokens
	whole  fit // seconds of answers in one piece, over tokens
}

func (p *pace) learn(s Sample, now time.Time) {
	line := &p.whole
	if sec := cmp.Or(s.FirstToken, s.FirstByte).Seconds(); sec > 0 {
		p.first.add(sec, now, paceHalf)
		line = &p.stream
	}
	if sec := s.Writing.Seconds(); s.Output >= minOutput && sec > 0 {
		line.add(float64(s.Output), sec, now)
	}
}

// speed goes by streams where there are any. Answers in one piece tell their
// beginning only by what many of different lengths have in common.
func (p *pace) speed(now time.Time) (s Speed) {
	switch {
	case p.first.fresh(now):
		s.FirstByte = seconds(p.first.mean())
		if p.stream.fresh(now) {
			s.TokensPerSecond = p.stream.ratio()
		}
	case p.whole.fresh(now):
		first, perToken := p.whole.line()
		s.FirstByte, s.TokensPerSecond = max(seconds(first), time.Millisecond), 1/perToken
	}
	return s
}

// fresh reports whether s has heard of anything in time.
func (s *sum) fresh(now time.Time) bool {
	return s.weight > 0 && now.Sub(s.at) <= paceKept
}

// fit is seconds over tokens, with sums that fade.
type fit struct {
	sum                      // seconds; its weight is the number of answers, long ones cut
	tokens, squares, product float64
}

func (f *fit) add(tokens, sec float64, now time.Time) {
	if d := now.Sub(f.at); d > 0 {
		k := fade(d, paceHalf)
		f.tokens, f.squares, f.product = k*f.tokens, k*f.squares, k*f.product
	}
	w := min(1, maxOutput/tokens)
	f.sum.weigh(w*sec, w, now, paceHalf)
	f.tokens += w * tokens
	f.squares += w * tokens * tokens
	f.product += w * tokens * sec
}

// ratio is tokens a second.
func (f *fit) ratio() float64 { return f.tokens / f.value }

// line is the time that no token takes and the time that each takes, in
// seconds, the latter positive.
func (f *fit) line() (base, perToken float64) {
	y, x := f.value/f.weight, f.tokens/f.weight
	spread := f.squares/f.weight - x*x
	if perToken = (f.product/f.weight - x*y) / spread; spread <= 1e-2*x*x || perToken > y/x {
		return 0, y / x // of one length all, or the longer the slower
	}
	perToken = max(perToken, 0.01*y/x)
	return y - perToken*x, perToken
}
