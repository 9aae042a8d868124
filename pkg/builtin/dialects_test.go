package builtin

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/genai"
)

// What a dialect must bring to be one: all parts, a README that says what it
// does, and fuzz targets.
func TestEveryDialectIsComplete(t *testing.T) {
	for name, d := range Table() {
		t.Run(name, func(t *testing.T) {
			if d.Name != name || d.Family == "" || d.Request == nil || d.Answer == nil || d.Usage == nil || d.Errors == nil || d.Path == nil || d.Models == nil || d.Model == nil {
				t.Errorf("parts are missing: %+v", d)
			}
			if Table()[d.Family] == nil {
				t.Errorf("its family %q is none", d.Family)
			}
			readme, err := os.ReadFile(filepath.Join("..", "dialect", name, "README.md"))
			if err != nil {
				t.Fatal(err)
			}
			for _, heading := range []string{"Versions", "What maps", "What is lost", "Quirks", "Sources"} {
				if !strings.Contains(string(readme), "\n## "+heading+"\n") {
					t.Errorf("its README has no heading %q", heading)
				}
			}
			if n := fuzzTargets(t, name); n < 1 {
				t.Error("it has no fuzz target")
			}
		})
	}
}

func fuzzTargets(t *testing.T, name string) (n int) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "dialect", name, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		n += strings.Count(string(b), "\nfunc Fuzz")
	}
	return n
}

// Errors and lists are JSON whatever is put into them.
func TestEveryDialectWritesJSON(t *testing.T) {
	odd := "a\"\n\x00\u2028</script>\xff"
	for name, d := range Table() {
		for what, doc := range map[string][]byte{
			"fault":  d.Errors.Fault(fault.New(fault.Internal, odd).With(odd), odd),
			"error":  d.Errors.Render(dialect.Trouble{Status: 500, Message: odd, Type: odd, Code: odd, Param: odd}, false, odd),
			"models": d.Models([]string{odd, "b"}, 1),
			"none":   d.Models(nil, 1),
			"model":  d.Model(odd, 1),
		} {
			if !json.Valid(doc) {
				t.Errorf("%s: %s is no JSON: %q", name, what, doc)
			}
		}
		if r := d.Errors.Read(dialect.ErrorAnswer{Status: 500, Body: []byte(`<html>`)}); r.Status != 500 || r.Own != nil {
			t.Errorf("%s: reads HTML as %+v", name, r)
		}
	}
}

func TestSelect(t *testing.T) {
	find := Select(Table())
	for _, c := range []struct {
		head dialect.Head
		want string
	}{
		{dialect.Head{Method: "POST", Path: "/v1/chat/completions"}, "openai"},
		{dialect.Head{Method: "POST", Path: "/v1/embeddings"}, "openai"},
		{dialect.Head{Method: "POST", Path: "/v1/responses"}, "responses"},
		{dialect.Head{Method: "GET", Path: "/v1/responses/resp_1"}, "responses"},
		{dialect.Head{Method: "POST", Path: "/v1/responsesx"}, "openai"},
		{dialect.Head{Method: "POST", Path: "/v1/messages"}, "anthropic"},
		{dialect.Head{Method: "POST", Path: "/v1/messages/count_tokens"}, "anthropic"},
		{dialect.Head{Method: "POST", Path: "/v1/models/m:generateContent"}, "gemini"},
		{dialect.Head{Method: "POST", Path: "/v1beta/models/m:embedContent"}, "gemini"},
		{dialect.Head{Method: "GET", Path: "/v1beta/models"}, "gemini"},
		{dialect.Head{Method: "GET", Path: "/v1/models"}, "openai"},
		{dialect.Head{Method: "GET", Path: "/v1/models", Anthropic: true}, "anthropic"},
		{dialect.Head{Method: "GET", Path: "/v1/models/m", Google: true}, "gemini"},
		{dialect.Head{Method: "HEAD", Path: "/"}, "openai"},
		{dialect.Head{}, "openai"},
	} {
		if got := find(c.head).Name; got != c.want {
			t.Errorf("%s %s: %s, want %s", c.head.Method, c.head.Path, got, c.want)
		}
	}
}

// requests are one conversation, as the callers of each dialect write it.
var requests = map[string]struct{ path, body string }{
	"openai": {"/v1/chat/completions", `{"model":"m","stream":true,"max_tokens":50,"messages":[{"role":"system","content":"Be brief."},
		{"role":"user","content":[{"type":"text","text":"What is this? \u00fc"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]},
		{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"look","arguments":"{\"at\":1}"}}]},
		{"role":"tool","tool_call_id":"c1","content":"a cat"},{"role":"user","content":"Sure?"}],
		"tools":[{"type":"function","function":{"name":"look","parameters":{"type":"object"}}}]}`},
	"anthropic": {"/v1/messages", `{"model":"m","stream":true,"max_tokens":50,"system":"Be brief.","messages":[
		{"role":"user","content":[{"type":"text","text":"What is this? \u00fc"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}}]},
		{"role":"assistant","content":[{"type":"tool_use","id":"c1","name":"look","input":{"at":1}}]},
		{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":"a cat"},{"type":"text","text":"Sure?"}]}],
		"tools":[{"name":"look","input_schema":{"type":"object"}}]}`},
	"gemini": {"/v1beta/models/m:streamGenerateContent", `{"systemInstruction":{"parts":[{"text":"Be brief."}]},"generationConfig":{"maxOutputTokens":50},"contents":[
		{"role":"user","parts":[{"text":"What is this? \u00fc"},{"inlineData":{"mimeType":"image/png","data":"AAAA"}}]},
		{"role":"model","parts":[{"functionCall":{"id":"c1","name":"look","args":{"at":1}}}]},
		{"role":"user","parts":[{"functionResponse":{"id":"c1","name":"look","response":{"result":"a cat"}}},{"text":"Sure?"}]}],
		"tools":[{"functionDeclarations":[{"name":"look","parametersJsonSchema":{"type":"object"}}]}]}`},
}

// Every front's conversation reaches every back whole: its texts, its picture,
// its call with the result, its tool, and the limit.
func TestEveryFrontReachesEveryBack(t *testing.T) {
	for from, front := range Table() {
		if front.Front == nil {
			continue
		}
		q := requests[from]
		e, f := front.Request.Match(dialect.Head{Method: "POST", Path: q.path, Query: "alt=sse", ContentType: "application/json"})
		if f != nil {
			t.Fatal(from, f)
		}
		r, f := front.Request.Parse(e, []byte(q.body), nil)
		if f != nil {
			t.Fatal(from, f)
		}
		for to, back := range Table() {
			if back.Back == nil || !back.Back.Takes(genai.Chat) {
				continue
			}
			a, f := front.Front.Read(&r)
			if f != nil {
				t.Fatal(from, f)
			}
			body, lost, f := back.Back.Write(nil, a, dialect.Target{Model: "claude-sonnet-4-5", Kind: to})
			if f != nil || len(lost)+len(a.Unsaid) > 0 || !json.Valid(body) {
				t.Errorf("%s to %s: %v, lost %v %v: %s", from, to, f, lost, a.Unsaid, body)
			}
			for _, want := range []string{"Be brief.", `What is this? \u00fc`, "AAAA", `image/png`, "look", "a cat", "Sure?", "50"} {
				if !strings.Contains(string(body), want) {
					t.Errorf("%s to %s: %q is missing: %s", from, to, want, body)
				}
			}
		}
	}
}
