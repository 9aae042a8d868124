package translate

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"strings"
	"testing"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/dialect/anthropic"
	"github.com/signalbox-dev/signalbox/pkg/dialect/openai"
	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/pipeline"
	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/telemetry"
)

const whole = `{"id":"msg_1","type":"message","role":"assistant","model":"claude","content":[{"type":"text","text":"hi"}],` +
	`"stop_reason":"end_turn","usage":{"input_tokens":3,"output_tokens":4}}`

const stream = `event: message_start
data: {"type":"message_start","message":{"id":"msg_1","model":"claude","usage":{"input_tokens":3,"output_tokens":1}}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"hi"}}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":4}}

event: message_stop
data: {"type":"message_stop"}

`

type books struct{ readings []pipeline.Reading }

func (b *books) Metered(_ pipeline.Ticket, r pipeline.Reading) { b.readings = append(b.readings, r) }

// run passes an answer through the stage in pieces of n bytes; ends says that
// its end came.
func run(t *testing.T, body string, streamed bool, coding string, n int, ends bool) (string, *pipeline.Exchange, *books) {
	t.Helper()
	front, back := openai.New(), anthropic.New()
	x := &pipeline.Exchange{Dialect: &front, Endpoint: dialect.Endpoint{Operation: genai.Chat}}
	x.Head.ID, x.Call.Stream = "id", streamed
	x.Order = []pipeline.Planned{{Candidate: policy.Candidate{Backend: &policy.Backend{Name: "a", Kind: "anthropic"}}, Dialect: &back, Translated: true}}
	x.Answer = pipeline.Answer{Status: 200, ContentEncoding: coding}
	b := &books{}
	s := Stage{Books: b, Metrics: telemetry.NewMetrics()}
	want := pipeline.Whole
	if streamed {
		want = pipeline.Edit
	}
	if w := s.AnswerHead(x); w != want {
		t.Fatalf("wants %d", w)
	}
	var out bytes.Buffer
	for body != "" {
		k := min(n, len(body))
		out.Write(s.Chunk(x, []byte(body[:k]), ends && k == len(body)))
		body = body[k:]
	}
	s.End(x)
	return out.String(), x, b
}

func TestTranslates(t *testing.T) {
	for _, c := range []struct {
		name, body string
		stream     bool
	}{{"whole", whole, false}, {"stream", stream, true}} {
		for _, n := range []int{1 << 20, 1, 30} {
			out, x, b := run(t, c.body, c.stream, "", n, true)
			if !strings.Contains(out, `"content":"hi"`) || x.Broken() != nil || c.stream != strings.HasSuffix(out, "data: [DONE]\n\n") || !c.stream && !json.Valid([]byte(out)) {
				t.Errorf("%s in pieces of %d: %s", c.name, n, out)
			}
			if len(b.readings) != 1 {
				t.Fatalf("%d readings", len(b.readings))
			}
			if r := b.readings[0]; r.Usage != (genai.Usage{Input: 3, Output: 4}) || !r.Complete || r.Failed || !r.Translated || r.Attempt != 1 || r.Bytes != int64(len(c.body)) {
				t.Errorf("%s: %+v", c.name, r)
			}
		}
	}
}

func TestReadsWhatCameCompressed(t *testing.T) {
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	if _, err := w.Write([]byte(stream)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if out, x, _ := run(t, z.String(), true, "gzip", 7, true); !strings.Contains(out, `"content":"hi"`) || x.Broken() != nil {
		t.Errorf("%s %v", out, x.Broken())
	}
	if out, x, _ := run(t, z.String(), true, "br", 7, true); x.Broken() == nil || strings.Contains(out, "[DONE]") {
		t.Errorf("an unknown coding gives %s", out)
	}
}

func TestBreaksWhatHasNoEnd(t *testing.T) {
	cut := stream[:strings.Index(stream, "event: message_delta")]
	out, x, b := run(t, cut, true, "", 1<<20, true)
	if x.Broken() == nil || strings.Contains(out, "[DONE]") || strings.Contains(out, `"finish_reason":"`) || !strings.Contains(out, `{"error":{`) {
		t.Errorf("%s", out)
	}
	if r := b.readings[0]; !r.Failed {
		t.Errorf("%+v", r)
	}
}

func TestReportsACallerThatLeft(t *testing.T) {
	_, x, b := run(t, stream[:300], true, "", 100, false)
	if len(b.readings) != 1 || b.readings[0].Complete || b.readings[0].Failed || x.Broken() != nil {
		t.Errorf("%+v", b.readings)
	}
}

func TestLeavesOtherAnswersAlone(t *testing.T) {
	for name, change := range map[string]func(*pipeline.Exchange){
		"own_dialect":    func(x *pipeline.Exchange) { x.Order[0].Translated = false },
		"attempt_filter": func(x *pipeline.Exchange) { x.Order[0].Owned = true },
		"error":          func(x *pipeline.Exchange) { x.Answer.Status = 500 },
		"nobody":         func(x *pipeline.Exchange) { x.Answer.Attempt = -1 },
	} {
		x := &pipeline.Exchange{Order: []pipeline.Planned{{Translated: true}}}
		x.Answer.Status = 200
		change(x)
		if w := (Stage{}).AnswerHead(x); w != pipeline.Nothing || x.Translator != nil {
			t.Errorf("%s: wants %d", name, w)
		}
		if out := (Stage{}).Chunk(x, []byte("x"), true); string(out) != "x" {
			t.Errorf("%s: %q", name, out)
		}
	}
}
