package openai

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/signalbox-dev/signalbox/pkg/genai"
)

func TestUsage(t *testing.T) {
	tests := []struct {
		name, kind, raw string
		want            genai.Usage
		suspect         bool
	}{
		{
			name: "everything_inside",
			raw: `{"prompt_tokens":100,"completion_tokens":50,"total_tokens":150,
				"prompt_tokens_details":{"cached_tokens":60,"cache_write_tokens":30,"audio_tokens":5},
				"completion_tokens_details":{"reasoning_tokens":40}}`,
			want: genai.Usage{Input: 100, CacheRead: 60, CacheWrite5m: 30, AudioInput: 5, Output: 50, Reasoning: 40},
		},
		{
			name: "no_total",
			raw:  `{"prompt_tokens":3,"completion_tokens":4,"completion_tokens_details":{"reasoning_tokens":4}}`,
			want: genai.Usage{Input: 3, Output: 4, Reasoning: 4},
		},
		{
			name: "reasoning_outside_by_total",
			raw:  `{"prompt_tokens":12,"completion_tokens":1,"total_tokens":241,"completion_tokens_details":{"reasoning_tokens":228}}`,
			want: genai.Usage{Input: 12, Output: 229, Reasoning: 228},
		},
		{
			name: "reasoning_outside_by_kind", kind: "xai",
			raw:  `{"prompt_tokens":12,"completion_tokens":1,"completion_tokens_details":{"reasoning_tokens":228}}`,
			want: genai.Usage{Input: 12, Output: 229, Reasoning: 228},
		},
		{
			name: "reasoning_inside_though_the_kind_says_outside", kind: "xai",
			raw:  `{"prompt_tokens":12,"completion_tokens":30,"total_tokens":42,"completion_tokens_details":{"reasoning_tokens":28}}`,
			want: genai.Usage{Input: 12, Output: 30, Reasoning: 28},
		},
		{
			name: "audio_outside_by_total",
			raw:  `{"prompt_tokens":9,"completion_tokens":248,"total_tokens":632,"prompt_tokens_details":{"audio_tokens":375}}`,
			want: genai.Usage{Input: 384, AudioInput: 375, Output: 248},
		},
		{
			name: "audio_outside_by_kind", kind: "mistral",
			raw:  `{"prompt_tokens":9,"completion_tokens":248,"prompt_tokens_details":{"audio_tokens":375}}`,
			want: genai.Usage{Input: 384, AudioInput: 375, Output: 248},
		},
		{
			name: "cache_outside_by_total",
			raw:  `{"prompt_tokens":10,"completion_tokens":5,"total_tokens":315,"cache_read_input_tokens":200,"cache_creation_input_tokens":100}`,
			want: genai.Usage{Input: 310, CacheRead: 200, CacheWrite5m: 100, Output: 5},
		},
		{
			name: "two_parts_outside",
			raw: `{"prompt_tokens":10,"completion_tokens":5,"total_tokens":45,
				"prompt_tokens_details":{"audio_tokens":10},"completion_tokens_details":{"reasoning_tokens":20}}`,
			want: genai.Usage{Input: 20, AudioInput: 10, Output: 25, Reasoning: 20},
		},
		{
			name: "thinking_only_in_the_total", kind: "google",
			raw:  `{"prompt_tokens":35,"completion_tokens":12,"total_tokens":109}`,
			want: genai.Usage{Input: 35, Output: 74, Reasoning: 62},
		},
		{
			name:    "remainder_nobody_explains",
			raw:     `{"prompt_tokens":35,"completion_tokens":12,"total_tokens":109,"completion_tokens_details":{"reasoning_tokens":3}}`,
			want:    genai.Usage{Input: 35, Output: 74, Reasoning: 3},
			suspect: true,
		},
		{
			name:    "total_too_small",
			raw:     `{"prompt_tokens":35,"completion_tokens":12,"total_tokens":40}`,
			want:    genai.Usage{Input: 35, Output: 12},
			suspect: true,
		},
		{
			name: "total_zero_is_no_total",
			raw:  `{"prompt_tokens":35,"completion_tokens":12,"total_tokens":0}`,
			want: genai.Usage{Input: 35, Output: 12},
		},
		{
			name: "apart_from_the_total", kind: "perplexity",
			raw:  `{"prompt_tokens":33,"completion_tokens":100,"total_tokens":133,"citation_tokens":20,"reasoning_tokens":500}`,
			want: genai.Usage{Input: 33, Output: 620, Reasoning: 500},
		},
		{
			name: "apart_and_in_the_total", kind: "perplexity",
			raw:  `{"prompt_tokens":33,"completion_tokens":100,"total_tokens":653,"citation_tokens":20,"reasoning_tokens":500}`,
			want: genai.Usage{Input: 33, Output: 620, Reasoning: 500},
		},
		{
			name:    "cached_exceeds_input",
			raw:     `{"prompt_tokens":7,"completion_tokens":1,"total_tokens":8,"prompt_tokens_details":{"cached_tokens":161}}`,
			want:    genai.Usage{Input: 7, CacheRead: 7, Output: 1},
			suspect: true,
		},
		{
			name:    "reasoning_exceeds_output",
			raw:     `{"prompt_tokens":7,"completion_tokens":10,"total_tokens":17,"completion_tokens_details":{"reasoning_tokens":11}}`,
			want:    genai.Usage{Input: 7, Output: 10, Reasoning: 10},
			suspect: true,
		},
		{
			name:    "read_and_written_overlap",
			raw:     `{"prompt_tokens":2168,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":2161,"cache_write_tokens":2161}}`,
			want:    genai.Usage{Input: 2168, CacheRead: 2161, CacheWrite5m: 2161, Output: 1},
			suspect: true,
		},
		{
			name: "long_lived_cache",
			raw: `{"prompt_tokens":50,"completion_tokens":1,"cache_creation_input_tokens":40,
				"cache_creation":{"ephemeral_5m_input_tokens":10,"ephemeral_1h_input_tokens":30}}`,
			want: genai.Usage{Input: 50, CacheWrite5m: 10, CacheWrite1h: 30, Output: 1},
		},
		{
			name: "deepseek_cache", kind: "deepseek",
			raw:  `{"prompt_tokens":50,"completion_tokens":1,"prompt_cache_hit_tokens":48,"prompt_cache_miss_tokens":2,"prompt_tokens_details":{"cached_tokens":48}}`,
			want: genai.Usage{Input: 50, CacheRead: 48, Output: 1},
		},
		{
			name: "misspelt_details",
			raw:  `{"prompt_tokens":50,"completion_tokens":1,"prompt_token_details":{"cached_tokens":48}}`,
			want: genai.Usage{Input: 50, CacheRead: 48, Output: 1},
		},
		{
			name: "details_null",
			raw:  `{"prompt_tokens":50,"completion_tokens":1,"prompt_tokens_details":null,"completion_tokens_details":null}`,
			want: genai.Usage{Input: 50, Output: 1},
		},
		{name: "only_a_total", raw: `{"total_tokens":5}`, want: genai.Usage{Input: 5}},
		{name: "prompt_and_total", raw: `{"prompt_tokens":5,"total_tokens":9}`, want: genai.Usage{Input: 5, Output: 4}},
		{name: "written_as_floats", raw: `{"prompt_tokens":5.0,"completion_tokens":1e1}`, want: genai.Usage{Input: 5, Output: 10}},
		{
			name: "negative", raw: `{"prompt_tokens":-1,"completion_tokens":4}`,
			want: genai.Usage{Output: 4}, suspect: true,
		},
		{
			name: "beyond_belief", raw: `{"prompt_tokens":9223372036854775807,"completion_tokens":9223372036854775807}`,
			want: genai.Usage{Input: maxCount, Output: maxCount}, suspect: true,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, found, suspect := usages{}.UsageJSON(tt.kind, []byte(tt.raw))
			if !found {
				t.Fatal("not found")
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("usage (-want +got):\n%s", d)
			}
			if suspect != tt.suspect {
				t.Errorf("suspect %v, want %v", suspect, tt.suspect)
			}
		})
	}
}

func TestUsageNotFound(t *testing.T) {
	for _, raw := range []string{
		``, `null`, `[]`, `{}`, `{"prompt_tokens":null}`, `{"prompt_tokens":"5"}`, `{"cost":1}`, `{"prompt_tokens":5`,
	} {
		if u, found, suspect := (usages{}).UsageJSON("", []byte(raw)); found || suspect || u != (genai.Usage{}) {
			t.Errorf("%s: %+v, found %v, suspect %v", raw, u, found, suspect)
		}
	}
}

// asked records the paths that are asked for.
type asked map[string]bool

func (a asked) Int(path string) (int64, bool) { a[path] = true; return 1, true }

func TestPathsAreComplete(t *testing.T) {
	a := asked{}
	usages{}.Usage("", a)
	for _, p := range (usages{}).Paths() {
		delete(a, p)
	}
	if len(a) > 0 {
		t.Errorf("asked for without being listed: %v", a)
	}
}

func FuzzUsage(f *testing.F) {
	f.Add("xai", []byte(`{"prompt_tokens":12,"completion_tokens":1,"total_tokens":241,"completion_tokens_details":{"reasoning_tokens":228}}`))
	f.Add("", []byte(`{"prompt_tokens":-1,"total_tokens":1e300,"prompt_tokens_details":{"cached_tokens":9}}`))
	f.Fuzz(func(t *testing.T, kind string, raw []byte) {
		u, found, _ := usages{}.UsageJSON(kind, raw)
		if !found && u != (genai.Usage{}) {
			t.Errorf("%+v without being found", u)
		}
		for _, n := range []int64{u.Input, u.CacheRead, u.CacheWrite5m, u.CacheWrite1h, u.ToolUse, u.AudioInput, u.Output, u.Reasoning} {
			if n < 0 {
				t.Errorf("negative: %+v", u)
			}
		}
		if max(u.CacheRead, u.CacheWrite5m+u.CacheWrite1h, u.AudioInput, u.ToolUse) > u.Input || u.Reasoning > u.Output {
			t.Errorf("a part exceeds its whole: %+v", u)
		}
	})
}
