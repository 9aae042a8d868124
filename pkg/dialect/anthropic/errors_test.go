package anthropic

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/fault"
)

func TestErrors(t *testing.T) {
	tests := []struct {
		name   string
		status int
		body   string
		own    bool   // its bytes may pass
		shown  string // message
		typ    string // as rendered
	}{
		{"own", 400, `{"type":"error","error":{"type":"invalid_request_error","message":"max_tokens: Field required"},"request_id":"req_1"}`, true, "max_tokens: Field required", "invalid_request_error"},
		{"no-id", 529, `{"error":{"message":"Overloaded","type":"overloaded_error"},"type":"error"}`, true, "Overloaded", "overloaded_error"},
		{"null-id", 500, `{"type":"error","error":{"type":"api_error","message":"Internal server error"},"request_id":null}`, true, "Internal server error", "api_error"},
		{"key", 401, `{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key sk-ant-api03-abc"}}`, false, "invalid x-api-key [redacted]", "authentication_error"},
		{"more", 400, `{"type":"error","error":{"type":"invalid_request_error","message":"m","account":"a"}}`, false, "m", "invalid_request_error"},
		{"twice", 400, `{"type":"error","error":{"type":"invalid_request_error","message":"m","message":"sk-ant-secret"}}`, false, "m", "invalid_request_error"},
		{"nested", 400, `{"type":"error","error":{"type":"invalid_request_error","message":"m"},"request_id":{"a":"b"}}`, false, "m", "invalid_request_error"},
		{"openai", 404, `{"error":{"message":"no such model","type":"invalid_request_error","param":null,"code":"model_not_found"}}`, false, "no such model", "not_found_error"},
		{"text", 413, `Payload too large`, false, reason(413), "request_too_large"},
		{"empty", 503, ``, false, reason(503), "overloaded_error"},
		{"html", 502, `<html>secret</html>`, false, reason(502), "api_error"},
		{"detail", 429, `{"detail":"slow"}`, false, "slow", "rate_limit_error"},
		{"timeout", 408, ``, false, reason(408), "timeout_error"},
		{"teapot", 418, `{"error":"no"}`, false, "no", "invalid_request_error"},
		{"billing", 403, `{"type":"error","error":{"type":"permission_error","message":"for org-abc123def"}}`, false, "for [redacted]", "permission_error"},
	}
	codec := New().Errors
	for _, tt := range tests {
		tr := codec.Read(dialect.ErrorAnswer{Status: tt.status, Body: []byte(tt.body)})
		if (tr.Own != nil) != tt.own || tr.Status != tt.status {
			t.Errorf("%s: %v, own %s", tt.name, tr, tr.Own)
		}
		if got := string(codec.Render(tr, true, "r1")); tt.own && got != tt.body {
			t.Errorf("%s: own bytes became %s", tt.name, got)
		}
		var got struct {
			Type  string
			Error struct{ Type, Message string }
			ID    string `json:"request_id"`
		}
		if err := json.Unmarshal(codec.Render(tr, false, "r1"), &got); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if got.Type != "error" || got.Error.Type != tt.typ || got.Error.Message != tt.shown || got.ID != "r1" {
			t.Errorf("%s: %+v", tt.name, got)
		}
	}
}

func TestErrorsOfOthers(t *testing.T) {
	codec := New().Errors
	tr := dialect.Trouble{Status: 400, Message: "must be positive", Type: "server_error", Param: "seed"}
	if got := string(codec.Render(tr, false, "")); !strings.Contains(got, `"message":"seed: must be positive"`) || !strings.Contains(got, `"invalid_request_error"`) {
		t.Error(got)
	}
	if got := string(codec.Fault(fault.New(fault.ModelNotFound, "No such model.").With("model"), "r")); !strings.Contains(got, `"not_found_error"`) {
		t.Error(got)
	}
	cut := codec.Read(dialect.ErrorAnswer{Status: 500, Body: []byte(`{"type":"error","error":{"type":"api_error","message":"m"}}`), Truncated: true})
	if cut.Message != "" || cut.Own != nil {
		t.Errorf("%v of a cut body", cut)
	}
	for _, k := range kinds {
		if typeOf(k.status) != k.name || statusOf(k.name) != k.status {
			t.Errorf("%s and %d", k.name, k.status)
		}
	}
}
