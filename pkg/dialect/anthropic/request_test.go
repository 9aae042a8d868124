package anthropic

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/genai"
)

var messages = dialect.Endpoint{Operation: genai.Chat, Path: "/messages"}

func TestMatch(t *testing.T) {
	tests := []struct {
		name string
		head dialect.Head
		want dialect.Endpoint
		kind fault.Kind // Internal: none
	}{
		{"post", dialect.Head{Method: "POST", Path: "/v1/messages", Query: "beta=true", ContentType: "application/json"}, messages, fault.Internal},
		{"options", dialect.Head{Method: "OPTIONS", Path: "/v1/messages"}, dialect.Endpoint{Operation: dialect.Preflight, Path: "/messages"}, fault.Internal},
		{"get", dialect.Head{Method: "GET", Path: "/v1/messages"}, messages, fault.MethodNotAllowed},
		{"form", dialect.Head{Method: "POST", Path: "/v1/messages", ContentType: "text/plain"}, messages, fault.UnsupportedMediaType},
		{"gzip", dialect.Head{Method: "POST", Path: "/v1/messages", ContentEncoding: "gzip"}, messages, fault.UnsupportedEncoding},
		{"count", dialect.Head{Method: "POST", Path: "/v1/messages/count_tokens"}, dialect.Endpoint{}, fault.UnknownPath},
		{"batches", dialect.Head{Method: "POST", Path: "/v1/messages/batches/b1"}, dialect.Endpoint{}, fault.UnknownPath},
		{"models", dialect.Head{Method: "GET", Path: "/v1/models", Query: "limit=1000", Anthropic: true}, dialect.Endpoint{Operation: genai.Models, Path: "/models"}, fault.Internal},
		{"model", dialect.Head{Method: "HEAD", Path: "/v1/models/a%2Fb"}, dialect.Endpoint{Operation: genai.Models, Path: "/models/a%2Fb", Model: "a/b"}, fault.Internal},
		{"model-broken", dialect.Head{Method: "GET", Path: "/v1/models/a%2"}, dialect.Endpoint{}, fault.UnknownPath},
		{"models-options", dialect.Head{Method: "OPTIONS", Path: "/v1/models"}, dialect.Endpoint{Operation: dialect.Preflight, Path: "/models"}, fault.Internal},
		{"models-post", dialect.Head{Method: "POST", Path: "/v1/models"}, dialect.Endpoint{Operation: genai.Models, Path: "/models"}, fault.MethodNotAllowed},
		{"root", dialect.Head{Method: "HEAD", Path: "/"}, dialect.Endpoint{}, fault.UnknownPath},
	}
	for _, tt := range tests {
		got, f := New().Request.Match(tt.head)
		if f == nil && tt.kind != fault.Internal || f != nil && f.Kind != tt.kind {
			t.Errorf("%s: %v", tt.name, f)
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s: %s", tt.name, d)
		}
	}
}

func TestParse(t *testing.T) {
	const body = `{"model":"m","messages":[{"role":"user","content":"hi"}],"stream":true,"max_tokens":9,"tools":[{}],"unknown":{"a":1}}`
	r, f := New().Request.Parse(messages, []byte(body), nil)
	if f != nil || r.Model != "m" || !r.Stream || !r.WantsUsage || r.MaxOutput != 9 || !r.HasTools || r.Choices != 1 || r.Messages.Len(r.Body) != 1 {
		t.Errorf("%+v %v", r, f)
	}
	if s := fmt.Sprintf("%+v %v", r, &r); strings.Contains(s, "hi") {
		t.Errorf("content in %s", s)
	}
	for _, tt := range []struct {
		name, body string
		kind       fault.Kind
		param      string
	}{
		{"empty", ``, fault.MissingBody, ""},
		{"broken", `{"model":"m",`, fault.InvalidJSON, ""},
		{"lone", `{"model":"\ud800","messages":[]}`, fault.InvalidJSON, ""},
		{"no-model", `{"messages":[]}`, fault.InvalidField, "model"},
		{"model-number", `{"model":1,"messages":[]}`, fault.InvalidField, "model"},
		{"no-messages", `{"model":"m"}`, fault.InvalidField, "messages"},
		{"messages-text", `{"model":"m","messages":"hi"}`, fault.InvalidField, "messages"},
		{"stream", `{"model":"m","messages":[],"stream":"yes"}`, fault.InvalidField, "stream"},
		{"twice", `{"model":"m","messages":[],"mod\u0065l":"n"}`, fault.DuplicateField, "model"},
		{"system-twice", `{"model":"m","system":"a","messages":[],"system":"b"}`, fault.DuplicateField, "system"},
	} {
		_, f := New().Request.Parse(messages, []byte(tt.body), nil)
		if f == nil || f.Kind != tt.kind || f.Param != tt.param || tt.param != "" && !strings.Contains(f.Text, tt.param) {
			t.Errorf("%s: %v", tt.name, f)
		}
	}
}

func TestRewrite(t *testing.T) {
	const body = "{ \"messages\":[],\r\n\t\"model\" : \"a\\u0061\", \"x\":1.50 }"
	r, f := New().Request.Parse(messages, []byte(body), nil)
	if f != nil {
		t.Fatal(f)
	}
	for model, want := range map[string]string{
		"": "", "aa": "",
		"b\"": strings.Replace(body, `"a\u0061"`, `"b\""`, 1),
	} {
		got, injected := New().Request.Rewrite(nil, &r, dialect.Target{Model: model, InjectUsage: true})
		if string(got) != want || injected {
			t.Errorf("%q: %q %v", model, got, injected)
		}
	}
}

func TestPath(t *testing.T) {
	own := messages
	for base, want := range map[string]string{
		"": "/v1/messages", "/": "/v1/messages", "/v1": "/v1/messages", "/v1/": "/v1/messages", "/proxy/anthropic": "/proxy/anthropic/v1/messages", "/proxy/v1": "/proxy/v1/messages",
	} {
		for _, c := range []dialect.Call{{}, {Own: &own}} {
			if got := New().Path(base, c); got != want {
				t.Errorf("%q: %q, want %q", base, got, want)
			}
		}
	}
}

func TestModels(t *testing.T) {
	const one = `{"type":"model","id":"a\"b","display_name":"a\"b","created_at":"2026-01-02T03:04:05Z"}`
	const created = 1767323045
	for _, tt := range []struct {
		ids  []string
		want string
	}{
		{nil, `{"data":[],"has_more":false,"first_id":null,"last_id":null}`},
		{[]string{`a"b`, `a"b`}, `{"data":[` + one + `,` + one + `],"has_more":false,"first_id":"a\"b","last_id":"a\"b"}`},
	} {
		got := New().Models(tt.ids, created)
		if string(got) != tt.want || !json.Valid(got) {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
	}
	if got := New().Model(`a"b`, created); string(got) != one {
		t.Errorf("%s", got)
	}
}
