package fault

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestEveryKindIsDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../docs/errors.md")
	if err != nil {
		t.Fatal(err)
	}
	for k := range Kinds {
		row := fmt.Sprintf("| `%s` | %d |", k.Code(), k.Status())
		if k == AllFailed { // keeps the last provider's status
			row = fmt.Sprintf("| `%s` |", k.Code())
		}
		if !strings.Contains(string(doc), row) {
			t.Errorf("docs/errors.md has no row %q", row)
		}
	}
}

func TestCodesAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for k := range Kinds {
		if k.Code() == "" || k.Status() < 400 || k.Type() == "" || table[k].anthropic == "" || table[k].google == "" || seen[k.Code()] {
			t.Errorf("kind %d: code %q status %d type %q", k, k.Code(), k.Status(), k.Type())
		}
		seen[k.Code()] = true
	}
}

func TestOpenAIShape(t *testing.T) {
	f := New(ModelNotFound, "No model \"x\"\n\x00 é.").With("model").Because(errors.New("secret cause"))
	var got map[string]map[string]any
	if err := json.Unmarshal(OpenAI(f), &got); err != nil {
		t.Fatal(err)
	}
	e := got["error"]
	for key, want := range map[string]any{"message": f.Text, "type": "invalid_request_error", "param": "model", "code": "model_not_found"} {
		if e[key] != want {
			t.Errorf("%s is %v, want %v", key, e[key], want)
		}
	}
	if len(got) != 1 || len(e) != 4 {
		t.Errorf("shape %v", got)
	}
}

func TestEmptyParamIsNull(t *testing.T) {
	if got, want := string(OpenAIBody("m", "t", "", "")), `{"error":{"message":"m","type":"t","param":null,"code":null}}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestCauseStaysInside(t *testing.T) {
	f := New(Internal, "text").Because(errors.New("planted"))
	for _, s := range []string{f.Error(), fmt.Sprint(f), fmt.Sprintf("%s", f), string(OpenAI(f))} {
		if strings.Contains(s, "planted") {
			t.Errorf("cause in %q", s)
		}
	}
	if !errors.Is(f, f.Cause) {
		t.Error("cause is not wrapped")
	}
}

func TestStatusOfItsOwn(t *testing.T) {
	f := New(AllFailed, "text")
	if f.Status() != 503 || f.At(429).Status() != 429 || f.Status() != 503 {
		t.Errorf("statuses %d %d", f.Status(), f.At(429).Status())
	}
	if !strings.Contains(string(OpenAI(f.At(429))), "rate_limit_error") {
		t.Errorf("type of %s", OpenAI(f.At(429)))
	}
}

func TestAnthropicShape(t *testing.T) {
	for _, c := range []struct {
		name string
		err  *Error
		want string
	}{
		{"kind", New(InvalidKey, "No such key."), `{"type":"error","error":{"type":"authentication_error","message":"No such key."},"request_id":"r"}`},
		{"field", New(InvalidField, "Must be a number.").With("max_tokens"), `{"type":"error","error":{"type":"invalid_request_error","message":"max_tokens: Must be a number."},"request_id":"r"}`},
		{"named already", New(ModelNotFound, "No such model.").With("model"), `{"type":"error","error":{"type":"not_found_error","message":"No such model."},"request_id":"r"}`},
		{"status of its own", New(AllFailed, "x").At(529), `{"type":"error","error":{"type":"overloaded_error","message":"x"},"request_id":"r"}`},
	} {
		if got := string(Anthropic(c.err, "r")); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	if got := string(AnthropicBody("m", "t", "")); got != `{"type":"error","error":{"type":"t","message":"m"},"request_id":null}` {
		t.Errorf("without an id: %s", got)
	}
}

func TestGoogleShape(t *testing.T) {
	for _, c := range []struct {
		name string
		err  *Error
		want string
	}{
		{"kind", New(MissingKey, "No key."), `{"error":{"code":401,"message":"No key.","status":"UNAUTHENTICATED"}}`},
		{"field", New(InvalidField, "Must be a number.").With("topK"), `{"error":{"code":400,"message":"topK: Must be a number.","status":"INVALID_ARGUMENT"}}`},
		{"status of its own", New(AllFailed, "x").At(429), `{"error":{"code":429,"message":"x","status":"RESOURCE_EXHAUSTED"}}`},
		{"timeout", New(ProviderTimeout, "x"), `{"error":{"code":504,"message":"x","status":"DEADLINE_EXCEEDED"}}`},
	} {
		if got := string(Google(c.err)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// TestStatusesHaveWords holds what the APIs document for each status.
func TestStatusesHaveWords(t *testing.T) {
	for _, c := range []struct {
		status                    int
		openAI, anthropic, google string
	}{
		{400, "invalid_request_error", "invalid_request_error", "INVALID_ARGUMENT"},
		{401, "authentication_error", "authentication_error", "UNAUTHENTICATED"},
		{403, "permission_error", "permission_error", "PERMISSION_DENIED"},
		{404, "invalid_request_error", "not_found_error", "NOT_FOUND"},
		{413, "invalid_request_error", "request_too_large", "INVALID_ARGUMENT"},
		{422, "invalid_request_error", "invalid_request_error", "INVALID_ARGUMENT"},
		{429, "rate_limit_error", "rate_limit_error", "RESOURCE_EXHAUSTED"},
		{500, "server_error", "api_error", "INTERNAL"},
		{502, "server_error", "api_error", "UNAVAILABLE"},
		{503, "server_error", "api_error", "UNAVAILABLE"},
		{504, "server_error", "timeout_error", "DEADLINE_EXCEEDED"},
		{529, "server_error", "overloaded_error", "UNAVAILABLE"},
	} {
		if o, a, g := TypeOf(c.status), AnthropicTypeOf(c.status), GoogleStatusOf(c.status); o != c.openAI || a != c.anthropic || g != c.google {
			t.Errorf("%d: %s %s %s", c.status, o, a, g)
		}
	}
}
