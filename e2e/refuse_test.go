package e2e

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"
	"time"

	"github.com/signalbox-dev/signalbox/e2e/internal/bed"
	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/provider"
)

// TestRefusals goes through bad requests: each has its status, a body in
// OpenAI's shape with a code, a text that shows the way out, a metric, and
// never reaches a provider.
func TestRefusals(t *testing.T) {
	r := start(t, plan{providers: named("a"), configure: func(c *bed.Config, _ map[string]*provider.Server) {
		c.Envoy = bed.Section{"body_limit": "1MiB"}
		c.Model("chat-large", "a/a-large")
		c.Classes = []bed.Section{{"name": "eu-only", "regions": []string{"eu"}}, {"name": "moon", "regions": []string{"moon"}}}
		c.Teams = append(c.Teams, bed.Section{"name": "small", "models": []string{"chat-large"}})
	}})
	small, err := r.NewKey(t.Context(), "small", "small")
	if err != nil {
		t.Fatal(err)
	}
	moon, err := r.NewKey(t.Context(), "test", "moon", "--class", "moon")
	if err != nil {
		t.Fatal(err)
	}
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	z.Write([]byte(chat("", "x"))) //nolint:errcheck // a buffer
	z.Close()
	for _, c := range []refusal{
		{"no_key", request{body: chat("", "x"), key: "none"}, 401, "missing_api_key", "Authorization"},
		{"wrong_key", request{body: chat("", "x"), key: "sb-" + strings.Repeat("x", 43)}, 401, "invalid_api_key", ""},
		{"provider_key", request{body: chat("", "x"), key: "sk-abcdefghijklmnop"}, 401, "invalid_api_key", ""},
		{"two_keys", request{body: chat("", "x"), headers: []string{"x-api-key", "another"}}, 401, "ambiguous_api_key", ""},
		{"unknown_model", request{body: strings.Replace(chat("", "x"), "chat", "chad", 1)}, 404, "model_not_found", "chat"},
		{"model_of_others", request{body: chat("", "x"), key: small}, 403, "model_not_allowed", ""},
		{"no_model", request{body: `{"messages":[]}`}, 400, "invalid_field", "model"},
		{"model_no_string", request{body: `{"model":1,"messages":[]}`}, 400, "invalid_field", "model"},
		{"bad_json", request{body: "{\"model\":\"chat\",\n \"messages\":[}"}, 400, "invalid_json", "line 2"},
		{"trailing", request{body: chat("", "x") + "x"}, 400, "invalid_json", ""},
		{"no_object", request{body: `[1]`}, 400, "invalid_json", ""},
		{"empty", request{body: "", headers: []string{"Content-Type", "application/json"}}, 400, "missing_body", ""},
		{"two_models", request{body: `{"model":"chat","messages":[],"model":"chat-large"}`}, 400, "duplicate_field", "model"},
		{"two_models_escaped", request{body: `{"model":"chat","messages":[],"mod\u0065l":"chat-large"}`}, 400, "duplicate_field", "model"},
		{"two_messages", request{body: `{"model":"chat","messages":[],"messages":[]}`}, 400, "duplicate_field", "messages"},
		{"lone_surrogate", request{body: `{"model":"chat","messages":[{"role":"user","content":"\ud800"}]}`}, 400, "invalid_json", ""},
		{"media_type", request{body: "model=chat", headers: []string{"Content-Type", "application/x-www-form-urlencoded"}}, 415, "unsupported_media_type", "application/json"},
		{"encoding", request{body: zipped.String(), headers: []string{"Content-Encoding", "gzip"}}, 415, "unsupported_content_encoding", ""},
		{"too_large", request{body: chat("", strings.Repeat("x", 1<<20))}, 413, "request_too_large", ""},
		{"path", request{path: "/v1/chat/completion", body: chat("", "x")}, 404, "unknown_path", "/v1/chat/completions"},
		{"root", request{method: "GET", path: "/"}, 404, "unknown_path", ""},
		{"method", request{method: "PUT", body: chat("", "x")}, 405, "method_not_allowed", "POST"},
		{"no_region", request{body: chat("", "x"), key: moon}, 403, "no_compliant_backend", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, h2 := range []bool{false, true} {
				c.q.h2 = h2
				checkRefusal(t, r, c)
			}
		})
	}
	if n, _ := r.at["a"].Journal().Count(); n != 0 {
		t.Errorf("%d refused requests reached the provider", n)
	}
}

// refusal is a bad request and what must come of it.
type refusal struct {
	name   string
	q      request
	status int
	code   string
	says   string // part of the body
}

func checkRefusal(t *testing.T, r *rig, c refusal) {
	t.Helper()
	q, code := c.q, c.code
	count := func() float64 { return r.Metric(t.Context(), "signalbox_refused_total", `code="`+code+`"`) }
	before := count()
	a := r.do(t, q)
	if a.status != c.status || a.code() != code || !strings.Contains(a.body, c.says) {
		t.Errorf("h2 %v: %d %v\n%s\nwant %d %s %q", q.h2, a.status, a.err, a.body, c.status, code, c.says)
	}
	if a.header.Get("Content-Type") != "application/json" || a.header.Get("x-signalbox-request-id") == "" {
		t.Errorf("headers %v", a.header)
	}
	eventually(t, 3*time.Second, "the metric counts "+code, func() bool { return count() > before })
}

// TestModels checks the model list and what else a client may ask without a
// provider.
func TestModels(t *testing.T) {
	r := start(t, plan{providers: named("a"), configure: func(c *bed.Config, _ map[string]*provider.Server) {
		c.Model("other/model", "a")
	}})
	for _, c := range []struct {
		name   string
		q      request
		status int
		says   string
	}{
		{"list", request{method: "GET", path: "/v1/models"}, 200, `"id":"other/model"`},
		{"list_query", request{method: "GET", path: "/v1/models?limit=5"}, 200, `"object":"list"`},
		{"one", request{method: "GET", path: "/v1/models/chat"}, 200, `"id":"chat"`},
		{"one_with_slash", request{method: "GET", path: "/v1/models/other/model"}, 200, `"id":"other/model"`},
		{"none", request{method: "GET", path: "/v1/models/none"}, 404, "model_not_found"},
		{"no_key", request{method: "GET", path: "/v1/models", key: "none"}, 401, "missing_api_key"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if a := r.do(t, c.q); a.status != c.status || !strings.Contains(strings.ReplaceAll(a.body, `": "`, `":"`), c.says) {
				t.Errorf("%d %v\n%s", a.status, a.err, a.body)
			}
		})
	}
	if n, _ := r.at["a"].Journal().Count(); n != 0 {
		t.Errorf("%d requests reached the provider", n)
	}
}

// TestProbes asks what clients ask to see whether somebody is there: an answer
// without a body, from the gateway alone.
func TestProbes(t *testing.T) {
	r := start(t, plan{providers: named("a")})
	for _, c := range []struct {
		method, path, key string
		status            int
		allow             string
	}{
		{"HEAD", "/", "", 404, ""},
		{"HEAD", "/v1/models", "", 200, ""},
		{"HEAD", "/v1/models/chat", "", 200, ""},
		{"HEAD", "/v1/models", "none", 401, ""},
		{"OPTIONS", "/v1/chat/completions", "", 204, "POST"},
		{"OPTIONS", "/v1/models", "", 204, "GET"},
	} {
		t.Run(c.method+c.path+c.key, func(t *testing.T) {
			for _, h2 := range []bool{false, true} {
				a := r.do(t, request{method: c.method, path: c.path, key: c.key, h2: h2})
				if a.status != c.status || a.err != nil || c.method == "HEAD" && a.body != "" || !strings.Contains(a.header.Get("Allow"), c.allow) {
					t.Errorf("h2 %v: %d %v %v %q", h2, a.status, a.err, a.header, a.body)
				}
			}
		})
	}
	if n, _ := r.at["a"].Journal().Count(); n != 0 {
		t.Errorf("%d requests reached the provider", n)
	}
}
