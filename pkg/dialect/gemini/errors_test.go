package gemini

import (
	"encoding/json"
	"testing"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/recorded"
)

func TestReadError(t *testing.T) {
	for name, c := range map[string]struct {
		status             int
		body, code, render string
		own                bool
	}{
		"plain": {
			404, `{"error":{"code":404,"message":"no such model","status":"NOT_FOUND"}}`, "not_found",
			`{"error":{"code":404,"message":"no such model","status":"NOT_FOUND"}}`, true,
		},
		"array": {
			429, "[{\n\"error\":{\"code\":429,\"message\":\"slow down\",\"status\":\"RESOURCE_EXHAUSTED\"}}\n]", "resource_exhausted",
			`{"error":{"code":429,"message":"slow down","status":"RESOURCE_EXHAUSTED"}}`, true,
		},
		"key": {
			400, `{"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}}`, "api_key_invalid",
			`{"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT"}}`, true,
		},
		"account": {
			403, `{"error":{"code":403,"message":"denied for projects/1234567890","status":"PERMISSION_DENIED"}}`, "permission_denied",
			`{"error":{"code":403,"message":"denied for [redacted]","status":"PERMISSION_DENIED"}}`, false,
		},
		"account-in-details": {
			403, `{"error":{"code":403,"message":"denied","status":"PERMISSION_DENIED","details":[{"metadata":{"consumer":"projects/1234567890"}}]}}`, "permission_denied",
			`{"error":{"code":403,"message":"denied","status":"PERMISSION_DENIED"}}`, false,
		},
		"odd-word": {400, `{"error":{"code":400,"message":"m","status":"not a word"}}`, "", `{"error":{"code":400,"message":"m","status":"INVALID_ARGUMENT"}}`, true},
		"text":     {500, `{"error":"oops"}`, "", `{"error":{"code":500,"message":"oops","status":"INTERNAL"}}`, false},
		"page":     {502, `<html>`, "", `{"error":{"code":502,"message":"The provider refused the request and gave no reason that can be shown.","status":"INTERNAL"}}`, false},
		"empty":    {503, ``, "", `{"error":{"code":503,"message":"The provider refused the request and gave no reason that can be shown.","status":"UNAVAILABLE"}}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			got := troubles{}.Read(dialect.ErrorAnswer{Status: c.status, Body: []byte(c.body)})
			if got.Status != c.status || got.Code != c.code || (got.Own != nil) != c.own {
				t.Errorf("status %d, code %q, own %v", got.Status, got.Code, got.Own != nil)
			}
			if text := string(troubles{}.Render(got, false, "")); text != c.render {
				t.Errorf("rendered %s", text)
			}
			if text := string(troubles{}.Render(got, true, "")); c.own && text != c.body {
				t.Errorf("own rendered %s", text)
			}
		})
	}
}

func TestRenderFault(t *testing.T) {
	f := fault.New(fault.InvalidField, "The field is wrong.")
	if got := string(troubles{}.Fault(f, "")); got != `{"error":{"code":400,"message":"The field is wrong.","status":"INVALID_ARGUMENT"}}` {
		t.Error(got)
	}
	got := troubles{}.Render(dialect.Trouble{Status: 429, Message: "m", Code: "rate_limit_exceeded"}, true, "")
	if string(got) != `{"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED"}}` {
		t.Error(string(got))
	}
}

func TestTruncatedErrorIsNotRead(t *testing.T) {
	got := troubles{}.Read(dialect.ErrorAnswer{Status: 400, Body: []byte(`{"error":{"message":"m"}}`), Truncated: true})
	if got.Message != "" || got.Own != nil {
		t.Errorf("%v", got)
	}
}

func TestRecordedErrors(t *testing.T) {
	rows(t, func(t *testing.T, r *recorded.Row) {
		t.Helper()
		if r.Response.Status < 400 {
			return
		}
		got := troubles{}.Read(dialect.ErrorAnswer{Status: r.Response.Status, Body: r.Response.Body})
		if got.Message == "" || got.Code == "" || got.Status != r.Response.Status {
			t.Errorf("%v", got)
		}
		t.Logf("%s", troubles{}.Render(got, false, ""))
	})
}

// Whatever a provider writes, what leaves is Google's shape and holds nothing
// that Scrub would take out.
func FuzzErrors(f *testing.F) {
	f.Add(`{"error":{"code":404,"message":"no such model","status":"NOT_FOUND","details":[{"reason":"API_KEY_INVALID"}]}}`, 404)
	f.Add(`[{"error":{"message":"projects/123"}}]`, 0)
	f.Fuzz(func(t *testing.T, body string, status int) {
		got := troubles{}.Read(dialect.ErrorAnswer{Status: status, Body: []byte(body)})
		var e struct {
			Error *struct {
				Code    int
				Message string
				Status  string
			}
		}
		out := troubles{}.Render(got, false, "")
		if err := json.Unmarshal(out, &e); err != nil || e.Error == nil || !isStatus(e.Error.Status) || e.Error.Message == "" {
			t.Errorf("%v: %s", err, out)
		}
		if got.Own != nil && dialect.Scrub(string(got.Own)) != string(got.Own) {
			t.Errorf("shown: %s", got.Own)
		}
	})
}
