package anthropic

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/recorded"
	"github.com/signalbox-dev/signalbox/pkg/genai"
)

// encoded is an answer written anew.
func encoded(body []byte, stream bool) []byte {
	enc := New().Front.Encoder(dialect.Asked{ID: "x", Model: "shown", Stream: stream, WantsUsage: true})
	var out []byte
	d := newDecoder("")
	emit := func(e *dialect.Event) { out = enc.Event(out, e) }
	d.Feed(body, emit)
	d.Close(emit)
	return enc.Close(out)
}

// essence is the events of an answer without its id, and with pieces of one
// thing joined.
func essence(body []byte) []string {
	events, _ := told(body, recorded.Cuts(1)[0])
	var all []string
	for _, e := range events {
		kind, rest, _ := strings.Cut(e, " ")
		switch last := len(all) - 1; {
		case kind == "start":
			_, model, _ := strings.Cut(rest, " ")
			e = "start " + model
		case kind == "finish":
			e = "finish " + rest
		case last < 0:
		case kind == "text" || kind == "reasoning" || kind == "signature":
			if strings.HasPrefix(all[last], kind+" ") {
				all[last] += rest
				continue
			}
		case kind == "arguments":
			n, piece, _ := strings.Cut(rest, " ")
			if strings.HasPrefix(all[last], "arguments "+n+" ") {
				all[last] += piece
				continue
			}
		}
		all = append(all, e)
	}
	return all
}

// An answer that is written anew says the same, as a stream and in one piece.
func TestRecordedAnswersAnew(t *testing.T) {
	rows(t, func(t *testing.T, r *recorded.Row) {
		t.Helper()
		want := essence(r.Response.Body)
		if strings.HasPrefix(want[0], "trouble") || bytes.Count(r.Response.Body, []byte(`"message_start"`)) > 1 {
			return // two answers in one are told as one
		}
		calls := false
		for i, e := range want {
			calls = calls || strings.HasPrefix(e, "call ")
			want[i] = strings.Replace(e, "stop_sequence", "end_turn", 1)
			if calls && e == "finish 0 end_turn" { // a server's program called
				want[i] = "finish 2 tool_use"
			}
		}
		if d := cmp.Diff(want, essence(encoded(r.Response.Body, true))); d != "" {
			t.Error("stream:", d)
		}
		whole := encoded(r.Response.Body, false)
		if !json.Valid(whole) {
			t.Fatalf("%s", whole)
		}
		if d := cmp.Diff(normal(want), normal(essence(whole))); d != "" {
			t.Error("whole:", d)
		}
	})
}

// normal decodes arguments: in one piece they are JSON, and need not be escaped
// alike.
func normal(events []string) []string {
	var all []string
	for _, e := range events {
		if rest, ok := strings.CutPrefix(e, "arguments "); ok {
			n, piece, _ := strings.Cut(rest, " ")
			s, _ := dialect.Text(piece).Decode()
			e = "arguments " + n + " " + s
		}
		all = append(all, e)
	}
	return all
}

// story is an answer as another dialect's decoder may tell it.
func story(enc dialect.Encoder) []byte {
	var out []byte
	text := func(s string) dialect.Text { return dialect.Text(s) }
	for _, e := range []dialect.Event{
		{Kind: dialect.EventStart, Name: text("gpt-x")},
		{Kind: dialect.EventReasoning, Tool: -1, Text: text("Hm")},
		{Kind: dialect.EventSignature, Tool: -1, Text: text("c2ln")},
		{Kind: dialect.EventOpaque, Tool: -1, Text: text("b3A=")},
		{Kind: dialect.EventText, Tool: -1, Text: text(`a\n`)},
		{Kind: dialect.EventText, Tool: -1, Text: text(`b`)},
		{Kind: dialect.EventText, Choice: 1, Tool: -1, Text: text(`other choice`)},
		{Kind: dialect.EventText, Tool: -1},
		{Kind: dialect.EventToolCall, Tool: 0, ID: text("call.1"), Name: text("f")},
		{Kind: dialect.EventToolCall, Tool: 1, Name: text("g")},
		{Kind: dialect.EventArguments, Tool: 1, Text: text(`{\"a\":`)},
		{Kind: dialect.EventArguments, Tool: 0, Text: text(`{\"late\":1}`)},
		{Kind: dialect.EventArguments, Tool: 1, Text: text(`\"\\\"\"}`)},
		{Kind: dialect.EventArguments, Tool: 7, Text: text(`nobody's`)},
		{Kind: dialect.EventSignature, Tool: 1, Text: text("of a call")},
		{Kind: dialect.EventRefusal, Tool: -1, Text: text("No.")},
		{Kind: dialect.EventFinish, Tool: -1, Finish: dialect.FinishStop},
		{Kind: dialect.EventUsage, Usage: genai.Usage{Input: 30, CacheRead: 5, CacheWrite5m: 3, CacheWrite1h: 2, Output: 9, Reasoning: 4}},
	} {
		out = enc.Event(out, &e)
	}
	return enc.Close(out)
}

func TestEncodeStream(t *testing.T) {
	got := string(story(New().Front.Encoder(dialect.Asked{ID: "x1", Stream: true})))
	want := []string{
		`{"type":"message_start","message":{"id":"msg_x1","type":"message","role":"assistant","model":"gpt-x","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":0},"output_tokens":0}}}`,
		`{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}`,
		`{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Hm"}}`,
		`{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"c2ln"}}`,
		`{"type":"content_block_stop","index":0}`,
		`{"type":"content_block_start","index":1,"content_block":{"type":"redacted_thinking","data":"b3A="}}`,
		`{"type":"content_block_stop","index":1}`,
		`{"type":"content_block_start","index":2,"content_block":{"type":"text","text":""}}`,
		`{"type":"content_block_delta","index":2,"delta":{"type":"text_delta","text":"a\n"}}`,
		`{"type":"content_block_delta","index":2,"delta":{"type":"text_delta","text":"b"}}`,
		`{"type":"content_block_stop","index":2}`,
		`{"type":"content_block_start","index":3,"content_block":{"type":"tool_use","id":"call_1","name":"f","input":{}}}`,
		`{"type":"content_block_stop","index":3}`,
		`{"type":"content_block_start","index":4,"content_block":{"type":"tool_use","id":"toolu_x1_1","name":"g","input":{}}}`,
		`{"type":"content_block_delta","index":4,"delta":{"type":"input_json_delta","partial_json":"{\"a\":"}}`,
		`{"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":"{\"late\":1}"}}`,
		`{"type":"content_block_delta","index":4,"delta":{"type":"input_json_delta","partial_json":"\"\\\"\"}"}}`,
		`{"type":"content_block_stop","index":4}`,
		`{"type":"content_block_start","index":5,"content_block":{"type":"text","text":""}}`,
		`{"type":"content_block_delta","index":5,"delta":{"type":"text_delta","text":"No."}}`,
		`{"type":"content_block_stop","index":5}`,
		`{"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"input_tokens":20,"cache_creation_input_tokens":5,"cache_read_input_tokens":5,"cache_creation":{"ephemeral_5m_input_tokens":3,"ephemeral_1h_input_tokens":2},"output_tokens":9,"output_tokens_details":{"thinking_tokens":4}}}`,
		`{"type":"message_stop"}`,
	}
	var lines []string
	for block := range strings.SplitSeq(strings.TrimSuffix(got, "\n\n"), "\n\n") {
		name, data, _ := strings.Cut(block, "\ndata: ")
		var e struct{ Type string }
		if err := json.Unmarshal([]byte(data), &e); err != nil || name != "event: "+e.Type {
			t.Errorf("%q: %v", block, err)
		}
		lines = append(lines, data)
	}
	if d := cmp.Diff(want, lines); d != "" {
		t.Error(d)
	}
}

func TestEncodeWhole(t *testing.T) {
	got := string(story(New().Front.Encoder(dialect.Asked{ID: "x1"})))
	const want = `{"id":"msg_x1","type":"message","role":"assistant","model":"gpt-x","content":[` +
		`{"type":"thinking","thinking":"Hm","signature":"c2ln"},{"type":"redacted_thinking","data":"b3A="},{"type":"text","text":"a\nb"},` +
		`{"type":"tool_use","id":"call_1","name":"f","input":{"late":1}},{"type":"tool_use","id":"toolu_x1_1","name":"g","input":{"a":"\""}},{"type":"text","text":"No."}],` +
		`"stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":20,"cache_creation_input_tokens":5,"cache_read_input_tokens":5,"cache_creation":{"ephemeral_5m_input_tokens":3,"ephemeral_1h_input_tokens":2},"output_tokens":9,"output_tokens_details":{"thinking_tokens":4}}}`
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestEncodeLittle(t *testing.T) {
	for _, stream := range []bool{true, false} {
		enc := New().Front.Encoder(dialect.Asked{ID: "x", Model: `sho"wn`, Stream: stream})
		call := dialect.Event{Kind: dialect.EventToolCall, Tool: 0, ID: dialect.Text("a"), Name: dialect.Text("f")}
		cut := dialect.Event{Kind: dialect.EventArguments, Tool: 0, Text: dialect.Text(`{\"a`)}
		end := dialect.Event{Kind: dialect.EventFinish, Finish: dialect.FinishLength}
		out := string(enc.Close(enc.Event(enc.Event(enc.Event(nil, &call), &cut), &end)))
		if !strings.Contains(out, `"model":"sho\"wn"`) || !strings.Contains(out, `"stop_reason":"max_tokens"`) || !strings.Contains(out, `"input":{}`) {
			t.Errorf("%s", out)
		}
	}
}

func TestEncodeFailure(t *testing.T) {
	tr := dialect.Trouble{Status: 529, Message: "Over\nloaded", Own: []byte("{\n}")}
	const body = `{"type":"error","error":{"type":"overloaded_error","message":"Over\nloaded"},"request_id":null}`
	for stream, want := range map[bool]string{true: "event: error\ndata: " + body + "\n\n", false: body} {
		if got := string(New().Front.Encoder(dialect.Asked{Stream: stream}).Fail(nil, tr)); got != want {
			t.Errorf("%s", got)
		}
	}
}

func BenchmarkEncodeDelta(b *testing.B) {
	enc := New().Front.Encoder(dialect.Asked{ID: "x", Stream: true})
	e := dialect.Event{Kind: dialect.EventText, Tool: -1, Text: dialect.Text("the points are set, and the signal clear")}
	dst := enc.Event(make([]byte, 0, 1<<10), &e)
	b.ReportAllocs()
	for b.Loop() {
		dst = enc.Event(dst[:0], &e)
	}
}
