package openai

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/genai"
)

func text(s string) dialect.Text { return dialect.Text(s) }

// spell writes events and the regular end.
func spell(a dialect.Asked, events ...dialect.Event) string {
	enc := New().Front.Encoder(a)
	var out []byte
	for i := range events {
		out = enc.Event(out, &events[i])
	}
	return string(enc.Close(out))
}

// story is an answer with everything.
var story = []dialect.Event{
	{Kind: dialect.EventStart, ID: text("msg_1"), Name: text("model-7")},
	{Kind: dialect.EventReasoning, Tool: -1, Text: text(`h\n`)},
	{Kind: dialect.EventSignature, Tool: -1, Text: text("proof")},
	{Kind: dialect.EventOpaque, Tool: -1, Text: text("secret")},
	{Kind: dialect.EventText, Tool: -1, Text: text(`say \"a\"`), Logprobs: []dialect.Logprob{{
		Token: text(`\u00e9`), Logprob: []byte("-0.5"), Top: []dialect.Logprob{{Token: text("e"), Logprob: []byte("-1")}},
	}}},
	{Kind: dialect.EventToolCall, Tool: 0, ID: text("c1"), Name: text("f")},
	{Kind: dialect.EventArguments, Tool: 0, Text: text(`{\"a\":`)},
	{Kind: dialect.EventArguments, Tool: 0, Text: text(`1}`)},
	{Kind: dialect.EventToolCall, Tool: 1, Name: text("g")},
	{Kind: dialect.EventSignature, Tool: 1, Text: text("sig")},
	{Kind: dialect.EventFinish, Tool: -1, Finish: dialect.FinishTools, Name: text("tool_use")},
	{Kind: dialect.EventRefusal, Choice: 1, Tool: -1, Text: text("no")},
	{Kind: dialect.EventFinish, Choice: 1, Tool: -1, Finish: dialect.FinishFilter},
	{Kind: dialect.EventUsage, Usage: genai.Usage{Input: 10, CacheRead: 4, CacheWrite5m: 1, CacheWrite1h: 2, Output: 5, Reasoning: 3}},
}

const (
	usageOut = `{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,"prompt_tokens_details":{"cached_tokens":4,"cache_write_tokens":3,"audio_tokens":0},` +
		`"completion_tokens_details":{"reasoning_tokens":3,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}`
	probsOut = `{"content":[{"token":"\u00e9","logprob":-0.5,"bytes":[195,169],"top_logprobs":[{"token":"e","logprob":-1,"bytes":[101]}]}],"refusal":null}`
)

func TestEncodeStream(t *testing.T) {
	got := spell(dialect.Asked{ID: "r-1", Created: 7, Model: "asked", Stream: true, WantsUsage: true}, story...)
	chunk := func(choice, delta, probs, finish string) string {
		return `data: {"id":"chatcmpl-r-1","object":"chat.completion.chunk","created":7,"model":"model-7","choices":[{"index":` + choice +
			`,"delta":{` + delta + `},"logprobs":` + probs + `,"finish_reason":` + finish + `}],"usage":null}` + "\n\n"
	}
	want := chunk("0", `"role":"assistant","content":null,"refusal":null`, "null", "null") +
		chunk("0", `"reasoning_content":"h\n"`, "null", "null") +
		chunk("0", `"content":"say \"a\""`, probsOut, "null") +
		chunk("0", `"tool_calls":[{"index":0,"id":"c1","type":"function","function":{"name":"f","arguments":""}}]`, "null", "null") +
		chunk("0", `"tool_calls":[{"index":0,"function":{"arguments":"{\"a\":"}}]`, "null", "null") +
		chunk("0", `"tool_calls":[{"index":0,"function":{"arguments":"1}"}}]`, "null", "null") +
		chunk("0", `"tool_calls":[{"index":1,"id":"call_r-1_0_1","type":"function","function":{"name":"g","arguments":""}}]`, "null", "null") +
		chunk("0", `"tool_calls":[{"index":1,"function":{"arguments":""},"extra_content":{"google":{"thought_signature":"sig"}}}]`, "null", "null") +
		chunk("0", `"tool_calls":[{"index":1,"function":{"arguments":"{}"}}]`, "null", "null") +
		chunk("0", ``, "null", `"tool_calls"`) +
		chunk("1", `"role":"assistant","content":null,"refusal":null`, "null", "null") +
		chunk("1", `"refusal":"no"`, "null", "null") +
		chunk("1", ``, "null", `"content_filter"`) +
		`data: {"id":"chatcmpl-r-1","object":"chat.completion.chunk","created":7,"model":"model-7","choices":[],"usage":` + usageOut + "}\n\n" +
		"data: [DONE]\n\n"
	if d := cmp.Diff(strings.Split(want, "\n\n"), strings.Split(got, "\n\n")); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestEncodeWhole(t *testing.T) {
	got := spell(dialect.Asked{ID: "r-1", Created: 7, Model: "asked"}, story...)
	want := `{"id":"chatcmpl-r-1","object":"chat.completion","created":7,"model":"model-7","choices":[` +
		`{"index":0,"message":{"role":"assistant","content":"say \"a\"","refusal":null,"reasoning_content":"h\n","tool_calls":[` +
		`{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}},` +
		`{"id":"call_r-1_0_1","type":"function","function":{"name":"g","arguments":"{}"},"extra_content":{"google":{"thought_signature":"sig"}}}` +
		`]},"logprobs":` + probsOut + `,"finish_reason":"tool_calls"},` +
		`{"index":1,"message":{"role":"assistant","content":null,"refusal":"no"},"logprobs":null,"finish_reason":"content_filter"}` +
		`],"usage":` + usageOut + `}`
	if got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

func TestEncodeShort(t *testing.T) {
	start := dialect.Event{Kind: dialect.EventStart}
	tests := []struct {
		name         string
		events       []dialect.Event
		stream, once string // parts of both forms
	}{
		{"nothing", nil, "data: [DONE]\n\n", `"model":"asked","choices":[]}`},
		{"no_names", []dialect.Event{start, {Kind: dialect.EventText, Text: text("a")}}, `"model":"asked"`, `"model":"asked"`},
		{"no_finish", []dialect.Event{start, {Kind: dialect.EventText, Text: text("a")}}, `"finish_reason":"stop"`, `"finish_reason":"stop"`},
		{"no_finish_of_calls", []dialect.Event{start, {Kind: dialect.EventToolCall, Name: text("f")}}, `"finish_reason":"tool_calls"`, `"finish_reason":"tool_calls"`},
		{"pause", []dialect.Event{start, {Kind: dialect.EventFinish, Finish: dialect.FinishPause}}, `"finish_reason":"length"`, `"finish_reason":"length"`},
		{"unknown", []dialect.Event{start, {Kind: dialect.EventFinish, Finish: dialect.FinishUnknown, Name: text("odd")}}, `"content":"","refusal":null}`, `"message":{"role":"assistant","content":"","refusal":null},"logprobs":null,"finish_reason":"stop"`},
		{"odd_numbers", []dialect.Event{start, {Kind: dialect.EventText, Choice: -1, Text: text("a")}, {Kind: dialect.EventToolCall, Tool: 1 << 30}, {Kind: dialect.EventArguments, Tool: 3, Text: text("x")}}, "data: [DONE]", `"finish_reason":"stop"`},
	}
	for _, tt := range tests {
		for want, stream := range map[string]bool{tt.stream: true, tt.once: false} {
			got := spell(dialect.Asked{Model: "asked", Stream: stream}, tt.events...)
			if !strings.Contains(got, want) || strings.Contains(got, "usage") {
				t.Errorf("%s: %s, want %s", tt.name, got, want)
			}
		}
	}
}

func TestEncodeFailure(t *testing.T) {
	trouble := dialect.Trouble{Status: 529, Message: "line\nbreak", Type: "overloaded_error", Own: []byte("{\n}")}
	const want = `{"error":{"message":"line\nbreak","type":"overloaded_error","param":null,"code":"provider_error"}}`
	for _, stream := range []bool{true, false} {
		enc := New().Front.Encoder(dialect.Asked{Stream: stream, WantsUsage: true})
		out := enc.Event(nil, &dialect.Event{Kind: dialect.EventUsage, Usage: genai.Usage{Input: 1}})
		got := string(enc.Fail(out, trouble))
		if stream && got != "data: "+want+"\n\n" || !stream && got != want {
			t.Error(got)
		}
	}
}

func TestEncodeVectors(t *testing.T) {
	events := []dialect.Event{
		{Kind: dialect.EventStart, Name: text("e-1")},
		{Kind: dialect.EventVector, Choice: 1, Raw: []byte(`[1, -0.5]`)},
		{Kind: dialect.EventVector, Choice: 0, Raw: []byte(`"AACAPwAAAL8="`)},
		{Kind: dialect.EventUsage, Usage: genai.Usage{Input: 3}},
	}
	for want, base64 := range map[string]bool{
		`"embedding":[1,-0.5]},{"object":"embedding","index":1,"embedding":[1, -0.5]`:            false,
		`"embedding":"AACAPwAAAL8="},{"object":"embedding","index":1,"embedding":"AACAPwAAAL8="`: true,
	} {
		got := spell(dialect.Asked{Operation: genai.Embeddings, Base64: base64}, events...)
		want = `{"object":"list","data":[{"object":"embedding","index":0,` + want + `}],"model":"e-1","usage":{"prompt_tokens":3,"total_tokens":3}}`
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	for _, odd := range []string{`"AAA="`, `"AACAfw=="`, `[1,"x"]`, `{}`} {
		for _, base64 := range []bool{true, false} {
			got := spell(dialect.Asked{Operation: genai.Embeddings, Base64: base64}, dialect.Event{Kind: dialect.EventVector, Raw: []byte(odd)})
			if !json.Valid([]byte(got)) {
				t.Error(got)
			}
		}
	}
}

// deltaEvent is a piece of text as most streams bring it.
var deltaEvent = dialect.Event{Kind: dialect.EventText, Tool: -1, Text: text("forty bytes of plain text in one delta..")}

func TestEncodeAllocations(t *testing.T) {
	enc := New().Front.Encoder(dialect.Asked{ID: "r", Model: "m", Stream: true})
	dst := make([]byte, 0, 4096)
	enc.Event(dst, &deltaEvent)
	if n := testing.AllocsPerRun(100, func() { enc.Event(dst, &deltaEvent) }); n > 0 {
		t.Errorf("%v allocations a delta", n)
	}
}

func TestDecodeAllocations(t *testing.T) {
	d := New().Back.Decoder(genai.Chat, true, "openai")
	emit := func(*dialect.Event) {}
	d.Feed(chunkEvent, emit)
	if n := testing.AllocsPerRun(100, func() { d.Feed(chunkEvent, emit) }); n > 0 {
		t.Errorf("%v allocations a chunk", n)
	}
}

func BenchmarkEncodeDelta(b *testing.B) {
	enc := New().Front.Encoder(dialect.Asked{ID: "5f1d2c5e-6f0a-4d7b-8a55-0123456789ab", Created: 1755006482, Model: "claude-sonnet", Stream: true})
	dst := make([]byte, 0, 4096)
	b.ReportAllocs()
	for b.Loop() {
		dst = enc.Event(dst[:0], &deltaEvent)
	}
	b.SetBytes(int64(len(dst)))
}

func BenchmarkDecodeDelta(b *testing.B) {
	d := New().Back.Decoder(genai.Chat, true, "openai")
	emit := func(*dialect.Event) {}
	b.SetBytes(int64(len(chunkEvent)))
	b.ReportAllocs()
	for b.Loop() {
		d.Feed(chunkEvent, emit)
	}
}

func BenchmarkRead100K(b *testing.B) {
	part := `{"role":"user","content":"` + strings.Repeat(`A line of text with \"quotes\" in it and a break.\n`, 20) + `"},`
	body := []byte(`{"model":"m","messages":[` + strings.Repeat(part, 100) + `{"role":"user","content":"x"}]}`)
	d := New()
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		q, _ := d.Request.Parse(dialect.Endpoint{}, body, nil)
		a, f := d.Front.Read(&q)
		if f != nil {
			b.Fatal(f)
		}
		if out, _, _ := d.Back.Write(nil, a, dialect.Target{Model: "n"}); len(out) == 0 {
			b.Fatal("nothing")
		}
	}
}
