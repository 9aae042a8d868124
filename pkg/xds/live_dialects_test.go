package xds

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/dialect/anthropic"
)

// named is an event with its name before the data, as Anthropic and OpenAI's
// responses write it.
func named(name, data string) string { return "event: " + name + "\ndata: " + data + "\n\n" }

const (
	startUsage = `{"input_tokens":5,"cache_creation_input_tokens":7,"cache_read_input_tokens":0,"cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":7},"output_tokens":1,"service_tier":"standard"}`
	deltaUsage = `{"input_tokens":5,"cache_creation_input_tokens":7,"cache_read_input_tokens":0,"output_tokens":31}`
	shortUsage = `{"output_tokens":40}`
)

func messageStart(usage string) string {
	return named("message_start", `{"type":"message_start","message":{"model":"claude-x","id":"msg_1","type":"message","role":"assistant","content":[],"stop_reason":null,"stop_sequence":null,"usage":`+usage+`}}`)
}

func messageDelta(usage string) string {
	return named("message_delta", `{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":`+usage+` }`)
}

// said is what a model says about usage in a message: no count of ours.
const said = `"model":"m\",\"usage\":{\"input_tokens\":9}"`

func messageBody() string {
	return named("content_block_start", `{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}   }`) +
		named("ping", `{"type": "ping"}`) +
		named("content_block_delta", `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"\"usage\":{} \"message\":{"}}`) +
		named("content_block_delta", `{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"usage\":{\"a\":1}}"},`+said+`}`) +
		named("content_block_stop", `{"type":"content_block_stop","index":0 }`)
}

const (
	geminiFirst = `{"promptTokenCount":4,"totalTokenCount":4}`
	geminiHalf  = `{"promptTokenCount":4,"candidatesTokenCount":6,"totalTokenCount":10,"promptTokensDetails":[{"modality":"TEXT","tokenCount":4}],"trafficType":"ON_DEMAND"}`
	geminiLast  = `{"promptTokenCount":4,"candidatesTokenCount":8,"thoughtsTokenCount":20,"totalTokenCount":32,"promptTokensDetails":[{"modality":"TEXT","tokenCount":4}],"trafficType":"ON_DEMAND"}`
	geminiDrop  = `{"promptTokenCount":87,"thoughtsTokenCount":78,"totalTokenCount":165,"promptTokensDetails":[{"modality":"TEXT","tokenCount":87}],"trafficType":"ON_DEMAND"}`
)

func generated(usage string) string {
	return "data: " + `{"candidates": [{"content": {"parts": [{"text": "a \"usageMetadata\": {"}],"role": "model"},"index": 0}],"usageMetadata": ` + usage +
		`,"modelVersion": "gemini-x","responseId": "r"}` + "\r\n\r\n"
}

const respondedUsage = `{"input_tokens":9,"input_tokens_details":{"cached_tokens":2},"output_tokens":12,"output_tokens_details":{"reasoning_tokens":3},"total_tokens":21}`

func response(state, tier, usage string) string {
	return `{"id":"resp_1","object":"response","status":"` + state + `","error":null,"model":"gpt-x","output":[{"type":"message","content":[{"type":"output_text","text":"\"usage\":{}"}]}],"service_tier":"` +
		tier + `","tools":[{"type":"function","name":"usage","parameters":{"usage":{"a":1}}}],"usage":` + usage + `,"user":null}`
}

func responded(kind, tier, usage string) string {
	return named("response."+kind, `{"type":"response.`+kind+`","sequence_number":7,"response":`+response(kind, tier, usage)+`}`)
}

func dialectStreams() []answerCase {
	served := func(more lifted) lifted {
		l := lifted{"model": "claude-x", "message.usage": startUsage}
		for k, v := range more {
			l[k] = v
		}
		return l
	}
	responses := responded("created", "auto", "null") + responded("in_progress", "auto", "null") +
		named("response.output_text.delta", `{"type":"response.output_text.delta","delta":"\"usage\":{} \"response\":{"}`)
	terminal := lifted{"model": "gpt-x", "service_tier": "default", "response.usage": respondedUsage}
	gemini := func(usage string, more ...string) lifted {
		l := lifted{"model": "gemini-x", "usageMetadata": usage}
		if len(more) > 0 {
			l["kept"] = "[" + strings.Join(more, ",") + "]"
		}
		return l
	}
	large := strings.Repeat("x", 100<<10)
	return []answerCase{
		{name: "anthropic", body: messageStart(startUsage) + messageBody() + messageDelta(deltaUsage) + named("message_stop", `{"type":"message_stop"}`), want: served(lifted{"usage": deltaUsage})},
		{name: "anthropic_cut", body: messageStart(startUsage) + messageBody(), want: served(nil)},
		{name: "anthropic_sparse_delta", body: messageStart(startUsage) + messageDelta(shortUsage), want: served(lifted{"usage": shortUsage})},
		{name: "anthropic_two_deltas", body: messageStart(startUsage) + messageDelta(deltaUsage) + messageDelta(shortUsage), want: served(lifted{"usage": shortUsage, "kept": "[" + deltaUsage + "]"})},
		{name: "anthropic_two_whole_deltas", body: messageStart(startUsage) + messageDelta(deltaUsage) + messageDelta(strings.Replace(deltaUsage, "31", "40", 1)), want: served(lifted{"usage": strings.Replace(deltaUsage, "31", "40", 1)})},
		{name: "anthropic_crlf", body: strings.ReplaceAll(messageStart(startUsage)+messageDelta(deltaUsage), "\n", "\r\n"), want: served(lifted{"usage": deltaUsage})},
		{name: "anthropic_error", body: messageStart(startUsage) + named("error", `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`), want: served(nil)},
		{name: "gemini", body: generated(geminiFirst) + generated(geminiHalf) + generated(geminiLast), want: gemini(geminiLast)},
		{name: "gemini_dropped_count", body: generated(geminiHalf) + generated(geminiDrop), want: gemini(geminiDrop, geminiHalf)},
		{name: "gemini_dropped_once", body: generated(geminiHalf) + generated(geminiDrop) + generated(geminiDrop) + generated(geminiLast), want: gemini(geminiLast, geminiHalf)},
		{name: "responses", body: responses + responded("completed", "default", respondedUsage), want: terminal},
		{name: "responses_failed", body: responses + responded("failed", "default", respondedUsage), want: terminal},
		{name: "responses_cut", body: responses, want: lifted{"model": "gpt-x", "service_tier": "auto"}},
		{name: "responses_large", body: responses + strings.Replace(responded("completed", "default", respondedUsage), `"id"`, `"instructions":"`+large+`","id"`, 1), want: terminal},
		{name: "deep", body: event(strings.Repeat(`{"message":`, 9000) + `{"usage":{"a":1}}` + strings.Repeat("}", 9000))},
		{name: "deep_in_an_event", body: event(`{"usage":{"message":1},"usage":1,` + strings.Repeat(`"a":{"usage":{}},`, 9) + `"response":{"message":{"usage":{"a":1}},"usage":{"b":1}}}`), want: lifted{"usage": `{"message":1}`, "response.usage": `{"b":1}`}},
	}
}

// TestUsageOfOtherDialectsIsLifted: Anthropic's messages, Gemini, and OpenAI's
// responses, however their streams are cut.
func TestUsageOfOtherDialectsIsLifted(t *testing.T) {
	cases := dialectStreams()
	for i := range cases {
		cases[i].kind = "text/event-stream"
	}
	l := newLab(t, map[string]string{"a": scripted(t, cases)}, nil)
	for i := range cases {
		c := &cases[i]
		n := strconv.Itoa(i)
		requests := [][]string{{"x-lab-case", n}, {"x-lab-case", n, "x-lab-hide", "1"}, {"x-lab-case", n, "x-lab-piece", strconv.Itoa(1 + len(c.body)/999)}}
		if len(c.body) < 4000 {
			for cut := 1; cut < len(c.body); cut += 3 {
				requests = append(requests, []string{"x-lab-case", n, "x-lab-cut", strconv.Itoa(cut)})
			}
		}
		l.check(c, c.body, requests...)
	}
}

func dialectDocuments() []answerCase {
	unary := `{"model":"claude-x","id":"msg_1","type":"message","role":"assistant","content":[{"type":"text","text":"\"usage\":{}"},{"type":"tool_use","input":{"usage":{"a":1},"model":"m"}}],"stop_reason":"end_turn","usage":`
	passes := `{"input_tokens":5,"output_tokens":31,"service_tier":"standard","iterations":[{"input_tokens":5,"output_tokens":31,"type":"message"},{"input_tokens":900,"output_tokens":3,"type":"compaction"}]}`
	gemini := "{\n  \"candidates\": [\n    {\n      \"content\": {\n        \"parts\": [{\"functionCall\": {\"args\": {\"usageMetadata\": {\"a\": 1}, \"usage\": {\"b\": 2}}}}]\n      }\n    }\n  ],\n  \"usageMetadata\": " +
		geminiLast + ",\n  \"modelVersion\": \"gemini-x\",\n  \"responseId\": \"r\"\n}\n"
	return []answerCase{
		{name: "anthropic", body: unary + deltaUsage + "}", want: lifted{"model": "claude-x", "usage": deltaUsage}},
		{name: "anthropic_passes", body: unary + passes + `,"container":null}`, want: lifted{"model": "claude-x", "usage": passes}},
		{name: "gemini", body: gemini, want: lifted{"model": "gemini-x", "usageMetadata": geminiLast}, kind: "application/json; charset=UTF-8"},
		{name: "gemini_stream_as_list", body: "[" + gemini + "]"},
		{name: "responses", body: response("completed", "default", respondedUsage), want: lifted{"model": "gpt-x", "service_tier": "default", "usage": respondedUsage}},
		{name: "responses_unfinished", body: response("queued", "auto", "null"), want: lifted{"model": "gpt-x", "service_tier": "auto"}},
	}
}

func TestUnaryUsageOfOtherDialectsIsLifted(t *testing.T) {
	cases := dialectDocuments()
	for i := range cases {
		if cases[i].kind == "" {
			cases[i].kind = "application/json"
		}
	}
	l := newLab(t, map[string]string{"a": scripted(t, cases)}, nil)
	for i := range cases {
		c := &cases[i]
		n := strconv.Itoa(i)
		l.check(c, c.body, []string{"x-lab-case", n}, []string{"x-lab-case", n, "x-lab-piece", "7"}, []string{"x-lab-case", n, "x-lab-cut", "200"})
	}
}

// TestUsageOfOtherDialectsWithoutTheScript: what Envoy's own filters leave.
func TestUsageOfOtherDialectsWithoutTheScript(t *testing.T) {
	claude := `{"id":"msg_1","model":"claude-x","usage":{"input_tokens":5,"cache_creation":{"ephemeral_1h_input_tokens":7},"output_tokens":31,"service_tier":"batch"}}`
	gemini := `{"candidates":[],"usageMetadata":{"promptTokenCount":4,"candidatesTokenCount":8,"trafficType":"ON_DEMAND"},"modelVersion":"gemini-x"}`
	cases := []answerCase{
		{name: "anthropic_stream", kind: "text/event-stream", body: messageStart(`{"input_tokens":5}`) + messageDelta(shortUsage),
			want: lifted{"message.model": "claude-x", "message.usage": `{"input_tokens":5}`, "usage": shortUsage}},
		{name: "gemini_stream", kind: "text/event-stream", body: generated(geminiFirst), want: lifted{"modelVersion": "gemini-x", "usageMetadata": geminiFirst}},
		{name: "responses_stream", kind: "text/event-stream", body: responded("created", "auto", "null") + responded("completed", "default", `{"input_tokens":9}`),
			want: lifted{"response.model": "gpt-x", "response.service_tier": "default", "response.usage": `{"input_tokens":9}`}},
		{name: "anthropic", kind: "application/json", body: claude,
			want: lifted{"model": "claude-x", "usage.input_tokens": "5", "usage.output_tokens": "31", "usage.cache_creation.ephemeral_1h_input_tokens": "7", "usage.service_tier": "batch"}},
		{name: "gemini", kind: "application/json; charset=UTF-8", body: gemini,
			want: lifted{"modelVersion": "gemini-x", "usageMetadata.promptTokenCount": "4", "usageMetadata.candidatesTokenCount": "8", "usageMetadata.trafficType": "ON_DEMAND"}},
	}
	l := newLab(t, map[string]string{"a": scripted(t, cases)}, func(in *Input) {
		in.Snapshot.Envoy.Lua = false
		in.UsagePaths = append(in.UsagePaths, anthropic.New().Usage.Paths()...)
		in.UsagePaths = append(in.UsagePaths, "promptTokenCount", "candidatesTokenCount")
	})
	for i := range cases {
		l.check(&cases[i], cases[i].body, []string{"x-lab-case", strconv.Itoa(i)})
	}
}

// TestScriptIsLinear: many events of which each tells a usage, and one that is
// cut into many pieces.
func TestScriptIsLinear(t *testing.T) {
	var cases []answerCase
	for _, n := range []int{1, 4} {
		cases = append(cases,
			answerCase{body: strings.Repeat(generated(geminiHalf)+generated(geminiDrop), 1500*n)},
			answerCase{body: messageStart(startUsage) + strings.Repeat(messageBody(), 1500*n) + messageDelta(deltaUsage)},
			answerCase{body: strings.Replace(responded("completed", "default", respondedUsage), `"id"`, `"instructions":"`+strings.Repeat("x", 200<<10*n/4)+`","id"`, 1)})
	}
	for i := range cases {
		cases[i].kind = "text/event-stream"
	}
	l := newLab(t, map[string]string{"a": scripted(t, cases)}, nil)
	took := func(i int) time.Duration {
		best := time.Hour
		for range 5 {
			start := time.Now()
			if _, body := l.post(`{}`, "x-lab-order", "a", "x-lab-case", strconv.Itoa(i), "x-lab-piece", "1024"); body != cases[i].body {
				t.Fatalf("case %d: %d bytes of %d", i, len(body), len(cases[i].body))
			}
			best = min(best, time.Since(start))
		}
		return best
	}
	for i := range 3 {
		small, large := took(i), took(i+3)
		t.Logf("case %d: %v, four times as much %v", i, small, large)
		if large > 10*small+20*time.Millisecond {
			t.Errorf("case %d: %v, four times as much %v", i, small, large)
		}
	}
}
