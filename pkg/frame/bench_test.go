package frame

import (
	"fmt"
	"strings"
	"testing"
)

const chunk = `data: {"id":"chatcmpl-9","object":"chat.completion.chunk","created":1,"model":"gpt-4o-2024-08-06",` +
	`"choices":[{"index":0,"delta":{"content":" signal"},"finish_reason":null}],"usage":null}` + "\n\n"

// BenchmarkSSE feeds 100 chat chunks in pieces: all at once, as networks cut
// them, and byte by byte.
func BenchmarkSSE(b *testing.B) {
	stream := []byte(strings.Repeat(chunk, 100))
	for _, size := range []int{len(stream), 1400, 190, 16, 1} {
		b.Run(fmt.Sprintf("cut_%d", size), func(b *testing.B) {
			var s SSE
			n := 0
			b.SetBytes(int64(len(stream)))
			b.ReportAllocs()
			for b.Loop() {
				for rest := stream; len(rest) > 0; {
					cut := min(size, len(rest))
					s.Feed(rest[:cut], func(e Event) { n += len(e.Data) })
					rest = rest[cut:]
				}
			}
			if n == 0 {
				b.Fatal("no events")
			}
		})
	}
}

// BenchmarkHuge feeds one event of 1 MB and one of 8 MB byte by byte; the time
// per byte is the same.
func BenchmarkHuge(b *testing.B) {
	for _, size := range []int{1 << 20, 8 << 20} {
		b.Run(fmt.Sprintf("%dMB", size>>20), func(b *testing.B) {
			stream := []byte("data: " + strings.Repeat("x", size) + "\n\n")
			b.SetBytes(int64(len(stream)))
			for b.Loop() {
				s := SSE{Max: 16 << 20}
				for i := range stream {
					s.Feed(stream[i:i+1], func(Event) {})
				}
			}
		})
	}
}
