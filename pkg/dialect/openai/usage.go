package openai

import (
	"slices"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// maxCount bounds a believable count, so that sums of counts cannot overflow.
const maxCount = 1 << 40

// usages is the UsageReader of the dialect.
type usages struct{}

// Paths implements dialect.UsageReader.
func (usages) Paths() []string { return slices.Concat(allPaths()...) }

// UsageJSON implements dialect.UsageReader.
func (usages) UsageJSON(kind string, raw []byte) (u genai.Usage, found, suspect bool) {
	var buf [16]jsonedit.Member
	o, ok := jsonedit.Index(raw, buf[:0])
	if !ok {
		return genai.Usage{}, false, false
	}
	return usageOf(kind, func(path string) (int64, bool) { return dialect.CountIn(&o, path) })
}

// Usage implements dialect.UsageReader.
func (usages) Usage(kind string, f dialect.Fields) (u genai.Usage, found, suspect bool) {
	return usageOf(kind, f.Int)
}

// usageOf is Usage of the counts that get finds.
func usageOf(kind string, get func(path string) (int64, bool)) (u genai.Usage, found, suspect bool) {
	c, found := readCounts(get)
	if !found {
		return genai.Usage{}, false, false
	}
	u = c.normal(ruleOf(kind))
	return u, true, c.suspect // set by normal too
}

// counts is what a usage object states, before it is clear which part lies
// inside which whole.
type counts struct {
	prompt, completion, total count
	part                      [parts]int64
	write1h                   int64
	suspect                   bool
}

// count is a number that may be absent.
type count struct {
	n     int64
	given bool
}

// readCounts collects the counts that get finds; false when there are none.
func readCounts(get func(path string) (int64, bool)) (c counts, found bool) {
	c.prompt = c.read(get, promptPaths)
	c.completion = c.read(get, completionPaths)
	c.total = c.read(get, totalPaths)
	if !c.prompt.given && !c.completion.given && !c.total.given {
		return c, false
	}
	c.part[cacheRead] = c.read(get, cacheReadPaths).n
	c.part[cacheWrite] = c.read(get, cacheWritePaths).n
	c.part[audio] = c.read(get, audioPaths).n
	c.part[reasoning] = c.read(get, reasoningPaths).n
	c.part[citation] = c.read(get, citationPaths).n
	c.write1h = c.read(get, cacheWrite1hPaths).n
	return c, true
}

// read returns the greatest of the counts under paths.
func (c *counts) read(get func(path string) (int64, bool), paths []string) count {
	var best count
	for _, p := range paths {
		n, ok := get(p)
		if !ok {
			continue
		}
		if n < 0 || n > maxCount {
			c.suspect = true
			n = min(max(n, 0), maxCount)
		}
		best = count{max(best.n, n), true}
	}
	return best
}

// normal brings the counts to the normal form.
func (c *counts) normal(r rule) genai.Usage {
	c.complete()
	added := c.outside(r)
	in, out := c.prompt.n, c.completion.n
	for p := range parts {
		switch {
		case !added.has(p):
		case p == reasoning || p == citation:
			out += c.part[p]
		default:
			in += c.part[p]
		}
	}
	u := genai.Usage{
		Input:      in,
		CacheRead:  c.within(c.part[cacheRead], in),
		AudioInput: c.within(c.part[audio], in),
		Output:     out,
		Reasoning:  c.within(c.part[reasoning], out),
	}
	write := c.within(c.part[cacheWrite], in)
	u.CacheWrite1h = c.within(c.write1h, write)
	u.CacheWrite5m = write - u.CacheWrite1h
	// Gemini behind OpenRouter states the same tokens as read and written.
	c.suspect = c.suspect || u.CacheRead+write > in
	return u
}

// complete derives an absent count from the other two.
func (c *counts) complete() {
	switch {
	case !c.total.given || c.total.n == 0:
		c.total = count{}
	case !c.prompt.given:
		c.prompt = count{max(0, c.total.n-c.completion.n), true}
	case !c.completion.given:
		c.completion = count{max(0, c.total.n-c.prompt.n), true}
	}
}

// outside returns the parts to add to prompt and completion. A total decides;
// what it cannot explain becomes output, so that money is not lost, and is
// suspect unless the kind is known for it.
func (c *counts) outside(r rule) set {
	if !c.total.given {
		return r.outside | r.apart
	}
	rest := c.total.n - c.prompt.n - c.completion.n
	if rest == 0 {
		return r.apart
	}
	if s, ok := c.explain(rest, r); ok {
		return s | r.apart
	}
	c.suspect = c.suspect || rest < 0 || !r.thinks
	if rest > 0 {
		c.completion.n += rest
		if c.part[reasoning] == 0 {
			c.part[reasoning] = rest
		}
	}
	return r.apart
}

// explain finds the parts that sum up to rest: those that the rule names, else
// the fewest, and of equally many the first.
func (c *counts) explain(rest int64, r rule) (set, bool) {
	if r.outside != 0 && c.sum(r.outside) == rest {
		return r.outside, true
	}
	best, size := set(0), int(parts)+1
	for s := set(1); s < 1<<parts; s++ {
		if c.sum(s) != rest {
			continue
		}
		if n := c.size(s); n < size {
			best, size = s, n
		}
	}
	return best, best != 0
}

func (c *counts) sum(s set) int64 {
	var n int64
	for p := range parts {
		if s.has(p) {
			n += c.part[p]
		}
	}
	return n
}

// size counts the members of s; a part of zero tokens explains nothing and
// makes a set unattractive.
func (c *counts) size(s set) int {
	n := 0
	for p := range parts {
		if s.has(p) {
			n++
		}
	}
	return n
}

// within clamps a part to its whole.
func (c *counts) within(n, whole int64) int64 {
	if n > whole {
		c.suspect = true
		return max(whole, 0)
	}
	return n
}
