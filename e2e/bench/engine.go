package main

import (
	"fmt"
	"slices"
	"syscall"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/builtin"
	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/pipeline"
	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/stage/translate"
	"github.com/signalbox-dev/signalbox/pkg/telemetry"
)

// talk is a streamed answer of a provider: its beginning, the piece that carries
// a delta of forty bytes, and its end.
type talk struct{ first, delta, last string }

const delta = "the points are set, and the signal clear"

// talks are streamed answers by the dialect of the provider.
var talks = map[string]talk{
	"anthropic": {
		first: "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"model\":\"m\",\"usage\":{\"input_tokens\":9,\"output_tokens\":1}}}\n\n" +
			"event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
		delta: "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"" + delta + "\"}}\n\n",
		last: "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n" +
			"event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":9}}\n\n" +
			"event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
	},
	"gemini": {
		delta: `data: {"candidates": [{"content": {"parts": [{"text": "` + delta + `"}],"role": "model"},"index": 0}],` +
			`"usageMetadata": {"promptTokenCount": 9,"candidatesTokenCount": 9,"totalTokenCount": 18},"modelVersion": "m","responseId": "r1"}` + "\r\n\r\n",
		last: `data: {"candidates": [{"content": {"parts": [{"text": ""}],"role": "model"},"finishReason": "STOP","index": 0}],` +
			`"usageMetadata": {"promptTokenCount": 9,"candidatesTokenCount": 9,"totalTokenCount": 18},"modelVersion": "m","responseId": "r1"}` + "\r\n\r\n",
	},
}

// engine translates one stream for a caller of OpenAI's dialect, as the
// processor does: everything but the wire.
type engine struct {
	stage translate.Stage
	x     *pipeline.Exchange
	read  *books
}

// books remember the reading of an answer.
type books struct{ pipeline.Reading }

func (b *books) Metered(_ pipeline.Ticket, r pipeline.Reading) { b.Reading = r }

// newEngine reads what a backend of a dialect answers, in a content coding.
func newEngine(from, coding string) *engine {
	all := builtin.Table()
	b := &policy.Backend{Name: from, Provider: from, Kind: from, Dialect: from}
	e := &engine{read: &books{}, x: &pipeline.Exchange{
		Snapshot: &policy.Snapshot{},
		Dialect:  all["openai"],
		Endpoint: dialect.Endpoint{Operation: genai.Chat},
		Order:    []pipeline.Planned{{Candidate: policy.Candidate{Backend: b, Model: "m"}, Dialect: all[from], Translated: true}},
	}}
	e.stage = translate.Stage{Books: e.read, Metrics: telemetry.NewMetrics()}
	e.x.Head.ID = "8d3e6f0a-0f6b-4a53-9d0e-5f1c7f1b2a3c"
	e.x.Call.Stream = true
	e.x.Answer = pipeline.Answer{Status: 200, ContentType: "text/event-stream", ContentEncoding: coding}
	e.stage.AnswerHead(e.x)
	return e
}

func (e *engine) feed(p []byte) int { return len(e.stage.Chunk(e.x, p, false)) }

func (e *engine) end() { e.stage.Chunk(e.x, nil, true) }

// perDelta is the CPU time that a delta takes, in ns, of n in a row.
func perDelta(from string, n int) (float64, error) {
	t, e := talks[from], newEngine(from, "")
	e.feed([]byte(t.first))
	p := []byte(t.delta)
	out := e.feed(p)
	start := cpuTime()
	for range n {
		out = e.feed(p)
	}
	took := cpuTime() - start
	e.feed([]byte(t.last))
	e.end()
	if out <= len(delta) || !e.read.Finished || e.read.Failed || e.read.Malformed > 0 {
		return 0, fmt.Errorf("engine: %s was not translated", from)
	}
	return float64(took.Nanoseconds()) / float64(n), nil
}

// cpuTime is what this process has used so far.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0 // it takes no other arguments and cannot fail
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// measureEngine adds what a translated delta of forty bytes takes by itself.
func measureEngine(rounds int, out figures) error {
	const deltas = 200_000
	for from, figure := range map[string]string{"anthropic": "translated_delta_ns", "gemini": "translated_delta_gemini_ns"} {
		var all []float64
		for range max(rounds, 3) {
			ns, err := perDelta(from, deltas)
			if err != nil {
				return err
			}
			all = append(all, ns)
		}
		slices.Sort(all)
		out[figure] = round3(all[len(all)/2])
		fmt.Printf("engine: a translated delta of %d bytes from %s: %.0f ns (%.0f to %.0f)\n", len(delta), from, all[len(all)/2], all[0], all[len(all)-1])
	}
	return nil
}
