package said

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// geminiDocument is an answer of generateContent, or a piece of a stream.
type geminiDocument struct {
	Error      json.RawMessage `json:"error"`
	Candidates []struct {
		Index        int             `json:"index"`
		FinishReason json.RawMessage `json:"finishReason"`
		Content      struct {
			Parts []struct {
				Text    string      `json:"text"`
				Thought bool        `json:"thought"`
				Call    *geminiCall `json:"functionCall"`
			} `json:"parts"`
		} `json:"content"`
	} `json:"candidates"`
	PromptFeedback struct {
		BlockReason string `json:"blockReason"`
	} `json:"promptFeedback"`
}

type geminiCall struct {
	Name    string                     `json:"name"`
	Args    map[string]json.RawMessage `json:"args"`
	More    bool                       `json:"willContinue"`
	Partial []struct {
		Path   string   `json:"jsonPath"`
		Text   *string  `json:"stringValue"`
		Number *float64 `json:"numberValue"`
		Bool   *bool    `json:"boolValue"`
	} `json:"partialArgs"`
}

// Gemini reads an answer of generateContent, unary or streamed in either form.
func Gemini(body []byte) (Answer, error) {
	a := Answer{}
	open := map[int]map[string]any{} // by choice: arguments of the call that goes on
	settled := func(index int) {
		c := a.at(index)
		if args, ok := open[index]; ok {
			text, _ := json.Marshal(args) //nolint:errchkjson // made of JSON
			c.Calls[len(c.Calls)-1].Arguments = string(text)
		}
	}
	err := each(body, func(d *geminiDocument) {
		a.Failed = a.Failed || len(d.Error) > 0
		if d.PromptFeedback.BlockReason != "" && len(d.Candidates) == 0 {
			a.at(0).Finish = "content_filter"
		}
		for _, x := range d.Candidates {
			c := a.at(x.Index)
			for _, p := range x.Content.Parts {
				switch {
				case p.Call != nil:
					if p.Call.Name != "" {
						c.Calls = append(c.Calls, Call{Name: p.Call.Name})
						open[x.Index] = map[string]any{}
					}
					p.Call.add(open[x.Index])
					settled(x.Index)
				case p.Thought:
					c.Reasoning += p.Text
				default:
					c.Text += p.Text
				}
			}
			c.geminiFinish(x.FinishReason)
		}
	})
	a.geminiEnd(bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")))
	for i := range a.Choices {
		if c := &a.Choices[i]; c.Finish == "stop" && !c.odd && len(c.Calls) > 0 {
			c.Finish = "tool_calls"
		}
	}
	a.settle()
	return a, err
}

// geminiEnd tells how an answer ended that has no word about it: one object
// with content in it has nothing more to come, a stream was cut.
func (a *Answer) geminiEnd(unary bool) {
	for i := range a.Choices {
		if c := &a.Choices[i]; unary && c.Finish == "" && (c.Text != "" || len(c.Calls) > 0) {
			c.Finish = "stop"
		}
	}
	a.Failed = a.Failed || !slices.ContainsFunc(a.Choices, func(c Choice) bool { return c.Finish != "" })
}

// add takes the arguments of a call, or the pieces of some.
func (g *geminiCall) add(args map[string]any) {
	for k, v := range g.Args {
		args[k] = v
	}
	for _, p := range g.Partial {
		name := strings.TrimPrefix(p.Path, "$.")
		switch {
		case p.Text != nil:
			before, _ := args[name].(string)
			args[name] = before + *p.Text
		case p.Number != nil:
			args[name] = *p.Number
		case p.Bool != nil:
			args[name] = *p.Bool
		default:
			args[name] = nil
		}
	}
}

// geminiFinish takes the word, or its number as some callers ask for it.
func (c *Choice) geminiFinish(reason json.RawMessage) {
	words := map[string]string{
		`"STOP"`: "stop", "1": "stop", `"MAX_TOKENS"`: "length", "2": "length",
		`"SAFETY"`: "content_filter", `"RECITATION"`: "content_filter", `"BLOCKLIST"`: "content_filter", `"LANGUAGE"`: "content_filter",
		`"PROHIBITED_CONTENT"`: "content_filter", `"SPII"`: "content_filter", `"IMAGE_SAFETY"`: "content_filter",
		`"MODEL_ARMOR"`: "content_filter",
	}
	switch word, ok := words[string(reason)]; {
	case len(reason) == 0 || string(reason) == "null" || string(reason) == "0":
	case ok:
		c.Finish = word
	default:
		c.odd, c.Finish = true, "stop"
	}
}
