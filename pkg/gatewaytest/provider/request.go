package provider

import (
	"encoding/json"
	"strings"
)

// chatRequest is what the double reads of a chat completion request.
type chatRequest struct {
	Model         string          `json:"model"`
	Messages      []message       `json:"messages"`
	Stream        bool            `json:"stream"`
	StreamOptions *streamOptions  `json:"stream_options"`
	Tools         []tool          `json:"tools"`
	ToolChoice    json.RawMessage `json:"tool_choice"`
	Format        *responseFormat `json:"response_format"`
	N             int             `json:"n"`
	MaxTokens     int             `json:"max_tokens"`
	MaxCompletion int             `json:"max_completion_tokens"`
	Tier          string          `json:"service_tier"`

	directives []string // fault lines of the last user message
	question   string   // the last user message without them
	promptText int      // bytes of text in all messages
}

type message struct {
	Role    string          `json:"role"`
	Content json.RawMessage `json:"content"`
}

type streamOptions struct {
	IncludeUsage       bool  `json:"include_usage"`
	IncludeObfuscation *bool `json:"include_obfuscation"`
}

type tool struct {
	Type     string   `json:"type"`
	Function function `json:"function"`
}

type function struct {
	Name       string          `json:"name"`
	Parameters json.RawMessage `json:"parameters"`
}

type responseFormat struct {
	Type   string `json:"type"`
	Schema struct {
		Schema json.RawMessage `json:"schema"`
	} `json:"json_schema"`
}

// parseChat reads what it can; the problem is the JSON error, if any. A body
// that is no JSON has no directives.
func parseChat(body []byte) (chatRequest, error) {
	var r chatRequest
	if len(body) == 0 {
		return r, nil
	}
	err := json.Unmarshal(body, &r)
	for _, m := range r.Messages {
		text := m.text()
		r.promptText += len(text)
		if m.Role == "user" {
			r.question, r.directives = split(text)
		}
	}
	return r, err
}

// text is the message's text, of its parts too.
func (m message) text() string {
	var s string
	if json.Unmarshal(m.Content, &s) == nil {
		return s
	}
	var parts []struct{ Text string }
	if json.Unmarshal(m.Content, &parts) != nil {
		return ""
	}
	var b strings.Builder
	for _, p := range parts {
		b.WriteString(p.Text)
	}
	return b.String()
}

// split takes the fault lines out of a text.
func split(text string) (rest string, faults []string) {
	if !strings.Contains(text, "#fault") {
		return text, nil
	}
	var kept []string
	for line := range strings.SplitSeq(text, "\n") {
		if f, ok := strings.CutPrefix(strings.TrimSpace(line), "#fault"); ok {
			faults = append(faults, f)
			continue
		}
		kept = append(kept, line)
	}
	return strings.Join(kept, "\n"), faults
}

// wantsCall tells whether the answer is to be a tool call: there are tools,
// they are not switched off, and the last message is not a tool's result.
func (r *chatRequest) wantsCall() bool {
	if len(r.Tools) == 0 || len(r.Messages) == 0 || string(r.ToolChoice) == `"none"` {
		return false
	}
	return r.Messages[len(r.Messages)-1].Role != "tool"
}

// called is the function that tool_choice names, else the first.
func (r *chatRequest) called(i int) function {
	var named struct{ Function struct{ Name string } }
	if json.Unmarshal(r.ToolChoice, &named) == nil && named.Function.Name != "" {
		for _, t := range r.Tools {
			if t.Function.Name == named.Function.Name {
				return t.Function
			}
		}
	}
	return r.Tools[i%len(r.Tools)].Function
}

func (r *chatRequest) limit() int {
	return max(r.MaxTokens, r.MaxCompletion)
}
