package openai

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/genai"
)

// written writes a conversation for a target and returns the members behind
// the model.
func written(t *testing.T, c *dialect.Chat, target dialect.Target) (body string, lost []string) {
	t.Helper()
	if target.Model == "" {
		target.Model = "m"
	}
	out, lost, f := New().Back.Write([]byte("kept"), &dialect.Asking{Operation: genai.Chat, Chat: c}, target)
	if f != nil {
		t.Fatal(f)
	}
	body, ok := strings.CutPrefix(string(out), `kept{"model":"`+target.Model+`",`)
	if !ok || !jsonObject(out[len("kept"):]) {
		t.Fatalf("%s", out)
	}
	return strings.TrimSuffix(body, "}"), lost
}

func TestWriteTurns(t *testing.T) {
	call := func(id, name, args string) dialect.Part {
		return dialect.Part{Kind: dialect.PartToolCall, ID: text(id), Name: text(name), Arguments: []byte(args), Signature: text("sig")}
	}
	result := func(id, name string, parts ...dialect.Part) dialect.Part {
		return dialect.Part{Kind: dialect.PartToolResult, ID: text(id), Name: text(name), Parts: parts}
	}
	say := func(s string) dialect.Part { return dialect.Part{Text: text(s)} }
	picture := dialect.Part{Kind: dialect.PartImage, Media: dialect.Media{Type: text("image/png"), Data: text("AA==")}}
	tests := []struct {
		name, kind string
		turns      []dialect.Turn
		want       string
		lost       []string
	}{
		{
			"results_among_what_the_user_says", "openai",
			[]dialect.Turn{
				{Role: dialect.Assistant, Parts: []dialect.Part{say("wait"), call("a", "f", `{"x":"\n"}`), call("b", "g", "{}")}},
				{Role: dialect.User, Parts: []dialect.Part{result("a", "f", say("1"), picture), say("and now?")}},
				{Role: dialect.ToolRole, Parts: []dialect.Part{{Kind: dialect.PartToolResult, ID: text("b"), Failed: true}}},
				{Role: dialect.Assistant, Parts: []dialect.Part{say("done")}},
			},
			`{"role":"assistant","content":"wait","tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{\"x\":\"\\n\"}"}},{"id":"b","type":"function","function":{"name":"g","arguments":"{}"}}]},` +
				`{"role":"tool","tool_call_id":"a","content":"1"},{"role":"tool","tool_call_id":"b","content":""},` +
				`{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}},{"type":"text","text":"and now?"}]},` +
				`{"role":"assistant","content":"done"}`,
			[]string{"messages[2].content[0].is_error"},
		},
		{
			"calls_without_ids", "google",
			[]dialect.Turn{
				{Role: dialect.Assistant, Parts: []dialect.Part{call("", "f", "{}"), call("", "g", "{}")}},
				{Role: dialect.ToolRole, Parts: []dialect.Part{result("", "g", say("2")), result("", "f", say("1"))}},
			},
			`{"role":"assistant","content":null,"tool_calls":[{"id":"call_0_0","type":"function","function":{"name":"f","arguments":"{}"},"extra_content":{"google":{"thought_signature":"sig"}}},` +
				`{"id":"call_0_1","type":"function","function":{"name":"g","arguments":"{}"},"extra_content":{"google":{"thought_signature":"sig"}}}]},` +
				`{"role":"tool","tool_call_id":"call_0_1","content":"2"},{"role":"tool","tool_call_id":"call_0_0","content":"1"}`,
			nil,
		},
		{
			"roles_here", "openai",
			[]dialect.Turn{{Role: dialect.System, Parts: []dialect.Part{say("s")}}, {Role: dialect.Developer, Parts: []dialect.Part{say("d")}}, {Role: dialect.User}},
			`{"role":"system","content":"s"},{"role":"developer","content":"d"},{"role":"user","content":""}`, nil,
		},
		{"roles_elsewhere", "groq", []dialect.Turn{{Role: dialect.Developer, Parts: []dialect.Part{say("d")}}}, `{"role":"system","content":"d"}`, nil},
		{
			"thoughts_lost", "openai",
			[]dialect.Turn{{Role: dialect.Assistant, Parts: []dialect.Part{{Kind: dialect.PartReasoning, Text: text("h")}, say("a"), {Kind: dialect.PartReasoning, Opaque: text("x")}}}},
			`{"role":"assistant","content":"a"}`,
			[]string{"messages[0].content[0]", "messages[0].content[2]"},
		},
		{
			"thoughts_kept", "deepseek",
			[]dialect.Turn{{Role: dialect.Assistant, Parts: []dialect.Part{{Kind: dialect.PartReasoning, Text: text("h")}, {Kind: dialect.PartReasoning, Text: text("m")}, say("a")}}},
			`{"role":"assistant","content":"a","reasoning_content":"hm"}`, nil,
		},
		{
			"refusal_here", "openai",
			[]dialect.Turn{{Role: dialect.Assistant, Parts: []dialect.Part{{Kind: dialect.PartRefusal, Text: text("no")}}}},
			`{"role":"assistant","content":[{"type":"refusal","refusal":"no"}]}`, nil,
		},
		{
			"refusal_elsewhere", "vllm",
			[]dialect.Turn{{Role: dialect.Assistant, Parts: []dialect.Part{{Kind: dialect.PartRefusal, Text: text("no")}}}},
			`{"role":"assistant","content":[{"type":"text","text":"no"}]}`, nil,
		},
		{
			"media", "openai",
			[]dialect.Turn{{Role: dialect.User, Parts: []dialect.Part{
				{Kind: dialect.PartImage, Media: dialect.Media{URL: text("https://h/a"), Detail: text("low")}},
				{Kind: dialect.PartAudio, Media: dialect.Media{Type: text("audio/x-wav"), Data: text("AA==")}},
				{Kind: dialect.PartAudio, Media: dialect.Media{URL: text("https://h/a")}},
				{Kind: dialect.PartDocument, Text: text("a"), Media: dialect.Media{Type: text("text/plain")}},
				{Kind: dialect.PartDocument, Media: dialect.Media{Type: text("application/pdf"), Data: text("JV==")}},
				{Kind: dialect.PartDocument, Media: dialect.Media{URL: text("https://h/a.pdf")}},
			}}, {Role: dialect.Assistant, Parts: []dialect.Part{picture}}},
			`{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://h/a","detail":"low"}},{"type":"input_audio","input_audio":{"data":"AA==","format":"wav"}},` +
				`{"type":"file","file":{"file_data":"data:text/plain;base64,YQ==","filename":"document.txt"}},{"type":"file","file":{"file_data":"data:application/pdf;base64,JV==","filename":"document.pdf"}}]},` +
				`{"role":"assistant","content":""}`,
			[]string{"messages[0].content[2]", "messages[0].content[5]", "messages[1].content[0]"},
		},
		{
			"document_by_address", "mistral",
			[]dialect.Turn{{Role: dialect.User, Parts: []dialect.Part{{Kind: dialect.PartDocument, Media: dialect.Media{URL: text("https://h/a.pdf"), Name: text("a")}}}}},
			`{"role":"user","content":[{"type":"document_url","document_url":"https://h/a.pdf","document_name":"a"}]}`, nil,
		},
		{
			"marks", "openrouter",
			[]dialect.Turn{{Role: dialect.System, Parts: []dialect.Part{{Text: text("s"), Cache: text("1h")}}}, {Role: dialect.User, Parts: []dialect.Part{{Text: text("u"), Cache: text("5m")}}}},
			`{"role":"system","content":[{"type":"text","text":"s","cache_control":{"type":"ephemeral","ttl":"1h"}}]},{"role":"user","content":[{"type":"text","text":"u","cache_control":{"type":"ephemeral"}}]}`, nil,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, lost := written(t, &dialect.Chat{Turns: tt.turns, Choices: 1}, dialect.Target{Kind: tt.kind})
			if want := `"messages":[` + tt.want + "]"; got != want {
				t.Errorf("%s\nwant\n%s", got, want)
			}
			if d := cmp.Diff(tt.lost, lost); d != "" {
				t.Errorf("lost (-want +got):\n%s", d)
			}
		})
	}
}

func TestWriteSettings(t *testing.T) {
	num := func(s string) []byte { return []byte(s) }
	drawn := dialect.Chat{Temperature: num("0.5"), TopP: num("0.9"), TopK: num("3"), Seed: num("4"), MaxOutput: 5, Choices: 2, Logprobs: true, TopLogprobs: 2, User: text("u"), Store: dialect.Off}
	thinking := dialect.Chat{Temperature: num("0.5"), Reasoning: dialect.Reasoning{Effort: dialect.EffortHigh}}
	tests := []struct {
		name   string
		chat   dialect.Chat
		target dialect.Target
		want   string
		lost   []string
	}{
		{
			"openai", drawn,
			dialect.Target{Kind: "openai", Model: "gpt-4.1"},
			`"temperature":0.5,"top_p":0.9,"logprobs":true,"top_logprobs":2,"seed":4,"max_completion_tokens":5,"n":2,"user":"u","store":false`,
			[]string{"top_k"},
		},
		{
			"reasoning_model", drawn,
			dialect.Target{Kind: "azure", Model: "o3-mini"},
			`"seed":4,"max_completion_tokens":5,"n":2,"user":"u","store":false`,
			[]string{"temperature", "top_p", "top_k", "logprobs", "top_logprobs"},
		},
		{"model_that_idles", dialect.Chat{Temperature: num("0.5")}, dialect.Target{Model: "gpt-5.1"}, `"temperature":0.5`, nil},
		{"model_that_thinks", thinking, dialect.Target{Model: "gpt-5.1"}, `"reasoning_effort":"high"`, []string{"temperature"}},
		{"chat_model", thinking, dialect.Target{Model: "gpt-5-chat-latest"}, `"reasoning_effort":"high","temperature":0.5`, nil},
		{"name_elsewhere", thinking, dialect.Target{Model: "o3-mini", Kind: "vllm"}, `"reasoning_effort":"high","temperature":0.5`, nil},
		{
			"mistral", drawn,
			dialect.Target{Kind: "mistral"},
			`"temperature":0.5,"top_p":0.9,"random_seed":4,"max_tokens":5,"n":2`,
			[]string{"top_k", "logprobs", "top_logprobs", "user", "store"},
		},
		{"dropped", drawn, dialect.Target{Kind: "vllm", Drop: []string{"temperature", "logprobs", "top_logprobs", "n"}}, `"top_p":0.9,"top_k":3,"seed":4,"max_tokens":5,"user":"u","store":false`, []string{"temperature", "logprobs", "top_logprobs", "n"}},
		{"stream", dialect.Chat{Stream: true}, dialect.Target{}, `"stream":true`, nil},
		{"stream_with_usage", dialect.Chat{Stream: true, WantsUsage: true}, dialect.Target{}, `"stream":true,"stream_options":{"include_usage":true}`, nil},
		{"stream_with_injected_usage", dialect.Chat{Stream: true}, dialect.Target{InjectUsage: true}, `"stream":true,"stream_options":{"include_usage":true}`, nil},
		{"budget", dialect.Chat{Reasoning: dialect.Reasoning{Budget: 4000}}, dialect.Target{}, `"reasoning_effort":"medium"`, []string{"reasoning.max_tokens"}},
		{"budget_taken", dialect.Chat{Reasoning: dialect.Reasoning{Budget: 4000}}, dialect.Target{Kind: "openrouter"}, `"reasoning":{"max_tokens":4000}`, nil},
		{"schema_without_name", dialect.Chat{Format: dialect.Format{Kind: dialect.FormatSchema, Schema: []byte("{}")}}, dialect.Target{}, `"response_format":{"type":"json_schema","json_schema":{"name":"answer","schema":{}}}`, nil},
		{"json", dialect.Chat{Format: dialect.Format{Kind: dialect.FormatJSON}}, dialect.Target{}, `"response_format":{"type":"json_object"}`, nil},
		{
			"tools",
			dialect.Chat{Tools: []dialect.Tool{{Name: text("f"), Parameters: []byte("{}"), Strict: dialect.Off}}, ToolChoice: dialect.ToolChoice{Mode: dialect.ToolNamed, Name: text("f")}, Parallel: dialect.Off},
			dialect.Target{},
			`"tools":[{"type":"function","function":{"name":"f","parameters":{},"strict":false}}],"tool_choice":{"type":"function","function":{"name":"f"}},"parallel_tool_calls":false`, nil,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.chat.Choices = max(1, tt.chat.Choices)
			got, lost := written(t, &tt.chat, tt.target)
			got = strings.Replace(got, `"messages":[],`, "", 1)
			got = strings.TrimSuffix(got, `,"messages":[]`)
			if got != tt.want {
				t.Errorf("%s\nwant\n%s", got, tt.want)
			}
			if d := cmp.Diff(tt.lost, lost); d != "" {
				t.Errorf("lost (-want +got):\n%s", d)
			}
		})
	}
}

func TestWriteEmbedding(t *testing.T) {
	a := &dialect.Asking{Operation: genai.Embeddings, Embed: &dialect.Embedding{
		Inputs: []dialect.Text{text("a"), text(`\n`)}, Dimensions: 3, Base64: true, User: text("u"),
	}}
	out, lost, f := New().Back.Write(nil, a, dialect.Target{Model: "m", Drop: []string{"dimensions"}})
	want := `{"model":"m","input":["a","\n"],"encoding_format":"base64","user":"u"}`
	if f != nil || string(out) != want || len(lost) != 1 || lost[0] != "dimensions" {
		t.Errorf("%s, lost %v, %v", out, lost, f)
	}
}

func TestPath(t *testing.T) {
	path := New().Path
	for _, tt := range []struct {
		call dialect.Call
		want string
	}{
		{dialect.Call{Operation: genai.Chat}, "/v1/chat/completions"},
		{dialect.Call{Operation: genai.Embeddings}, "/v1/embeddings"},
		{dialect.Call{Operation: genai.Embeddings, Own: &dialect.Endpoint{Path: "/embeddings"}}, "/v1/embeddings"},
	} {
		if got := path("/v1", tt.call); got != tt.want {
			t.Errorf("%s, want %s", got, tt.want)
		}
	}
	if b := New().Back; !b.Takes(genai.Chat) || !b.Takes(genai.Embeddings) || b.Takes(genai.Models) {
		t.Error("takes what it must not")
	}
}
