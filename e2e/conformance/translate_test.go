package main

import (
	"strings"
	"testing"

	"github.com/signalbox-dev/signalbox/e2e/conformance/said"
	"github.com/signalbox-dev/signalbox/e2e/conformance/sdk"
	"github.com/signalbox-dev/signalbox/pkg/builtin"
	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/recorded"
)

const (
	message = `{"id":"i","type":"message","role":"assistant","model":"served","content":[{"type":"text","text":"SECRET"},` +
		`{"type":"tool_use","id":"c","name":"f","input":{"a":1}}],"stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":5,"output_tokens":6}}`
	messageEvents = `event: message_start
data: {"type":"message_start","message":{"id":"i","type":"message","role":"assistant","model":"served","content":[],"usage":{"input_tokens":5,"output_tokens":1}}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"SECRET"}}

event: content_block_stop
data: {"type":"content_block_stop","index":0}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":6}}

event: message_stop
data: {"type":"message_stop"}

`
	generated = `{"candidates":[{"content":{"role":"model","parts":[{"text":"SECRET"}]},"finishReason":"STOP","index":0}],` +
		`"usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":6,"totalTokenCount":11},"modelVersion":"served"}`
)

// foreign are answers in other dialects with the modes in which each must fail.
func foreign() []madeRow {
	own := []string{whole, "event", "byte", "random"}
	behind := []string{witness, pieces, attached, across}
	all := append(append(own, chat), behind...)
	return []madeRow{
		{name: "message", provider: "anthropic", endpoint: "messages", body: message, truth: truth},
		{name: "events", provider: "anthropic", endpoint: "messages", stream: true, body: messageEvents, truth: truth},
		{name: "generated", provider: "google", endpoint: "generateContent", body: generated, truth: truth},
		{name: "array", provider: "google", endpoint: "streamGenerateContent", stream: true, header: "application/json", body: "[" + generated + "\n]", truth: truth},
		{name: "crlf", provider: "vertex", endpoint: "streamGenerateContent", stream: true, body: "data: " + generated + "\r\n\r\n", truth: truth},
		{name: "vectors", provider: "google", endpoint: "embedContent", body: `{"embeddings":[{"values":[0.5,-1]},{"values":[0.25,2]}],"usageMetadata":{"promptTokenCount":5}}`},
		{name: "refused", provider: "anthropic", endpoint: "messages", status: 400, body: `{"type":"error","error":{"type":"invalid_request_error","message":"m"}}`},
		{name: "limited", provider: "google", endpoint: "generateContent", status: 429, body: `{"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED","details":[]}}`},
		{name: "credential", provider: "vertex", endpoint: "generateContent", status: 401, body: `{"error":{"code":401,"message":"m","status":"UNAUTHENTICATED"}}`},

		{name: "wrong_message", provider: "anthropic", endpoint: "messages", body: message, truth: `{"input":7,"output":6}`, fails: all},
		{name: "wrong_events", provider: "anthropic", endpoint: "messages", stream: true, body: messageEvents, truth: `{"input":5,"output":1}`, fails: all},
		{name: "wrong_generated", provider: "google", endpoint: "generateContent", body: generated, truth: `{"input":5,"output":7}`, fails: all},
	}
}

// The harness judges answers of other dialects as strictly as OpenAI's.
func TestForeignVerdicts(t *testing.T) {
	needEnvoy(t)
	verdicts(t, options{workers: 4, verbose: true}, foreign(), &translator{front: builtin.Table()["openai"]})
}

// Each way in which a translation can go wrong is seen.
func TestJudge(t *testing.T) {
	const (
		object = `{"id":"i","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"text",` +
			`"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}]},"finish_reason":"tool_calls"}],` +
			`"usage":{"prompt_tokens":5,"completion_tokens":6,"total_tokens":11}}`
		chunk  = `data: {"id":"i","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":`
		chunks = chunk + `{"role":"assistant","content":"te"},"finish_reason":null}]}` + "\n\n" +
			chunk + `{"content":"xt","tool_calls":[{"index":0,"id":"c","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}]},"finish_reason":null}]}` + "\n\n" +
			chunk + `{},"finish_reason":"tool_calls"}]}` + "\n\n" + told + done
	)
	five, six := int64(5), int64(6)
	want := said.Answer{Choices: []said.Choice{{Text: "text", Finish: "tool_calls", Calls: []said.Call{{Name: "f", Arguments: `{"a":1}`}}}}}
	judge := func(stream bool, body string) int {
		meaning, validity := new(translator).judge(&translation{
			stream: stream, body: []byte(body), want: want, truth: &recorded.Truth{Input: &five, Output: &six},
		})
		return len(meaning) + len(validity)
	}
	if judge(false, object)+judge(true, chunks) != 0 {
		t.Fatal("what is right fails")
	}
	for name, change := range map[string][2]string{
		"text": {`"content":"te`, `"content":"ta`}, "name": {`"name":"f"`, `"name":"g"`}, "arguments": {`\"a\":1`, `\"a\":2`},
		"finish": {`"finish_reason":"tool_calls"`, `"finish_reason":"stop"`}, "input": {`"prompt_tokens":5`, `"prompt_tokens":6`},
		"total": {`"total_tokens":11`, `"total_tokens":12`}, "usage": {`"usage"`, `"use"`}, "index": {`[{"index":0`, `[{"index":1`},
	} {
		for stream, body := range map[bool]string{false: object, true: chunks} {
			if bad := strings.ReplaceAll(body, change[0], change[1]); bad == body || judge(stream, bad) == 0 {
				t.Errorf("%s passes, stream %v", name, stream)
			}
		}
	}
	for name, body := range map[string]string{
		"no_marker": strings.TrimSuffix(chunks, done), "error": strings.TrimSuffix(chunks, done) + "data: {\"error\":{}}\n\n",
		"cut": chunks[:len(chunks)/2], "no_json": "data: {\n\n" + done,
	} {
		if judge(true, body) == 0 {
			t.Errorf("%s passes", name)
		}
	}
}

// What an SDK understood is held against the same.
func TestUnderstood(t *testing.T) {
	five, six := int64(5), int64(6)
	one := &translation{want: said.Answer{Choices: []said.Choice{{Text: "a", Reasoning: "r", Finish: "stop"}}}, truth: &recorded.Truth{Input: &five, Output: &six}}
	right := said.Answer{Choices: []said.Choice{{Text: "a", Finish: "stop"}}}
	const usage = `{"prompt_tokens":5,"completion_tokens":6,"total_tokens":11}`
	tests := []struct {
		name string
		r    sdk.Reading
		ok   bool
	}{
		{"right", sdk.Reading{Answer: right, Usage: []byte(usage)}, true},
		{"thrown", sdk.Reading{Answer: right, Usage: []byte(usage), Thrown: "AssertionError"}, false},
		{"other", sdk.Reading{Usage: []byte(usage)}, false},
		{"no_usage", sdk.Reading{Answer: right, Usage: []byte("null")}, false},
	}
	for _, tt := range tests {
		s := newSubject(&recorded.Row{}, nil, nil)
		s.understood(python, one, &tt.r)
		if (len(s.failures[python]) == 0) != tt.ok {
			t.Errorf("%s: %v", tt.name, s.failures)
		}
	}
}
