package said

import "encoding/json"

// anthropicBlock is a content block, or the start of one.
type anthropicBlock struct {
	Type     string          `json:"type"`
	Text     string          `json:"text"`
	Thinking string          `json:"thinking"`
	Name     string          `json:"name"`
	Input    json.RawMessage `json:"input"`
}

// anthropicDocument is a message or an event of a stream.
type anthropicDocument struct {
	Type       string           `json:"type"`
	Index      int              `json:"index"`
	Content    []anthropicBlock `json:"content"`
	StopReason *string          `json:"stop_reason"`
	Block      anthropicBlock   `json:"content_block"`
	Delta      struct {
		Type        string  `json:"type"`
		Text        string  `json:"text"`
		Thinking    string  `json:"thinking"`
		PartialJSON string  `json:"partial_json"`
		StopReason  *string `json:"stop_reason"`
	} `json:"delta"`
}

// Anthropic reads an answer of the Messages API. What the provider did with
// tools of its own is not for the caller, and not in it.
func Anthropic(body []byte) (Answer, error) {
	a := Answer{}
	calls := map[int]*anthropicCall{}
	var order []*anthropicCall
	stopped := false
	err := each(body, func(d *anthropicDocument) {
		if stopped {
			return // a recorder put two answers into one
		}
		switch d.Type {
		case "message_stop":
			stopped = true
		case "error":
			a.Failed = true
		case "message":
			a.at(0)
			for _, b := range d.Content {
				order = append(order, a.at(0).anthropic(b)...)
			}
			a.at(0).finish(d.StopReason)
		case "message_start":
			a.at(0)
		case "content_block_start":
			for _, c := range a.at(0).anthropic(d.Block) {
				calls[d.Index] = c
				order = append(order, c)
			}
		case "content_block_delta":
			c := a.at(0)
			c.Text += d.Delta.Text
			c.Reasoning += d.Delta.Thinking
			if call := calls[d.Index]; call != nil {
				call.pieces += d.Delta.PartialJSON
			}
		case "message_delta":
			a.at(0).finish(d.Delta.StopReason)
		}
	})
	for _, c := range order {
		a.at(0).Calls = append(a.at(0).Calls, c.call())
	}
	a.Failed = a.Failed || len(a.Choices) == 0 || a.Choices[0].Finish == "" && !stopped
	a.settle()
	return a, err
}

type anthropicCall struct{ name, input, pieces string }

// call has the arguments that came in pieces, else those it began with.
func (c *anthropicCall) call() Call {
	if c.pieces != "" {
		return Call{c.name, c.pieces}
	}
	return Call{c.name, c.input}
}

// anthropic takes what a block says and returns the call that it begins.
func (c *Choice) anthropic(b anthropicBlock) []*anthropicCall {
	switch b.Type {
	case "text":
		c.Text += b.Text
	case "thinking":
		c.Reasoning += b.Thinking
	case "tool_use":
		return []*anthropicCall{{name: b.Name, input: string(b.Input)}}
	}
	return nil
}

func (c *Choice) finish(reason *string) {
	if reason == nil {
		return
	}
	words := map[string]string{
		"end_turn": "stop", "stop_sequence": "stop", "pause_turn": "stop",
		"max_tokens": "length", "model_context_window_exceeded": "length",
		"tool_use": "tool_calls", "refusal": "content_filter",
	}
	if c.Finish = words[*reason]; c.Finish == "" {
		c.Finish = "stop"
	}
}
