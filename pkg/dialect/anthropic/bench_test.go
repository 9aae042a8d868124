package anthropic

import (
	"testing"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/genai"
)

const deltaEvent = "event: content_block_delta\n" +
	`data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"the points are set, and the signal clear"}}` + "\n\n"

func BenchmarkDecodeDelta(b *testing.B) {
	d := newDecoder("anthropic")
	d.Feed([]byte("event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"a\",\"model\":\"m\"}}\n\n"), drop)
	d.Feed([]byte("event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n"), drop)
	event, size := []byte(deltaEvent), 0
	emit := func(e *dialect.Event) { size += len(e.Text) }
	d.Feed(event, emit)
	b.ReportAllocs()
	for b.Loop() {
		d.Feed(event, emit)
	}
	if size == 0 {
		b.Fatal("nothing was decoded")
	}
}

func BenchmarkMeterDelta(b *testing.B) {
	m := New().Answer.Meter(genai.Chat, true, "anthropic")
	event := []byte(deltaEvent)
	b.ReportAllocs()
	for b.Loop() {
		m.Feed(event)
	}
}
