package gemini

import (
	"testing"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/genai"
)

// delta is an event as the Gemini API streams it, with 40 bytes of text.
const delta = `data: {"candidates": [{"content": {"parts": [{"text": "forty bytes of text that a model writes "}],"role": "model"},"index": 0}],` +
	`"usageMetadata": {"promptTokenCount": 34,"candidatesTokenCount": 469,"totalTokenCount": 1290,` +
	`"promptTokensDetails": [{"modality": "TEXT","tokenCount": 34}],"thoughtsTokenCount": 787},` +
	`"modelVersion": "gemini-2.5-pro","responseId": "beHBaJfEMIi-qtsP3769-Q8"}` + "\r\n\r\n"

func BenchmarkDecodeDelta(b *testing.B) {
	d := newDecoder(genai.Chat, true)
	p, n := []byte(delta), 0
	emit := func(e *dialect.Event) { n += len(e.Text) }
	d.Feed(p, emit)
	b.SetBytes(int64(len(p)))
	b.ReportAllocs()
	for b.Loop() {
		d.Feed(p, emit)
	}
	if n == 0 {
		b.Fatal("nothing was emitted")
	}
}

func TestDecodeDeltaAllocatesNothing(t *testing.T) {
	d := newDecoder(genai.Chat, true)
	p, n := []byte(delta), 0
	emit := func(e *dialect.Event) { n += len(e.Text) }
	d.Feed(p, emit)
	if got := testing.AllocsPerRun(100, func() { d.Feed(p, emit) }); got != 0 {
		t.Errorf("%v allocations", got)
	}
}
