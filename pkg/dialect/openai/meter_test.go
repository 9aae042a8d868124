package openai

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/genai"
)

// read meters a body in pieces of n bytes.
func readIn(n int, kind string, body []byte) dialect.Reading {
	m := New().Answer.Meter(genai.Chat, true, kind)
	for len(body) > 0 {
		k := min(n, len(body))
		m.Feed(body[:k:k])
		body = body[k:]
	}
	return m.Close()
}

const usage34 = `{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}`

func TestMeter(t *testing.T) {
	tests := []struct {
		name, body string
		want       dialect.Reading
	}{
		{
			name: "stream",
			body: `data: {"model":"m-1","service_tier":"default","choices":[{"delta":{"role":"assistant","content":""},"finish_reason":null}],"usage":null}` + "\n\n" +
				`data: {"model":"m-1","choices":[{"delta":{"content":"hello"},"finish_reason":null}],"usage":null}` + "\n\n" +
				`data: {"model":"m-1","choices":[{"delta":{"tool_calls":[{"function":{"name":"f","arguments":"{}"}}]},"finish_reason":"stop"}],"usage":null}` + "\n\n" +
				`data: {"model":"m-1","choices":[],"usage":` + usage34 + `}` + "\n\n" +
				"data: [DONE]\n\n",
			want: dialect.Reading{
				Usage: genai.Usage{Input: 3, Output: 4}, Found: true, Raw: []byte(usage34),
				Model: "m-1", Tier: "default", Done: true, Finished: true, Events: 4, DeltaBytes: 7,
			},
		},
		{
			name: "usage_beside_choices_and_crlf_and_no_done",
			body: "\ufeff: hi\r\n\r\ndata:{\"model\":\"m\",\"choices\":[{\"delta\":{\"content\":\"x\"},\"finish_reason\":\"stop\"}],\"usage\":" + usage34 + "}\r\n\r\n",
			want: dialect.Reading{
				Usage: genai.Usage{Input: 3, Output: 4}, Found: true, Raw: []byte(usage34),
				Model: "m", Finished: true, Events: 1, DeltaBytes: 1,
			},
		},
		{
			name: "running_usage_last_wins",
			body: `data: {"usage":{"prompt_tokens":3,"completion_tokens":1}}` + "\n\n" + `data: {"usage":{"prompt_tokens":3,"completion_tokens":4}}` + "\n\n",
			want: dialect.Reading{
				Usage: genai.Usage{Input: 3, Output: 4}, Found: true, Raw: []byte(`{"prompt_tokens":3,"completion_tokens":4}`), Events: 2,
			},
		},
		{
			name: "later_usage_keeps_what_it_leaves_out",
			body: `data: {"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}}` + "\n\n" + `data: {"usage":{"completion_tokens":4}}` + "\n\n",
			want: dialect.Reading{
				Usage: genai.Usage{Input: 3, Output: 4}, Found: true, Raw: []byte(`{"completion_tokens":4}`), Events: 2,
			},
		},
		{
			name: "zeros_and_nothing_do_not_undo_a_usage",
			body: `data: {"usage":` + usage34 + `}` + "\n\n" + `data: {"usage":{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}}` + "\n\ndata: {\"usage\":{}}\n\n",
			want: dialect.Reading{Usage: genai.Usage{Input: 3, Output: 4}, Found: true, Raw: []byte(usage34), Events: 3},
		},
		{
			name: "usage_in_x_groq_only",
			body: `data: {"choices":[],"x_groq":{"id":"r","usage":` + usage34 + `}}` + "\n\n",
			want: dialect.Reading{Usage: genai.Usage{Input: 3, Output: 4}, Found: true, Raw: []byte(usage34), Events: 1},
		},
		{
			name: "usage_twice_in_one_event_counts_once",
			body: `data: {"x_groq":{"usage":{"prompt_tokens":1,"completion_tokens":1}},"usage":` + usage34 + `}` + "\n\n",
			want: dialect.Reading{Usage: genai.Usage{Input: 3, Output: 4}, Found: true, Raw: []byte(usage34), Events: 1},
		},
		{
			name: "what_the_model_wrote_is_no_usage",
			body: `data: {"choices":[{"delta":{"content":"\"usage\":{\"prompt_tokens\":9}","tool_calls":[{"usage":{"prompt_tokens":9}}]}}]}` + "\n\n",
			want: dialect.Reading{Events: 1, DeltaBytes: int64(len(`\"usage\":{\"prompt_tokens\":9}`))},
		},
		{
			name: "one_text_in_three_places_counts_once",
			body: `data: {"choices":[{"delta":{"content":"abc"},"message":{"content":"abc"},"text":"abc"}]}` + "\n\n",
			want: dialect.Reading{Events: 1, DeltaBytes: 3},
		},
		{
			name: "error_event",
			body: "event: error\ndata: {\"error\":{\"message\":\"m\"}}\n\n",
			want: dialect.Reading{Events: 1, Failed: true},
		},
		{
			name: "cut_in_the_last_event",
			body: `data: {"usage":` + usage34 + `}` + "\n\n" + `data: {"choices":[{"delta":{"content":"hel`,
			want: dialect.Reading{Usage: genai.Usage{Input: 3, Output: 4}, Found: true, Raw: []byte(usage34), Events: 2},
		},
		{
			name: "unterminated_last_event",
			body: `data: {"usage":` + usage34 + `}` + "\n\n" + `data: [DONE]`,
			want: dialect.Reading{Usage: genai.Usage{Input: 3, Output: 4}, Found: true, Raw: []byte(usage34), Events: 1, Done: true},
		},
		{
			name: "malformed_events",
			body: "data: {\"a\":\n\ndata: nonsense\n\ndata:\n\n",
			want: dialect.Reading{Events: 2, Malformed: 2},
		},
		{
			name: "tier_in_the_usage",
			body: `{"model":"m","usage":{"prompt_tokens":3,"completion_tokens":4,"service_tier":"standard"}}`,
			want: dialect.Reading{
				Usage: genai.Usage{Input: 3, Output: 4}, Found: true, Model: "m", Tier: "standard", Done: true,
				Raw: []byte(`{"prompt_tokens":3,"completion_tokens":4,"service_tier":"standard"}`),
			},
		},
		{
			name: "single_answer",
			body: "\n " + `{"model":"a\/b","choices":[{"message":{"content":"hi","reasoning":"hm"},"finish_reason":"stop"}],"usage":` + usage34 + "}\n",
			want: dialect.Reading{
				Usage: genai.Usage{Input: 3, Output: 4}, Found: true, Raw: []byte(usage34),
				Model: "a/b", Done: true, Finished: true, DeltaBytes: 4,
			},
		},
		{
			name: "single_answer_cut",
			body: `{"usage":` + usage34 + `,"choices":[`,
			want: dialect.Reading{Usage: genai.Usage{Input: 3, Output: 4}, Found: true, Raw: []byte(usage34), Malformed: 1},
		},
		{
			name: "error_instead_of_a_stream",
			body: `{"error":{"message":"m"}}`,
			want: dialect.Reading{Done: true, Failed: true},
		},
		{name: "nothing", body: ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, n := range []int{1 << 20, 1, 2, 13} {
				if d := cmp.Diff(tt.want, readIn(n, "", []byte(tt.body))); d != "" {
					t.Errorf("pieces of %d (-want +got):\n%s", n, d)
				}
			}
		})
	}
}

func TestMeterOfLargeEvents(t *testing.T) {
	body := "data: {\"choices\":[{\"delta\":{\"content\":\"" + strings.Repeat("x", 3<<20) + "\"}}]}\n\n" +
		"data: {\"usage\":" + usage34 + "}\n\n"
	want := dialect.Reading{Usage: genai.Usage{Input: 3, Output: 4}, Found: true, Raw: []byte(usage34), Events: 2, Malformed: 1}
	for _, n := range []int{len(body), 70_001} {
		if d := cmp.Diff(want, readIn(n, "", []byte(body))); d != "" {
			t.Errorf("pieces of %d (-want +got):\n%s", n, d)
		}
	}
}

func TestMeterOfLargeAnswer(t *testing.T) {
	body := `{"choices":[{"message":{"content":"` + strings.Repeat("x", 80<<20) + `"}}],"usage":` + usage34 + `}`
	m := newMeter("")
	for p := []byte(body); len(p) > 0; p = p[min(len(p), 64<<10):] {
		m.Feed(p[:min(len(p), 64<<10)])
	}
	if held := cap(m.scan.raw) + cap(m.scan.head) + cap(m.scan.seen.usage); held > 2*maxUsage {
		t.Errorf("holds %d bytes", held)
	}
	if r := m.Close(); !r.Found || !r.Done || r.DeltaBytes != 80<<20 {
		t.Errorf("found %v, done %v, %d bytes", r.Found, r.Done, r.DeltaBytes)
	}
}

func TestMeterDropsAnEndlessUsage(t *testing.T) {
	body := `{"usage":{"a":"` + strings.Repeat("x", 2*maxUsage) + `","prompt_tokens":1},"model":"m"}`
	for _, n := range []int{len(body), 1000} {
		if r := readIn(n, "", []byte(body)); r.Found || r.Model != "m" {
			t.Errorf("pieces of %d: found %v, model %q", n, r.Found, r.Model)
		}
	}
}

func TestMeterDoesNotRetain(t *testing.T) {
	body := []byte(`{"model":"m","usage":` + usage34 + `}`)
	m := New().Answer.Meter(genai.Chat, false, "")
	p := bytes.Clone(body)
	m.Feed(p)
	clear(p)
	if d := cmp.Diff(readIn(len(body), "", body), m.Close()); d != "" {
		t.Error(d)
	}
}

func FuzzMeter(f *testing.F) {
	for _, s := range scanSeeds {
		f.Add([]byte(s), uint8(3))
		f.Add([]byte("data: "+s+"\n\ndata: [DONE]\r\n\r\n"), uint8(5))
	}
	f.Fuzz(func(t *testing.T, body []byte, cut uint8) {
		whole := readIn(max(1, len(body)), "", body)
		for _, n := range []int{1, int(cut)%64 + 1} {
			if d := cmp.Diff(whole, readIn(n, "", body)); d != "" {
				t.Fatalf("pieces of %d (-whole +pieces):\n%s", n, d)
			}
		}
	})
}

// A stream's chunk must cost next to nothing: no allocation once warm.
func TestMeterAllocations(t *testing.T) {
	m := New().Answer.Meter(genai.Chat, true, "")
	m.Feed(chunkEvent)
	if n := testing.AllocsPerRun(100, func() { m.Feed(chunkEvent) }); n > 0 {
		t.Errorf("%v allocations a chunk", n)
	}
}

var chunkEvent = []byte(`data: {"id":"chatcmpl-C3je6S7xCfmJsmk5ztC63YiPYHnHH","object":"chat.completion.chunk","created":1755006482,` +
	`"model":"gpt-4o-2024-08-06","service_tier":"default","system_fingerprint":"fp_07871e2ad8","choices":[{"index":0,` +
	`"delta":{"content":" token"},"logprobs":null,"finish_reason":null}],"usage":null,"obfuscation":"rpABCdef"}` + "\n\n")

func BenchmarkMeterChunk(b *testing.B) {
	m := New().Answer.Meter(genai.Chat, true, "openai")
	b.SetBytes(int64(len(chunkEvent)))
	b.ReportAllocs()
	for b.Loop() {
		m.Feed(chunkEvent)
	}
}

func BenchmarkMeterSingle100K(b *testing.B) {
	body := []byte(`{"id":"x","model":"gpt-4o","choices":[{"index":0,"message":{"role":"assistant","content":"` +
		strings.Repeat(`A line of text with \"quotes\" in it and a break.\n`, 2000) +
		`"},"finish_reason":"stop"}],"usage":` + usage34 + `}`)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		m := New().Answer.Meter(genai.Chat, false, "openai")
		m.Feed(body)
		if !m.Close().Found {
			b.Fatal("no usage")
		}
	}
}
