package provider

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// composed is the content of an answer before it is rendered: everything that
// the whole and the streamed form share.
type composed struct {
	id, model, fingerprint, tier string
	created                      int64
	n                            int      // choices
	words                        []string // text, cut into tokens
	calls                        []call
	finish                       string
	usage                        Usage
	f                            Fault
}

type call struct {
	ID, Name, Args string
}

// Usage is the usage object as OpenAI sends it.
type Usage struct {
	Prompt     int64             `json:"prompt_tokens"`
	Completion int64             `json:"completion_tokens"`
	Total      int64             `json:"total_tokens"`
	PromptMore promptDetails     `json:"prompt_tokens_details"`
	OutputMore completionDetails `json:"completion_tokens_details"`
}

type promptDetails struct {
	Cached int64 `json:"cached_tokens"`
	Audio  int64 `json:"audio_tokens"`
}

type completionDetails struct {
	Reasoning int64 `json:"reasoning_tokens"`
	Audio     int64 `json:"audio_tokens"`
	Accepted  int64 `json:"accepted_prediction_tokens"`
	Rejected  int64 `json:"rejected_prediction_tokens"`
}

// compose makes up the answer to r, the seq-th request of this provider.
func (p *Provider) compose(r *chatRequest, f Fault, seq uint64) composed {
	c := composed{
		id:      "chatcmpl-" + p.token(seq, "id", 29),
		created: time.Now().Unix(),
		model:   r.Model,
		tier:    "default",
		n:       max(r.N, 1),
		finish:  "stop",
		f:       f,
	}
	sum := sha256.Sum256([]byte(p.o.Name + r.Model))
	c.fingerprint = "fp_" + hex.EncodeToString(sum[:5])
	if r.Tier == "flex" || r.Tier == "priority" {
		c.tier = r.Tier
	}
	if f.Calls != 0 && r.wantsCall() {
		p.addCalls(&c, r, seq)
	} else {
		c.words = p.words(r, f)
	}
	if l := r.limit(); l > 0 && len(c.words) > l {
		c.words, c.finish = c.words[:l], "length"
	}
	c.usage = count(r, &c)
	return c
}

func (p *Provider) addCalls(c *composed, r *chatRequest, seq uint64) {
	c.finish = "tool_calls"
	for i := range max(c.f.Calls, 1) {
		fn := r.called(i)
		c.calls = append(c.calls, call{
			ID:   "call_" + p.token(seq, fmt.Sprint("call", i), 24),
			Name: fn.Name,
			Args: sample(fn.Parameters),
		})
	}
}

// words is the text of the answer, cut into tokens.
func (p *Provider) words(r *chatRequest, f Fault) []string {
	n := f.Tokens
	if n == 0 {
		n = p.o.Tokens
	}
	if r.Format != nil && r.Format.Type != "text" {
		return pieces(sample(r.Format.Schema.Schema), 4)
	}
	text := fmt.Sprintf("This is %s, a simulated provider. You asked: %s", p.o.Name, brief(r.question))
	if f.Big > 0 {
		text = strings.Repeat("lorem ipsum dolor ", f.Big/18+1)[:f.Big]
		return pieces(text, max(f.Big/max(n, 16), 1))
	}
	words := strings.SplitAfter(text, " ")
	for i := 0; n > len(words); i++ {
		words = append(words, words[i])
	}
	if n > 0 {
		words = words[:n]
	}
	return words
}

// brief is the first line of a question, cut to a readable length.
func brief(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	if r := []rune(s); len(r) > 120 {
		return string(r[:120]) + "…"
	}
	return s
}

// pieces cuts text into parts of about size bytes, never inside a rune.
func pieces(text string, size int) []string {
	var out []string
	start := 0
	for i := range text {
		if i-start >= size {
			out = append(out, text[start:i])
			start = i
		}
	}
	return append(out, text[start:])
}

// count makes up the usage: a quarter of the prompt's bytes, a token a word.
func count(r *chatRequest, c *composed) Usage {
	u := Usage{Prompt: int64(r.promptText/4 + 4*len(r.Messages) + 3)}
	if c.f.Prompt > 0 {
		u.Prompt = c.f.Prompt
	}
	tokens := len(c.words)
	for _, k := range c.calls {
		tokens += len(pieces(k.Args, 4)) + 8
	}
	u.Completion = int64(tokens*c.n) + c.f.Reasoning
	u.PromptMore.Cached = min(c.f.Cached, u.Prompt)
	u.OutputMore.Reasoning = c.f.Reasoning
	u.Total = u.Prompt + u.Completion
	return u
}

// token is a string of n letters and digits that depends on the seed, the
// request's number and what it is for.
func (p *Provider) token(seq uint64, what string, n int) string {
	sum := sha256.Sum256([]byte(fmt.Sprint(p.o.Seed, p.o.Name, seq, what)))
	s := base64.RawURLEncoding.EncodeToString(sum[:])
	return strings.NewReplacer("-", "x", "_", "y").Replace(s)[:n]
}

// text is the whole content of a choice.
func (c *composed) text() string { return strings.Join(c.words, "") }

// encode renders v as one line of JSON the way providers do, without HTML
// escapes.
func encode(v any, indent string) []byte {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", indent)
	if e.Encode(v) != nil { // only our own plain structs arrive here
		return nil
	}
	return []byte(b.String())
}
