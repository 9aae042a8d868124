package anthropic

import (
	"slices"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// maxCount bounds a believable count, so that sums of counts cannot overflow.
const maxCount = 1 << 40

// Names of counts in a usage object.
const (
	inputTokens   = "input_tokens"
	readTokens    = "cache_read_input_tokens"
	writeTokens   = "cache_creation_input_tokens"
	write5mTokens = "cache_creation.ephemeral_5m_input_tokens"
	write1hTokens = "cache_creation.ephemeral_1h_input_tokens"
	outputTokens  = "output_tokens"
	thinkPath     = "output_tokens_details.thinking_tokens"
)

// usages is the UsageReader of the dialect.
//
// A stream states its usage in two objects, of message_start and of
// message_delta. UsageJSON takes them merged, or as they came, in an object
// {"start":{…},"delta":{…}}. The numbers of a start alone are no usage: its
// output is a placeholder.
type usages struct{}

// Paths implements dialect.UsageReader.
func (usages) Paths() []string {
	return []string{inputTokens, readTokens, writeTokens, write5mTokens, write1hTokens, outputTokens, thinkPath}
}

// Usage implements dialect.UsageReader. The passes of an answer are an array,
// which scalars do not tell: with a Fields it is the top level that counts.
func (usages) Usage(_ string, f dialect.Fields) (u genai.Usage, found, suspect bool) {
	top, ok := readCounts(f.Int)
	if !ok {
		return genai.Usage{}, false, false
	}
	u = top.normal()
	return u, true, top.suspect // set by normal too
}

// UsageJSON implements dialect.UsageReader.
func (usages) UsageJSON(_ string, raw []byte) (u genai.Usage, found, suspect bool) {
	var buf [12]jsonedit.Member
	o, ok := jsonedit.Index(raw, buf[:0])
	if whole, two := united(&o); two {
		o, ok = jsonedit.Index(whole, buf[:0])
	}
	if !ok {
		return genai.Usage{}, false, false
	}
	top, ok := readCounts(func(path string) (int64, bool) { return dialect.CountIn(&o, path) })
	if !ok {
		return genai.Usage{}, false, false
	}
	top.spend(passes(&o))
	u = top.normal()
	return u, true, top.suspect
}

// counts is what a usage object states.
type counts struct {
	input, read, write, write5m, write1h, output, think int64
	suspect                                             bool
}

// readCounts collects the counts that get finds; false when there is none that
// matters.
func readCounts(get func(path string) (int64, bool)) (c counts, found bool) {
	given := false
	take := func(path string) int64 {
		n, ok := get(path)
		given = given || ok
		if n < 0 || n > maxCount {
			c.suspect = true
			n = min(max(n, 0), maxCount)
		}
		return n
	}
	c.input, c.read, c.write, c.output = take(inputTokens), take(readTokens), take(writeTokens), take(outputTokens)
	if !given {
		return c, false
	}
	c.write5m, c.write1h, c.think = take(write5mTokens), take(write1hTokens), take(thinkPath)
	return c, true
}

// spend replaces the counts of the top level by the sum of all passes, which
// some passes are left out of: those of an advisor, and of compaction.
func (c *counts) spend(passes []counts) {
	if len(passes) == 0 {
		return
	}
	var sum counts
	for _, p := range passes {
		sum.input += p.input
		sum.read += p.read
		sum.write += p.write
		sum.write5m += p.write5m
		sum.write1h += p.write1h
		sum.output += p.output
		sum.think += p.think
		sum.suspect = sum.suspect || p.suspect
	}
	if sum.total() < c.total() { // not all passes are listed
		c.suspect = true
		return
	}
	sum.think = max(sum.think, c.think)
	sum.suspect = sum.suspect || c.suspect
	*c = sum
}

func (c *counts) total() int64 { return c.input + c.read + c.written() + c.output }

// written is what went to the cache: the total, or its parts where those alone
// are stated.
func (c *counts) written() int64 {
	if c.write == 0 {
		return c.write5m + c.write1h
	}
	return c.write
}

// normal brings the counts to the normal form: input tokens leave the cache
// out, output tokens have the thinking in.
func (c *counts) normal() genai.Usage {
	write := c.written()
	long := c.within(c.write1h, write)
	return genai.Usage{
		Input:        c.input + c.read + write,
		CacheRead:    c.read,
		CacheWrite5m: write - long,
		CacheWrite1h: long,
		Output:       c.output,
		Reasoning:    c.within(c.think, c.output),
	}
}

// within clamps a part to its whole.
func (c *counts) within(n, whole int64) int64 {
	if n > whole {
		c.suspect = true
		return whole
	}
	return n
}

// passes reads the passes that a usage object lists.
func passes(o *jsonedit.Object) []counts {
	list, ok := o.Get("iterations")
	if !ok {
		return nil
	}
	var all []counts
	for v := range list.Items(o.Doc()) {
		f, ok := jsonedit.Index(v.Raw(o.Doc()), nil)
		if !ok {
			continue
		}
		if c, ok := readCounts(func(path string) (int64, bool) { return dialect.CountIn(&f, path) }); ok {
			all = append(all, c)
		}
	}
	return slices.Clip(all)
}
