package e2e

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/signalbox-dev/signalbox/e2e/internal/bed"
	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/provider"
)

// fronts is a gateway with a model for each dialect and one that all serve.
func fronts(t *testing.T) *rig {
	t.Helper()
	p := speakers("o", "a", "g")
	p.configure = func(c *bed.Config, _ map[string]*provider.Server) {
		c.Models = nil
		c.Model("chat", "o/o-model", "a/a-model", "g/g-model")
		c.Model("claude", "a/a-model")
		c.Model("flash", "g/g-model")
	}
	return start(t, p)
}

const (
	messagesBody = `{ "model" : "claude","max_tokens":64, "x-unknown":[1.50,1e3],"messages":[{"role":"user","content":"Grüße \u2028 <&>"}]`
	contentsBody = `{ "contents":[{"role":"user","parts":[{"text":"Grüße \u2028 <&>"}]}],"xUnknown":[1.50,1e3]}`
)

// TestOwnDialect has Anthropic's and Gemini's callers served by backends of
// their own: no byte of request and answer changes, but for the model.
func TestOwnDialect(t *testing.T) {
	r := fronts(t)
	anthropic := []string{"anthropic-version", "2023-06-01", "anthropic-beta", "a-1,b-2"}
	for _, c := range []struct {
		name, backend, path, body string
		headers                   []string
		key                       string
		target, sent              string // at the provider
	}{
		{"messages", "a", "/v1/messages", messagesBody + "}", anthropic, "", "/v1/messages", strings.Replace(messagesBody, "claude", "a-model", 1) + "}"},
		{"messages_query", "a", "/v1/messages?beta=true", messagesBody + "}", anthropic, "", "/v1/messages?beta=true", ""},
		{"messages_x_api_key", "a", "/v1/messages", messagesBody + "}", append(anthropic, "x-api-key", "KEY"), "none", "/v1/messages", ""},
		{"messages_stream", "a", "/v1/messages", messagesBody + `,"stream":true}`, anthropic, "", "/v1/messages", ""},
		{"generate_v1", "g", "/v1/models/flash:generateContent", contentsBody, []string{"x-goog-api-key", "KEY"}, "none", "/v1/models/g-model:generateContent", contentsBody},
		{"generate_v1beta", "g", "/v1beta/models/flash:generateContent", contentsBody, []string{"x-goog-api-key", "KEY"}, "none", "/v1beta/models/g-model:generateContent", contentsBody},
		{"generate_key_in_query", "g", "/v1beta/models/flash:generateContent?key=KEY&alt=json", contentsBody, nil, "none", "/v1beta/models/g-model:generateContent?alt=json", contentsBody},
		{"stream_sse", "g", "/v1beta/models/flash:streamGenerateContent?alt=sse", contentsBody, []string{"x-goog-api-key", "KEY"}, "none", "/v1beta/models/g-model:streamGenerateContent?alt=sse", contentsBody},
		{"stream_array", "g", "/v1/models/flash:streamGenerateContent", contentsBody, []string{"x-goog-api-key", "KEY"}, "none", "/v1/models/g-model:streamGenerateContent", contentsBody},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := r.at[c.backend]
			s.Journal().Reset()
			q := request{path: strings.Replace(c.path, "KEY", r.key, 1), body: c.body, headers: slices.Clone(c.headers), key: c.key}
			for i := range q.headers {
				q.headers[i] = strings.Replace(q.headers[i], "KEY", r.key, 1)
			}
			a := r.do(t, q)
			all := s.Journal().Exchanges()
			if a.status != 200 || a.err != nil || len(all) != 1 {
				t.Fatalf("%d %s %v, %d requests", a.status, a.body, a.err, len(all))
			}
			x := all[0]
			if a.body != string(x.Sent) {
				t.Errorf("the answer differs: %d bytes of %d", len(a.body), len(x.Sent))
			}
			if x.Target != c.target || c.sent != "" && string(x.Body) != c.sent {
				t.Errorf("the provider got %s\n%s", x.Target, x.Body)
			}
			for h, v := range x.Header {
				if strings.Contains(strings.Join(v, " "), r.key) {
					t.Errorf("the provider got our caller's key in %s", h)
				}
			}
			if c.backend == "a" && !slices.Equal(x.Header["anthropic-beta"], []string{"a-1,b-2"}) {
				t.Errorf("anthropic-beta is %q", x.Header["anthropic-beta"])
			}
			story := r.settledOne(t, a)
			checkUsage(t, story, s)
		})
	}
}

// TestModelLists asks one path as three APIs.
func TestModelLists(t *testing.T) {
	r := fronts(t)
	for _, c := range []struct {
		name, path string
		headers    []string
		want       string // a path to the first name, and the name
	}{
		{"openai", "/v1/models", nil, "data.id=chat"},
		{"anthropic", "/v1/models?limit=1000", []string{"anthropic-version", "2023-06-01"}, "data.id=chat"},
		{"gemini", "/v1/models", []string{"x-goog-api-key", "KEY"}, "models.name=models/chat"},
		{"gemini_v1beta", "/v1beta/models", []string{"x-goog-api-key", "KEY"}, "models.name=models/chat"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for i := range c.headers {
				c.headers[i] = strings.Replace(c.headers[i], "KEY", r.key, 1)
			}
			a := r.do(t, request{method: "GET", path: c.path, headers: c.headers})
			var v map[string]any
			if err := json.Unmarshal([]byte(a.body), &v); err != nil || a.status != 200 {
				t.Fatalf("%d %s", a.status, a.body)
			}
			place, want, _ := strings.Cut(c.want, "=")
			list, field, _ := strings.Cut(place, ".")
			all, _ := v[list].([]any)
			if len(all) != 3 || all[0].(map[string]any)[field] != want {
				t.Errorf("%s", a.body)
			}
		})
	}
}

// shape is the kind of error object that a body is.
func shape(body string) string {
	var v struct {
		Type      string
		RequestID string `json:"request_id"`
		Error     map[string]any
	}
	if json.Unmarshal([]byte(body), &v) != nil {
		return "none"
	}
	_, code := v.Error["code"].(float64)
	switch {
	case v.Type == "error" && v.RequestID != "" && v.Error["type"] != nil && v.Error["message"] != nil:
		return "anthropic"
	case code && v.Error["status"] != nil && v.Error["message"] != nil:
		return "gemini"
	case len(v.Error) == 4 && v.Error["message"] != nil && v.Error["type"] != nil:
		return "openai"
	}
	return "none"
}

// TestErrorsInTheCallersDialect has each front meet the gateway's own errors,
// the proxy's and a provider's.
func TestErrorsInTheCallersDialect(t *testing.T) {
	r := fronts(t)
	calls := []struct{ api, path, body, model string }{
		{"openai", "/v1/chat/completions", `{"model":"MODEL","messages":[{"role":"user","content":"TEXT"}]}`, "chat"},
		{"anthropic", "/v1/messages", `{"model":"MODEL","max_tokens":9,"messages":[{"role":"user","content":"TEXT"}]}`, "claude"},
		{"gemini", "/v1beta/models/MODEL:generateContent", `{"contents":[{"parts":[{"text":"TEXT"}]}]}`, "flash"},
	}
	for _, c := range calls {
		send := func(model, text, key string) answer {
			put := strings.NewReplacer("MODEL", model, "TEXT", text)
			return r.do(t, request{path: put.Replace(c.path), body: put.Replace(c.body), key: key})
		}
		for _, e := range []struct {
			name   string
			a      answer
			status int
		}{
			{"no_key", send(c.model, "hi", "none"), 401},
			{"wrong_key", send(c.model, "hi", "sb-wrong"), 401},
			{"unknown_model", send("nothing-like-it", "hi", ""), 404},
			{"invalid_json", send(c.model, "\x01", ""), 400},
			{"provider_400", send(c.model, `hi\n#fault status=400`, ""), 400},
			{"provider_429", send(c.model, `hi\n#fault status=429 retry-after=7`, ""), 429},
			{"provider_500", send(c.model, `hi\n#fault status=500`, ""), 500},
			{"provider_html", send(c.model, `hi\n#fault html`, ""), 502},
			{"provider_reset", send(c.model, `hi\n#fault reset`, ""), 503},
		} {
			t.Run(c.api+"_"+e.name, func(t *testing.T) {
				if e.a.status != e.status || shape(e.a.body) != c.api {
					t.Errorf("%d, of shape %s: %s", e.a.status, shape(e.a.body), e.a.body)
				}
				id := e.a.header.Get("x-request-id")
				if id == "" || c.api == "anthropic" && e.a.header.Get("request-id") != id {
					t.Errorf("request ids %q and %q: %s", id, e.a.header.Get("request-id"), e.a.body)
				}
				if strings.Contains(e.a.body, "0f1e2d3c") {
					t.Errorf("names our account: %s", e.a.body)
				}
				if e.name == "provider_429" && e.a.header.Get("retry-after") != "7" {
					t.Errorf("retry-after is %q", e.a.header.Get("retry-after"))
				}
			})
		}
	}
}

// TestResponsesOnAGatedRoute: gates read answers as events, and nothing reads
// OpenAI's responses so: they pass as they are.
func TestResponsesOnAGatedRoute(t *testing.T) {
	p := speakers("o")
	p.configure = func(c *bed.Config, _ map[string]*provider.Server) {
		c.Routes = []bed.Section{{"name": "gated", "gates": []string{"first_token", "error", "empty", "malformed", "content_filter"}}}
	}
	r := start(t, p)
	for _, extra := range []string{"", streamed} {
		r.at["o"].Journal().Reset()
		a := r.do(t, request{path: "/v1/responses", body: `{"model":"chat",` + extra + `"input":"Hello"}`})
		x := r.at["o"].Journal().Exchanges()
		if a.status != 200 || a.err != nil || len(x) != 1 || a.body != string(x[0].Sent) {
			t.Errorf("%q: %d %v, %d requests: %s", extra, a.status, a.err, len(x), a.body)
			continue
		}
		checkUsage(t, r.settledOne(t, a), r.at["o"])
	}
}
