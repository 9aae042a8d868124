package provider

import (
	"encoding/json"
	"strings"
)

type geminiAnswer struct {
	Candidates []geminiCandidate `json:"candidates,omitempty"`
	Feedback   *geminiFeedback   `json:"promptFeedback,omitempty"`
	Usage      *geminiUsage      `json:"usageMetadata,omitempty"`
	Model      string            `json:"modelVersion"`
	ID         string            `json:"responseId"`
}

type geminiCandidate struct {
	Content  *geminiContent  `json:"content,omitempty"`
	Finish   string          `json:"finishReason,omitempty"`
	Index    int             `json:"index"`
	Safety   []geminiRating  `json:"safetyRatings,omitempty"`
	Average  *float64        `json:"avgLogprobs,omitempty"`
	Logprobs *geminiLogprobs `json:"logprobsResult,omitempty"`
}

type geminiFeedback struct {
	Reason string         `json:"blockReason"`
	Safety []geminiRating `json:"safetyRatings"`
}

type geminiRating struct {
	Category    string `json:"category"`
	Probability string `json:"probability"`
	Blocked     bool   `json:"blocked,omitempty"`
}

type geminiLogprobs struct {
	Top    []geminiTop     `json:"topCandidates"`
	Chosen []geminiLogprob `json:"chosenCandidates"`
}

type geminiTop struct {
	Candidates []geminiLogprob `json:"candidates"`
}

type geminiLogprob struct {
	Token       string  `json:"token"`
	ID          int     `json:"tokenId"`
	Probability float64 `json:"logProbability"`
}

func (c *composed) geminiBase(u geminiUsage) geminiAnswer {
	out := geminiAnswer{Usage: &u, Model: c.model, ID: c.token("id", 23)}
	if c.f.NoUsage {
		out.Usage = nil
	}
	return out
}

// geminiFinish is the reason in Google's words.
func (c *composed) geminiFinish() string {
	switch {
	case c.f.NoFinish:
		return ""
	case c.finish == "length":
		return "MAX_TOKENS"
	case c.finish == "content_filter":
		return "SAFETY"
	}
	return "STOP"
}

func ratings() []geminiRating {
	return []geminiRating{{"HARM_CATEGORY_DANGEROUS_CONTENT", "HIGH", true}, {"HARM_CATEGORY_HARASSMENT", "NEGLIGIBLE", false}}
}

// geminiParts are the pieces of one candidate.
func (c *composed) geminiParts(words, thoughts []string) []geminiPart {
	var out []geminiPart
	for _, t := range thoughts {
		out = append(out, geminiPart{Text: &t, Thought: true})
	}
	for _, w := range words {
		out = append(out, geminiPart{Text: &w})
	}
	for i, k := range c.calls {
		part := geminiPart{Call: &geminiCall{Name: k.Name, Args: json.RawMessage(k.Args)}}
		if i == 0 && c.thinks {
			part.Signature = c.token("signature", 40)
		}
		out = append(out, part)
	}
	return out
}

// join is one text of many, or none.
func join(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	return []string{strings.Join(list, "")}
}

func (c *composed) geminiCandidate(i int, parts []geminiPart, finish string) geminiCandidate {
	out := geminiCandidate{Index: i, Finish: finish}
	if len(parts) > 0 {
		out.Content = &geminiContent{Role: "model", Parts: parts}
	}
	if finish == "SAFETY" {
		out.Safety = ratings()
	}
	return out
}

// wholeContent is an answer to generateContent.
func wholeContent(c *composed) []byte {
	out := c.geminiBase(c.geminiUsage(c.usage.Completion - c.usage.OutputMore.Reasoning))
	if c.f.Blocked {
		out.Feedback = &geminiFeedback{"SAFETY", ratings()}
		return encode(out, "  ")
	}
	for i := range c.n {
		one := c.geminiCandidate(i, c.geminiParts(join(c.words), join(c.thoughts)), c.geminiFinish())
		if one.Content == nil && !c.f.Filter {
			one.Content = &geminiContent{Role: "model"}
		}
		one.Logprobs = c.geminiLogprobs(c.words)
		out.Candidates = append(out.Candidates, one)
	}
	return encode(out, "  ")
}

func (c *composed) geminiLogprobs(words []string) *geminiLogprobs {
	if !c.logprobs || len(c.calls) > 0 || len(words) == 0 {
		return nil
	}
	var out geminiLogprobs
	for i, w := range words {
		one := geminiLogprob{w, i + 1, probability(i)}
		out.Chosen = append(out.Chosen, one)
		top := geminiTop{}
		for k := range max(c.top, 1) {
			other := one
			other.Probability -= float64(k)
			other.Token += strings.Repeat("'", k)
			top.Candidates = append(top.Candidates, other)
		}
		out.Top = append(out.Top, top)
	}
	return &out
}

func contentFraming(a *ask) framing {
	if a.array {
		return framing{typ: "application/json; charset=UTF-8", array: true}
	}
	return framing{typ: "text/event-stream", crlf: true}
}

// streamContent is an answer to streamGenerateContent: each chunk is a whole
// answer, with the usage so far.
func streamContent(c *composed) []frame {
	var out []frame
	var tokens int64
	add := func(step int, last bool, one ...geminiCandidate) {
		v := c.geminiBase(c.geminiUsage(tokens))
		v.Candidates = one
		if c.f.Blocked {
			v.Feedback = &geminiFeedback{"SAFETY", ratings()}
		}
		f := frame{step: step, data: line(v), usage: last && !c.f.NoUsage}
		if c.array {
			f.data = encode(v, "  ")
		}
		out = append(out, f)
	}
	all := c.usage.Completion - c.usage.OutputMore.Reasoning
	if c.f.Blocked {
		add(0, true)
		return c.closed(out)
	}
	parts := c.geminiParts(c.words, c.thoughts)
	for step, part := range parts {
		for i := range c.n {
			if !part.Thought {
				tokens = min(tokens+1, all)
			}
			add(step, false, c.geminiChunk(i, part))
		}
	}
	tokens = all
	for i := range c.n {
		if c.f.NoFinish {
			break
		}
		var rest []geminiPart
		if !c.f.Filter {
			rest = []geminiPart{{Text: new("")}}
		}
		add(unpaced, i == c.n-1, c.geminiCandidate(i, rest, c.geminiFinish()))
	}
	return c.closed(out)
}

func (c *composed) geminiChunk(i int, part geminiPart) geminiCandidate {
	one := c.geminiCandidate(i, []geminiPart{part}, "")
	if part.Text != nil && !part.Thought {
		one.Logprobs = c.geminiLogprobs([]string{*part.Text})
	}
	return one
}

// closed ends an array; a stream of events just ends.
func (c *composed) closed(out []frame) []frame {
	if !c.array || c.f.NoDone {
		return out
	}
	return append(out, frame{step: unpaced, data: []byte("]"), mark: true})
}

// failContent is the error as an element of the stream.
func failContent(_ *Provider, c *composed, _ *Exchange, _ int) []frame {
	v := geminiError(overload(Gemini))
	if c.array {
		return []frame{{data: encode(v, "  ")}}
	}
	return []frame{{data: line(v)}}
}
