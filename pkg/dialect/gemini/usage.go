package gemini

import (
	"bytes"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/genai"
)

// maxCount bounds a believable count, so that sums cannot overflow.
const maxCount = 1 << 40

// field is a count of a usageMetadata object.
type field uint8

const (
	prompt     field = iota // with what was cached, without tool use
	toolUse                 // prompts that tools made
	candidates              // answers, without thoughts
	thoughts
	cached // part of prompt
	total
	audio // part of prompt, from the counts by modality
	fields
)

// paths names the fields that are scalars.
var paths = [audio]string{ // read only
	prompt:     "promptTokenCount",
	toolUse:    "toolUsePromptTokenCount",
	candidates: "candidatesTokenCount",
	thoughts:   "thoughtsTokenCount",
	cached:     "cachedContentTokenCount",
	total:      "totalTokenCount",
}

// counts is what a usageMetadata object states. Google leaves zeros out, so
// absent and zero are told apart by given.
type counts struct {
	n     [fields]int64
	given [fields]bool
	odd   bool // a count is none

	peak    [fields]int64 // over the chunks so far
	missing [fields]bool  // of the last chunk
}

func (c *counts) set(f field, n int64) {
	if n < 0 || n > maxCount {
		c.odd = true
		n = min(max(n, 0), maxCount)
	}
	c.n[f], c.given[f] = n, true
}

// any reports whether a count is stated at all.
func (c *counts) any() bool {
	return c.given[prompt] || c.given[candidates] || c.given[thoughts] || c.given[toolUse] || c.given[total]
}

// update takes the counts of a later chunk: each holds until a later one comes.
func (c *counts) update(late *counts) {
	for f := range fields {
		if late.given[f] {
			c.n[f], c.given[f] = late.n[f], true
			c.peak[f] = max(c.peak[f], late.n[f])
		}
		c.missing[f] = c.given[f] && !late.given[f]
	}
	c.odd = c.odd || late.odd
}

// reset reports whether a count of output ended below an earlier chunk's, or
// went missing: when tools are used on the way, providers were seen to begin
// anew, and then nobody can tell what will be billed. A first chunk's prompt
// may be a guess.
func (c *counts) reset() bool {
	for _, f := range [...]field{candidates, thoughts} {
		if c.n[f] < c.peak[f] || c.missing[f] && c.n[f] > 0 {
			return true
		}
	}
	return false
}

// normal brings the counts to the normal form.
func (c *counts) normal() (u genai.Usage, suspect bool) {
	in, out := c.n[prompt]+c.n[toolUse], c.n[candidates]+c.n[thoughts]
	suspect = c.odd || c.reset()
	if rest := c.n[total] - in - out; c.given[total] && rest != 0 {
		switch {
		case rest > 0 && !c.given[prompt] && out > 0:
			in += rest
		case rest > 0: // so that money is not lost
			out += rest
			suspect = suspect || c.given[candidates]
		default:
			suspect = true
		}
	}
	u = genai.Usage{
		Input:      in,
		ToolUse:    c.n[toolUse],
		CacheRead:  min(c.n[cached], in),
		AudioInput: min(c.n[audio], in),
		Output:     out,
		Reasoning:  c.n[thoughts],
	}
	return u, suspect || c.n[cached] > in || c.n[audio] > in
}

// usages is the UsageReader of the dialect. The kind of provider makes no
// difference.
type usages struct{}

// Paths implements dialect.UsageReader.
func (usages) Paths() []string { return paths[:] }

// Usage implements dialect.UsageReader. Counts by modality stand in arrays,
// which have no path, so audio is known to UsageJSON alone.
func (usages) Usage(_ string, f dialect.Fields) (u genai.Usage, found, suspect bool) {
	var c counts
	for i, p := range paths {
		if n, ok := f.Int(p); ok {
			c.set(field(i), n)
		}
	}
	return c.result()
}

// UsageJSON implements dialect.UsageReader.
func (usages) UsageJSON(_ string, raw []byte) (u genai.Usage, found, suspect bool) {
	var c counts
	cur := cursor{doc: raw}
	if !cur.at('{') {
		return genai.Usage{}, false, false
	}
	c.read(&cur, new(dialect.Text), new(modalities))
	if !cur.done() {
		return genai.Usage{}, false, false
	}
	return c.result()
}

func (c *counts) result() (u genai.Usage, found, suspect bool) {
	if !c.any() {
		return genai.Usage{}, false, false
	}
	u, suspect = c.normal()
	return u, true, suspect
}

// read reads a usageMetadata object, in both of its spellings, and the tier
// that it names. What m knows of an earlier object saves reading it again.
func (c *counts) read(cur *cursor, tier *dialect.Text, m *modalities) {
	for cur.enter('{'); cur.more('}'); {
		switch string(cur.key()) {
		case "promptTokenCount", "prompt_token_count":
			c.count(cur, prompt)
		case "toolUsePromptTokenCount", "tool_use_prompt_token_count":
			c.count(cur, toolUse)
		case "candidatesTokenCount", "candidates_token_count":
			c.count(cur, candidates)
		case "thoughtsTokenCount", "thoughts_token_count":
			c.count(cur, thoughts)
		case "cachedContentTokenCount", "cached_content_token_count":
			c.count(cur, cached)
		case "totalTokenCount", "total_token_count":
			c.count(cur, total)
		case "promptTokensDetails", "promptTokenDetails", "prompt_tokens_details":
			if m.read(cur); m.given {
				c.set(audio, m.audio)
			}
		case "serviceTier", "trafficType", "service_tier", "traffic_type":
			readTier(cur, tier)
		default:
			cur.skip()
		}
	}
}

func (c *counts) count(cur *cursor, f field) {
	if n, ok := cur.integer(); ok {
		c.set(f, n)
	}
}

// modalities is an array of {modality, tokenCount} of the prompt. A stream
// repeats it in every chunk.
type modalities struct {
	raw   []byte
	audio int64
	given bool // there is audio
}

func (m *modalities) read(cur *cursor) {
	if !cur.at('[') {
		m.given = false
		return
	}
	if len(m.raw) > 0 && bytes.HasPrefix(cur.doc[cur.i:], m.raw) {
		cur.i += len(m.raw)
		return
	}
	from := cur.i
	m.audio, m.given = 0, false
	for cur.enter('['); cur.more(']'); {
		m.count(cur)
	}
	if m.raw = m.raw[:0]; !cur.bad {
		m.raw = append(m.raw, cur.doc[from:cur.i]...)
	}
}

// count reads the count of one modality.
func (m *modalities) count(cur *cursor) {
	if !cur.at('{') {
		return
	}
	var n int64
	var heard bool
	for cur.enter('{'); cur.more('}'); {
		switch string(cur.key()) {
		case "modality":
			heard = string(cur.str()) == "AUDIO"
		case "tokenCount", "token_count":
			n, _ = cur.integer()
		default:
			cur.skip()
		}
	}
	if heard {
		m.audio, m.given = m.audio+min(max(n, 0), maxCount), true
	}
}

// readTier reads the tier that served the request. Vertex AI was seen to write
// its enum as a word and as a number.
func readTier(cur *cursor, tier *dialect.Text) {
	if cur.peek() == '"' {
		*tier = cur.text()
		return
	}
	if n, ok := cur.integer(); ok && n > 0 && int(n) < len(trafficTypes) {
		*tier = dialect.Text(trafficTypes[n])
	}
}

// trafficTypes are the numbers of Vertex AI's enum TrafficType.
var trafficTypes = [...]string{1: "ON_DEMAND", 2: "PROVISIONED_THROUGHPUT"} // read only
