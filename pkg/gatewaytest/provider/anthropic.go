package provider

import (
	"bytes"
	"encoding/json"
	"strings"
)

type anthropicAnswer struct {
	Model        string             `json:"model"`
	ID           string             `json:"id"`
	Type         string             `json:"type"`
	Role         string             `json:"role"`
	Content      []anthropicContent `json:"content"`
	StopReason   *string            `json:"stop_reason"`
	StopSequence *string            `json:"stop_sequence"`
	Usage        *anthropicUsage    `json:"usage,omitempty"`
}

// anthropicContent is a block; only the fields of its type are there.
type anthropicContent struct {
	Type      string          `json:"type"`
	Thinking  *string         `json:"thinking,omitempty"`
	Signature *string         `json:"signature,omitempty"`
	Text      *string         `json:"text,omitempty"`
	ID        string          `json:"id,omitempty"`
	Name      string          `json:"name,omitempty"`
	Input     json.RawMessage `json:"input,omitempty"`
}

func (c *composed) anthropicBase() anthropicAnswer {
	return anthropicAnswer{Model: c.model, ID: "msg_01" + c.token("id", 22), Type: "message", Role: "assistant", Content: []anthropicContent{}}
}

// stopReason is why the message ended, in Anthropic's words.
func (c *composed) stopReason() string {
	switch {
	case c.stopped != "":
		return "stop_sequence"
	case c.finish == "length":
		return "max_tokens"
	case c.finish == "tool_calls":
		return "tool_use"
	case c.finish == "content_filter":
		return "refusal"
	}
	return "end_turn"
}

// ended are the reason and the sequence that go with it.
func (c *composed) ended() (reason, sequence *string) {
	if c.f.NoFinish {
		return nil, nil
	}
	if c.stopped != "" {
		sequence = &c.stopped
	}
	return new(c.stopReason()), sequence
}

func (c *composed) signature() string { return "Er" + c.token("signature", 43) + "==" }

func (c *composed) anthropicBlocks() []anthropicContent {
	out := []anthropicContent{}
	if len(c.thoughts) > 0 {
		out = append(out, anthropicContent{Type: "thinking", Thinking: new(c.reasoning()), Signature: new(c.signature())})
	}
	if len(c.words) > 0 {
		out = append(out, anthropicContent{Type: "text", Text: new(c.text())})
	}
	for _, k := range c.calls {
		out = append(out, anthropicContent{Type: "tool_use", ID: "toolu_01" + k.ID[:22], Name: k.Name, Input: json.RawMessage(k.Args)})
	}
	return out
}

// wholeMessage is a message, on one line as Anthropic does.
func wholeMessage(c *composed) []byte {
	v := c.anthropicBase()
	v.Content = c.anthropicBlocks()
	v.StopReason, v.StopSequence = c.ended()
	if !c.f.NoUsage {
		v.Usage = new(c.anthropicUsage())
	}
	return line(v)
}

func messageFraming(*ask) framing { return framing{typ: "text/event-stream; charset=utf-8"} }

// messageStream renders the events of one message.
type messageStream struct {
	*composed
	out  []frame
	step int
}

type messageEvent struct {
	Type    string            `json:"type"`
	Message *anthropicAnswer  `json:"message,omitempty"`
	Index   *int              `json:"index,omitempty"`
	Block   *anthropicContent `json:"content_block,omitempty"`
	Delta   any               `json:"delta,omitempty"`
	Usage   *anthropicUsage   `json:"usage,omitempty"`
}

type blockDelta struct {
	Type      string  `json:"type"`
	Text      *string `json:"text,omitempty"`
	Thinking  *string `json:"thinking,omitempty"`
	Signature *string `json:"signature,omitempty"`
	JSON      *string `json:"partial_json,omitempty"`
}

type messageDelta struct {
	StopReason   *string `json:"stop_reason"`
	StopSequence *string `json:"stop_sequence"`
}

// streamMessage is a message as server-sent events.
func streamMessage(c *composed) []frame {
	s := &messageStream{composed: c}
	start := c.anthropicBase()
	if !c.f.NoUsage {
		u := c.anthropicUsage()
		u.Output, u.Details = 1, nil
		start.Usage = &u
	}
	s.event(frame{step: unpaced, opening: true}, messageEvent{Type: "message_start", Message: &start})
	for i, b := range c.anthropicBlocks() {
		s.block(i, b)
	}
	if c.f.NoFinish {
		return s.out
	}
	end := messageEvent{Type: "message_delta"}
	var d messageDelta
	d.StopReason, d.StopSequence = c.ended()
	end.Delta = d
	if !c.f.NoUsage {
		u := c.anthropicUsage()
		u.Cache, u.Tier, u.Geo = nil, "", ""
		end.Usage = &u
	}
	s.event(frame{step: unpaced, usage: !c.f.NoUsage}, end)
	if !c.f.NoDone {
		s.event(frame{step: unpaced, mark: true}, messageEvent{Type: "message_stop"})
	}
	return s.out
}

// block is one block: its start, its deltas and its end. After the first start
// comes a ping, as it does with Anthropic.
func (s *messageStream) block(i int, b anthropicContent) {
	var deltas []blockDelta
	empty := b
	switch b.Type {
	case "thinking":
		empty.Thinking, empty.Signature = new(""), new("")
		for _, t := range s.thoughts {
			deltas = append(deltas, blockDelta{Type: "thinking_delta", Thinking: &t})
		}
		deltas = append(deltas, blockDelta{Type: "signature_delta", Signature: b.Signature})
	case "text":
		empty.Text = new("")
		for _, w := range s.words {
			deltas = append(deltas, blockDelta{Type: "text_delta", Text: &w})
		}
	default:
		empty.Input = json.RawMessage("{}")
		deltas = append(deltas, blockDelta{Type: "input_json_delta", JSON: new("")})
		for _, part := range pieces(string(b.Input), 4) {
			deltas = append(deltas, blockDelta{Type: "input_json_delta", JSON: &part})
		}
	}
	s.event(frame{step: unpaced, opening: i == 0}, messageEvent{Type: "content_block_start", Index: &i, Block: &empty})
	if i == 0 {
		s.out = append(s.out, frame{name: "ping", step: unpaced, opening: true, data: []byte(`{"type": "ping"}`)})
	}
	for _, d := range deltas {
		s.event(frame{step: s.step}, messageEvent{Type: "content_block_delta", Index: &i, Delta: d})
		s.step++
	}
	s.event(frame{step: unpaced}, messageEvent{Type: "content_block_stop", Index: &i})
}

// event adds v with blanks before its end, which hide the length of tokens.
func (s *messageStream) event(f frame, v messageEvent) {
	b := line(v)
	f.name = v.Type
	f.data = append(b[:len(b)-1], strings.Repeat(" ", len(s.out)%12)+"}"...)
	s.out = append(s.out, f)
}

// failMessage is the error event.
func failMessage(p *Provider, _ *composed, x *Exchange, _ int) []frame {
	b := bytes.TrimSuffix(p.errorBody(Anthropic, x, overload(Anthropic)), []byte("\n"))
	return []frame{{name: "error", data: b}}
}

// anthropicHeaders are those of a real answer, the account's too.
func (p *Provider) anthropicHeaders(x *Exchange) [][2]string {
	return [][2]string{
		{"request-id", p.requestID(x)},
		{"anthropic-organization-id", "0f1e2d3c-4b5a-4697-8877-665544332211"},
		{"anthropic-ratelimit-requests-limit", "4000"},
		{"anthropic-ratelimit-requests-remaining", "3999"},
		{"anthropic-ratelimit-requests-reset", "2026-01-01T00:00:00Z"},
		{"anthropic-ratelimit-tokens-limit", "480000"},
		{"anthropic-ratelimit-tokens-remaining", "479000"},
	}
}
