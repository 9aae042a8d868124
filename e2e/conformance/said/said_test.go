package said

import (
	"strings"
	"testing"
)

const (
	anthropicUnary = `{"type":"message","content":[{"type":"thinking","thinking":"hm"},{"type":"text","text":"a"},` +
		`{"type":"server_tool_use","name":"s","input":{"q":1}},{"type":"text","text":"b"},{"type":"tool_use","name":"f","input":{"y":1.50,"x":[]}}],"stop_reason":"tool_use"}`
	anthropicStream = `event: message_start
data: {"type":"message_start","message":{}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":""}}

data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}

data: {"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}

data: {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"ab"}}

data: {"type":"content_block_start","index":2,"content_block":{"type":"server_tool_use","name":"s","input":{}}}

data: {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{}"}}

data: {"type":"content_block_start","index":3,"content_block":{"type":"tool_use","name":"f","input":{}}}

data: {"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":"{\"y\": 1.50,"}}

data: {"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":" \"x\": []}"}}

data: {"type":"message_delta","delta":{"stop_reason":"tool_use"}}

data: {"type":"message_stop"}

data: {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"more"}}

`
	geminiUnary = `{"candidates":[{"content":{"parts":[{"text":"hm","thought":true},{"text":"a"},{"text":"b"},{"functionCall":{"name":"f","args":{"y":1.50,"x":[]}}}]},"finishReason":"STOP"}]}`
	geminiArray = `[{"candidates":[{"content":{"parts":[{"text":"hm","thought":true}]}}]},
{"candidates":[{"content":{"parts":[{"text":"ab"}]}}]}
,{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{"y":1.50,"x":[]}}}]},"finishReason":"STOP"}]}]`
	openaiUnary = `{"choices":[{"index":0,"message":{"content":"ab","reasoning_content":"hm","tool_calls":[` +
		`{"id":"c","function":{"name":"f","arguments":"{\"x\":[], \"y\":1.50}"}}]},"finish_reason":"tool_calls"}]}`
	openaiStream = `data: {"choices":[{"index":0,"delta":{"reasoning":"hm","content":[{"type":"text","text":"a"}]}}]}

data: {"choices":[{"index":0,"delta":{"content":"b","tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":"{\"x\":"}}]}}]}

data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"[],\"y\":1.50}"}}]},"finish_reason":"tool_calls"}]}

data: [DONE]

`
)

// The same answer, in all forms.
func TestAnswers(t *testing.T) {
	want := Answer{Choices: []Choice{{Text: "ab", Reasoning: "hm", Finish: "tool_calls", Calls: []Call{{"f", `{"x":[],"y":1.50}`}}}}}
	tests := []struct {
		name, body string
		read       func([]byte) (Answer, error)
	}{
		{"anthropic_unary", anthropicUnary, Anthropic},
		{"anthropic_stream", anthropicStream, Anthropic},
		{"anthropic_crlf", strings.ReplaceAll(anthropicStream, "\n", "\r\n"), Anthropic},
		{"gemini_unary", geminiUnary, Gemini},
		{"gemini_array", geminiArray, Gemini},
		{"gemini_events", "data: " + geminiUnary + "\r\n\r\n", Gemini},
		{"openai_unary", openaiUnary, OpenAI},
		{"openai_stream", openaiStream, OpenAI},
	}
	for _, tt := range tests {
		got, err := tt.read([]byte(tt.body))
		if d := Diff(got, want); d != "" || err != nil {
			t.Errorf("%s: %s %v", tt.name, d, err)
		}
	}
}

func TestEnds(t *testing.T) {
	tests := []struct {
		name   string
		read   func([]byte) (Answer, error)
		body   string
		finish string
		failed bool
	}{
		{"anthropic_limit", Anthropic, `{"type":"message","content":[],"stop_reason":"max_tokens"}`, "length", false},
		{"anthropic_refusal", Anthropic, `{"type":"message","content":[],"stop_reason":"refusal"}`, "content_filter", false},
		{"anthropic_cut", Anthropic, `data: {"type":"message_start"}` + "\n\n", "", true},
		{"anthropic_error", Anthropic, `data: {"type":"message_start"}` + "\n\n" + `data: {"type":"error"}` + "\n\n", "", true},
		{"gemini_limit", Gemini, `{"candidates":[{"finishReason":"MAX_TOKENS"}]}`, "length", false},
		{"gemini_number", Gemini, `{"candidates":[{"finishReason":1}]}`, "stop", false},
		{"gemini_filter", Gemini, `{"candidates":[{"finishReason":"SAFETY"}]}`, "content_filter", false},
		{"gemini_blocked", Gemini, `{"promptFeedback":{"blockReason":"SAFETY"}}`, "content_filter", false},
		{"gemini_odd", Gemini, `{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f"}}]},"finishReason":"UNEXPECTED_TOOL_CALL"}]}`, "stop", false},
		{"gemini_without_word", Gemini, `{"candidates":[{"content":{"parts":[{"text":"a"}]}}]}`, "stop", false},
		{"gemini_cut", Gemini, `data: {"candidates":[{"content":{"parts":[{"text":"a"}]}}]}` + "\r\n\r\n", "", true},
		{"gemini_error", Gemini, `[{"error":{"code":503}}]`, "", true},
		{"openai_without_word", OpenAI, `{"choices":[{"index":0,"message":{"content":"a"},"finish_reason":""}]}`, "stop", false},
		{"openai_own_word", OpenAI, `{"choices":[{"index":0,"message":{"content":"a"},"finish_reason":"eos"}]}`, "stop", false},
		{"openai_cut", OpenAI, `data: {"choices":[{"index":0,"delta":{"content":"a"}}]}` + "\n\n", "", true},
		{"openai_error", OpenAI, `data: {"choices":[{"index":0,"delta":{"content":"a"}}]}` + "\n\n" + `data: {"error":{}}` + "\n\n", "", true},
	}
	for _, tt := range tests {
		got, err := tt.read([]byte(tt.body))
		finish := ""
		if len(got.Choices) > 0 {
			finish = got.Choices[0].Finish
		}
		if err != nil || finish != tt.finish || got.Failed != tt.failed {
			t.Errorf("%s: %q %v %v", tt.name, finish, got.Failed, err)
		}
	}
}

// Arguments that come in pieces of their own.
func TestPartialArguments(t *testing.T) {
	got, err := Gemini([]byte(`[{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","willContinue":true}}]}}]},` +
		`{"candidates":[{"content":{"parts":[{"functionCall":{"partialArgs":[{"jsonPath":"$.a","stringValue":"x","willContinue":true}],"willContinue":true}}]}}]},` +
		`{"candidates":[{"content":{"parts":[{"functionCall":{"partialArgs":[{"jsonPath":"$.a","stringValue":"y"},{"jsonPath":"$.b","numberValue":2}],"willContinue":true}}]}}]},` +
		`{"candidates":[{"content":{"parts":[{"functionCall":{}}]},"finishReason":"STOP"}]}]`))
	want := Answer{Choices: []Choice{{Finish: "tool_calls", Calls: []Call{{"f", `{"a":"xy","b":2}`}}}}}
	if d := Diff(got, want); d != "" || err != nil {
		t.Error(d, err)
	}
}

func TestDiff(t *testing.T) {
	base := func() Answer {
		return Answer{Choices: []Choice{{Text: "SECRET", Reasoning: "SECRET", Finish: "stop", Calls: []Call{{"f", "{}"}, {"g", "{}"}}}}}
	}
	tests := []struct {
		name   string
		change func(a *Answer)
	}{
		{"text", func(a *Answer) { a.Choices[0].Text = "SECRES" }},
		{"reasoning", func(a *Answer) { a.Choices[0].Reasoning = "" }},
		{"refusal", func(a *Answer) { a.Choices[0].Refusal = "no" }},
		{"finish", func(a *Answer) { a.Choices[0].Finish = "length" }},
		{"name", func(a *Answer) { a.Choices[0].Calls[0].Name = "h" }},
		{"arguments", func(a *Answer) { a.Choices[0].Calls[0].Arguments = `{"a":1}` }},
		{"order", func(a *Answer) { c := a.Choices[0].Calls; c[0], c[1] = c[1], c[0] }},
		{"call", func(a *Answer) { a.Choices[0].Calls = a.Choices[0].Calls[1:] }},
		{"choice", func(a *Answer) { a.Choices = append(a.Choices, Choice{}) }},
		{"failed", func(a *Answer) { a.Failed = true }},
	}
	if d := Diff(base(), base()); d != "" {
		t.Error(d)
	}
	for _, tt := range tests {
		a := base()
		tt.change(&a)
		if d := Diff(a, base()); d == "" || strings.Contains(d, "SECRE") {
			t.Errorf("%s: %q", tt.name, d)
		}
	}
}
