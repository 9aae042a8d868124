package anthropic

import (
	"testing"

	"github.com/signalbox-dev/signalbox/pkg/genai"
)

func TestUsage(t *testing.T) {
	tests := []struct {
		name, raw      string
		want           genai.Usage
		found, suspect bool
	}{
		{"plain", `{"input_tokens":3,"output_tokens":4}`, genai.Usage{Input: 3, Output: 4}, true, false},
		{"cache", `{"input_tokens":3,"cache_read_input_tokens":10,"cache_creation_input_tokens":7,"cache_creation":{"ephemeral_5m_input_tokens":5,"ephemeral_1h_input_tokens":2},"output_tokens":4}`, genai.Usage{Input: 20, CacheRead: 10, CacheWrite5m: 5, CacheWrite1h: 2, Output: 4}, true, false},
		{"no-split", `{"input_tokens":3,"cache_creation_input_tokens":7,"output_tokens":4}`, genai.Usage{Input: 10, CacheWrite5m: 7, Output: 4}, true, false},
		{"split-alone", `{"input_tokens":3,"cache_creation":{"ephemeral_1h_input_tokens":2},"output_tokens":4}`, genai.Usage{Input: 5, CacheWrite1h: 2, Output: 4}, true, false},
		{"split-larger", `{"input_tokens":3,"cache_creation_input_tokens":1,"cache_creation":{"ephemeral_1h_input_tokens":2},"output_tokens":4}`, genai.Usage{Input: 4, CacheWrite1h: 1, Output: 4}, true, true},
		{"thinking", `{"input_tokens":3,"output_tokens":9,"output_tokens_details":{"thinking_tokens":5}}`, genai.Usage{Input: 3, Output: 9, Reasoning: 5}, true, false},
		{"thinking-more", `{"input_tokens":3,"output_tokens":4,"output_tokens_details":{"thinking_tokens":5}}`, genai.Usage{Input: 3, Output: 4, Reasoning: 4}, true, true},
		{"negative", `{"input_tokens":-3,"output_tokens":4}`, genai.Usage{Output: 4}, true, true},
		{"huge", `{"input_tokens":9000000000000000000,"output_tokens":4}`, genai.Usage{Input: maxCount, Output: 4}, true, true},
		{"passes", `{"input_tokens":3,"output_tokens":4,"iterations":[{"input_tokens":3,"output_tokens":4},{"input_tokens":10,"cache_creation_input_tokens":5,"output_tokens":6,"model":"m"}]}`, genai.Usage{Input: 18, CacheWrite5m: 5, Output: 10}, true, false},
		{"passes-fewer", `{"input_tokens":30,"output_tokens":4,"iterations":[{"input_tokens":3,"output_tokens":4}]}`, genai.Usage{Input: 30, Output: 4}, true, true},
		{"passes-odd", `{"input_tokens":3,"output_tokens":4,"iterations":[null,{"type":"message"}]}`, genai.Usage{Input: 3, Output: 4}, true, false},
		{"both", `{"start":{"input_tokens":3,"output_tokens":1,"cache_read_input_tokens":8},"delta":{"cache_read_input_tokens":0,"input_tokens":null,"output_tokens":4}}`, genai.Usage{Input: 3, Output: 4}, true, false},
		{"delta-alone", `{"start":null,"delta":{"input_tokens":3,"output_tokens":4}}`, genai.Usage{Input: 3, Output: 4}, true, false},
		{"start-alone", `{"start":{"input_tokens":3,"output_tokens":1}}`, genai.Usage{}, false, false},
		{"none", `{"service_tier":"standard"}`, genai.Usage{}, false, false},
		{"null", `{"input_tokens":null}`, genai.Usage{}, false, false},
		{"broken", `{"input_tokens":`, genai.Usage{}, false, false},
	}
	for _, tt := range tests {
		u, found, suspect := New().Usage.UsageJSON("anthropic", []byte(tt.raw))
		if u != tt.want || found != tt.found || suspect != tt.suspect {
			t.Errorf("%s: %+v %v %v", tt.name, u, found, suspect)
		}
	}
}

// scalars is a usage as Envoy's own filter lifts it.
type scalars map[string]int64

func (s scalars) Int(path string) (int64, bool) { n, ok := s[path]; return n, ok }

func TestUsageOfScalars(t *testing.T) {
	s := scalars{}
	for i, p := range New().Usage.Paths() {
		s[p] = int64(1 << i)
	}
	want, found, _ := New().Usage.UsageJSON("", []byte(`{"input_tokens":1,"cache_read_input_tokens":2,"cache_creation_input_tokens":4,"cache_creation":{"ephemeral_5m_input_tokens":8,"ephemeral_1h_input_tokens":16},"output_tokens":32,"output_tokens_details":{"thinking_tokens":64}}`))
	if got, ok, _ := New().Usage.Usage("", s); got != want || !ok || !found {
		t.Errorf("%+v, want %+v", got, want)
	}
	if _, ok, _ := New().Usage.Usage("", scalars{}); ok {
		t.Error("a usage of nothing")
	}
}

func TestMerge(t *testing.T) {
	for _, tt := range []struct{ name, start, delta, want string }{
		{"kept", `{"a":1,"b":2}`, `{"b":null}`, `{"a":1,"b":2}`},
		{"later", `{"a":1, "b":2}`, `{"b":0,"c":{"d":3}}`, `{"c":{"d":3},"a":1, "b":0}`},
		{"twice", `{"a":1}`, `{"a":2,"a":3}`, `{"a":3}`},
		{"first", ``, `{"a":2}`, `{"a":2}`},
		{"no-object", `{"a":1}`, `[]`, `{"a":1}`},
	} {
		if got := string(merge([]byte(tt.start), []byte(tt.delta))); got != tt.want {
			t.Errorf("%s: %s", tt.name, got)
		}
	}
}
