package provider

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
)

type anthropicRequest struct {
	Model     string             `json:"model"`
	MaxTokens *int               `json:"max_tokens"`
	Messages  []anthropicMessage `json:"messages"`
	System    json.RawMessage    `json:"system"`
	Stream    bool               `json:"stream"`
	Tools     []struct {
		Name   string          `json:"name"`
		Schema json.RawMessage `json:"input_schema"`
	} `json:"tools"`
	ToolChoice struct {
		Type string `json:"type"`
		Name string `json:"name"`
	} `json:"tool_choice"`
	Thinking struct {
		Type    string `json:"type"`
		Budget  int    `json:"budget_tokens"`
		Display string `json:"display"`
	} `json:"thinking"`
	Stop   []string `json:"stop_sequences"`
	Output struct {
		Format *anthropicFormat `json:"format"`
	} `json:"output_config"`
	Format      *anthropicFormat `json:"output_format"`
	Temperature *float64         `json:"temperature"`
	Tier        string           `json:"service_tier"`
}

type anthropicFormat struct {
	Type   string          `json:"type"`
	Schema json.RawMessage `json:"schema"`
}

type anthropicMessage struct {
	Role    string          `json:"role"`
	Content json.RawMessage `json:"content"`
}

type anthropicBlock struct {
	Type    string          `json:"type"`
	Text    string          `json:"text"`
	ID      string          `json:"id"`
	Of      string          `json:"tool_use_id"`
	Content json.RawMessage `json:"content"`
	Cache   *struct {
		TTL string `json:"ttl"`
	} `json:"cache_control"`
}

// blocks are the content of a message; a text is one block.
func (m anthropicMessage) blocks() []anthropicBlock {
	var s string
	if json.Unmarshal(m.Content, &s) == nil {
		return []anthropicBlock{{Type: "text", Text: s}}
	}
	var all []anthropicBlock
	if json.Unmarshal(m.Content, &all) != nil {
		return nil
	}
	return all
}

// readMessages reads a request for a message.
func readMessages(r *http.Request, body []byte) *ask {
	var v anthropicRequest
	err := json.Unmarshal(body, &v)
	a := &ask{model: v.Model, stream: v.Stream, turns: len(v.Messages), stop: v.Stop}
	if v.MaxTokens != nil {
		a.limit = *v.MaxTokens
	}
	for _, t := range v.Tools {
		a.tools = append(a.tools, function{t.Name, t.Schema})
	}
	a.muted = v.ToolChoice.Type == "none"
	a.named = v.ToolChoice.Name
	a.thinks = v.Thinking.Type == "enabled" || v.Thinking.Type == "adaptive"
	a.shows = a.thinks && v.Thinking.Display != "omitted"
	for _, f := range []*anthropicFormat{v.Format, v.Output.Format} {
		if f != nil {
			a.asJSON, a.schema = true, f.Schema
		}
	}
	a.hearSystem(v.System)
	for _, m := range v.Messages {
		a.hearAnthropic(m)
	}
	a.checkAnthropic(&v, err, r.Header.Get("anthropic-beta") != "")
	return a
}

func (a *ask) hearSystem(raw json.RawMessage) {
	a.count(plain(raw))
	for _, b := range (anthropicMessage{Content: raw}).blocks() {
		a.mark(b)
	}
}

// mark notes a wish to keep the prompt.
func (a *ask) mark(b anthropicBlock) {
	if b.Cache == nil {
		return
	}
	a.cacheMark = "5m"
	if b.Cache.TTL == "1h" {
		a.cacheMark = "1h"
	}
}

func (a *ask) hearAnthropic(m anthropicMessage) {
	if m.Role != "user" {
		a.results = nil
	}
	var text string
	var results []string
	for _, b := range m.blocks() {
		a.mark(b)
		switch b.Type {
		case "text":
			text += b.Text
		case "tool_result":
			results = append(results, plain(b.Content))
			a.count(plain(b.Content))
		}
	}
	a.count(text)
	if m.Role == "user" && text != "" {
		a.hear(text)
	}
	a.results = append(a.results, results...)
}

// checkAnthropic notes what Anthropic refuses.
func (a *ask) checkAnthropic(v *anthropicRequest, bad error, beta bool) {
	wrong := func(format string, args ...any) {
		a.refuse(trouble{status: http.StatusBadRequest, text: fmt.Sprintf(format, args...)})
	}
	if bad != nil {
		wrong("The request body is not valid JSON: %v", bad)
		return
	}
	if v.Model == "" {
		wrong("model: Field required")
	}
	if v.MaxTokens == nil {
		wrong("max_tokens: Field required")
	}
	if v.MaxTokens != nil && *v.MaxTokens < 1 {
		wrong("max_tokens: Input should be greater than or equal to 1")
	}
	if len(v.Messages) == 0 {
		wrong("messages: at least one message is required")
	}
	if v.Thinking.Type == "enabled" {
		checkThinking(v, wrong)
	}
	for i, m := range v.Messages {
		if m.Role != "user" && m.Role != "assistant" && (m.Role != "system" || !beta || i == 0) {
			wrong("messages.%d.role: Input should be 'user' or 'assistant'", i)
		}
		for k, b := range m.blocks() {
			if b.Type == "text" && b.Text == "" {
				wrong("messages.%d.content.%d.text: text content blocks must be non-empty", i, k)
			}
		}
	}
	checkResults(v.Messages, wrong)
}

func checkThinking(v *anthropicRequest, wrong func(string, ...any)) {
	if v.Thinking.Budget < 1024 {
		wrong("thinking.enabled.budget_tokens: Input should be greater than or equal to 1024")
	}
	if v.MaxTokens != nil && v.Thinking.Budget >= *v.MaxTokens {
		wrong("`max_tokens` must be greater than `thinking.budget_tokens`. Please consult our documentation at https://docs.claude.com/en/docs/build-with-claude/extended-thinking#max-tokens-and-context-window-size")
	}
	if v.Temperature != nil && *v.Temperature != 1 {
		wrong("`temperature` may only be set to 1 when thinking is enabled.")
	}
	if v.ToolChoice.Type == "any" || v.ToolChoice.Type == "tool" {
		wrong("Thinking may not be enabled when tool_choice forces tool use.")
	}
}

// toolTurn is what messages of one role that follow each other say of tools.
type toolTurn struct {
	first          int // message
	role           string
	calls, results []string // ids
}

func toolTurns(all []anthropicMessage) []toolTurn {
	var out []toolTurn
	for i, m := range all {
		if len(out) == 0 || out[len(out)-1].role != m.Role {
			out = append(out, toolTurn{first: i, role: m.Role})
		}
		t := &out[len(out)-1]
		for _, b := range m.blocks() {
			switch b.Type {
			case "tool_use":
				t.calls = append(t.calls, b.ID)
			case "tool_result":
				t.results = append(t.results, b.Of)
			}
		}
	}
	return out
}

// checkResults holds the calls of each turn against the results in the next.
func checkResults(all []anthropicMessage, wrong func(string, ...any)) {
	var before toolTurn
	for _, t := range toolTurns(all) {
		for _, id := range before.calls {
			if !slices.Contains(t.results, id) {
				wrong("messages.%d: `tool_use` ids were found without `tool_result` blocks immediately after: %s. Each `tool_use` block must have a corresponding `tool_result` block in the next message.", before.first, id)
			}
		}
		for _, id := range t.results {
			if !slices.Contains(before.calls, id) {
				wrong("messages.%d.content: unexpected `tool_use_id` found in `tool_result` blocks: %s. Each `tool_result` block must have a corresponding `tool_use` block in the previous message.", t.first, id)
			}
		}
		before = t
	}
}

// readCounted is readMessages without the need of max_tokens.
func readCounted(r *http.Request, body []byte) *ask {
	a := readMessages(r, body)
	if a.wrong != nil && a.wrong.text == "max_tokens: Field required" {
		a.wrong = nil
	}
	return a
}

func (p *Provider) countTokens(_ *http.Request, x *Exchange, a *ask) reply {
	n := a.promptText/4 + 4*a.turns + 3
	return reply{status: http.StatusOK, typ: "application/json", headers: p.anthropicHeaders(x), body: encode(map[string]int{"input_tokens": n}, "")}
}
