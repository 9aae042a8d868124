package anthropic

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/genai"
)

// said is a turn of one text.
func said(r dialect.Role, text string) dialect.Turn {
	return dialect.Turn{Role: r, Parts: []dialect.Part{{Text: dialect.Text(text)}}}
}

// written is what Write makes of a chat for a model.
func written(t *testing.T, c *dialect.Chat, target dialect.Target) (body map[string]any, text string, lost []string) {
	t.Helper()
	b, lost, f := New().Back.Write(nil, &dialect.Asking{Operation: genai.Chat, Chat: c}, target)
	if f != nil {
		t.Fatal(f)
	}
	if err := json.Unmarshal(b, &body); err != nil {
		t.Fatalf("%v in %s", err, b)
	}
	slices.Sort(lost)
	return body, string(b), lost
}

var weather = dialect.Tool{Name: dialect.Text("weather"), Parameters: []byte(`{"properties":{}}`)}

func TestWriteSettings(t *testing.T) {
	asking := func(c dialect.Chat) dialect.Chat {
		if c.Turns == nil {
			c.Turns = []dialect.Turn{said(dialect.User, "hi")}
		}
		return c
	}
	tests := []struct {
		name, model string
		chat        dialect.Chat
		want        string // members behind messages
		lost        []string
	}{
		{"plain", "claude-opus-4-1", dialect.Chat{}, ``, nil},
		{"temperature", "claude-opus-4-1", dialect.Chat{Temperature: []byte("1.7")}, `,"temperature":1`, []string{"temperature"}},
		{"one-of-both", "claude-sonnet-4-5", dialect.Chat{Temperature: []byte("0.5"), TopP: []byte("0.9")}, `,"temperature":0.5`, []string{"top_p"}},
		{"both", "claude-sonnet-4-20250514", dialect.Chat{Temperature: []byte("0.5"), TopP: []byte("0.9"), TopK: []byte("5")}, `,"temperature":0.5,"top_p":0.9,"top_k":5`, nil},
		{"no-sampling", "us.anthropic.claude-opus-4-7-v1:0", dialect.Chat{Temperature: []byte("0.5"), TopP: []byte("1")}, ``, []string{"temperature"}},
		{"default-sampling", "claude-sonnet-5", dialect.Chat{Temperature: []byte("1.0")}, ``, nil},
		{"configured", "claude-opus-4-1", dialect.Chat{Temperature: []byte("0.5"), Stop: []dialect.Text{dialect.Text("x")}}, `,"temperature":0.5`, []string{"stop"}},
		{"stop", "claude-opus-4-1", dialect.Chat{Stop: []dialect.Text{dialect.Text("END"), dialect.Text(`\n`)}}, `,"stop_sequences":["END"]`, []string{"stop"}},
		{"user", "claude-opus-4-1", dialect.Chat{User: dialect.Text("u1"), Tier: dialect.Text("default"), Stream: true}, `,"metadata":{"user_id":"u1"},"service_tier":"standard_only","stream":true`, nil},
		{"no-word", "claude-opus-4-1", dialect.Chat{Choices: 3, Seed: []byte("7"), Logprobs: true, TopLogprobs: 2, FrequencyPenalty: []byte("0.0"), PresencePenalty: []byte("1"), MinP: []byte("0.1"), Store: dialect.On, Tier: dialect.Text("flex")}, ``, []string{"logprobs", "min_p", "n", "presence_penalty", "seed", "service_tier", "store", "top_logprobs"}},

		{"effort-older", "claude-sonnet-4-5", dialect.Chat{Reasoning: dialect.Reasoning{Effort: dialect.EffortMedium}}, `,"thinking":{"type":"enabled","budget_tokens":8192}`, nil},
		{"effort-small", "claude-sonnet-4-5", dialect.Chat{MaxOutput: 2000, Reasoning: dialect.Reasoning{Effort: dialect.EffortHigh}}, `,"thinking":{"type":"enabled","budget_tokens":1500}`, nil},
		{"effort-tiny", "claude-sonnet-4-5", dialect.Chat{MaxOutput: 1024, Reasoning: dialect.Reasoning{Effort: dialect.EffortLow}}, `,"thinking":{"type":"disabled"}`, []string{"reasoning_effort"}},
		{"effort-newer", "claude-opus-4-8", dialect.Chat{Reasoning: dialect.Reasoning{Effort: dialect.EffortXHigh}}, `,"thinking":{"type":"adaptive","display":"summarized"},"output_config":{"effort":"xhigh"}`, nil},
		{"effort-nearest", "claude-opus-4-6", dialect.Chat{Temperature: []byte("0.2"), Reasoning: dialect.Reasoning{Effort: dialect.EffortXHigh}}, `,"thinking":{"type":"adaptive"},"output_config":{"effort":"high"}`, []string{"reasoning_effort", "temperature"}},
		{"effort-minimal", "claude-opus-5", dialect.Chat{Reasoning: dialect.Reasoning{Effort: dialect.EffortMinimal, Show: dialect.Off}}, `,"thinking":{"type":"adaptive","display":"omitted"},"output_config":{"effort":"low"}`, []string{"reasoning_effort"}},
		{"effort-never", "claude-3-5-haiku-latest", dialect.Chat{Reasoning: dialect.Reasoning{Effort: dialect.EffortHigh}}, ``, []string{"reasoning_effort"}},
		{"none", "claude-opus-5", dialect.Chat{Reasoning: dialect.Reasoning{Effort: dialect.EffortNone}}, `,"thinking":{"type":"disabled"}`, nil},
		{"none-between", "claude-sonnet-5-5", dialect.Chat{Reasoning: dialect.Reasoning{Effort: dialect.EffortNone}}, `,"thinking":{"type":"between_tools"}`, nil},
		{"none-never", "claude-opus-5-5", dialect.Chat{Reasoning: dialect.Reasoning{Effort: dialect.EffortNone}}, `,"output_config":{"effort":"low"}`, []string{"reasoning_effort"}},
		{"budget", "claude-sonnet-4-6", dialect.Chat{Reasoning: dialect.Reasoning{Budget: 3000}}, `,"thinking":{"type":"enabled","budget_tokens":3000}`, nil},
		{"budget-newer", "claude-fable-5-1", dialect.Chat{Reasoning: dialect.Reasoning{Budget: 3000}}, `,"thinking":{"type":"adaptive","display":"summarized"},"output_config":{"effort":"medium"}`, []string{"thinking_budget"}},
		{"budget-tight", "claude-sonnet-4-5", dialect.Chat{MaxOutput: 2000, Reasoning: dialect.Reasoning{Budget: 3000}}, `,"thinking":{"type":"enabled","budget_tokens":1999}`, []string{"thinking_budget"}},

		{"schema", "claude-sonnet-4-5", dialect.Chat{Format: dialect.Format{Kind: dialect.FormatSchema, Schema: []byte(`{"type":"object"}`)}}, `,"output_config":{"format":{"type":"json_schema","schema":{"type":"object"}}}`, nil},
		{"schema-older", "claude-opus-4-1", dialect.Chat{Format: dialect.Format{Kind: dialect.FormatSchema, Schema: []byte(`{}`)}}, ``, []string{"response_format"}},
		{"any-json", "claude-sonnet-4-5", dialect.Chat{Format: dialect.Format{Kind: dialect.FormatJSON}}, ``, []string{"response_format"}},

		{"tools", "claude-sonnet-4-5", dialect.Chat{Tools: []dialect.Tool{weather}, ToolChoice: dialect.ToolChoice{Mode: dialect.ToolRequired}, Parallel: dialect.Off}, `,"tools":[{"name":"weather","input_schema":{"type":"object","properties":{}}}],"tool_choice":{"type":"any","disable_parallel_tool_use":true}`, nil},
		{"tools-serial", "claude-sonnet-4-5", dialect.Chat{Tools: []dialect.Tool{{Name: dialect.Text("f"), Strict: dialect.On, Cache: dialect.Text("1h")}}, Parallel: dialect.Off}, `,"tools":[{"name":"f","input_schema":{"type":"object","properties":{}},"strict":true,"cache_control":{"type":"ephemeral","ttl":"1h"}}],"tool_choice":{"type":"auto","disable_parallel_tool_use":true}`, nil},
		{"tools-strict", "claude-opus-4-1", dialect.Chat{Tools: []dialect.Tool{{Name: dialect.Text("f"), Strict: dialect.On}}, ToolChoice: dialect.ToolChoice{Mode: dialect.ToolNone}}, `,"tools":[{"name":"f","input_schema":{"type":"object","properties":{}}}],"tool_choice":{"type":"none"}`, []string{"tools[0].function.strict"}},
		{"forced-thinking", "claude-sonnet-4-5", dialect.Chat{Tools: []dialect.Tool{{Name: dialect.Text("f")}}, ToolChoice: dialect.ToolChoice{Mode: dialect.ToolNamed, Name: dialect.Text("f")}, Reasoning: dialect.Reasoning{Effort: dialect.EffortLow}}, `,"tools":[{"name":"f","input_schema":{"type":"object","properties":{}}}],"tool_choice":{"type":"tool","name":"f"},"thinking":{"type":"disabled"}`, []string{"reasoning_effort"}},
		{"forced-adaptive", "claude-opus-5", dialect.Chat{Tools: []dialect.Tool{{Name: dialect.Text("f")}}, ToolChoice: dialect.ToolChoice{Mode: dialect.ToolRequired}, Reasoning: dialect.Reasoning{Effort: dialect.EffortHigh}}, `,"tools":[{"name":"f","input_schema":{"type":"object","properties":{}}}],"tool_choice":{"type":"any"},"thinking":{"type":"adaptive","display":"summarized"},"output_config":{"effort":"high"}`, nil},
		{"forced-never", "claude-opus-5-5", dialect.Chat{Tools: []dialect.Tool{{Name: dialect.Text("f")}}, ToolChoice: dialect.ToolChoice{Mode: dialect.ToolRequired}}, `,"tools":[{"name":"f","input_schema":{"type":"object","properties":{}}}],"tool_choice":{"type":"auto"}`, []string{"tool_choice"}},
		{"choice-without", "claude-sonnet-4-5", dialect.Chat{ToolChoice: dialect.ToolChoice{Mode: dialect.ToolRequired}}, ``, []string{"tool_choice"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			chat, target := asking(tt.chat), dialect.Target{Model: tt.model}
			if tt.name == "configured" {
				target.Drop = []string{"stop_sequences"}
			}
			_, text, lost := written(t, &chat, target)
			_, got, _ := strings.Cut(text, `"messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}]`)
			if got != tt.want+"}" {
				t.Errorf("got  %s\nwant %s}", got, tt.want)
			}
			if d := cmp.Diff(tt.lost, lost); d != "" {
				t.Error("lost (-want +got):\n", d)
			}
		})
	}
}

func TestWriteLimit(t *testing.T) {
	hi := []dialect.Turn{said(dialect.User, "hi")}
	for _, tt := range []struct {
		model             string
		asked, configured int64
		want              float64
		lost              bool
	}{
		{"claude-3-opus-20240229", 0, 0, 4096, false},
		{"claude-sonnet-4-5", 0, 0, 32000, false},
		{"claude-sonnet-4-5", 0, 900, 900, false},
		{"claude-sonnet-4-5", 50, 900, 50, false},
		{"claude-3-5-sonnet-latest", 9000, 0, 8192, true},
		{"glm-4.6", 9000, 0, 9000, false},
		{"glm-4.6", 0, 0, 8192, false},
	} {
		body, _, lost := written(t, &dialect.Chat{Turns: hi, MaxOutput: tt.asked}, dialect.Target{Model: tt.model, MaxOutput: tt.configured})
		if body["max_tokens"] != tt.want || (lost != nil) != tt.lost {
			t.Errorf("%+v: %v, lost %v", tt, body["max_tokens"], lost)
		}
	}
}

func TestWriteRefuses(t *testing.T) {
	audio := dialect.Part{Kind: dialect.PartAudio}
	for _, tt := range []struct {
		name string
		chat *dialect.Chat
		kind fault.Kind
	}{
		{"recording", &dialect.Chat{Turns: []dialect.Turn{{Role: dialect.User, Parts: []dialect.Part{audio}}}}, fault.NotTranslatable},
		{"nothing", &dialect.Chat{Turns: []dialect.Turn{said(dialect.User, ` \n`)}}, fault.InvalidField},
		{"no-turn", &dialect.Chat{}, fault.InvalidField},
		{"no-chat", nil, fault.NotTranslatable},
	} {
		_, _, f := New().Back.Write(nil, &dialect.Asking{Chat: tt.chat}, dialect.Target{Model: "claude-opus-5"})
		if f == nil || f.Kind != tt.kind {
			t.Errorf("%s: %v", tt.name, f)
		}
	}
	history := &dialect.Chat{Turns: []dialect.Turn{said(dialect.User, "a"), {Role: dialect.Assistant, Parts: []dialect.Part{audio}}, said(dialect.User, "b")}}
	if _, _, lost := written(t, history, dialect.Target{Model: "claude-opus-5"}); !slices.Equal(lost, []string{"messages[1].content[0]"}) {
		t.Errorf("lost %v", lost)
	}
}

func TestTrimRight(t *testing.T) {
	for in, want := range map[string]string{
		`a `: `a`, `a\n\t `: `a`, `a\\n`: `a\\n`, `a\\\n`: `a\\`, `a\\ `: `a\\`, ` \r\n`: ``, `n`: `n`, `\\\\n`: `\\\\n`, `a\u0020`: `a\u0020`,
	} {
		if got := string(trimRight(dialect.Text(in))); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
