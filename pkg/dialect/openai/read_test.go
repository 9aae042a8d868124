package openai

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/genai"
)

// ask reads a request for an operation.
func ask(op genai.Operation, body []byte) (*dialect.Asking, *fault.Error) {
	d := New()
	q, f := d.Request.Parse(dialect.Endpoint{Operation: op}, body, nil)
	if f != nil {
		return nil, f
	}
	return d.Front.Read(&q)
}

// messageOf is a chat request with the given messages.
func messageOf(fields string) []byte {
	return []byte(`{"model":"m","messages":[` + fields + `]}`)
}

func TestReadMessages(t *testing.T) {
	text := func(s string) dialect.Part { return dialect.Part{Text: dialect.Text(s)} }
	media := func(k dialect.PartKind, m dialect.Media) []dialect.Part { return []dialect.Part{{Kind: k, Media: m}} }
	user := func(parts ...dialect.Part) []dialect.Turn { return []dialect.Turn{{Role: dialect.User, Parts: parts}} }
	tests := []struct {
		name, body string
		want       []dialect.Turn
		unsaid     []string
	}{
		{
			"roles", `{"role":"system","content":"s"},{"role":"developer","content":"d"},{"role":"user","name":"u","content":"a\n\"b\""}`,
			[]dialect.Turn{
				{Role: dialect.System, Parts: []dialect.Part{text("s")}},
				{Role: dialect.Developer, Parts: []dialect.Part{text("d")}},
				{Role: dialect.User, Name: dialect.Text("u"), Parts: []dialect.Part{text(`a\n\"b\"`)}},
			},
			nil,
		},
		{"empty_text", `{"role":"user","content":""},{"role":"assistant","content":""}`, []dialect.Turn{
			{Role: dialect.User, Parts: []dialect.Part{{Text: dialect.Text{}}}}, {Role: dialect.Assistant},
		}, nil},
		{
			"image_data", `{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image\/png;base64,iV+/=","detail":"high"}}]}`,
			user(media(dialect.PartImage, dialect.Media{Type: dialect.Text("image/png"), Data: dialect.Text("iV+/="), Detail: dialect.Text("high")})...), nil,
		},
		{
			"image_url", `{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://h/a.png"}}]}`,
			user(media(dialect.PartImage, dialect.Media{URL: dialect.Text("https://h/a.png")})...), nil,
		},
		{
			"audio", `{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"AA==","format":"mp3"}}]}`,
			user(media(dialect.PartAudio, dialect.Media{Type: dialect.Text("audio/mpeg"), Data: dialect.Text("AA==")})...), nil,
		},
		{
			"pdf", `{"role":"user","content":[{"type":"file","file":{"file_data":"data:application/pdf;base64,JVBE","filename":"a.pdf"}}]}`,
			user(media(dialect.PartDocument, dialect.Media{Type: dialect.Text("application/pdf"), Data: dialect.Text("JVBE"), Name: dialect.Text("a.pdf")})...), nil,
		},
		{
			"bare_pdf", `{"role":"user","content":[{"type":"file","file":{"file_data":"JVBE"}}]}`,
			user(media(dialect.PartDocument, dialect.Media{Type: dialect.Text("application/pdf"), Data: dialect.Text("JVBE")})...), nil,
		},
		{
			"text_file", `{"role":"user","content":[{"type":"file","file":{"file_data":"data:text/plain;base64,YQoi","filename":"a.txt"}}]}`,
			user(dialect.Part{Kind: dialect.PartDocument, Text: dialect.Text(`a\n\"`), Media: dialect.Media{Type: dialect.Text("text/plain"), Name: dialect.Text("a.txt")}}), nil,
		},
		{
			"file_id", `{"role":"user","content":[{"type":"file","file":{"file_id":"file-1"}}]}`,
			user(media(dialect.PartDocument, dialect.Media{ID: dialect.Text("file-1")})...), nil,
		},
		{
			"cache", `{"role":"user","content":[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}},{"type":"text","text":"b","cache_control":{"type":"ephemeral","ttl":"1h"}}]}`,
			user(dialect.Part{Text: dialect.Text("a"), Cache: dialect.Text("5m")}, dialect.Part{Text: dialect.Text("b"), Cache: dialect.Text("1h")}), nil,
		},
		{
			"tools", `{"role":"assistant","content":null,"reasoning_content":"hm","tool_calls":[{"id":"c1","type":"function","index":0,"function":{"name":"f","arguments":" {\"a\":\"\\n\"} "},"extra_content":{"google":{"thought_signature":"sig"}}},{"id":"c2","type":"function","function":{"name":"g","arguments":""}}]},` +
				`{"role":"tool","tool_call_id":"c2","content":"two"},{"role":"tool","tool_call_id":"c1","content":[{"type":"text","text":"one"}]}`,
			[]dialect.Turn{
				{Role: dialect.Assistant, Parts: []dialect.Part{
					{Kind: dialect.PartReasoning, Text: dialect.Text("hm")},
					{Kind: dialect.PartToolCall, ID: dialect.Text("c1"), Name: dialect.Text("f"), Arguments: []byte(`{"a":"\n"}`), Signature: dialect.Text("sig")},
					{Kind: dialect.PartToolCall, ID: dialect.Text("c2"), Name: dialect.Text("g"), Arguments: []byte(`{}`)},
				}},
				{Role: dialect.ToolRole, Parts: []dialect.Part{{Kind: dialect.PartToolResult, ID: dialect.Text("c2"), Name: dialect.Text("g"), Parts: []dialect.Part{text("two")}}}},
				{Role: dialect.ToolRole, Parts: []dialect.Part{{Kind: dialect.PartToolResult, ID: dialect.Text("c1"), Name: dialect.Text("f"), Parts: []dialect.Part{text("one")}}}},
			},
			nil,
		},
		{
			"functions", `{"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{}"}},{"role":"function","name":"f","content":"r"}`,
			[]dialect.Turn{
				{Role: dialect.Assistant, Parts: []dialect.Part{{Kind: dialect.PartToolCall, ID: dialect.Text("call_function_1"), Name: dialect.Text("f"), Arguments: []byte("{}")}}},
				{Role: dialect.ToolRole, Parts: []dialect.Part{{Kind: dialect.PartToolResult, ID: dialect.Text("call_function_1"), Name: dialect.Text("f"), Parts: []dialect.Part{text("r")}}}},
			},
			nil,
		},
		{
			"echo", `{"role":"assistant","content":"a","refusal":"no","annotations":[{}],"parsed":{},"audio":null,"function_call":null,"tool_calls":null}`,
			[]dialect.Turn{{Role: dialect.Assistant, Parts: []dialect.Part{text("a"), {Kind: dialect.PartRefusal, Text: dialect.Text("no")}}}},
			nil,
		},
		{
			"unsaid", `{"role":"user","content":"a"},{"role":"assistant","content":"a","prefix":true,"audio":{"id":"x"}}`,
			[]dialect.Turn{{Role: dialect.User, Parts: []dialect.Part{text("a")}}, {Role: dialect.Assistant, Parts: []dialect.Part{text("a")}}},
			[]string{"messages[1].prefix", "messages[1].audio"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, f := ask(genai.Chat, messageOf(tt.body))
			if f != nil {
				t.Fatal(f)
			}
			if d := cmp.Diff(tt.want, a.Chat.Turns); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if d := cmp.Diff(tt.unsaid, a.Unsaid); d != "" {
				t.Errorf("unsaid (-want +got):\n%s", d)
			}
		})
	}
}

func TestReadSettings(t *testing.T) {
	body := `{"model":"m","messages":[],"stream":true,"stream_options":{"include_usage":true,"include_obfuscation":false},
		"temperature":0.70,"top_p":1e-1,"top_k":40,"min_p":0.1,"frequency_penalty":-1,"presence_penalty":2,"seed":-7,"stop":["a","\n"],
		"max_tokens":5,"max_completion_tokens":7,"n":2,"logprobs":true,"top_logprobs":3,"user":"u","service_tier":"flex","store":false,
		"parallel_tool_calls":false,"reasoning_effort":"xhigh","prompt_cache_key":"k","safety_identifier":"s","modalities":["text"],
		"logit_bias":{"1":2},"metadata":{"a":"b"},"verbosity":"low","prediction":null,"web_search_options":{},"audio":{"voice":"x"},
		"tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"},"strict":true}},{"type":"function","function":{"name":"g"}},{"type":"web_search","x":1}],
		"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"function","function":{"name":"\u0066"}}]}},
		"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object"},"strict":null}}}`
	a, f := ask(genai.Chat, []byte(body))
	if f != nil {
		t.Fatal(f)
	}
	text := func(s string) dialect.Text { return dialect.Text(s) }
	want := &dialect.Chat{
		Stream: true, WantsUsage: true, Turns: []dialect.Turn{},
		Tools:      []dialect.Tool{{Name: text("f"), Description: text("d"), Parameters: []byte(`{"type":"object"}`), Strict: dialect.On}},
		ToolChoice: dialect.ToolChoice{Mode: dialect.ToolRequired}, Parallel: dialect.Off,
		Format:      dialect.Format{Kind: dialect.FormatSchema, Name: text("n"), Schema: []byte(`{"type":"object"}`)},
		Reasoning:   dialect.Reasoning{Effort: dialect.EffortXHigh},
		Temperature: text("0.70"), TopP: text("1e-1"), TopK: text("40"), MinP: text("0.1"),
		FrequencyPenalty: text("-1"), PresencePenalty: text("2"), Seed: text("-7"),
		Stop: []dialect.Text{text("a"), text(`\n`)}, MaxOutput: 7, Choices: 2, Logprobs: true, TopLogprobs: 3,
		User: text("u"), Tier: text("flex"), Store: dialect.Off,
	}
	if d := cmp.Diff(want, a.Chat); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"logit_bias", "metadata", "verbosity", "audio", "tools[2]"}, a.Unsaid); d != "" {
		t.Errorf("unsaid (-want +got):\n%s", d)
	}
}

func TestReadOtherSettings(t *testing.T) {
	tests := []struct {
		name, fields string
		check        func(c *dialect.Chat) bool
		unsaid       []string
	}{
		{"named", `"tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":{"type":"function","function":{"name":"f"}}`, func(c *dialect.Chat) bool {
			return c.ToolChoice.Mode == dialect.ToolNamed && string(c.ToolChoice.Name) == "f"
		}, nil},
		{"no_choice", `"tool_choice":"required"`, func(c *dialect.Chat) bool { return c.ToolChoice.Mode == dialect.ToolDefault }, nil},
		{"none", `"tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"none"`, func(c *dialect.Chat) bool { return c.ToolChoice.Mode == dialect.ToolNone }, nil},
		{"custom", `"tool_choice":{"type":"custom","custom":{"name":"f"}}`, func(c *dialect.Chat) bool { return c.ToolChoice.Mode == dialect.ToolDefault }, []string{"tool_choice"}},
		{"functions", `"functions":[{"name":"f"}],"function_call":{"name":"f"}`, func(c *dialect.Chat) bool {
			return len(c.Tools) == 1 && c.ToolChoice.Mode == dialect.ToolNamed
		}, []string{"functions"}},
		{"json", `"response_format":{"type":"json_object"}`, func(c *dialect.Chat) bool { return c.Format.Kind == dialect.FormatJSON }, nil},
		{"text", `"response_format":{"type":"text"}`, func(c *dialect.Chat) bool { return c.Format.Kind == dialect.FormatText }, nil},
		{"grammar", `"response_format":{"type":"grammar","grammar":"x"}`, func(c *dialect.Chat) bool { return c.Format.Kind == dialect.FormatText }, []string{"response_format.grammar", "response_format"}},
		{"stop", `"stop":"x"`, func(c *dialect.Chat) bool { return len(c.Stop) == 1 }, nil},
		{"older_limit", `"max_tokens":3`, func(c *dialect.Chat) bool { return c.MaxOutput == 3 }, nil},
		{"speech", `"modalities":["text","audio"]`, func(*dialect.Chat) bool { return true }, []string{"modalities"}},
		{"reasoning", `"reasoning":{"effort":"low","max_tokens":9,"exclude":true,"summary":"auto"}`, func(c *dialect.Chat) bool {
			return c.Reasoning == dialect.Reasoning{Effort: dialect.EffortLow, Budget: 9, Show: dialect.Off}
		}, []string{"reasoning.summary"}},
		{"nulls", `"temperature":null,"tools":null,"stop":null,"response_format":null,"tool_choice":null,"user":null,"n":null`, func(c *dialect.Chat) bool {
			return c.Temperature == nil && c.Choices == 1
		}, nil},
		{"strange", `"x\u0079z":1`, func(*dialect.Chat) bool { return true }, []string{"xyz"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, f := ask(genai.Chat, []byte(`{"model":"m","messages":[],`+tt.fields+`}`))
			if f != nil {
				t.Fatal(f)
			}
			if !tt.check(a.Chat) {
				t.Errorf("%+v", a.Chat)
			}
			if d := cmp.Diff(tt.unsaid, a.Unsaid); d != "" {
				t.Errorf("unsaid (-want +got):\n%s", d)
			}
		})
	}
}

func TestReadRefuses(t *testing.T) {
	tests := []struct{ fields, param, text string }{
		{`"temperature":"1"`, "temperature", "must be a number"},
		{`"max_tokens":0`, "max_tokens", "at least 1"},
		{`"n":1.5`, "n", "integer"},
		{`"stop":[1]`, "stop[0]", "must be a string"},
		{`"stop":{}`, "stop", "array of strings"},
		{`"logprobs":1`, "logprobs", "true or false"},
		{`"reasoning_effort":"much"`, "reasoning_effort", "minimal"},
		{`"tools":{}`, "tools", "array"},
		{`"tools":[1]`, "tools[0]", "object"},
		{`"tools":[{"fun":{"name":"f"}}]`, "tools[0].type", "missing"},
		{`"tools":[{"type":"function"}]`, "tools[0].function", "object"},
		{`"tools":[{"type":"function","function":{}}]`, "tools[0].function.name", "missing"},
		{`"tools":[{"type":"function","function":{"name":"f","parameters":"{}"}}]`, "tools[0].function.parameters", "object"},
		{`"tool_choice":"maybe"`, "tool_choice", "required"},
		{`"tool_choice":{"type":"function"}`, "tool_choice.function", "object"},
		{`"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"x"}}`, "tool_choice.allowed_tools.mode", "required"},
		{`"response_format":{}`, "response_format.type", "json_schema"},
		{`"response_format":{"type":"json_schema","json_schema":{"schema":1}}`, "response_format.json_schema.schema", "object"},
		{`"messages":[1]`, "messages[0]", "object"},
		{`"messages":[{"content":"a"}]`, "messages[0].role", "developer"},
		{`"messages":[{"role":"user"}]`, "messages[0].content", "missing"},
		{`"messages":[{"role":"user","content":1}]`, "messages[0].content", "array of parts"},
		{`"messages":[{"role":"user","content":["a"]}]`, "messages[0].content[0]", "object"},
		{`"messages":[{"role":"user","content":"a"},{"role":"user","content":[{"type":"text","text":"a"},{"type":"video"}]}]`, "messages[1].content[1].type", "image_url"},
		{`"messages":[{"role":"user","content":[{"type":"text"}]}]`, "messages[0].content[0].text", "string"},
		{`"messages":[{"role":"user","content":[{"type":"image_url"}]}]`, "messages[0].content[0].image_url", "object"},
		{`"messages":[{"role":"user","content":[{"type":"image_url","image_url":{}}]}]`, "messages[0].content[0].image_url.url", "missing"},
		{`"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png,x"}}]}]`, "messages[0].content[0].image_url.url", "base64"},
		{`"messages":[{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"AA"}}]}]`, "messages[0].content[0].input_audio.format", "wav"},
		{`"messages":[{"role":"user","content":[{"type":"file","file":{}}]}]`, "messages[0].content[0].file.file_data", "file_id"},
		{`"messages":[{"role":"tool","content":"a"}]`, "messages[0].tool_call_id", "missing"},
		{`"messages":[{"role":"assistant","tool_calls":[{"id":"a","type":"function"}]}]`, "messages[0].tool_calls[0].function", "missing"},
		{`"messages":[{"role":"assistant","tool_calls":[{"id":"a","type":"custom","custom":{}}]}]`, "messages[0].tool_calls[0].type", "function"},
		{`"messages":[{"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"[1]"}}]}]`, "messages[0].tool_calls[0].function.arguments", `send "{}"`},
		{`"messages":[{"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":{}}}]}]`, "messages[0].tool_calls[0].function.arguments", "string"},
	}
	for _, tt := range tests {
		body := `{"model":"m",` + tt.fields
		if !strings.Contains(tt.fields, `"messages"`) {
			body += `,"messages":[]`
		}
		_, f := ask(genai.Chat, []byte(body+"}"))
		if f == nil || f.Kind != fault.InvalidField || f.Param != tt.param || !strings.Contains(f.Text, tt.text) {
			t.Errorf("%s: %v, param %q", tt.fields, f, f.Param)
		}
	}
}

// What is named as lost goes into a header.
func TestReadNamesSafely(t *testing.T) {
	body := `{"model":"m","messages":[],"a\r\nx: y, \"ü":1,"` + strings.Repeat("n", 100) + `":1`
	for i := range 100 {
		body += fmt.Sprintf(`,"x%d":1`, i)
	}
	a, f := ask(genai.Chat, []byte(body+"}"))
	if f != nil || len(a.Unsaid) != maxNamed+1 || a.Unsaid[0] != "a??x:?y?????" || len(a.Unsaid[1]) != maxName || a.Unsaid[maxNamed] != "..." {
		t.Errorf("%v %q", f, a.Unsaid)
	}
}

func TestReadEmbedding(t *testing.T) {
	a, f := ask(genai.Embeddings, []byte(`{"model":"m","input":["a","b\n"],"dimensions":3,"encoding_format":"base64","user":"u","x":1}`))
	want := &dialect.Asking{
		Operation: genai.Embeddings, Unsaid: []string{"x"},
		Embed: &dialect.Embedding{Inputs: []dialect.Text{dialect.Text("a"), dialect.Text(`b\n`)}, Dimensions: 3, Base64: true, User: dialect.Text("u")},
	}
	if d := cmp.Diff(want, a); d != "" || f != nil {
		t.Errorf("%v (-want +got):\n%s", f, d)
	}
	for body, text := range map[string]string{
		`{"model":"m","input":[1,2]}`:                       "token numbers",
		`{"model":"m","input":[[1]]}`:                       "token numbers",
		`{"model":"m","input":[]}`:                          "at least one",
		`{"model":"m"}`:                                     "missing",
		`{"model":"m","input":1}`:                           "must be",
		`{"model":"m","input":"a","dimensions":0}`:          "at least 1",
		`{"model":"m","input":"a","encoding_format":"hex"}`: "base64",
		`{"model":"m","input":"a","input":"b"}`:             "more than once",
		`{"input":"a"}`:                                     "missing",
	} {
		if _, f := ask(genai.Embeddings, []byte(body)); f == nil || !strings.Contains(f.Text, text) {
			t.Errorf("%s: %v", body, f)
		}
	}
}
