package openai

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/fault"
)

// shape is an error body in short: type, code, param and message.
func shape(t *testing.T, body []byte) string {
	t.Helper()
	if err := fourKeys(body); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	var e struct {
		Error struct{ Message, Type, Param, Code string }
	}
	if err := json.Unmarshal(body, &e); err != nil {
		t.Fatal(err)
	}
	return strings.Join([]string{e.Error.Type, e.Error.Code, e.Error.Param, e.Error.Message}, "|")
}

func TestErrorShapes(t *testing.T) {
	tests := []struct {
		name   string
		status int
		body   string
		want   string
	}{
		{"azure", 401, `{"error":{"code":"401","message":"m"}}`, "authentication_error|401||m"},
		{"azure_details", 429, `{"error":{"code":"RateLimitReached","message":"m","details":"d"}}`, "rate_limit_error|RateLimitReached||m"},
		{"anthropic", 400, `{"type":"error","error":{"type":"not_found_error","message":"m"},"request_id":"req_1"}`, "not_found_error|provider_error||m"},
		{"anthropic_unknown_type", 400, `{"type":"error","error":{"type":"strange","message":"m"}}`, "invalid_request_error|provider_error||m"},
		{"google", 400, `{"error":{"code":400,"message":"m","status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}}`, "invalid_request_error|invalid_argument||m"},
		{"google_array", 404, "[{\n\"error\":{\"code\":404,\"message\":\"m\",\"status\":\"NOT_FOUND\"}}\n]\n", "invalid_request_error|not_found||m"},
		{"bedrock", 400, `{"message":"m"}`, "invalid_request_error|provider_error||m"},
		{"cohere", 429, `{"id":"i","message":"m","error_type":"trial"}`, "rate_limit_error|trial||m"},
		{"mistral", 422, `{"detail":"m"}`, "invalid_request_error|provider_error||m"},
		{"fastapi", 422, `{"detail":[{"loc":["body"],"msg":"m","type":"t"}]}`, "invalid_request_error|provider_error||m"},
		{"mistral_nested", 422, `{"object":"error","message":{"detail":[{"msg":"m"}]},"type":"invalid_request_error","param":null,"code":null}`, "invalid_request_error|provider_error||m"},
		{"xai", 400, `{"code":"Client specified an invalid argument","error":"m"}`, "invalid_request_error|Client specified an invalid argument||m"},
		{"ollama", 404, `{"error":"m"}`, "invalid_request_error|provider_error||m"},
		{"vllm", 400, `{"object":"error","message":"m","type":"BadRequestError","param":"p","code":400}`, "invalid_request_error|400|p|m"},
		{"openrouter", 429, `{"error":{"code":429,"message":"m","metadata":{"raw":"secret"}},"user_id":"user_1"}`, "rate_limit_error|429||m"},
		{"perplexity", 401, `{"error":{"message":"m","type":"invalid_api_key","code":401}}`, "authentication_error|401||m"},
		{"groq", 400, `{"error":{"message":"m","type":"invalid_request_error","code":"tool_use_failed","failed_generation":"text of the model"}}`, "invalid_request_error|tool_use_failed||m"},
		{"html", 502, `<html>nginx</html>`, "server_error|provider_error||The provider failed to answer: try again."},
		{"empty", 429, ``, "rate_limit_error|provider_rate_limited||The provider's rate limit is reached: try again later."},
		{"empty_object", 504, `{}`, "server_error|provider_timeout||The provider did not answer in time: try again."},
		{"array", 400, `[]`, "invalid_request_error|provider_error||The provider refused the request and gave no reason that can be shown."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := rendered(dialect.ErrorAnswer{Status: tt.status, Body: []byte(tt.body)})
			if s := shape(t, got); s != tt.want {
				t.Errorf("%s, want %s", s, tt.want)
			}
		})
	}
}

func TestErrorPasses(t *testing.T) {
	for _, body := range []string{
		"{\n  \"error\": {\n    \"message\": \"m\",\n    \"type\": \"whatever\",\n    \"param\": null,\n    \"code\": \"c\"\n  }\n}\n",
		`{"error":{"code":null,"param":"messages[0]","type":"t","message":"caf\u00e9 sk-."}}`,
	} {
		if got := rendered(dialect.ErrorAnswer{Status: 400, Body: []byte(body)}); string(got) != body {
			t.Errorf("%s became %s", body, got)
		}
	}
}

func TestErrorIsBuiltAnew(t *testing.T) {
	tests := []struct{ name, body, want string }{
		{"key", `{"error":{"message":"Incorrect API key provided: sk-abc***xyz.","type":"t","param":null,"code":"c"}}`, "invalid_request_error|c||Incorrect API key provided: [redacted]."},
		{"key_in_escapes", `{"error":{"message":"key \u0073k-abcdef1234","type":"invalid_request_error","param":null,"code":"c"}}`, "invalid_request_error|c||key [redacted]"},
		{"key_in_param", `{"error":{"message":"m","type":"t","param":"sk-abcdef1234","code":null}}`, "invalid_request_error|provider_error|[redacted]|m"},
		{"second_message", `{"error":{"message":"m","message":"sk-abcdef1234","type":"t","param":null,"code":null}}`, "invalid_request_error|provider_error||m"},
		{"beside_the_error", `{"error":{"message":"m","type":"t","param":null,"code":"c"},"account":"a"}`, "invalid_request_error|c||m"},
		{"numeric_code", `{"error":{"message":"m","type":"t","param":null,"code":7}}`, "invalid_request_error|7||m"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := rendered(dialect.ErrorAnswer{Status: 400, Body: []byte(tt.body)})
			if s := shape(t, got); s != tt.want {
				t.Errorf("%s, want %s", s, tt.want)
			}
		})
	}
}

func TestErrorOfTruncatedBody(t *testing.T) {
	got := rendered(dialect.ErrorAnswer{Status: 500, Truncated: true, Body: []byte(`{"error":{"message":"m","type":"t","param":null,"code":"c"}}`)})
	if s := shape(t, got); s != "server_error|provider_error||The provider failed to answer: try again." {
		t.Error(s)
	}
}

func TestErrorWithFault(t *testing.T) {
	got := New().Errors.Fault(fault.New(fault.ProviderCredential, "text"), "id")
	if s := shape(t, got); s != "server_error|provider_credential_rejected||text" {
		t.Error(s)
	}
}

func TestErrorAnswerPrintsNoContent(t *testing.T) {
	a := dialect.ErrorAnswer{Status: 400, Body: []byte("geheim")}
	encoded, err := json.Marshal(a)
	for _, s := range []string{fmt.Sprint(a), fmt.Sprintf("%+v %#v %d %x", &a, a, a, a), string(encoded)} {
		if strings.Contains(s, "geheim") || strings.Contains(s, "67656865") || strings.Contains(s, "103 101") || err != nil {
			t.Error(s, err)
		}
	}
}

func TestErrorMessageIsBounded(t *testing.T) {
	got := rendered(dialect.ErrorAnswer{Status: 400, Body: []byte(`{"message":"` + strings.Repeat("€ ", 20_000) + `"}`)})
	if len(got) > 2*maxMessage {
		t.Errorf("%d bytes", len(got))
	}
	shape(t, got)
}

func TestScrub(t *testing.T) {
	tests := []struct{ in, want string }{
		{"risk-free task-list for sk-", "risk-free task-list for sk-"},
		{"key sk-proj-abc_DEF-123 and sk-ant-x.", "key [redacted] and [redacted]."},
		{"gsk_abcdef123456, hf_abcDEF123, xai-abc…9z", "[redacted], [redacted], [redacted]"},
		{"AIzaSyA-1234567890 AKIAIOSFODNN7EXAMPLE", "[redacted] [redacted]"},
		{"Authorization: Bearer abc.def-1", "Authorization: Bearer [redacted]"},
		{"missing bearer authentication", "missing bearer authentication"},
		{"Incorrect API key provided: bad-key-**********test. You can", "Incorrect API key provided: [redacted]. You can"},
		{"api_key=hunter2hunter", "api_key=[redacted]"},
		{"provided: <not-a-r****key>.", "provided: [redacted]."},
		{"organization org-AbC123def456 on tokens per min", "organization [redacted] on tokens per min"},
		{"organization `org_01hxyz` service tier `on_demand`", "organization `[redacted]` service tier `on_demand`"},
		{"an org-level limit of a user_preference", "an org-level limit of a user_preference"},
		{"project proj_abcDEF123456", "project [redacted]"},
		{"mail jane.doe+x@mail.example.com now", "mail [redacted] now"},
		{"User: arn:aws:iam::123456789012:user/me is not", "User: [redacted] is not"},
		{"in projects/my-project/locations/x", "in [redacted]/locations/x"},
		{"key 0123456789abcdef0123456789abcdef", "key [redacted]"},
		{"request ID req_0123456789abcdef0123456789abcdef", "request ID req_0123456789abcdef0123456789abcdef"},
		{"ref: 96164522-08b2-4cbf-886e-e5a38961a688", "ref: 96164522-08b2-4cbf-886e-e5a38961a688"},
		{"see https://platform.openai.com/account/api-keys.", "see https://platform.openai.com/account/api-keys."},
		{"model `meta-llama/Llama-4-Maverick-17B-128E-Instruct-FP8`", "model `meta-llama/Llama-4-Maverick-17B-128E-Instruct-FP8`"},
	}
	for _, tt := range tests {
		if got := dialect.Scrub(tt.in); got != tt.want {
			t.Errorf("%q became %q, want %q", tt.in, got, tt.want)
		}
	}
}

func FuzzError(f *testing.F) {
	f.Add(400, []byte(`{"error":{"message":"sk-abcdef1234567 jane@example.com","type":"t","param":null,"code":4}}`))
	f.Add(500, []byte(`[{"error":{"status":"X","code":1}}]`))
	f.Add(429, []byte(`{"detail":[{"msg":"org-1234567890"}]}`))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		got := rendered(dialect.ErrorAnswer{Status: status, Body: body})
		if err := fourKeys(got); err != nil {
			t.Fatalf("%v: %s", err, got)
		}
		var e struct{ Error map[string]any }
		if err := json.Unmarshal(got, &e); err != nil {
			t.Fatal(err)
		}
		for k, v := range e.Error {
			if s, _ := v.(string); dialect.Scrub(s) != s {
				t.Fatalf("%s still holds %q", k, s)
			}
		}
	})
}

func TestModels(t *testing.T) {
	d := New()
	got := string(d.Models([]string{"a", `b"c`}, 5))
	want := `{"object":"list","data":[{"id":"a","object":"model","created":5,"owned_by":"signalbox"},{"id":"b\"c","object":"model","created":5,"owned_by":"signalbox"}]}`
	if got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := string(d.Models(nil, 5)); got != `{"object":"list","data":[]}` {
		t.Error(got)
	}
	if got := string(d.Model("a", 5)); got != `{"id":"a","object":"model","created":5,"owned_by":"signalbox"}` {
		t.Error(got)
	}
}

// rendered is what a caller of the dialect gets of an answer by a backend of it.
func rendered(a dialect.ErrorAnswer) []byte {
	c := New().Errors
	return c.Render(c.Read(a), true, "id")
}
