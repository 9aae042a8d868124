package route

import "github.com/signalbox-dev/signalbox/pkg/policy"

// needs is what the request needs of a model.
func (c *chooser) needs() (needs policy.Capability) {
	if w := c.r.Weighed; w != nil {
		return w.Needs
	}
	if c.r.Facts == nil {
		return 0
	}
	n := c.r.Facts.Needs()
	for i, needed := range [...]bool{n.Vision, n.Tools, n.Schema, n.Audio} {
		if needed {
			needs |= 1 << i
		}
	}
	return needs
}

// length is what a context must hold: the prompt, of whose estimate an eighth is
// forgiven since it is one, and what the caller wants of an answer. A prompt that
// cannot be read fits everywhere.
func (c *chooser) length(m *policy.Model) int64 {
	if w := c.r.Weighed; w != nil {
		return w.Length
	}
	if c.r.Facts == nil {
		return 0
	}
	n, sure := c.r.Facts.Prompt(m.Context - c.wanted())
	if !sure {
		return 0
	}
	return n - n/8 + c.wanted()
}

// wanted is the length of the answer that the caller set a limit to, in tokens;
// 0: none.
func (c *chooser) wanted() int64 {
	if c.r.Facts == nil || c.r.Facts.Call == nil {
		return 0
	}
	return min(max(c.r.Facts.Call.MaxOutput, 0), maxTokens)
}

// maxTokens is more than any request comes to.
const maxTokens = 1 << 40

// usual is the length of answers of which nothing is known, in tokens.
const usual = 400

// output is the expected length of the answer in tokens.
func (c *chooser) output(d *Decision) (n int64) {
	if c.r.Weighed != nil {
		return c.r.Weighed.Output
	}
	if c.r.Expect != nil {
		n = c.r.Expect(d.Route, d.Model)
	}
	if n > 0 {
		return n
	}
	if n = c.wanted(); n > 0 {
		return min(n, usual)
	}
	return usual
}

// input is the expected length of the prompt in tokens.
func (c *chooser) input() int64 {
	switch {
	case c.r.Weighed != nil:
		return c.r.Weighed.Input
	case c.r.Facts == nil:
		return 0
	}
	return c.r.Facts.Tokens()
}
