package provider

import (
	"bytes"
	"net/http"
)

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
	Logs   *struct{} `json:"logprobs"`
	Finish *string   `json:"finish_reason"`
}

type delta struct {
	Role    string     `json:"role,omitempty"`
	Content *string    `json:"content,omitempty"`
	Calls   []toolCall `json:"tool_calls,omitempty"`
}

// streamer renders one streamed answer.
type streamer struct {
	out       *wire
	x         *Exchange
	a         composed
	withUsage bool
	hidden    bool // obfuscation padding on
	count     int
	middle    int // the content chunk after which a stall comes
}

// stream answers with server-sent events.
func (p *Provider) stream(out *wire, x *Exchange, r *chatRequest, a composed) error {
	x.Delivered.Stream = true
	s := &streamer{out: out, x: x, a: a, hidden: true}
	if o := r.StreamOptions; o != nil {
		s.withUsage = o.IncludeUsage && !a.f.NoUsage
		s.hidden = o.IncludeObfuscation == nil || *o.IncludeObfuscation
	}
	if err := out.head(http.StatusOK, "text/event-stream; charset=utf-8", -1, p.headers(x)); err != nil {
		return err
	}
	if a.f.Error200 {
		return s.fail()
	}
	if err := s.body(); err != nil {
		return err
	}
	x.Delivered.Done = !a.f.NoDone
	return out.end(a.f.Hold + a.f.Close)
}

func (s *streamer) body() error {
	deltas := s.deltas()
	s.middle = len(deltas) / 2
	for i, d := range deltas {
		if i == s.a.f.ErrorEvent {
			return s.fail()
		}
		if err := s.step(i, d); err != nil {
			return err
		}
	}
	for i := range s.a.n {
		if err := s.choice(chunkChoice{Index: i, Finish: &s.a.finish}); err != nil {
			return err
		}
	}
	if s.withUsage {
		if err := s.event(usageChunk{s.frame(), &s.a.usage}); err != nil {
			return err
		}
		s.x.Delivered.Usage = &s.a.usage
	}
	if s.a.f.NoDone {
		return nil
	}
	return s.data([]byte("[DONE]"))
}

// step sends one delta of every choice, with the pauses that are due.
func (s *streamer) step(i int, d delta) error {
	if i > 0 {
		if err := s.out.pause(s.a.f.Gap); err != nil {
			return err
		}
	}
	if i == s.middle {
		if err := s.out.pause(s.a.f.StallMid); err != nil {
			return err
		}
	}
	for c := range s.a.n {
		if err := s.choice(chunkChoice{Index: c, Delta: d}); err != nil {
			return err
		}
	}
	return nil
}

// deltas are the steps of one choice: the role first, then text or the
// arguments of the calls in small parts.
func (s *streamer) deltas() []delta {
	var out []delta
	if len(s.a.calls) == 0 {
		first := delta{Role: "assistant", Content: new("")}
		if s.a.f.NoRole {
			first.Role = ""
		}
		out = append(out, first)
		for _, w := range s.a.words {
			out = append(out, delta{Content: &w})
		}
		return out
	}
	for i, k := range s.a.calls {
		start := delta{Calls: []toolCall{{Index: &i, ID: k.ID, Type: "function", Function: toolFunction{Name: k.Name}}}}
		if i == 0 && !s.a.f.NoRole {
			start.Role = "assistant"
		}
		out = append(out, start)
		for _, part := range pieces(k.Args, 4) {
			out = append(out, delta{Calls: []toolCall{{Index: &i, Function: toolFunction{Args: part}}}})
		}
	}
	return out
}

func (s *streamer) frame() chunk {
	return chunk{
		ID: s.a.id, Object: "chat.completion.chunk", Created: s.a.created, Model: s.a.model,
		Tier: s.a.tier, Fingerprint: s.a.fingerprint, Choices: []chunkChoice{},
	}
}

func (s *streamer) choice(c chunkChoice) error {
	f := s.frame()
	f.Choices = append(f.Choices, c)
	if s.withUsage {
		return s.event(usageChunk{f, nil})
	}
	return s.event(f)
}

// event sends v with the padding that hides token lengths.
func (s *streamer) event(v any) error {
	b := bytes.TrimSuffix(encode(v, ""), []byte("\n"))
	if s.hidden {
		pad := "aZ3kQ9xW"[:s.count%8+1]
		b = append(b[:len(b)-1], `,"obfuscation":"`+pad+`"}`...)
	}
	s.count++
	if err := s.data(b); err != nil {
		return err
	}
	s.x.Delivered.Events = s.count
	return nil
}

// data sends one server-sent event.
func (s *streamer) data(p []byte) error {
	end := "\n\n"
	if s.a.f.CRLF {
		end = "\r\n\r\n"
	}
	b := make([]byte, 0, len(p)+10)
	b = append(append(append(b, "data: "...), p...), end...)
	if err := s.out.write(b); err != nil {
		return err
	}
	s.out.flush()
	if s.out.err != nil {
		return s.out.err
	}
	return s.out.ctx.Err()
}

// fail sends an error event, after which the stream ends legally.
func (s *streamer) fail() error {
	b := problemBody(overloaded, "server_error", "overloaded")
	return s.data(bytes.ReplaceAll(bytes.ReplaceAll(b, []byte("\n"), nil), []byte("    "), nil))
}
