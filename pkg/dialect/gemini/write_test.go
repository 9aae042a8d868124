package gemini

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/genai"
)

func saying(text string) []dialect.Part { return []dialect.Part{{Text: dialect.Escape(text)}} }

// user is a conversation of one question.
func user(text string) []dialect.Turn {
	return []dialect.Turn{{Role: dialect.User, Parts: saying(text)}}
}

func TestWrite(t *testing.T) {
	const hi = `"contents":[{"role":"user","parts":[{"text":"hi"}]}]`
	call := dialect.Part{Kind: dialect.PartToolCall, ID: dialect.Text("c1"), Name: dialect.Text("f"), Arguments: []byte(` {"a":1}`)}
	second := call
	second.ID = dialect.Text("c2")
	kept := call
	kept.Signature = dialect.Text("sig")
	result := func(text string, failed bool) dialect.Turn {
		return dialect.Turn{Role: dialect.ToolRole, Parts: []dialect.Part{{
			Kind: dialect.PartToolResult, ID: dialect.Text("c1"), Parts: saying(text), Failed: failed,
		}}}
	}
	tools := []dialect.Tool{{Name: dialect.Text("f"), Parameters: []byte(`{"type":"object"}`), Strict: dialect.On}, {Name: dialect.Text("g"), Description: dialect.Text("d")}}
	const declared = `"tools":[{"functionDeclarations":[{"name":"f","parametersJsonSchema":{"type":"object"}},{"name":"g","description":"d"}]}]`
	for name, c := range map[string]struct {
		model string
		chat  dialect.Chat
		want  string
		lost  string
	}{
		"text": {"gemini-3-flash", dialect.Chat{Turns: user("hi")}, `{` + hi + `}`, ""},
		"system": {"gemini-3-flash", dialect.Chat{Turns: []dialect.Turn{
			{Role: dialect.System, Parts: saying("a")},
			{Role: dialect.Developer, Parts: saying("b\"")},
			{Role: dialect.User, Parts: saying("hi")},
			{Role: dialect.System, Parts: saying("c")},
			{Role: dialect.Assistant, Parts: saying("yo")},
		}}, `{"systemInstruction":{"parts":[{"text":"a"},{"text":"b\""}]},"contents":[{"role":"user","parts":[{"text":"hi"},{"text":"c"}]},{"role":"model","parts":[{"text":"yo"}]}]}`, ""},
		"only-system": {"gemini-3-flash", dialect.Chat{Turns: []dialect.Turn{{Role: dialect.System, Parts: saying("hi")}}}, `{` + hi + `}`, ""},
		"gemma":       {"gemma-3-27b-it", dialect.Chat{Turns: []dialect.Turn{{Role: dialect.System, Parts: saying("hi")}, {Role: dialect.User, Parts: saying("yo")}}}, `{"contents":[{"role":"user","parts":[{"text":"hi"},{"text":"yo"}]}]}`, ""},
		"settings": {"gemini-2.5-flash", dialect.Chat{
			Turns: user("hi"), Temperature: []byte("0.70"), TopP: []byte("1"), TopK: []byte("40"), MinP: []byte("0.1"), Seed: []byte("7"),
			FrequencyPenalty: []byte("0.5"), PresencePenalty: []byte("-1e-1"), MaxOutput: 99, Choices: 2, Logprobs: true, TopLogprobs: 3,
			Stop: []dialect.Text{[]byte("a"), []byte("b"), []byte("c"), []byte("d"), []byte("e"), []byte("f")}, User: dialect.Text("u"),
		}, `{` + hi + `,"generationConfig":{"temperature":0.70,"topP":1,"topK":40,"presencePenalty":-1e-1,"frequencyPenalty":0.5,"seed":7,` +
			`"responseLogprobs":true,"logprobs":3,"maxOutputTokens":99,"candidateCount":2,"stopSequences":["a","b","c","d","e"]}}`, "stop[5] min_p"},
		"seed":   {"gemini-2.5-flash", dialect.Chat{Turns: user("hi"), Seed: []byte("4294967296")}, `{` + hi + `}`, "seed"},
		"json":   {"gemini-2.5-flash", dialect.Chat{Turns: user("hi"), Format: dialect.Format{Kind: dialect.FormatJSON}}, `{` + hi + `,"generationConfig":{"responseMimeType":"application/json"}}`, ""},
		"schema": {"gemini-3-flash", dialect.Chat{Turns: user("hi"), Tools: tools[1:], Format: dialect.Format{Kind: dialect.FormatSchema, Schema: []byte(`{"type":"object"}`)}}, `{` + hi + `,"tools":[{"functionDeclarations":[{"name":"g","description":"d"}]}],"generationConfig":{"responseMimeType":"application/json","responseJsonSchema":{"type":"object"}}}`, ""},
		"schema-and-tools": {
			"gemini-2.5-pro",
			dialect.Chat{Turns: user("hi"), Tools: tools[1:], Format: dialect.Format{Kind: dialect.FormatSchema, Schema: []byte(`{}`)}},
			`{` + hi + `,"tools":[{"functionDeclarations":[{"name":"g","description":"d"}]}]}`, "response_format",
		},
		"tools":       {"gemini-3-flash", dialect.Chat{Turns: user("hi"), Tools: tools, Parallel: dialect.Off}, `{` + hi + `,` + declared + `}`, "tools[0].function.strict parallel_tool_calls"},
		"auto":        {"gemini-3-flash", dialect.Chat{Turns: user("hi"), Tools: tools[1:], ToolChoice: dialect.ToolChoice{Mode: dialect.ToolAuto}}, `{` + hi + `,"tools":[{"functionDeclarations":[{"name":"g","description":"d"}]}],"toolConfig":{"functionCallingConfig":{"mode":"AUTO"}}}`, ""},
		"named":       {"gemini-3-flash", dialect.Chat{Turns: user("hi"), Tools: tools[1:], ToolChoice: dialect.ToolChoice{Mode: dialect.ToolNamed, Name: dialect.Text("g")}}, `{` + hi + `,"tools":[{"functionDeclarations":[{"name":"g","description":"d"}]}],"toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["g"]}}}`, ""},
		"choice-only": {"gemini-3-flash", dialect.Chat{Turns: user("hi"), ToolChoice: dialect.ToolChoice{Mode: dialect.ToolNone}}, `{` + hi + `}`, ""},
		"call": {
			"gemini-3-flash",
			dialect.Chat{Turns: []dialect.Turn{{Role: dialect.User, Parts: saying("hi")}, {Role: dialect.Assistant, Parts: []dialect.Part{call, second}}, result("ok\n", false)}},
			`{"contents":[{"role":"user","parts":[{"text":"hi"}]},{"role":"model","parts":[{"functionCall":{"id":"c1","name":"f","args":{"a":1}},"thoughtSignature":"skip_thought_signature_validator"},{"functionCall":{"id":"c2","name":"f","args":{"a":1}}}]},` +
				`{"role":"user","parts":[{"functionResponse":{"id":"c1","name":"f","response":{"result":"ok\n"}}}]}]}`, "",
		},
		"call-signed": {
			"gemini-3-flash",
			dialect.Chat{Turns: []dialect.Turn{{Role: dialect.Assistant, Parts: []dialect.Part{kept}}, result(` {"x": [1]}`, false)}},
			`{"contents":[{"role":"model","parts":[{"functionCall":{"id":"c1","name":"f","args":{"a":1}},"thoughtSignature":"sig"}]},` +
				`{"role":"user","parts":[{"functionResponse":{"id":"c1","name":"f","response": {"x": [1]}}}]}]}`, "",
		},
		"call-failed": {
			"gemini-2.5-flash",
			dialect.Chat{Turns: []dialect.Turn{{Role: dialect.Assistant, Parts: []dialect.Part{call}}, result(`{"x":1}`, true)}},
			`{"contents":[{"role":"model","parts":[{"functionCall":{"id":"c1","name":"f","args":{"a":1}}}]},` +
				`{"role":"user","parts":[{"functionResponse":{"id":"c1","name":"f","response":{"error":"{\"x\":1}"}}}]}]}`, "",
		},
		"arguments": {
			"gemini-2.5-flash",
			dialect.Chat{Turns: []dialect.Turn{{Role: dialect.Assistant, Parts: []dialect.Part{{Kind: dialect.PartToolCall, Name: dialect.Text("f"), Arguments: []byte(`{"a`)}}}}},
			`{"contents":[{"role":"model","parts":[{"functionCall":{"name":"f","args":{}}}]}]}`, "messages[0].content[0].function.arguments",
		},
		"media": {
			"gemini-3-flash",
			dialect.Chat{Turns: []dialect.Turn{{Role: dialect.User, Name: dialect.Text("bob"), Parts: []dialect.Part{
				{Kind: dialect.PartImage, Media: dialect.Media{Data: dialect.Text("iVBORw0K"), Detail: dialect.Text("low")}},
				{Kind: dialect.PartImage, Media: dialect.Media{URL: dialect.Text("https://x.example/a.JPG?b=.c"), Detail: dialect.Text("auto")}},
				{Kind: dialect.PartImage, Media: dialect.Media{URL: dialect.Text("https://x.example/a")}},
				{Kind: dialect.PartAudio, Media: dialect.Media{Type: dialect.Text("audio/mp3"), Data: dialect.Text("AAAA")}},
				{Kind: dialect.PartDocument, Text: dialect.Text("plain")},
				{Kind: dialect.PartDocument, Media: dialect.Media{ID: dialect.Text("file-1")}},
				{Kind: dialect.PartReasoning, Text: dialect.Text("hm"), Signature: dialect.Text("s")},
			}}}},
			`{"contents":[{"role":"user","parts":[{"inlineData":{"mimeType":"image/png","data":"iVBORw0K"}},{"fileData":{"mimeType":"image/jpeg","fileUri":"https://x.example/a.JPG?b=.c"}},` +
				`{"fileData":{"fileUri":"https://x.example/a"}},{"inlineData":{"mimeType":"audio/mp3","data":"AAAA"}},{"text":"plain"}]}]}`,
			"messages[0].name messages[0].content[0].image_url.detail messages[0].content[5]",
		},
		"tier":        {"gemini-3-flash", dialect.Chat{Turns: user("hi"), Tier: dialect.Text("flex")}, `{` + hi + `,"serviceTier":"flex"}`, ""},
		"tier-scale":  {"gemini-3-flash", dialect.Chat{Turns: user("hi"), Tier: dialect.Text("scale")}, `{` + hi + `}`, "service_tier"},
		"tier-auto":   {"gemini-3-flash", dialect.Chat{Turns: user("hi"), Tier: dialect.Text("auto")}, `{` + hi + `}`, ""},
		"high":        {"gemini-2.5-flash", dialect.Chat{Turns: user("hi"), Reasoning: dialect.Reasoning{Effort: dialect.EffortMax, Show: dialect.On}}, `{` + hi + `,"generationConfig":{"thinkingConfig":{"thinkingBudget":24576,"includeThoughts":true}}}`, ""},
		"off":         {"models/gemini-2.5-flash", dialect.Chat{Turns: user("hi"), Reasoning: dialect.Reasoning{Effort: dialect.EffortNone}}, `{` + hi + `,"generationConfig":{"thinkingConfig":{"thinkingBudget":0}}}`, ""},
		"off-pro":     {"gemini-2.5-pro", dialect.Chat{Turns: user("hi"), Reasoning: dialect.Reasoning{Effort: dialect.EffortNone}}, `{` + hi + `,"generationConfig":{"thinkingConfig":{"thinkingBudget":128}}}`, "reasoning_effort"},
		"budget":      {"gemini-2.5-pro", dialect.Chat{Turns: user("hi"), Reasoning: dialect.Reasoning{Budget: 5000}}, `{` + hi + `,"generationConfig":{"thinkingConfig":{"thinkingBudget":5000}}}`, ""},
		"level":       {"gemini-3.5-flash", dialect.Chat{Turns: user("hi"), Reasoning: dialect.Reasoning{Effort: dialect.EffortMedium}}, `{` + hi + `,"generationConfig":{"thinkingConfig":{"thinkingLevel":"medium"}}}`, ""},
		"level-pro":   {"gemini-3-pro-preview", dialect.Chat{Turns: user("hi"), Reasoning: dialect.Reasoning{Effort: dialect.EffortMedium}}, `{` + hi + `,"generationConfig":{"thinkingConfig":{"thinkingLevel":"high"}}}`, ""},
		"level-off":   {"gemini-3-pro-preview", dialect.Chat{Turns: user("hi"), Reasoning: dialect.Reasoning{Effort: dialect.EffortNone}}, `{` + hi + `,"generationConfig":{"thinkingConfig":{"thinkingLevel":"low"}}}`, "reasoning_effort"},
		"level-least": {"gemini-flash-latest", dialect.Chat{Turns: user("hi"), Reasoning: dialect.Reasoning{Effort: dialect.EffortNone}}, `{` + hi + `,"generationConfig":{"thinkingConfig":{"thinkingLevel":"minimal"}}}`, ""},
		"level-sum":   {"gemini-flash-latest", dialect.Chat{Turns: user("hi"), Reasoning: dialect.Reasoning{Budget: 8000}}, `{` + hi + `,"generationConfig":{"thinkingConfig":{"thinkingLevel":"medium"}}}`, ""},
		"no-thinking": {"gemini-2.0-flash", dialect.Chat{Turns: user("hi"), Reasoning: dialect.Reasoning{Effort: dialect.EffortLow, Show: dialect.On}}, `{` + hi + `}`, "reasoning_effort"},
	} {
		t.Run(name, func(t *testing.T) {
			body, lost, f := back{}.Write(nil, &dialect.Asking{Operation: genai.Chat, Chat: &c.chat}, dialect.Target{Model: c.model, Kind: "google"})
			if f != nil {
				t.Fatal(f)
			}
			if d := cmp.Diff(c.want, string(body)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if got := strings.Join(lost, " "); got != c.lost {
				t.Errorf("lost %q, want %q", got, c.lost)
			}
			if !json.Valid(body) {
				t.Error("this is no JSON")
			}
		})
	}
}

func TestWriteHeedsTarget(t *testing.T) {
	chat := dialect.Chat{Turns: user("hi"), Temperature: []byte("1"), TopP: []byte("0.5")}
	body, lost, f := back{}.Write([]byte("x"), &dialect.Asking{Chat: &chat}, dialect.Target{Model: "gemini-3-flash", Drop: []string{"temperature", "top_p"}, MaxOutput: 5})
	if want := `x{"contents":[{"role":"user","parts":[{"text":"hi"}]}],"generationConfig":{"maxOutputTokens":5}}`; string(body) != want || f != nil {
		t.Errorf("%v %s", f, body)
	}
	if got := strings.Join(lost, " "); got != "temperature top_p" {
		t.Errorf("lost %s", got)
	}
}

func TestWriteForVertex(t *testing.T) {
	chat := dialect.Chat{Tier: dialect.Text("flex"), Turns: []dialect.Turn{{Role: dialect.Assistant, Parts: []dialect.Part{{
		Kind: dialect.PartToolCall, ID: dialect.Text("c"), Name: dialect.Text("f"),
	}}}}}
	body, lost, _ := back{}.Write(nil, &dialect.Asking{Chat: &chat}, dialect.Target{Model: "gemini-2.5-flash", Kind: "vertex"})
	if want := `{"contents":[{"role":"model","parts":[{"functionCall":{"name":"f","args":{}}}]}]}`; string(body) != want {
		t.Errorf("%s", body)
	}
	if got := strings.Join(lost, " "); got != "service_tier" {
		t.Errorf("lost %s", got)
	}
}

func TestWriteRefuses(t *testing.T) {
	orphan := dialect.Chat{Turns: []dialect.Turn{{Role: dialect.ToolRole, Parts: []dialect.Part{{Kind: dialect.PartToolResult, ID: dialect.Text("c")}}}}}
	if _, _, f := (back{}).Write(nil, &dialect.Asking{Chat: &orphan}, dialect.Target{}); f == nil || f.Kind != fault.InvalidField || f.Param != "messages[0].content[0]" {
		t.Error(f)
	}
	if _, _, f := (back{}).Write(nil, &dialect.Asking{}, dialect.Target{}); f == nil || f.Kind != fault.NotTranslatable {
		t.Error(f)
	}
}

func TestWriteEmbeddings(t *testing.T) {
	e := dialect.Embedding{Inputs: []dialect.Text{[]byte("a"), []byte(`\n`)}, Dimensions: 8}
	body, lost, f := back{}.Write(nil, &dialect.Asking{Operation: genai.Embeddings, Embed: &e}, dialect.Target{Model: "gemini-embedding-001"})
	want := `{"requests":[{"model":"models/gemini-embedding-001","content":{"parts":[{"text":"a"}]},"outputDimensionality":8},` +
		`{"model":"models/gemini-embedding-001","content":{"parts":[{"text":"\n"}]},"outputDimensionality":8}]}`
	if string(body) != want || f != nil || lost != nil {
		t.Errorf("%v %v %s", f, lost, body)
	}
}
