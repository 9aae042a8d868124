package gemini

import (
	"bytes"
	"strings"
	"testing"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/genai"
)

// endpoint is the one of a method, for the model "m".
func endpoint(method string) dialect.Endpoint {
	return dialect.Endpoint{Operation: operation(method), Path: "/v1beta:" + method, Model: "m"}
}

func TestParse(t *testing.T) {
	body := `{"contents":[{"parts":[{"text":"hi"}]}],"tools":[{"googleSearch":{}}],"generation_config":{"max_output_tokens":7,"candidateCount":3}}`
	r, f := requests{}.Parse(endpoint(stream), []byte(body), nil)
	if f != nil {
		t.Fatal(f)
	}
	if r.Model != "m" || !r.Stream || !r.WantsUsage || r.Choices != 3 || r.MaxOutput != 7 || !r.HasTools || r.Messages.Len(r.Body) != 1 {
		t.Errorf("model %q stream %v choices %d max %d tools %v messages %d",
			r.Model, r.Stream, r.Choices, r.MaxOutput, r.HasTools, r.Messages.Len(r.Body))
	}
	if out, injected := (requests{}).Rewrite(nil, &r, dialect.Target{Model: "b", InjectUsage: true}); out != nil || injected {
		t.Errorf("rewritten to %s", out)
	}
}

func TestParsePlain(t *testing.T) {
	r, f := requests{}.Parse(endpoint(generate), []byte(`{"contents":[]}`), nil)
	if f != nil || r.Stream || r.Choices != 1 || r.MaxOutput != 0 || r.HasTools {
		t.Errorf("%v stream %v choices %d max %d tools %v", f, r.Stream, r.Choices, r.MaxOutput, r.HasTools)
	}
}

func TestParseEmbeddings(t *testing.T) {
	r, f := requests{}.Parse(endpoint(embed), []byte(`{"content":{"parts":[{"text":"a"},{"text":"b"}]}}`), nil)
	if f != nil || r.Messages.Len(r.Body) != 2 || r.Endpoint.Operation != genai.Embeddings {
		t.Errorf("%v, %d texts", f, r.Messages.Len(r.Body))
	}
	r, f = requests{}.Parse(endpoint(batchEmbed), []byte(`{"requests":[{"content":{}}]}`), nil)
	if f != nil || r.Messages.Len(r.Body) != 1 {
		t.Errorf("%v, %d texts", f, r.Messages.Len(r.Body))
	}
}

func TestParseRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		method, body string
		want         fault.Kind
		param        string
	}{
		"empty":            {generate, ``, fault.MissingBody, ""},
		"no-json":          {generate, `{"contents":[}`, fault.InvalidJSON, ""},
		"no-object":        {generate, `[]`, fault.InvalidJSON, ""},
		"no-contents":      {generate, `{}`, fault.InvalidField, "contents"},
		"one-content":      {generate, `{"contents":{"parts":[]}}`, fault.InvalidField, "contents"},
		"two-contents":     {generate, `{"contents":[],"contents":[1]}`, fault.DuplicateField, "contents"},
		"two-escaped":      {generate, `{"contents":[],"c\u006fntents":[1]}`, fault.DuplicateField, "contents"},
		"two-spellings":    {generate, `{"contents":[],"generationConfig":{},"generation_config":{}}`, fault.DuplicateField, "generationConfig"},
		"two-limits":       {generate, `{"contents":[],"generationConfig":{"maxOutputTokens":1,"max_output_tokens":9}}`, fault.DuplicateField, "generationConfig.maxOutputTokens"},
		"two-counts":       {generate, `{"contents":[],"generationConfig":{"candidateCount":1,"candidateCount":9}}`, fault.DuplicateField, "generationConfig.candidateCount"},
		"embed-no-content": {embed, `{}`, fault.InvalidField, "content"},
		"embed-text":       {embed, `{"content":"text"}`, fault.InvalidField, "content"},
		"batch-none":       {batchEmbed, `{"content":{}}`, fault.InvalidField, "requests"},
	} {
		_, f := requests{}.Parse(endpoint(c.method), []byte(c.body), nil)
		if f == nil || f.Kind != c.want || f.Param != c.param {
			t.Errorf("%s: %v, want %s of %q", name, f, c.want.Code(), c.param)
		}
	}
}

func TestRewrite(t *testing.T) {
	for name, c := range map[string]struct{ method, body, want string }{
		"batch":        {batchEmbed, `{"requests":[ {"model":"models/m","content":{}}, {"content":{}}]}`, `{"requests":[ {"model":"models/b","content":{}}, {"content":{}}]}`},
		"batch-same":   {batchEmbed, `{"requests":[{"model":"models/b"}]}`, ""},
		"batch-absent": {batchEmbed, `{"requests":[{"content":{}},1,null]}`, ""},
		"embed":        {embed, `{"content":{},"model":"m"}`, `{"content":{},"model":"models/b"}`},
		"chat":         {generate, `{"model":"models/m","contents":[]}`, `{"model":"models/b","contents":[]}`},
		"chat-null":    {generate, `{"model":null,"contents":[]}`, ""},
	} {
		r, f := requests{}.Parse(endpoint(c.method), []byte(c.body), nil)
		if f != nil {
			t.Fatal(name, f)
		}
		out, injected := requests{}.Rewrite(nil, &r, dialect.Target{Model: "b"})
		if string(out) != c.want || injected {
			t.Errorf("%s: %s, want %s", name, out, c.want)
		}
	}
}

func TestSpellings(t *testing.T) {
	for camel, want := range map[string]string{"contents": "contents", "generationConfig": "generation_config", "parametersJsonSchema": "parameters_json_schema"} {
		if got := snake(camel); got != want {
			t.Errorf("%s: %s", camel, got)
		}
	}
}

// Whatever a caller sends, it is refused or read without a panic, and a body
// that is rewritten differs in names of models only.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		`{"contents":[{"parts":[{"text":"hi"}]}],"generationConfig":{"maxOutputTokens":7}}`,
		`{"requests":[{"model":"models/m","content":{"parts":[{"text":"a"}]}}]}`, `{"content":{"parts":[]},"model":"x"}`, `{`,
	} {
		f.Add(s, uint8(0))
	}
	methods := []string{generate, stream, embed, batchEmbed}
	f.Fuzz(func(t *testing.T, body string, m uint8) {
		r, flt := requests{}.Parse(endpoint(methods[int(m)%len(methods)]), []byte(body), nil)
		if flt != nil {
			return
		}
		out, _ := requests{}.Rewrite(nil, &r, dialect.Target{Model: "b"})
		if out != nil && (!bytes.Contains(out, []byte(`"models/b"`)) || !strings.Contains(body, "model") && !strings.Contains(body, `\u`)) {
			t.Errorf("rewritten: %s", out)
		}
	})
}
