package provider

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// composed is the content of an answer before it is rendered: everything that
// the whole and the streamed form share, and the three APIs.
type composed struct {
	*ask
	token       func(what string, n int) string // letters and digits that belong to the answer
	fingerprint string
	served      string // service tier
	created     int64
	thoughts    []string // reasoning, cut into tokens
	words       []string // text, cut into tokens
	calls       []call
	finish      string // in OpenAI's words
	stopped     string // the stop sequence that was met
	usage       Usage
	f           Fault
}

type call struct {
	ID, Name, Args string
}

// compose makes up the answer to a, the seq-th request of this provider.
func (p *Provider) compose(a *ask, f Fault, seq uint64) *composed {
	c := &composed{
		ask:     a,
		token:   func(what string, n int) string { return p.token(seq, what, n) },
		created: time.Now().Unix(),
		served:  "default",
		finish:  "stop",
		f:       f,
	}
	c.n = max(a.n, 1)
	sum := sha256.Sum256([]byte(p.o.Name + a.model))
	c.fingerprint = "fp_" + hex.EncodeToString(sum[:5])
	if a.tier == "flex" || a.tier == "priority" {
		c.served = a.tier
	}
	if a.shows && !f.Filter && !f.NoText {
		c.thoughts = strings.SplitAfter(fmt.Sprintf("The question is: %s Simple enough for %s.", brief(a.question), p.o.Name), " ")
	}
	switch {
	case f.NoText, f.Filter && f.Tokens == 0:
	case f.Calls != 0 && a.wantsCall():
		p.addCalls(c)
	default:
		c.words = p.words(a, f)
	}
	c.shorten()
	if f.Filter {
		c.finish = "content_filter"
	}
	c.usage = c.tally()
	return c
}

func (p *Provider) addCalls(c *composed) {
	c.finish = "tool_calls"
	for i := range max(c.f.Calls, 1) {
		fn := c.called(i)
		c.calls = append(c.calls, call{
			ID:   c.token(fmt.Sprint("call", i), 24),
			Name: fn.Name,
			Args: sample(fn.Parameters),
		})
	}
}

// shorten ends the text at a stop sequence or at the limit.
func (c *composed) shorten() {
	text := c.text()
	for _, s := range c.stop {
		if before, _, found := strings.Cut(text, s); found && s != "" {
			text, c.stopped = before, s
		}
	}
	if c.stopped != "" {
		c.words = strings.SplitAfter(text, " ")
	}
	if l := c.limit; l > 0 && len(c.words) > l {
		c.words, c.finish, c.stopped = c.words[:l], "length", ""
	}
}

// words is the text of the answer, cut into tokens.
func (p *Provider) words(a *ask, f Fault) []string {
	n := f.Tokens
	if n == 0 {
		n = p.o.Tokens
	}
	if a.asJSON {
		return pieces(sample(a.schema), 4)
	}
	said := []string{fmt.Sprintf("This is %s, a simulated provider. You asked: %s", p.o.Name, brief(a.question))}
	for _, r := range a.results {
		said = append(said, "The tool said: "+brief(r))
	}
	text := strings.Join(said, " ")
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

// unseen are the tokens of reasoning whose text nobody asked for.
const unseen = 16

// tally makes up the usage: a quarter of the prompt's bytes, a token a word.
func (c *composed) tally() Usage {
	u := Usage{Prompt: int64(c.promptText/4 + 4*c.turns + 3)}
	u.PromptMore.Cached, u.PromptMore.Written = c.f.Cached, c.f.Written
	if c.cacheMark != "" && c.f.Cached+c.f.Written == 0 {
		u.PromptMore.Written = u.Prompt / 2
	}
	if c.f.Prompt > 0 {
		u.Prompt = c.f.Prompt
	}
	u.PromptMore.Cached = min(u.PromptMore.Cached, u.Prompt)
	u.PromptMore.Written = min(u.PromptMore.Written, u.Prompt-u.PromptMore.Cached)
	tokens := len(c.words)
	for _, k := range c.calls {
		tokens += len(pieces(k.Args, 4)) + 8
	}
	u.OutputMore.Reasoning = c.f.Reasoning
	if c.thinks {
		u.OutputMore.Reasoning = cmp.Or(c.f.Reasoning, int64(len(c.thoughts)), unseen)
	}
	u.Completion = int64(tokens*c.n) + u.OutputMore.Reasoning
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

// reasoning is the text of all thoughts.
func (c *composed) reasoning() string { return strings.Join(c.thoughts, "") }

// encode renders v as JSON the way providers do, without HTML escapes: one
// line, or indented, with a line end.
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

// line is encode on one line without its end.
func line(v any) []byte {
	b := encode(v, "")
	return b[:max(len(b)-1, 0)]
}
