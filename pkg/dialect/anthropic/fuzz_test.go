package anthropic

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/recorded"
)

// Whatever a caller sends is refused, or can be said to every model.
func FuzzRequest(f *testing.F) {
	for _, seed := range []string{
		`{"model":"m","messages":[{"role":"user","content":"hi"}],"max_tokens":5}`,
		`{"model":"m","system":[{"type":"text","text":"s","cache_control":{"type":"ephemeral","ttl":"1h"}}],"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":[{"type":"image","source":{"type":"url","url":"u"}}],"is_error":true},{"type":"document","source":{"type":"base64","media_type":"text/plain","data":"aGk="}}]},{"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"s"},{"type":"tool_use","id":"a b","name":"n","input":{}},{"type":"text","text":"x \\n\n"}]},{"role":"system","content":"s"}]}`,
		`{"model":"m","messages":[{"role":"user","content":"hi"}],"tools":[{"name":"t","input_schema":{"a":1}},{"type":"web_search_20250305"}],"tool_choice":{"type":"tool","name":"t","disable_parallel_tool_use":true},"thinking":{"type":"enabled","budget_tokens":2000},"output_config":{"effort":"max","format":{"type":"json_schema","schema":{}}},"temperature":2e0,"top_p":0.5,"top_k":3,"stop_sequences":["a"," "],"metadata":{"user_id":"u"},"service_tier":"auto"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r, fault := requests{}.Parse(messages, body, nil)
		if fault != nil {
			return
		}
		a, fault := read(&r)
		if fault != nil {
			return
		}
		for _, model := range []string{"claude-3-haiku", "claude-sonnet-4-5", "claude-opus-4-6", "claude-opus-5-5", "glm"} {
			out, lost, fault := back{}.Write([]byte("x"), a, dialect.Target{Model: model})
			if fault == nil && (!json.Valid(out[1:]) || slices.Contains(lost, "")) {
				t.Fatalf("%s: %s", model, out)
			}
		}
	})
}

// Whatever a provider sends reads the same however it is cut, and pieces of
// text are always text.
func FuzzAnswer(f *testing.F) {
	for _, file := range []string{"stream", "whole", "overloaded", "malformed", "cut"} {
		a := parse(f, "testdata/answers/"+file+".txtar")
		f.Add(section(a, "answer"), uint64(1))
	}
	f.Fuzz(func(t *testing.T, body []byte, seed uint64) {
		cuts := recorded.Cuts(seed)
		want, first := told(body, cuts[0])
		cut := cuts[1+rand.New(rand.NewPCG(seed, 1)).IntN(len(cuts)-1)]
		got, r := told(body, cut)
		if d := cmp.Diff(want, got) + cmp.Diff(first, r); d != "" {
			t.Fatalf("%s: %s", cut.Name, d)
		}
		for _, e := range got {
			for kind := range strings.SplitSeq("text reasoning signature opaque", " ") {
				piece, ok := strings.CutPrefix(e, kind+" ")
				if _, text := dialect.Text(piece).Decode(); ok && !text {
					t.Fatalf("no text: %q", e)
				}
			}
		}
		if r.Found {
			if u, ok, suspect := (usages{}).UsageJSON("", r.Raw); !ok || u != r.Usage || suspect != r.Suspect {
				t.Fatalf("raw usage %s reads %+v, metered %+v", r.Raw, u, r.Usage)
			}
		}
	})
}

// Whatever a provider's error says, what leaves is an error, and no secret.
func FuzzErrors(f *testing.F) {
	f.Add(400, []byte(`{"type":"error","error":{"type":"invalid_request_error","message":"m"},"request_id":"req_1"}`))
	f.Add(429, []byte(`{"type":"error","error":{"type":"x","message":"key sk-ant-api03-abcdefgh","message":"n"}}`))
	f.Add(500, []byte(`{"detail":"x"}`))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		tr := troubles{}.Read(dialect.ErrorAnswer{Status: status, Body: body})
		for _, own := range []bool{false, true} {
			out := troubles{}.Render(tr, own, "r")
			var e struct {
				Type  string
				Error struct{ Type, Message *string }
			}
			if err := json.Unmarshal(out, &e); err != nil || e.Type != "error" || e.Error.Type == nil || e.Error.Message == nil {
				t.Fatalf("%s: %v", out, err)
			}
			if m := *e.Error.Message; len(body) < maxMessage && dialect.Scrub(m) != m {
				t.Fatalf("a secret in %q", m)
			}
		}
	})
}

// Whatever a usage says, the parts fit into their wholes.
func FuzzUsage(f *testing.F) {
	f.Add([]byte(`{"input_tokens":1}`), []byte(`{"output_tokens":1,"iterations":[{"input_tokens":5}]}`))
	f.Add([]byte(`{"start":{"input_tokens":1},"delta":{"output_tokens":-1}}`), []byte(`null`))
	f.Fuzz(func(t *testing.T, start, delta []byte) {
		for _, raw := range [][]byte{start, merge(merge(nil, start), delta)} {
			u, _, _ := usages{}.UsageJSON("", raw)
			if min(u.Input, u.CacheRead, u.CacheWrite5m, u.CacheWrite1h, u.Output, u.Reasoning) < 0 ||
				u.CacheRead+u.CacheWrite5m+u.CacheWrite1h > u.Input || u.Reasoning > u.Output {
				t.Fatalf("%+v of %s", u, raw)
			}
		}
	})
}

// Whatever a provider sends, what a caller of the dialect gets is its JSON.
func FuzzAnew(f *testing.F) {
	for _, file := range []string{"stream", "whole", "malformed"} {
		f.Add(section(parse(f, "testdata/answers/"+file+".txtar"), "answer"))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if out := encoded(body, false); !json.Valid(out) {
			t.Fatalf("whole: %q", out)
		}
		n := 0
		out := encoded(body, true)
		for data := range eventData(out) {
			n++
			if !json.Valid(data) {
				t.Fatalf("event: %q", data)
			}
		}
		if _, r := told(out, recorded.Cuts(0)[0]); n < 3 || !r.Done || !r.Finished || !r.Found || r.Malformed > 0 {
			t.Fatalf("stream of %d events reads %+v: %q", n, r, out)
		}
	})
}
