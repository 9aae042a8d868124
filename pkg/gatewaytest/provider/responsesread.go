package provider

import (
	"encoding/json"
	"net/http"
)

// responsesRequest is what the double reads of a request for a response, and
// what the answer repeats of it.
type responsesRequest struct {
	Model        string          `json:"model"`
	Input        json.RawMessage `json:"input"`
	Instructions *string         `json:"instructions"`
	Stream       bool            `json:"stream"`
	Tools        []responsesTool `json:"tools"`
	ToolChoice   json.RawMessage `json:"tool_choice"`
	Parallel     *bool           `json:"parallel_tool_calls"`
	Text         *responsesText  `json:"text"`
	MaxOutput    *int            `json:"max_output_tokens"`
	Reasoning    responsesEffort `json:"reasoning"`
	Tier         string          `json:"service_tier"`
	Store        *bool           `json:"store"`
	Previous     *string         `json:"previous_response_id"`
	User         *string         `json:"user"`
	Metadata     json.RawMessage `json:"metadata"`
	Temperature  *float64        `json:"temperature"`
	TopP         *float64        `json:"top_p"`
	Options      *streamOptions  `json:"stream_options"`
}

type responsesTool struct {
	Type        string          `json:"type"`
	Name        string          `json:"name,omitempty"`
	Description *string         `json:"description,omitempty"`
	Parameters  json.RawMessage `json:"parameters,omitempty"`
	Strict      *bool           `json:"strict,omitempty"`
}

type responsesText struct {
	Format    *responsesFormat `json:"format,omitempty"`
	Verbosity string           `json:"verbosity,omitempty"`
}

type responsesFormat struct {
	Type   string          `json:"type"`
	Name   string          `json:"name,omitempty"`
	Strict *bool           `json:"strict,omitempty"`
	Schema json.RawMessage `json:"schema,omitempty"`
}

type responsesEffort struct {
	Effort  *string `json:"effort"`
	Summary *string `json:"summary"`
}

type responsesInput struct {
	Type    string          `json:"type"`
	Role    string          `json:"role"`
	Content json.RawMessage `json:"content"`
	Output  json.RawMessage `json:"output"`
}

// readResponse reads a request for a response.
func readResponse(_ *http.Request, body []byte) *ask {
	var r responsesRequest
	err := json.Unmarshal(body, &r)
	a := &ask{
		model: r.Model, stream: r.Stream, wantsUsage: true, padded: true, tier: r.Tier, response: &r,
		muted: string(r.ToolChoice) == `"none"`, named: chosen(r.ToolChoice),
	}
	if r.MaxOutput != nil {
		a.limit = *r.MaxOutput
	}
	if o := r.Options; o != nil && o.IncludeObfuscation != nil {
		a.padded = *o.IncludeObfuscation
	}
	for _, t := range r.Tools {
		if t.Type == "function" {
			a.tools = append(a.tools, function{t.Name, t.Parameters})
		}
	}
	if r.Text != nil && r.Text.Format != nil && r.Text.Format.Type != "text" {
		a.asJSON, a.schema = true, r.Text.Format.Schema
	}
	if e := r.Reasoning.Effort; e != nil && *e != "none" && *e != "minimal" {
		a.thinks, a.shows = true, r.Reasoning.Summary != nil
	}
	if r.Instructions != nil {
		a.count(*r.Instructions)
	}
	a.hearInput(r.Input)
	a.checkOpenAI(err, a.turns == 0)
	return a
}

// hearInput takes a text or a list of items.
func (a *ask) hearInput(raw json.RawMessage) {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		a.turns = 1
		a.count(text)
		a.hear(text)
		return
	}
	var items []responsesInput
	if json.Unmarshal(raw, &items) != nil {
		return
	}
	a.turns = len(items)
	for _, i := range items {
		switch {
		case i.Type == "function_call_output":
			a.results = append(a.results, plain(i.Output))
			a.count(plain(i.Output))
		case i.Role == "user":
			a.hear(plain(i.Content))
		default:
			a.results = nil
		}
		a.count(plain(i.Content))
	}
}
