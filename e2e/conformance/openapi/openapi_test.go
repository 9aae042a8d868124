package openapi

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/recorded"
)

func load(t *testing.T) *Schemas {
	t.Helper()
	dir, ok := recorded.Find()
	if !ok {
		t.Skip("no data: set " + recorded.Env)
	}
	s, err := Load(dir)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("no description in " + filepath.Base(dir))
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// good are documents with everything that is checked, and what relaxes.
func good() map[Kind]string {
	return map[Kind]string{
		Completion: `{"id":"a","object":"chat.completion","created":1,"model":"m","service_tier":null,"system_fingerprint":null,"choices":[` +
			`{"index":0,"finish_reason":"tool_calls","message":{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]}}],` +
			`"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3,"prompt_tokens_details":{"cached_tokens":0}}}`,
		Chunk: `{"id":"a","object":"chat.completion.chunk","created":1,"model":"m","usage":null,"choices":[` +
			`{"index":0,"finish_reason":null,"logprobs":null,"delta":{"role":"assistant","content":"x","tool_calls":[{"index":0,"id":"c","type":"function","function":{"arguments":""}}]}}]}`,
		Embeddings: `{"object":"list","model":"m","data":[{"object":"embedding","index":0,"embedding":[1,2.5]},{"object":"embedding","index":1,"embedding":"AAAA"}],` +
			`"usage":{"prompt_tokens":1,"total_tokens":1}}`,
		Error: `{"error":{"message":"m","type":"t","param":null,"code":"c"}}`,
	}
}

func TestGood(t *testing.T) {
	s := load(t)
	for k, doc := range good() {
		if err := s.Check(k, []byte(doc)); err != nil {
			t.Error(err)
		}
	}
}

// A fault of each kind is still seen.
func TestPlanted(t *testing.T) {
	s := load(t)
	tests := []struct {
		kind       Kind
		name, from string
		to         string
	}{
		{Completion, "no_id", `"id":"a",`, ``},
		{Completion, "other_object", `"chat.completion"`, `"chat.completion.chunk"`},
		{Completion, "time_as_text", `"created":1`, `"created":"1"`},
		{Completion, "null_model", `"model":"m"`, `"model":null`},
		{Completion, "null_choices", `"choices":[`, `"choices":null,"x":[`},
		{Completion, "no_index", `"index":0,`, ``},
		{Completion, "foreign_finish", `"tool_calls","message"`, `"end_turn","message"`},
		{Completion, "null_finish", `"finish_reason":"tool_calls"`, `"finish_reason":null`},
		{Completion, "no_content", `"content":null,`, ``},
		{Completion, "content_of_parts", `"content":null`, `"content":[]`},
		{Completion, "other_role", `"assistant"`, `"model"`},
		{Completion, "null_tool_calls", `"tool_calls":[`, `"tool_calls":null,"x":[`},
		{Completion, "call_without_id", `"id":"c",`, ``},
		{Completion, "other_type_of_call", `"type":"function"`, `"type":"tool"`},
		{Completion, "arguments_as_object", `"arguments":"{}"`, `"arguments":{}`},
		{Completion, "no_name", `"name":"f",`, ``},
		{Completion, "no_total", `,"total_tokens":3`, ``},
		{Completion, "half_a_token", `"prompt_tokens":1`, `"prompt_tokens":1.5`},
		{Completion, "foreign_tier", `"service_tier":null`, `"service_tier":"standard"`},

		{Chunk, "no_choices", `"choices":[`, `"x":[`},
		{Chunk, "no_delta", `"delta":{`, `"x":{`},
		{Chunk, "no_finish", `"finish_reason":null,`, ``},
		{Chunk, "foreign_finish", `"finish_reason":null`, `"finish_reason":"STOP"`},
		{Chunk, "call_without_index", `[{"index":0,"id"`, `[{"id"`},
		{Chunk, "content_of_parts", `"content":"x"`, `"content":[]`},
		{Chunk, "other_object", `"chat.completion.chunk"`, `"chat.completion"`},
		{Chunk, "usage_as_number", `"usage":null`, `"usage":3`},

		{Embeddings, "no_usage", `"usage"`, `"x"`},
		{Embeddings, "vector_of_text", `[1,2.5]`, `["1"]`},
		{Embeddings, "no_index", `"index":0,`, ``},

		{Error, "no_code", `,"code":"c"`, ``},
		{Error, "code_as_number", `"code":"c"`, `"code":400`},
		{Error, "no_param", `"param":null,`, ``},
		{Error, "null_message", `"message":"m"`, `"message":null`},
		{Error, "no_error", `"error"`, `"errors"`},
	}
	for _, tt := range tests {
		t.Run(string(tt.kind)+"_"+tt.name, func(t *testing.T) {
			doc := good()[tt.kind]
			bad := strings.Replace(doc, tt.from, tt.to, 1)
			if bad == doc {
				t.Fatal("nothing planted")
			}
			if s.Check(tt.kind, []byte(bad)) == nil {
				t.Error("it passes")
			}
		})
	}
}

// What a message about a difference shows must not be content.
func TestNoContent(t *testing.T) {
	err := load(t).Check(Error, []byte(`{"error":{"message":["SECRET"],"type":"t","param":"SECRET","code":7}}`))
	if err == nil || strings.Contains(err.Error(), "SECRET") {
		t.Error(err)
	}
}

// The relaxations are what OpenAI's own recorded answers need.
func TestRecorded(t *testing.T) {
	s := load(t)
	dir, _ := recorded.Find()
	checked := map[Kind]int{}
	for r, err := range recorded.Read(dir) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Provider != "openai" || r.Streaming || r.Suspect != "" || r.Response.Status != 200 {
			continue
		}
		kind, ok := map[string]Kind{"chat_completions": Completion, "embeddings": Embeddings}[r.Endpoint]
		if !ok || strings.Contains(string(r.Response.Body), `"error"`) {
			continue
		}
		checked[kind]++
		if err := s.Check(kind, r.Response.Body); err != nil {
			t.Errorf("%s: %v", r.ID, err)
		}
	}
	t.Log(checked)
}
