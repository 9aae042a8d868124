package witness

import (
	"testing"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/dialect/anthropic"
	"github.com/signalbox-dev/signalbox/pkg/dialect/openai"
	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// metadata reads as much of Gemini's counts as the tests need.
type metadata struct{}

func (metadata) Paths() []string { return []string{"promptTokenCount", "candidatesTokenCount"} }

func (metadata) Usage(_ string, f dialect.Fields) (u genai.Usage, found, suspect bool) {
	in, ok := f.Int("promptTokenCount")
	out, _ := f.Int("candidatesTokenCount")
	return genai.Usage{Input: in, Output: out}, ok, false
}

func (m metadata) UsageJSON(kind string, raw []byte) (u genai.Usage, found, suspect bool) {
	doc, ok := jsonedit.Index(raw, nil)
	if !ok {
		return u, false, false
	}
	return m.Usage(kind, object{&doc})
}

type object struct{ doc *jsonedit.Object }

func (o object) Int(path string) (int64, bool) {
	v, ok := o.doc.Get(path)
	if !ok {
		return 0, false
	}
	return v.Int(o.doc.Doc())
}

// TestUsageOfDialects: the reader is the backend's, or another dialect's where
// the answer was translated.
func TestUsageOfDialects(t *testing.T) {
	openAI, claude, gemini := openai.New().Usage, anthropic.New().Usage, dialect.UsageReader(metadata{})
	const (
		start = `{"input_tokens":5,"cache_read_input_tokens":2,"cache_creation_input_tokens":4,"cache_creation":{"ephemeral_1h_input_tokens":4},"output_tokens":1,"service_tier":"standard"}`
		delta = `{"output_tokens":31}`
		chat  = `{"prompt_tokens":4,"completion_tokens":5,"total_tokens":9}`
	)
	whole := genai.Usage{Input: 11, CacheRead: 2, CacheWrite1h: 4, Output: 31}
	for name, c := range map[string]struct {
		backend dialect.UsageReader
		u       string // as it stands in the line
		want    genai.Usage
		raw     string
		tier    string
		model   string
		suspect bool
	}{
		"anthropic_stream":              {backend: claude, u: text(`{"model":"m","usage":` + delta + `,"message.usage":` + start + `}`), want: whole, raw: `{"input_tokens":5,"cache_read_input_tokens":2,"cache_creation_input_tokens":4,"cache_creation":{"ephemeral_1h_input_tokens":4},"output_tokens":31,"service_tier":"standard"}`, tier: "standard", model: "m"},
		"anthropic_stream_cut":          {backend: claude, u: text(`{"model":"m","message.usage":` + start + `}`), model: "m"},
		"anthropic_two_deltas":          {backend: claude, u: text(`{"message.usage":` + start + `,"usage":` + delta + `,"kept":[{"input_tokens":7,"output_tokens":3}]}`), want: genai.Usage{Input: 13, CacheRead: 2, CacheWrite1h: 4, Output: 31}, tier: "standard"},
		"anthropic_nulls":               {backend: claude, u: text(`{"message.usage":` + start + `,"usage":{"input_tokens":null,"output_tokens":31}}`), want: whole, tier: "standard"},
		"anthropic_stream_by_filters":   {backend: claude, u: `{"message.model":"m","usage":` + text(delta) + `,"message.usage":` + text(start) + `}`, want: whole, tier: "standard", model: "m"},
		"anthropic_unary":               {backend: claude, u: text(`{"usage":{"input_tokens":5,"output_tokens":31}}`), want: genai.Usage{Input: 5, Output: 31}},
		"anthropic_unary_by_filters":    {backend: claude, u: `{"model":"m","usage.input_tokens":5,"usage.output_tokens":31,"usage.service_tier":"batch"}`, want: genai.Usage{Input: 5, Output: 31}, tier: "batch", model: "m"},
		"anthropic_translated_to_chat":  {backend: claude, u: text(`{"model":"m","usage":` + chat + `}`), want: genai.Usage{Input: 4, Output: 5}, raw: chat, model: "m"},
		"gemini_stream":                 {backend: gemini, u: text(`{"model":"g","usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":9,"trafficType":"ON_DEMAND"}}`), want: genai.Usage{Input: 3, Output: 9}, tier: "ON_DEMAND", model: "g"},
		"gemini_number_as_tier":         {backend: gemini, u: text(`{"usageMetadata":{"promptTokenCount":3,"trafficType":1}}`), want: genai.Usage{Input: 3}, tier: "ON_DEMAND"},
		"gemini_dropped_count":          {backend: gemini, u: text(`{"usageMetadata":{"promptTokenCount":87},"kept":[{"promptTokenCount":3,"candidatesTokenCount":9}]}`), want: genai.Usage{Input: 87, Output: 9}, raw: `{"promptTokenCount":87,"candidatesTokenCount":9}`, suspect: true},
		"gemini_unary_by_filters":       {backend: gemini, u: `{"modelVersion":"g","usageMetadata.promptTokenCount":3,"usageMetadata.candidatesTokenCount":9,"usageMetadata.trafficType":"T"}`, want: genai.Usage{Input: 3, Output: 9}, tier: "T", model: "g"},
		"gemini_translated_to_chat":     {backend: gemini, u: text(`{"usage":` + chat + `}`), want: genai.Usage{Input: 4, Output: 5}},
		"responses_stream":              {backend: openAI, u: text(`{"model":"r","service_tier":"default","response.usage":{"input_tokens":4,"input_tokens_details":{"cached_tokens":1},"output_tokens":5,"total_tokens":9}}`), want: genai.Usage{Input: 4, CacheRead: 1, Output: 5}, tier: "default", model: "r"},
		"responses_unary":               {backend: openAI, u: text(`{"usage":{"input_tokens":4,"output_tokens":5,"output_tokens_details":{"reasoning_tokens":2},"total_tokens":9}}`), want: genai.Usage{Input: 4, Output: 5, Reasoning: 2}},
		"responses_by_filters":          {backend: openAI, u: `{"response.model":"r","response.service_tier":"flex","response.usage":"{\"input_tokens\":4,\"output_tokens\":5}"}`, want: genai.Usage{Input: 4, Output: 5}, tier: "flex", model: "r"},
		"openai_translated_to_messages": {backend: openAI, u: text(`{"message.usage":` + start + `,"usage":` + delta + `}`), want: genai.Usage{Input: 5 + 2 + 4, CacheRead: 2, CacheWrite5m: 0, CacheWrite1h: 4, Output: 31}, tier: "standard"},
		"openai_translated_to_gemini":   {backend: openAI, u: text(`{"usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":9}}`), want: genai.Usage{Input: 3, Output: 9}},
		"nothing":                       {backend: openAI, u: text(`{"usage":{"a":1},"usageMetadata":{},"response.usage":7,"kept":7}`)},
	} {
		t.Run(name, func(t *testing.T) {
			p := NewParser(func(string) (dialect.UsageReader, string) { return c.backend, "" })
			for _, r := range []dialect.UsageReader{openAI, claude, gemini} {
				p.Speak(r)
			}
			e, err := p.Parse([]byte(`{"k":"DownstreamEnd","t":"1.000000000","u":` + c.u + `}`))
			if err != nil {
				t.Fatal(err)
			}
			if e.UsageFound != (c.want != genai.Usage{}) || e.Usage != c.want || e.Tier != c.tier || e.ServedModel != c.model || e.Suspect != c.suspect {
				t.Errorf("usage %+v found %v suspect %v, tier %q, model %q", e.Usage, e.UsageFound, e.Suspect, e.Tier, e.ServedModel)
			}
			if c.raw != "" && string(e.RawUsage) != c.raw {
				t.Errorf("raw %s", e.RawUsage)
			}
		})
	}
}

func text(s string) string { return string(jsonedit.AppendString(nil, s)) }
