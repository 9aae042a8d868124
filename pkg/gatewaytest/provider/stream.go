package provider

type chunk struct {
	ID          string        `json:"id"`
	Object      string        `json:"object"`
	Created     int64         `json:"created"`
	Model       string        `json:"model"`
	Tier        string        `json:"service_tier"`
	Fingerprint string        `json:"system_fingerprint"`
	Choices     []chunkChoice `json:"choices"`
}

// Usage is absent unless it was asked for; then it is null in all chunks but
// the last, and that one has no choices.
type usageChunk struct {
	chunk
	Usage *Usage `json:"usage"`
}

type chunkChoice struct {
	Index  int       `json:"index"`
	Delta  delta     `json:"delta"`
	Logs   *logprobs `json:"logprobs"`
	Finish *string   `json:"finish_reason"`
}

type delta struct {
	Role      string     `json:"role,omitempty"`
	Content   *string    `json:"content,omitempty"`
	Reasoning string     `json:"reasoning_content,omitempty"`
	Calls     []toolCall `json:"tool_calls,omitempty"`
}

// chatStream renders the chunks of one answer.
type chatStream struct {
	*composed
	base      chunk
	withUsage bool
	out       []frame
}

// streamChat is a chat completion as server-sent events.
func streamChat(c *composed) []frame {
	s := &chatStream{composed: c, withUsage: c.wantsUsage && !c.f.NoUsage}
	s.base = chunk{
		ID: "chatcmpl-" + c.token("id", 29), Object: "chat.completion.chunk", Created: c.created, Model: c.model,
		Tier: c.served, Fingerprint: c.fingerprint, Choices: []chunkChoice{},
	}
	for i, d := range s.deltas() {
		for n := range c.n {
			s.choice(frame{step: i, opening: i == 0}, chunkChoice{Index: n, Delta: d, Logs: s.logsOf(d)})
		}
	}
	if c.f.NoFinish {
		return s.out
	}
	for n := range c.n {
		s.choice(frame{step: unpaced}, chunkChoice{Index: n, Finish: &c.finish})
	}
	if s.withUsage {
		s.event(frame{step: unpaced, usage: true}, usageChunk{s.base, &c.usage})
	}
	if !c.f.NoDone {
		s.out = append(s.out, frame{step: unpaced, data: []byte("[DONE]"), mark: true})
	}
	return s.out
}

func (s *chatStream) logsOf(d delta) *logprobs {
	if d.Content == nil || *d.Content == "" {
		return nil
	}
	return s.chatLogprobs([]string{*d.Content})
}

// deltas are the steps of one choice: the role first, then reasoning, then
// text or the arguments of the calls in small parts.
func (s *chatStream) deltas() []delta {
	first := delta{Role: "assistant"}
	if s.f.NoRole {
		first.Role = ""
	}
	var out []delta
	if len(s.calls) == 0 {
		first.Content = new("")
	}
	if len(s.calls) == 0 || len(s.thoughts) > 0 {
		out = append(out, first)
	}
	for _, w := range s.thoughts {
		out = append(out, delta{Reasoning: w})
	}
	for _, w := range s.words {
		out = append(out, delta{Content: &w})
	}
	for i, k := range s.calls {
		start := delta{Calls: []toolCall{{Index: &i, ID: "call_" + k.ID, Type: "function", Function: toolFunction{Name: k.Name}}}}
		if len(out) == 0 {
			start.Role = first.Role
		}
		out = append(out, start)
		for _, part := range pieces(k.Args, 4) {
			out = append(out, delta{Calls: []toolCall{{Index: &i, Function: toolFunction{Args: part}}}})
		}
	}
	return out
}

func (s *chatStream) choice(f frame, c chunkChoice) {
	v := s.base
	v.Choices = []chunkChoice{c}
	if s.withUsage {
		s.event(f, usageChunk{v, nil})
		return
	}
	s.event(f, v)
}

// event renders v with the padding that hides token lengths.
func (s *chatStream) event(f frame, v any) {
	b := line(v)
	if s.padded {
		pad := "aZ3kQ9xW"[:len(s.out)%8+1]
		b = append(b[:len(b)-1], `,"obfuscation":"`+pad+`"}`...)
	}
	f.data = b
	s.out = append(s.out, f)
}
