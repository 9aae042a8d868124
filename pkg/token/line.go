package token

// line is a straight line through observations (bytes, tokens) by least
// squares, in which old observations fade. Errors grow with size, so an
// observation weighs the less the larger it is: one long document does not
// decide for all short questions.
type line struct {
	n            int     // observations, ever
	w            float64 // sum of the weights
	x, y, xx, xy float64 // weighted sums
}

// fade is what is left of an observation's weight after the next one: the last
// fifty or so count.
const fade = 0.98

// learn takes one observation. Pairs that say nothing are left out.
func (l *line) learn(bytes, tokens int64) {
	if bytes <= 0 || tokens <= 0 {
		return
	}
	x, y := float64(min(bytes, maxCount)), float64(min(tokens, maxCount))
	w := 1 / x
	l.n++
	l.w = l.w*fade + w
	l.x = l.x*fade + w*x
	l.y = l.y*fade + w*y
	l.xx = l.xx*fade + w*x*x
	l.xy = l.xy*fade + w*x*y
}

// at returns the tokens that the line gives for so many bytes. Observations
// that are all of one size give no slope; then tokens are in proportion.
func (l *line) at(bytes float64) float64 {
	mx, my := l.x/l.w, l.y/l.w
	spread := l.xx/l.w - mx*mx
	if spread <= 1e-3*mx*mx {
		return bytes * my / mx
	}
	slope := (l.xy/l.w - mx*my) / spread
	slope = min(max(slope, 0), 1) // more bytes are never fewer tokens, and no byte is two
	return my + slope*(bytes-mx)
}
