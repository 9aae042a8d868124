package provider_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/provider"
)

// api is how one API is asked for a chat.
type api struct {
	name          string
	dialect       provider.Dialect
	whole, stream string // paths
	headers       []string
	body          func(text, extra string) string
	unary         string // what makes it stream: put before the text's field
}

func quoted(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

func apis() []api {
	anthropic := []string{"anthropic-version", "2023-06-01", "x-api-key", "k"}
	google := []string{"x-goog-api-key", "k"}
	contents := func(text, extra string) string {
		return `{` + extra + `"contents":[{"role":"user","parts":[{"text":` + quoted(text) + `}]}]}`
	}
	const gemini = "/v1beta/models/m:"
	return []api{
		{"chat", provider.OpenAI, "/v1/chat/completions", "/v1/chat/completions", nil, func(text, extra string) string {
			return `{"model":"m",` + extra + `"messages":[{"role":"user","content":` + quoted(text) + `}]}`
		}, `"stream":true,"stream_options":{"include_usage":true},`},
		{"responses", provider.OpenAI, "/v1/responses", "/v1/responses", nil, func(text, extra string) string {
			return `{"model":"m",` + extra + `"input":` + quoted(text) + `}`
		}, `"stream":true,`},
		{"messages", provider.Anthropic, "/v1/messages", "/v1/messages", anthropic, func(text, extra string) string {
			return `{"model":"m","max_tokens":4096,` + extra + `"messages":[{"role":"user","content":` + quoted(text) + `}]}`
		}, `"stream":true,`},
		{"gemini", provider.Gemini, gemini + "generateContent", gemini + "streamGenerateContent?alt=sse", google, contents, ""},
		{"gemini_array", provider.Gemini, gemini + "generateContent", gemini + "streamGenerateContent", google, contents, ""},
	}
}

// send asks the handler and returns what it wrote, and whether it was cut.
func send(t *testing.T, h http.Handler, target, body string, headers ...string) (w *httptest.ResponseRecorder, cut bool) {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(body))
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w = httptest.NewRecorder()
	func() {
		defer func() { cut = recover() != nil }()
		h.ServeHTTP(w, r)
	}()
	return w, cut
}

func double(t *testing.T, o provider.Options) *provider.Provider {
	t.Helper()
	p, err := provider.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// texts are the places where what was said stands in an answer's documents.
var saidIn = regexp.MustCompile(`"(?:content|text|delta)": ?("(?:[^"\\]|\\.)*")`)

// said joins what an answer says. The responses API says it again at the end of
// each item.
func said(body string) string {
	body, _, _ = strings.Cut(body, `"type":"response.output_text.done"`)
	var b strings.Builder
	for _, m := range saidIn.FindAllStringSubmatch(body, -1) {
		var s string
		if json.Unmarshal([]byte(m[1]), &s) == nil {
			b.WriteString(s)
		}
	}
	return b.String()
}

// TestSameAnswer asks one provider by all APIs: the text, the usage and the
// journal agree, whole and streamed.
func TestSameAnswer(t *testing.T) {
	p := double(t, provider.Options{Name: "omni", Dialect: provider.Any, Key: "k", Header: "x-any", Models: []string{"m"}})
	var want provider.Usage
	for _, a := range apis() {
		for _, streamed := range []bool{false, true} {
			path, extra := a.whole, ""
			if streamed {
				path, extra = a.stream, a.unary
			}
			p.Journal().Reset()
			w, _ := send(t, p, path, a.body("How are you?", extra), append(a.headers, "x-any", "k")...)
			if w.Code != 200 || said(w.Body.String()) != "This is omni, a simulated provider. You asked: How are you?" {
				t.Errorf("%s streamed %v: %d says %q\n%s", a.name, streamed, w.Code, said(w.Body.String()), w.Body)
			}
			x := p.Journal().Exchanges()[0]
			if x.Dialect != a.dialect || x.Delivered.Usage == nil || x.Delivered.Stream != streamed {
				t.Fatalf("%s streamed %v: journal %+v", a.name, streamed, x)
			}
			if want.Total == 0 {
				want = *x.Delivered.Usage
			}
			if diff := cmp.Diff(want, *x.Delivered.Usage); diff != "" {
				t.Errorf("%s streamed %v: usage %s", a.name, streamed, diff)
			}
		}
	}
}

// TestEndings checks the faults that every API has, each with the sign by which
// it shows.
func TestEndings(t *testing.T) {
	finish := regexp.MustCompile(`"(?:finish_reason|finishReason|stop_reason)": ?"|"response\.completed"|\n  "status": "completed"`)
	for _, c := range []struct {
		name, fault string
		check       func(w *httptest.ResponseRecorder, cut, streamed bool) bool
	}{
		{"429", "status=429 retry-after=7", func(w *httptest.ResponseRecorder, _, _ bool) bool {
			return w.Code == 429 && w.Header().Get("retry-after") == "7" && strings.Contains(w.Body.String(), `"error":`)
		}},
		{"529", "status=529", func(w *httptest.ResponseRecorder, _, _ bool) bool {
			return w.Code == 529 && strings.Contains(w.Body.String(), `"error":`)
		}},
		{"error200", "error200", func(w *httptest.ResponseRecorder, cut, _ bool) bool {
			return w.Code == 200 && strings.Contains(w.Body.String(), `"error"`) && !cut && said(w.Body.String()) == ""
		}},
		{"malformed", "malformed", func(w *httptest.ResponseRecorder, cut, streamed bool) bool {
			return w.Code == 200 && !cut && (streamed || !json.Valid(w.Body.Bytes()))
		}},
		{"no_finish", "no-finish", func(w *httptest.ResponseRecorder, cut, _ bool) bool {
			s := w.Body.String()
			return !cut && !finish.MatchString(s) && !strings.Contains(s, "[DONE]") && !strings.Contains(s, "message_stop")
		}},
		{"no_text", "no-text", func(w *httptest.ResponseRecorder, cut, _ bool) bool {
			return !cut && said(w.Body.String()) == "" && finish.MatchString(w.Body.String())
		}},
		{"filter", "filter", func(w *httptest.ResponseRecorder, cut, _ bool) bool {
			return !cut && regexp.MustCompile(`content_filter|"refusal"|SAFETY`).MatchString(w.Body.String()) && said(w.Body.String()) == ""
		}},
		{"empty", "empty", func(w *httptest.ResponseRecorder, _, streamed bool) bool {
			return w.Code == 200 && len(strings.Trim(w.Body.String(), "[]")) == 0 && (!streamed || w.Header().Get("content-type") != "")
		}},
	} {
		for _, a := range apis() {
			p := double(t, provider.Options{Dialect: a.dialect})
			for _, streamed := range []bool{false, true} {
				path, extra := a.whole, ""
				if streamed {
					path, extra = a.stream, a.unary
				}
				w, cut := send(t, p, path, a.body("Hello\n#fault "+c.fault, extra), a.headers...)
				if !c.check(w, cut, streamed) {
					t.Errorf("%s of %s streamed %v: %d cut %v\n%s", c.name, a.name, streamed, w.Code, cut, w.Body)
				}
			}
		}
	}
}

// TestStreamsBreak checks what happens after some events, and the pause before
// the first one that says something.
func TestStreamsBreak(t *testing.T) {
	for _, a := range apis() {
		p := double(t, provider.Options{Dialect: a.dialect})
		w, cut := send(t, p, a.stream, a.body("Hello\n#fault cut-events=3", a.unary), a.headers...)
		if x := p.Journal().Exchanges()[0]; !cut || x.Delivered.Events != 3 || w.Code != 200 {
			t.Errorf("%s: cut %v %+v", a.name, cut, x.Delivered)
		}
		w, cut = send(t, p, a.stream, a.body("Hello\n#fault error-event=6", a.unary), a.headers...)
		if x := p.Journal().Exchanges()[1]; cut || x.Delivered.Events != 6 || x.Delivered.Usage != nil || !strings.Contains(w.Body.String(), `"error"`) {
			t.Errorf("%s: error event after 6: %+v %s", a.name, x.Delivered, w.Body)
		}
		if a.name == "gemini_array" && !json.Valid(w.Body.Bytes()) {
			t.Errorf("the array is broken: %s", w.Body)
		}
		start := time.Now()
		send(t, p, a.stream, a.body("Hello\n#fault stall-first=20ms gap=1ms", a.unary), a.headers...)
		if time.Since(start) < 20*time.Millisecond {
			t.Errorf("%s: no pause", a.name)
		}
	}
}

// TestToolRound asks with a tool, and again with its result.
func TestToolRound(t *testing.T) {
	const schema = `{"type":"object","properties":{"city":{"type":"string"}}}`
	for _, c := range []struct {
		api                 int
		tools, call, second string
	}{
		{
			0, `"tools":[{"type":"function","function":{"name":"weather","parameters":` + schema + `}}],`, `"name": "weather"`,
			`{"model":"m",TOOLS"messages":[{"role":"user","content":"Weather?"},{"role":"assistant","tool_calls":[{"id":"c1","type":"function","function":{"name":"weather","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c1","content":"sunny"}]}`,
		},
		{
			1, `"tools":[{"type":"function","name":"weather","parameters":` + schema + `}],`, `"name": "weather"`,
			`{"model":"m",TOOLS"input":[{"role":"user","content":"Weather?"},{"type":"function_call","call_id":"c1","name":"weather","arguments":"{}"},{"type":"function_call_output","call_id":"c1","output":"sunny"}]}`,
		},
		{
			2, `"tools":[{"name":"weather","input_schema":` + schema + `}],`, `"name":"weather","input":{"city":"sample"}`,
			`{"model":"m","max_tokens":99,TOOLS"messages":[{"role":"user","content":"Weather?"},{"role":"assistant","content":[{"type":"tool_use","id":"c1","name":"weather","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":[{"type":"text","text":"sunny"}]}]}]}`,
		},
		{
			3, `"tools":[{"function_declarations":[{"name":"weather","parameters":{"type":"OBJECT","properties":{"city":{"type":"STRING"}}}}]}],`, `"name": "weather"`,
			`{TOOLS"contents":[{"role":"user","parts":[{"text":"Weather?"}]},{"role":"model","parts":[{"functionCall":{"name":"weather","args":{}}}]},{"role":"user","parts":[{"functionResponse":{"name":"weather","response":{"it":"sunny"}}}]}]}`,
		},
	} {
		a := apis()[c.api]
		p := double(t, provider.Options{Dialect: a.dialect})
		w, _ := send(t, p, a.whole, a.body("Weather?", c.tools), a.headers...)
		if !strings.Contains(w.Body.String(), c.call) || !strings.Contains(w.Body.String(), "sample") {
			t.Errorf("%s: no call in %s", a.name, w.Body)
		}
		w, _ = send(t, p, a.whole, strings.Replace(c.second, "TOOLS", c.tools, 1), a.headers...)
		if !strings.Contains(said(w.Body.String()), "You asked: Weather? The tool said:") || !strings.Contains(w.Body.String(), "sunny") {
			t.Errorf("%s: no answer with the result in %s", a.name, w.Body)
		}
	}
}

func TestAnthropicRefusals(t *testing.T) {
	p := double(t, provider.Options{Dialect: provider.Anthropic, Key: "k", Models: []string{"m"}})
	version, key := []string{"anthropic-version", "2023-06-01"}, []string{"x-api-key", "k"}
	all := append(version, key...)
	const good = `{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"x"}]}`
	for _, c := range []struct {
		name, body string
		headers    []string
		status     int
		want       string
	}{
		{"no_version", good, key, 400, "anthropic-version: header is required"},
		{"no_key", good, version, 401, "x-api-key header is required"},
		{"wrong_key", good, append(version, "x-api-key", "q"), 401, `"authentication_error"`},
		{"no_max_tokens", strings.Replace(good, `"max_tokens":9,`, "", 1), all, 400, "max_tokens: Field required"},
		{"system_role", strings.Replace(good, `"user"`, `"system"`, 1), all, 400, "messages.0.role"},
		{"empty_text", strings.Replace(good, `"x"`, `""`, 1), all, 400, "must be non-empty"},
		{"unknown_model", strings.Replace(good, `"m"`, `"q"`, 1), all, 404, "model: q"},
		{"orphan", strings.Replace(good, `"x"`, `[{"type":"tool_result","tool_use_id":"z"}]`, 1), all, 400, "unexpected `tool_use_id`"},
		{"refused", strings.Replace(good, `"x"`, `"x\n#fault refuse=top_k,max_tokens"`, 1), all, 400, "`max_tokens` is deprecated"},
	} {
		w, _ := send(t, p, "/v1/messages", c.body, c.headers...)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) || w.Header().Get("request-id") == "" {
			t.Errorf("%s: %d %s", c.name, w.Code, w.Body)
		}
	}
}

func TestGeminiRefusals(t *testing.T) {
	p := double(t, provider.Options{Dialect: provider.Gemini, Key: "k", Models: []string{"m"}})
	const good = `{"contents":[{"parts":[{"text":"x"}]}]}`
	for _, c := range []struct {
		name, path, body, key string
		status                int
		want                  string
	}{
		{"wrong_key", "m:generateContent", good, "q", 400, "API_KEY_INVALID"},
		{"no_key", "m:generateContent", good, "", 403, "PERMISSION_DENIED"},
		{"key_in_query", "m:generateContent?key=k", good, "", 200, "STOP"},
		{"unknown_model", "q:generateContent", good, "k", 404, "NOT_FOUND"},
		{"unknown_method", "m:dance", good, "k", 404, "NOT_FOUND"},
		{"bad_role", "m:generateContent", `{"contents":[{"role":"system","parts":[{"text":"x"}]}]}`, "k", 400, "valid role"},
		{"no_contents", "m:generateContent", `{}`, "k", 400, "contents is not specified"},
	} {
		var headers []string
		if c.key != "" {
			headers = []string{"x-goog-api-key", c.key}
		}
		w, _ := send(t, p, "/v1beta/models/"+c.path, c.body, headers...)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%s: %d %s", c.name, w.Code, w.Body)
		}
	}
}

// TestEmbeddings compares the vectors of three ways to ask for them.
func TestEmbeddings(t *testing.T) {
	p := double(t, provider.Options{Dialect: provider.Any})
	var floats struct {
		Data []struct{ Embedding []float32 }
	}
	var packed struct{ Data []struct{ Embedding string } }
	var google struct{ Embeddings []struct{ Values []float32 } }
	for _, c := range []struct {
		path, body string
		into       any
	}{
		{"/v1/embeddings", `{"model":"m","input":["a","b"],"dimensions":4}`, &floats},
		{"/v1/embeddings", `{"model":"m","input":["a","b"],"dimensions":4,"encoding_format":"base64"}`, &packed},
		{"/v1/models/m:batchEmbedContents", `{"requests":[{"model":"models/m","content":{"parts":[{"text":"a"}]},"output_dimensionality":4},{"content":{"parts":[{"text":"b"}]}}]}`, &google},
	} {
		w, _ := send(t, p, c.path, c.body)
		if err := json.Unmarshal(w.Body.Bytes(), c.into); err != nil || w.Code != 200 {
			t.Fatalf("%s: %d %v %s", c.path, w.Code, err, w.Body)
		}
	}
	for i := range 2 {
		raw, err := base64.StdEncoding.DecodeString(packed.Data[i].Embedding)
		if diff := cmp.Diff(floats.Data[i].Embedding, google.Embeddings[i].Values); diff != "" || err != nil || len(raw) != 16 {
			t.Errorf("vector %d: %s %v %d bytes", i, diff, err, len(raw))
		}
	}
}

// TestReasoning checks that reasoning shows only where it is asked for.
func TestReasoning(t *testing.T) {
	for _, c := range []struct {
		api        int
		ask, shows string
	}{
		{0, `"reasoning_effort":"low",`, `"reasoning_content": "The question is`},
		{1, `"reasoning":{"effort":"low","summary":"auto"},`, `"type": "summary_text"`},
		{2, `"thinking":{"type":"enabled","budget_tokens":1024},`, `"thinking":"The question is`},
		{3, `"generation_config":{"thinking_config":{"include_thoughts":true}},`, `"thought": true`},
	} {
		a := apis()[c.api]
		p := double(t, provider.Options{Dialect: a.dialect})
		for _, extra := range []string{"", c.ask} {
			w, _ := send(t, p, a.whole, a.body("Why?", extra), a.headers...)
			if w.Code != 200 || strings.Contains(w.Body.String(), c.shows) != (extra != "") {
				t.Errorf("%s asked by %q: %d %s", a.name, extra, w.Code, w.Body)
			}
		}
		if u := p.Journal().Exchanges()[1].Delivered.Usage; u.OutputMore.Reasoning == 0 {
			t.Errorf("%s: no reasoning in %+v", a.name, u)
		}
	}
}

func TestModelLists(t *testing.T) {
	p := double(t, provider.Options{Dialect: provider.Any, Models: []string{"m"}})
	for _, c := range []struct{ path, header, want string }{
		{"/v1/models", "x-none", `"object": "list"`},
		{"/v1/models", "anthropic-version", `"has_more": false`},
		{"/v1/models", "x-goog-api-key", `"name": "models/m"`},
		{"/v1beta/models/m", "x-none", `"inputTokenLimit"`},
		{"/v1/models/q", "anthropic-version", `not_found_error`},
	} {
		r := httptest.NewRequest(http.MethodGet, c.path, nil)
		r.Header.Set(c.header, "x")
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		if !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%s with %s: %s", c.path, c.header, w.Body)
		}
	}
}
