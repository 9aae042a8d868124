package openai

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

func TestMatch(t *testing.T) {
	json := "application/json"
	chat := dialect.Endpoint{Operation: genai.Chat, Path: "/chat/completions"}
	list := dialect.Endpoint{Operation: genai.Models, Path: "/models"}
	vectors := dialect.Endpoint{Operation: genai.Embeddings, Path: "/embeddings"}
	tests := []struct {
		name string
		head dialect.Head
		want dialect.Endpoint
		kind fault.Kind // Internal means none
	}{
		{"chat", dialect.Head{Method: "POST", Path: "/v1/chat/completions", ContentType: json}, chat, 0},
		{"chat_with_charset", dialect.Head{Method: "POST", Path: "/v1/chat/completions", ContentType: `Application/JSON; charset="UTF-8"`}, chat, 0},
		{"chat_without_type", dialect.Head{Method: "POST", Path: "/v1/chat/completions"}, chat, 0},
		{"chat_identity", dialect.Head{Method: "POST", Path: "/v1/chat/completions", ContentType: json, ContentEncoding: "identity"}, chat, 0},
		{"chat_gzip", dialect.Head{Method: "POST", Path: "/v1/chat/completions", ContentType: json, ContentEncoding: "gzip"}, chat, fault.UnsupportedEncoding},
		{"chat_form", dialect.Head{Method: "POST", Path: "/v1/chat/completions", ContentType: "application/x-www-form-urlencoded"}, chat, fault.UnsupportedMediaType},
		{"chat_utf16", dialect.Head{Method: "POST", Path: "/v1/chat/completions", ContentType: "application/json;charset=utf-16"}, chat, fault.UnsupportedMediaType},
		{"chat_get", dialect.Head{Method: "GET", Path: "/v1/chat/completions"}, chat, fault.MethodNotAllowed},
		{"chat_options", dialect.Head{Method: "OPTIONS", Path: "/v1/chat/completions"}, dialect.Endpoint{Operation: dialect.Preflight, Path: "/chat/completions"}, 0},
		{"models", dialect.Head{Method: "GET", Path: "/v1/models"}, list, 0},
		{"models_head", dialect.Head{Method: "HEAD", Path: "/v1/models"}, list, 0},
		{"models_post", dialect.Head{Method: "POST", Path: "/v1/models"}, list, fault.MethodNotAllowed},
		{"model", dialect.Head{Method: "GET", Path: "/v1/models/a%2Fb:c"}, dialect.Endpoint{Operation: genai.Models, Path: "/models/a%2Fb:c", Model: "a/b:c"}, 0},
		{"model_with_slash", dialect.Head{Method: "GET", Path: "/v1/models/a/b"}, dialect.Endpoint{Operation: genai.Models, Path: "/models/a/b", Model: "a/b"}, 0},
		{"model_broken_escape", dialect.Head{Method: "GET", Path: "/v1/models/a%2"}, dialect.Endpoint{}, fault.UnknownPath},
		{"model_bad_escape", dialect.Head{Method: "GET", Path: "/v1/models/a%zz"}, dialect.Endpoint{}, fault.UnknownPath},
		{"model_empty", dialect.Head{Method: "GET", Path: "/v1/models/"}, dialect.Endpoint{}, fault.UnknownPath},
		{"embeddings", dialect.Head{Method: "POST", Path: "/v1/embeddings", ContentType: json}, vectors, 0},
		{"embeddings_get", dialect.Head{Method: "GET", Path: "/v1/embeddings"}, vectors, fault.MethodNotAllowed},
		{"embeddings_form", dialect.Head{Method: "POST", Path: "/v1/embeddings", ContentType: "text/plain"}, vectors, fault.UnsupportedMediaType},
		{"embeddings_options", dialect.Head{Method: "OPTIONS", Path: "/v1/embeddings"}, dialect.Endpoint{Operation: dialect.Preflight, Path: "/embeddings"}, 0},
		{"speech", dialect.Head{Method: "POST", Path: "/v1/audio/speech", ContentType: json}, dialect.Endpoint{}, fault.UnknownPath},
		{"without_base", dialect.Head{Method: "POST", Path: "/chat/completions", ContentType: json}, dialect.Endpoint{}, fault.UnknownPath},
		{"longer", dialect.Head{Method: "POST", Path: "/v1/chat/completions/", ContentType: json}, dialect.Endpoint{}, fault.UnknownPath},
		{"empty", dialect.Head{}, dialect.Endpoint{}, fault.UnknownPath},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, f := New().Request.Match(tt.head)
			if got != tt.want {
				t.Errorf("%+v, want %+v", got, tt.want)
			}
			if kind := kindOf(f); kind != tt.kind {
				t.Errorf("fault %v, want %v", kind.Code(), tt.kind.Code())
			}
		})
	}
}

// kindOf is Internal for no fault.
func kindOf(f *fault.Error) fault.Kind {
	if f == nil {
		return fault.Internal
	}
	return f.Kind
}

func parse(body string) (dialect.Request, *fault.Error) {
	return New().Request.Parse(dialect.Endpoint{Path: chatPath}, []byte(body), nil)
}

func TestParse(t *testing.T) {
	type view struct {
		Model              string
		Stream, WantsUsage bool
		Choices            int
		MaxOutput          int64
		Messages           int
		HasTools           bool
	}
	tests := []struct {
		name, body string
		want       view
	}{
		{"least", `{"model":"m","messages":[]}`, view{Model: "m", Choices: 1}},
		{
			"most",
			`{"model":"m\u0065/1","messages":[{},{}],"stream":true,"stream_options":{"include_usage":true,"x":1},"n":3,"max_tokens":5,"max_completion_tokens":7,"tools":[{}]}`,
			view{"me/1", true, true, 3, 7, 2, true},
		},
		{"nulls", `{"model":"m","messages":[],"stream":null,"stream_options":null,"n":null,"max_tokens":null,"tools":null}`, view{Model: "m", Choices: 1}},
		{"usage_not_wanted", `{"model":"m","messages":[],"stream":true,"stream_options":{"include_usage":false}}`, view{Model: "m", Stream: true, Choices: 1}},
		{"usage_null", `{"model":"m","messages":[],"stream":true,"stream_options":{"include_usage":null}}`, view{Model: "m", Stream: true, Choices: 1}},
		{"odd_sizes", `{"model":"m","messages":[],"n":-1,"max_tokens":"x","tools":[],"functions":[1]}`, view{Model: "m", Choices: 1, HasTools: true}},
		{"old_limit", `{"model":"m","messages":[],"max_tokens":5}`, view{Model: "m", Choices: 1, MaxOutput: 5}},
		{"unknown_fields_twice", `{"model":"m","messages":[],"x":1,"x":2}`, view{Model: "m", Choices: 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, f := parse(tt.body)
			if f != nil {
				t.Fatal(f)
			}
			got := view{r.Model, r.Stream, r.WantsUsage, r.Choices, r.MaxOutput, r.Messages.Len(r.Body), r.HasTools}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	tests := []struct {
		name, body  string
		kind        fault.Kind
		param, text string // text: a part of it
	}{
		{"nothing", ``, fault.MissingBody, "", "no body"},
		{"no_json", "{\n \"model\": nonsense}", fault.InvalidJSON, "", "at line 2, column 1"},
		{"no_object", `[]`, fault.InvalidJSON, "", "object"},
		{"trailing", `{"model":"m","messages":[]} x`, fault.InvalidJSON, "", "line 1"},
		{"lone_surrogate", `{"model":"m","messages":["\ud800"]}`, fault.InvalidJSON, "", "surrogate pairs"},
		{"byte_order_mark", "\ufeff{}", fault.InvalidJSON, "", "byte order mark"},
		{"model_twice", `{"model":"m","model":"n","messages":[]}`, fault.DuplicateField, "model", "more than once"},
		{"model_twice_escaped", `{"model":"m","mod\u0065l":"n","messages":[]}`, fault.DuplicateField, "model", "more than once"},
		{"messages_twice", `{"model":"m","messages":[],"messages":[]}`, fault.DuplicateField, "messages", ""},
		{"stream_twice", `{"model":"m","messages":[],"stream":true,"stream":false}`, fault.DuplicateField, "stream", ""},
		{"options_twice", `{"model":"m","messages":[],"stream_options":{},"stream_options":{}}`, fault.DuplicateField, "stream_options", ""},
		{"wish_twice", `{"model":"m","messages":[],"stream_options":{"include_usage":true,"include_usage":false}}`, fault.DuplicateField, "stream_options.include_usage", ""},
		{"no_model", `{"messages":[]}`, fault.InvalidField, "model", "missing"},
		{"model_empty", `{"model":"","messages":[]}`, fault.InvalidField, "model", ""},
		{"model_number", `{"model":4,"messages":[]}`, fault.InvalidField, "model", ""},
		{"no_messages", `{"model":"m"}`, fault.InvalidField, "messages", "missing"},
		{"messages_text", `{"model":"m","messages":"hi"}`, fault.InvalidField, "messages", "array"},
		{"stream_text", `{"model":"m","messages":[],"stream":"true"}`, fault.InvalidField, "stream", ""},
		{"options_array", `{"model":"m","messages":[],"stream_options":[]}`, fault.InvalidField, "stream_options", ""},
		{"wish_number", `{"model":"m","messages":[],"stream_options":{"include_usage":1}}`, fault.InvalidField, "stream_options.include_usage", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, f := parse(tt.body)
			if f == nil {
				t.Fatal("accepted")
			}
			if f.Kind != tt.kind || f.Param != tt.param || !strings.Contains(f.Text, tt.text) {
				t.Errorf("%v at %q", f, f.Param)
			}
		})
	}
}

func TestRewrite(t *testing.T) {
	inject := dialect.Target{InjectUsage: true}
	tests := []struct {
		name, body string
		target     dialect.Target
		want       string // empty: no change
		injected   bool
	}{
		{"nothing", `{"model":"m","messages":[]}`, dialect.Target{}, "", false},
		{"same_model", `{"model":"m","messages":[]}`, dialect.Target{Model: "m"}, "", false},
		{"same_model_escaped", `{"mod\u0065l":"\u006d","messages":[]}`, dialect.Target{Model: "m"}, "", false},
		{"other_model", ` { "model" : "m" ,"messages":[ ]}` + "\n", dialect.Target{Model: `a/"b"`}, ` { "model" : "a/\"b\"" ,"messages":[ ]}` + "\n", false},
		{"not_a_stream", `{"model":"m","messages":[]}`, inject, "", false},
		{"stream_false", `{"model":"m","messages":[],"stream":false,"stream_options":null}`, inject, "", false},
		{"not_wanted_by_backend", `{"model":"m","messages":[],"stream":true}`, dialect.Target{}, "", false},
		{
			"options_absent", `{"model":"m","messages":[],"stream":true}`, inject,
			`{"stream_options":{"include_usage":true},"model":"m","messages":[],"stream":true}`, true,
		},
		{
			"options_null", `{"model":"m","messages":[],"stream":true,"stream_options": null }`, inject,
			`{"model":"m","messages":[],"stream":true,"stream_options": {"include_usage":true} }`, true,
		},
		{
			"options_empty", `{"model":"m","messages":[],"stream":true,"stream_options":{ }}`, inject,
			`{"model":"m","messages":[],"stream":true,"stream_options":{"include_usage":true }}`, true,
		},
		{
			"options_without_the_field", `{"model":"m","messages":[],"stream":true,"stream_options":{"include_obfuscation":false}}`, inject,
			`{"model":"m","messages":[],"stream":true,"stream_options":{"include_usage":true,"include_obfuscation":false}}`, true,
		},
		{
			"field_false", `{"model":"m","messages":[],"stream":true,"stream_options":{"a":1,"include_usage": false,"b":2}}`, inject,
			`{"model":"m","messages":[],"stream":true,"stream_options":{"a":1,"include_usage": true,"b":2}}`, true,
		},
		{
			"field_null", `{"model":"m","messages":[],"stream":true,"stream_options":{"include_usage":null}}`, inject,
			`{"model":"m","messages":[],"stream":true,"stream_options":{"include_usage":true}}`, true,
		},
		{"field_true", `{"model":"m","messages":[],"stream":true,"stream_options":{"include_usage":true}}`, inject, "", false},
		{
			"both", `{"stream_options":{},"model":"m","messages":[],"stream":true}`,
			dialect.Target{Model: "n", InjectUsage: true},
			`{"stream_options":{"include_usage":true},"model":"n","messages":[],"stream":true}`, true,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, f := parse(tt.body)
			if f != nil {
				t.Fatal(f)
			}
			got, injected := New().Request.Rewrite([]byte("before"), &r, tt.target)
			want := ""
			if tt.want != "" {
				want = "before" + tt.want
			}
			if string(got) != want || injected != tt.injected || (got == nil) != (want == "") {
				t.Errorf("%s, injected %v; want %s, %v", got, injected, want, tt.injected)
			}
			if string(r.Body) != tt.body {
				t.Error("the caller's body changed")
			}
		})
	}
}

func TestRequestPrintsNoContent(t *testing.T) {
	r, f := parse(`{"model":"m","messages":["geheim"]}`)
	if f != nil {
		t.Fatal(f)
	}
	encoded, err := json.Marshal(r)
	for _, s := range []string{fmt.Sprint(r), fmt.Sprintf("%+v", &r), fmt.Sprintf("%#v", r), fmt.Sprintf("%x", r), string(encoded)} {
		if strings.Contains(s, "geheim") || strings.Contains(s, "67656865") || err != nil {
			t.Error(s, err)
		}
	}
}

func FuzzRequest(f *testing.F) {
	f.Add([]byte(`{"model":"m","messages":[{}],"stream":true,"stream_options":{"include_usage":false}}`), "n")
	f.Add([]byte(`{"stream_options":null,"stream":true,"messages":[],"mod\u0065l":"\ud83d\ude00"}`), "\u2028\x00\xff")
	f.Add([]byte(`{"model":"m","messages":[],"stream":true,"stream_options":{}}`), "")
	f.Fuzz(func(t *testing.T, body []byte, model string) {
		d := New()
		r, fault := d.Request.Parse(dialect.Endpoint{}, body, nil)
		if fault != nil {
			return
		}
		out, injected := d.Request.Rewrite(nil, &r, dialect.Target{Model: model, InjectUsage: true})
		if injected != (r.Stream && !r.WantsUsage) {
			t.Fatalf("injected %v", injected)
		}
		if out == nil {
			return
		}
		q, fault := d.Request.Parse(dialect.Endpoint{}, out, nil)
		if fault != nil {
			t.Fatalf("%s is no request: %v", out, fault)
		}
		want := strings.ToValidUTF8(model, "\ufffd")
		if model == "" {
			want = r.Model
		}
		if q.Model != want && strings.ToValidUTF8(model, "") == model {
			t.Fatalf("model %q, want %q", q.Model, want)
		}
		if q.Stream && !q.WantsUsage {
			t.Fatalf("no wish for usage in %s", out)
		}
		back, _ := d.Request.Rewrite(nil, &q, dialect.Target{Model: r.Model})
		if !injected && model != "" && model != r.Model && string(back) == "" {
			t.Fatal("the rewritten body does not lead back")
		}
	})
}

func benchRequest(size int) []byte {
	var b bytes.Buffer
	b.WriteString(`{"model":"gpt-4o","stream":true,"messages":[`)
	for i := 0; b.Len() < size; i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"role":"user","content":"%s"}`, strings.Repeat(`Some text with a \"quote\" in it.\n`, 60))
	}
	b.WriteString(`],"temperature":0.5}`)
	return b.Bytes()
}

func BenchmarkParseAndRewrite220K(b *testing.B) {
	body := benchRequest(220_000)
	d := New()
	members := make([]jsonedit.Member, 0, 32)
	var out []byte
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		r, f := d.Request.Parse(dialect.Endpoint{}, body, members)
		if f != nil {
			b.Fatal(f)
		}
		out, _ = d.Request.Rewrite(out[:0], &r, dialect.Target{Model: "other", InjectUsage: true})
	}
}

func BenchmarkParseAndRewrite1K(b *testing.B) {
	body := benchRequest(1_000)
	d := New()
	members := make([]jsonedit.Member, 0, 32)
	var out []byte
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		r, f := d.Request.Parse(dialect.Endpoint{}, body, members)
		if f != nil {
			b.Fatal(f)
		}
		out, _ = d.Request.Rewrite(out[:0], &r, dialect.Target{Model: "other", InjectUsage: true})
	}
}
