package openai

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/recorded"
	"github.com/signalbox-dev/signalbox/pkg/genai"
)

// stream frames chunks as events.
func streamOf(chunks ...string) string { return "data: " + strings.Join(chunks, "\n\ndata: ") + "\n\n" }

func choiceOf(fields string) string {
	return `{"id":"i","model":"m","choices":[{"index":0,` + fields + `}]}`
}

func deltaOf(fields string) string { return choiceOf(`"delta":{` + fields + `}`) }

func one(c spokenChoice) map[int]*spokenChoice { return map[int]*spokenChoice{0: &c} }

func TestDecode(t *testing.T) {
	tests := []struct {
		name, body string
		want       said
	}{
		{
			"azure_first_chunk",
			streamOf(`{"id":"","model":"","object":"","created":0,"choices":[],"prompt_filter_results":[{}]}`, deltaOf(`"content":"a"`), choiceOf(`"delta":{},"finish_reason":"stop"`)),
			said{Model: "m", Choices: one(spokenChoice{Text: "a", Finish: "stop"})},
		},
		{
			"thoughts",
			streamOf(deltaOf(`"reasoning":"a","reasoning_content":"a"`), deltaOf(`"reasoning":"b"`), deltaOf(`"content":[{"type":"thinking","thinking":[{"type":"text","text":"c"}]},{"type":"text","text":"d"}]`)),
			said{Model: "m", Choices: one(spokenChoice{Thought: "abc", Text: "d"})},
		},
		{
			"nulls",
			streamOf(deltaOf(`"role":"assistant","content":null,"tool_calls":null,"refusal":null`), choiceOf(`"delta":null,"finish_reason":null`), choiceOf(`"delta":{"content":"x"},"finish_reason":"content_filter"`)),
			said{Model: "m", Choices: one(spokenChoice{Text: "x", Finish: "content_filter"})},
		},
		{
			"calls_in_pieces",
			streamOf(
				deltaOf(`"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}}]`),
				deltaOf(`"tool_calls":[{"index":0,"function":{"arguments":"{\"x\""}}]`),
				deltaOf(`"tool_calls":[{"index":1,"id":"b","function":{"name":"g","arguments":"{}"}}]`),
				deltaOf(`"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":":1}"}}]`),
				choiceOf(`"delta":{},"finish_reason":"stop"`),
			),
			said{Model: "m", Choices: one(spokenChoice{Finish: "tool_calls", Calls: []spokenCall{{ID: "a", Name: "f", Args: `{\"x\":1}`}, {ID: "b", Name: "g", Args: "{}"}}})},
		},
		{
			"calls_without_index",
			streamOf(
				deltaOf(`"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{}"}},{"id":"b","function":{"name":"f","arguments":"{}"}}]`),
				deltaOf(`"tool_calls":[{"id":"c","function":{"name":"f","arguments":{"x":"\n"}}}]`),
				deltaOf(`"tool_calls":[{"function":{"arguments":" "}}]`),
			),
			said{Model: "m", Choices: one(spokenChoice{Calls: []spokenCall{{ID: "a", Name: "f", Args: "{}"}, {ID: "b", Name: "f", Args: "{}"}, {ID: "c", Name: "f", Args: `{\"x\":\"\\n\"} `}}})},
		},
		{
			"calls_with_one_index",
			streamOf(
				deltaOf(`"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"},"extra_content":{"google":{"thought_signature":"s"}}}]`),
				deltaOf(`"tool_calls":[{"index":0,"id":"b","function":{"name":"f","arguments":"{}"}}]`),
			),
			said{Model: "m", Choices: one(spokenChoice{Calls: []spokenCall{{ID: "a", Name: "f", Args: "{}", Signature: "s"}, {ID: "b", Name: "f", Args: "{}"}}})},
		},
		{
			"function_call",
			streamOf(deltaOf(`"function_call":{"name":"f","arguments":"{"}`), deltaOf(`"function_call":{"arguments":"}"}`), choiceOf(`"delta":{},"finish_reason":"function_call"`)),
			said{Model: "m", Choices: one(spokenChoice{Finish: "tool_calls", Calls: []spokenCall{{Name: "f", Args: "{}"}}})},
		},
		{
			"message_beside_delta",
			streamOf(choiceOf(`"message":{"content":"ab"},"delta":{"content":"a"}`), choiceOf(`"message":{"content":"ab"},"delta":{"content":"b"},"finish_reason":"stop"`)),
			said{Model: "m", Choices: one(spokenChoice{Text: "ab", Finish: "stop"})},
		},
		{
			"single_for_a_stream",
			` {"id":"i","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"a","refusal":"r","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},` +
				`"logprobs":{"content":[{"token":"a","logprob":-1e-3,"bytes":[97],"top_logprobs":[{"token":"b","logprob":-9}]}]},"finish_reason":"tool_calls"}],"usage":` + usage34 + `}`,
			said{Model: "m", Usage: &genai.Usage{Input: 3, Output: 4}, Choices: one(spokenChoice{
				Text: "a", Refusal: "r", Probs: []string{"a -1e-3 1"}, Finish: "tool_calls", Calls: []spokenCall{{ID: "c", Name: "f", Args: "{}"}},
			})},
		},
		{
			"error_event",
			streamOf(deltaOf(`"content":"a"`)) + "event: error\ndata: {\"error\":{\"message\":\"m sk-abcdef1234\",\"type\":\"invalid_request_error\",\"code\":\"tool_use_failed\",\"status_code\":400}}\n\n" + streamOf(deltaOf(`"content":"b"`)),
			said{Model: "m", Choices: one(spokenChoice{Text: "a"}), Trouble: &dialect.Trouble{Status: 400, Message: "m [redacted]", Type: "invalid_request_error", Code: "tool_use_failed"}},
		},
		{
			"error_document", `{"error":{"message":"m","type":"rate_limit_error","param":null,"code":null}}`,
			said{Trouble: &dialect.Trouble{Status: 429, Message: "m", Type: "rate_limit_error"}},
		},
		{
			"error_in_an_array", "[{\"error\":{\"code\":503,\"message\":\"m\",\"status\":\"UNAVAILABLE\"}}]",
			said{Trouble: &dialect.Trouble{Status: 503, Message: "m", Code: "unavailable"}},
		},
		{
			"error_in_a_choice", streamOf(choiceOf(`"delta":{"content":""},"error":{"message":"m","code":529},"finish_reason":"error"`)),
			said{Trouble: &dialect.Trouble{Status: 529, Message: "m", Code: "529"}},
		},
		{
			"error_of_groq", streamOf(`{"id":"i","choices":[],"x_groq":{"error":"m"}}`),
			said{Trouble: &dialect.Trouble{Status: 502, Message: "m"}},
		},
		{
			"error_flat", streamOf(`{"object":"error","message":"m","type":"BadRequestError","param":null,"code":400}`),
			said{Trouble: &dialect.Trouble{Status: 400, Message: "m", Type: "BadRequestError", Code: "400"}},
		},
		{"html", "<html>502</html>", said{}},
		{"nothing", "", said{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, cut := range recorded.Cuts(1) {
				got, r := hear(genai.Chat, "", cut.Pieces([]byte(tt.body)))
				if d := cmp.Diff(&tt.want, got); d != "" {
					t.Errorf("%s (-want +got):\n%s", cut.Name, d)
				}
				if r.Failed != (tt.want.Trouble != nil) {
					t.Errorf("%s: failed %v", cut.Name, r.Failed)
				}
			}
		})
	}
}

func TestDecodeMalformed(t *testing.T) {
	for _, body := range []string{`{}`, `{"choices":1}`, `{"choices":[`, "data: {\n\n", "data: {\"choices\":[{\"delta\":{\"content\":\"a\tb\"}}]}\n\n"} {
		if _, r := hear(genai.Chat, "", all([]byte(body))); r.Malformed != 1 {
			t.Errorf("%s: %d", body, r.Malformed)
		}
	}
}

func TestDecodeVectors(t *testing.T) {
	body := `{"object":"list","data":[{"index":1,"embedding":[1,2]},{"index":0,"embedding":"AA=="}],"model":"m","usage":{"prompt_tokens":3,"total_tokens":3}}`
	got, r := hear(genai.Embeddings, "", all([]byte(body)))
	want := &said{Model: "m", Usage: &genai.Usage{Input: 3}, Choices: map[int]*spokenChoice{0: {Vector: `"AA=="`}, 1: {Vector: "[1,2]"}}}
	if d := cmp.Diff(want, got); d != "" || !r.Done || r.Malformed > 0 {
		t.Errorf("%+v (-want +got):\n%s", r, d)
	}
	for _, body := range []string{`{}`, `{"data":[{}]}`} {
		if _, r := hear(genai.Embeddings, "", all([]byte(body))); r.Malformed != 1 {
			t.Errorf("%s: %+v", body, r)
		}
	}
}

func TestRecordedEmbeddings(t *testing.T) {
	endpoint(t, "embeddings", func(t *testing.T, r *recorded.Row) {
		t.Helper()
		if r.Response.Status != 200 || r.Provider == "ollama" { // its own API
			return
		}
		for _, cut := range recorded.Cuts(5) {
			m := New().Answer.Meter(genai.Embeddings, false, r.Provider)
			for p := range cut.Pieces(r.Response.Body) {
				m.Feed(p)
			}
			said, got := hear(genai.Embeddings, r.Provider, cut.Pieces(r.Response.Body))
			if d := cmp.Diff(m.Close(), got); d != "" {
				t.Errorf("%s: meter and decoder (-meter +decoder):\n%s", cut.Name, d)
			}
			if d := r.Truth.Diff(got.Usage, got.Found); d != "" {
				t.Errorf("%s %s: %s", r.Provider, cut.Name, d)
			}
			if len(said.Choices) == 0 || got.Malformed > 0 || !got.Done {
				t.Errorf("%d vectors, %+v", len(said.Choices), got)
			}
		}
		if r.Request != nil {
			if _, f := New().Request.Parse(dialect.Endpoint{Operation: genai.Embeddings}, r.Request.Body, nil); f != nil {
				t.Error(f)
			}
		}
	})
}

func FuzzDecode(f *testing.F) {
	for _, s := range scanSeeds {
		f.Add([]byte(s), uint8(3))
	}
	f.Add([]byte(streamOf(deltaOf(`"tool_calls":[{"id":"c","function":{"name":"f","arguments":{"x":"\n"}}}]`), "[DONE]")), uint8(4))
	f.Add([]byte(spell(dialect.Asked{Stream: true, WantsUsage: true}, story...)), uint8(5))
	f.Add([]byte(spell(dialect.Asked{}, story...)), uint8(6))
	f.Fuzz(func(t *testing.T, body []byte, cut uint8) {
		pieces := func(n int) func(yield func([]byte) bool) {
			return func(yield func([]byte) bool) {
				for p := body; len(p) > 0; p = p[min(n, len(p)):] {
					if !yield(p[:min(n, len(p))]) {
						return
					}
				}
			}
		}
		for _, op := range []genai.Operation{genai.Chat, genai.Embeddings} {
			whole, reading := hear(op, "", all(body))
			got, again := hear(op, "", pieces(int(cut)%64+1))
			if d := cmp.Diff(whole, got) + cmp.Diff(reading, again); d != "" {
				t.Fatalf("pieces of %d (-whole +pieces):\n%s", cut%64+1, d)
			}
			if out := carry(op, "", body, dialect.Asked{Operation: op}); !json.Valid(out) {
				t.Fatalf("no JSON: %s", out)
			}
			for block := range strings.SplitSeq(string(carry(genai.Chat, "", body, dialect.Asked{Stream: true, WantsUsage: true})), "\n\n") {
				data, _ := strings.CutPrefix(block, "data: ")
				if data != "" && data != "[DONE]" && !json.Valid([]byte(data)) {
					t.Fatalf("no JSON: %s", block)
				}
			}
		}
	})
}
