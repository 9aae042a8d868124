package said

import (
	"bytes"
	"encoding/json"
	"slices"
)

// openaiDocument is a chat completion or a chunk of one, as loosely as the
// providers that call themselves compatible send them.
type openaiDocument struct {
	Error   json.RawMessage `json:"error"`
	Choices []struct {
		Index   int            `json:"index"`
		Message *openaiMessage `json:"message"`
		Delta   *openaiMessage `json:"delta"`
		Finish  string         `json:"finish_reason"`
	} `json:"choices"`
	Usage json.RawMessage `json:"usage"`
}

type openaiMessage struct {
	Content          json.RawMessage `json:"content"`
	Refusal          string          `json:"refusal"`
	ReasoningContent string          `json:"reasoning_content"`
	Reasoning        string          `json:"reasoning"`
	FunctionCall     *openaiFunction `json:"function_call"`
	ToolCalls        []struct {
		Index    *int           `json:"index"`
		ID       string         `json:"id"`
		Function openaiFunction `json:"function"`
	} `json:"tool_calls"`
}

type openaiFunction struct {
	Name      string `json:"name"`
	Arguments string `json:"arguments"`
}

// OpenAI reads a chat completion or a stream of chunks. Words for the finish
// that OpenAI does not have stand for an ordinary end.
func OpenAI(body []byte) (Answer, error) {
	a := Answer{}
	unary := bytes.HasPrefix(bytes.TrimSpace(body), []byte("{"))
	calls := map[int]map[int]int{} // by choice: place of the call with an index
	err := each(body, func(d *openaiDocument) {
		a.Failed = a.Failed || len(d.Error) > 0 && string(d.Error) != "null"
		for _, x := range d.Choices {
			if calls[x.Index] == nil {
				calls[x.Index] = map[int]int{}
			}
			c := a.at(x.Index)
			m := x.Delta
			if m == nil || unary && x.Message != nil { // some send both
				m = x.Message
			}
			if m != nil {
				c.openai(m, calls[x.Index])
			}
			c.openaiFinish(x.Finish)
		}
	})
	a.openaiEnd(unary || bytes.Contains(body, []byte("[DONE]")))
	a.settle()
	return a, err
}

func (c *Choice) openai(m *openaiMessage, calls map[int]int) {
	c.Refusal += m.Refusal
	if m.ReasoningContent != "" {
		c.Reasoning += m.ReasoningContent
	} else {
		c.Reasoning += m.Reasoning
	}
	c.content(m.Content)
	if f := m.FunctionCall; f != nil && *f != (openaiFunction{}) {
		if f.Name != "" || len(c.Calls) == 0 {
			c.Calls = append(c.Calls, Call{Name: f.Name})
		}
		c.Calls[len(c.Calls)-1].Arguments += f.Arguments
	}
	for n, t := range m.ToolCalls {
		index := n
		if t.Index != nil {
			index = *t.Index
		} else if t.ID != "" {
			index = len(calls) // each call is whole, and none has a number
		}
		place, ok := calls[index]
		if !ok {
			place = len(c.Calls)
			calls[index] = place
			c.Calls = append(c.Calls, Call{})
		}
		if c.Calls[place].Name == "" {
			c.Calls[place].Name = t.Function.Name
		}
		c.Calls[place].Arguments += t.Function.Arguments
	}
}

// content is text, or a list of parts with text and thoughts.
func (c *Choice) content(raw json.RawMessage) {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		c.Text += text
		return
	}
	var parts []struct {
		Text     string `json:"text"`
		Thinking []struct {
			Text string `json:"text"`
		} `json:"thinking"`
	}
	if json.Unmarshal(raw, &parts) != nil {
		return
	}
	for _, p := range parts {
		c.Text += p.Text
		for _, t := range p.Thinking {
			c.Reasoning += t.Text
		}
	}
}

// openaiEnd gives a regular end to choices without a word about it, as long as
// the answer itself has one: callers need a word.
func (a *Answer) openaiEnd(ended bool) {
	finished := slices.ContainsFunc(a.Choices, func(c Choice) bool { return c.Finish != "" })
	a.Failed = a.Failed || !finished && !ended
	for i := range a.Choices {
		switch c := &a.Choices[i]; {
		case a.Failed || c.Finish != "":
		case len(c.Calls) > 0:
			c.Finish = "tool_calls"
		default:
			c.Finish = "stop"
		}
	}
}

func (c *Choice) openaiFinish(word string) {
	switch word {
	case "":
	case "stop", "length", "content_filter", "tool_calls":
		c.Finish = word
	case "function_call":
		c.Finish = "tool_calls"
	default:
		c.Finish = "stop"
	}
}
