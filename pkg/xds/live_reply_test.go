package xds

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// ask sends a POST to a path.
func (l *lab) ask(path string, header ...string) (*http.Response, map[string]any) {
	l.t.Helper()
	req, err := http.NewRequestWithContext(l.t.Context(), http.MethodPost, l.url+path, strings.NewReader(`{}`))
	if err != nil {
		l.t.Fatal(err)
	}
	req.Header.Set("content-type", "application/json")
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		l.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		l.t.Fatal(err)
	}
	var doc map[string]any
	if err := json.Unmarshal(body, &doc); err != nil {
		l.t.Fatalf("%s: %d %q", path, resp.StatusCode, body)
	}
	return resp, doc
}

// TestOwnErrorsSpeakTheCallersAPI: by what the request filter left, or by the
// path when it could not.
func TestOwnErrorsSpeakTheCallersAPI(t *testing.T) {
	l := newLab(t, map[string]string{"dead": "127.0.0.1:1"}, nil)
	for _, c := range []struct {
		name, path, api string
		header          []string
		status          int
	}{
		{"path_of_messages", "/v1/messages", "anthropic", []string{"x-lab-fail", "1"}, 503},
		{"path_below_messages", "/v1/messages/count_tokens?beta=true", "anthropic", []string{"x-lab-fail", "1"}, 503},
		{"path_of_gemini", "/v1beta/models/x:generateContent?key=k", "gemini", []string{"x-lab-fail", "1"}, 503},
		{"path_of_gemini_v1", "/v1/models/x:streamGenerateContent?alt=sse", "gemini", []string{"x-lab-fail", "1"}, 503},
		{"path_of_gemini_list", "/v1beta/models", "gemini", []string{"x-lab-fail", "1"}, 503},
		{"path_of_chat", "/v1/chat/completions", "openai", []string{"x-lab-fail", "1"}, 503},
		{"path_with_a_query_like_gemini", "/v1/models?x=:generateContent", "openai", []string{"x-lab-fail", "1"}, 503},
		{"decided_messages", "/v1/x", "anthropic", []string{"x-lab-api", "anthropic", "x-lab-order", "dead"}, 503},
		{"decided_gemini", "/v1/messages", "gemini", []string{"x-lab-api", "gemini", "x-lab-order", "dead"}, 503},
		{"decided_openai", "/v1/messages", "openai", []string{"x-lab-api", "openai", "x-lab-order", "dead"}, 503},
	} {
		t.Run(c.name, func(t *testing.T) {
			resp, doc := l.ask(c.path, c.header...)
			id := resp.Header.Get("x-request-id")
			if resp.StatusCode != c.status || resp.Header.Get("content-type") != "application/json" || resp.Header.Get("x-signalbox-request-id") != id || resp.Header.Get("x-signalbox-error") == "" {
				t.Errorf("%d %v", resp.StatusCode, resp.Header)
			}
			e, _ := doc["error"].(map[string]any)
			message, _ := e["message"].(string)
			want := map[string]any{"error": map[string]any{"message": message, "type": e["type"], "param": nil, "code": resp.Header.Get("x-signalbox-error")}}
			switch c.api {
			case "anthropic":
				want = map[string]any{"type": "error", "request_id": id, "error": map[string]any{"type": "api_error", "message": message}}
				if c.header[0] == "x-lab-fail" {
					want["error"].(map[string]any)["type"] = "overloaded_error"
				}
				if resp.Header.Get("request-id") != id {
					t.Errorf("request-id %q, want %q", resp.Header.Get("request-id"), id)
				}
			case "gemini":
				want = map[string]any{"error": map[string]any{"code": float64(c.status), "message": message, "status": "UNAVAILABLE"}}
			}
			if d := cmp.Diff(want, doc); d != "" || message == "" {
				t.Error(d)
			}
		})
	}
}

// TestNoHTTP: a request that has no path has the shape that most know.
func TestNoHTTP(t *testing.T) {
	l := newLab(t, map[string]string{"dead": "127.0.0.1:1"}, nil)
	c, err := net.Dial("tcp", strings.TrimPrefix(l.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, "GET /v1/messages HTTP/1.1\r\n\r\n") // no host
	answer, _ := io.ReadAll(c)
	if !strings.HasPrefix(string(answer), "HTTP/1.1 400 ") {
		t.Errorf("%s", answer)
	}
}
