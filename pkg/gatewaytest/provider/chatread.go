package provider

import (
	"encoding/json"
	"net/http"
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
	Effort        string          `json:"reasoning_effort"`
	Stop          json.RawMessage `json:"stop"`
	Logprobs      bool            `json:"logprobs"`
	Top           int             `json:"top_logprobs"`
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

type responseFormat struct {
	Type   string `json:"type"`
	Schema struct {
		Schema json.RawMessage `json:"schema"`
	} `json:"json_schema"`
}

// readChat reads what it can. A body that is no JSON has no directives.
func readChat(_ *http.Request, body []byte) *ask {
	var r chatRequest
	err := json.Unmarshal(body, &r)
	a := &ask{
		model: r.Model, turns: len(r.Messages), stream: r.Stream, padded: true, n: r.N, tier: r.Tier,
		limit: max(r.MaxTokens, r.MaxCompletion), stop: texts(r.Stop), logprobs: r.Logprobs, top: r.Top,
		muted: string(r.ToolChoice) == `"none"`, named: chosen(r.ToolChoice),
	}
	a.thinks = r.Effort != "" && r.Effort != "none" && r.Effort != "minimal"
	a.shows = a.thinks
	if o := r.StreamOptions; o != nil {
		a.wantsUsage = o.IncludeUsage
		a.padded = o.IncludeObfuscation == nil || *o.IncludeObfuscation
	}
	for _, t := range r.Tools {
		a.tools = append(a.tools, t.Function)
	}
	if r.Format != nil && r.Format.Type != "text" {
		a.asJSON, a.schema = true, r.Format.Schema.Schema
	}
	for _, m := range r.Messages {
		text := plain(m.Content)
		a.count(text)
		switch m.Role {
		case "user":
			a.hear(text)
		case "tool":
			a.results = append(a.results, text)
		default:
			a.results = nil
		}
	}
	a.checkOpenAI(err, len(r.Messages) == 0)
	return a
}

// checkOpenAI notes what OpenAI refuses before it looks for the model.
func (a *ask) checkOpenAI(bad error, empty bool) {
	switch {
	case bad != nil || empty && a.model == "":
		a.refuse(trouble{status: http.StatusBadRequest, text: "We could not parse the JSON body of your request. The API expects a JSON payload, but what was sent was not valid JSON."})
	case a.model == "":
		a.refuse(trouble{status: http.StatusBadRequest, text: "you must provide a model parameter"})
	}
}

// texts is a string or a list of them.
func texts(raw json.RawMessage) []string {
	var one string
	if json.Unmarshal(raw, &one) == nil && one != "" {
		return []string{one}
	}
	var all []string
	if json.Unmarshal(raw, &all) != nil {
		return nil
	}
	return all
}

// chosen is the function that a tool_choice names, in the form of chat
// completions or of responses.
func chosen(raw json.RawMessage) string {
	var named struct {
		Name     string
		Function struct{ Name string }
	}
	if json.Unmarshal(raw, &named) != nil {
		return ""
	}
	return named.Name + named.Function.Name
}
