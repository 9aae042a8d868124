package openai

import (
	"bytes"
	"regexp"
	"testing"

	"github.com/signalbox-dev/signalbox/pkg/frame"
)

// hiddenIn filters a body in pieces of n bytes.
func hiddenIn(n int, body []byte) []byte {
	h := New().Answer.Hider()
	var out []byte
	for len(body) > 0 {
		k := min(n, len(body))
		out = h.Feed(out, body[:k:k])
		body = body[k:]
	}
	return h.Close(out)
}

const (
	delta1    = `data: {"choices":[{"delta":{"content":"a"}}],"usage":null}` + "\n\n"
	usageOnly = `data: {"choices":[],"usage":` + usage34 + `}` + "\n\n"
	done      = "data: [DONE]\n\n"
)

func TestHider(t *testing.T) {
	filters := `data: {"choices":[],"created":0,"prompt_filter_results":[]}` + "\n\n"
	beside := `data: {"choices":[{"delta":{}}],"usage":` + usage34 + `}` + "\n\n"
	comment := ": OPENROUTER PROCESSING\n\n"
	quoted := `data: {"choices":[{"delta":{"content":"\"choices\":[],\"usage\":{"}}],"usage":{"a":1}}` + "\n\n"
	nulled := `data: {"choices":[],"usage":null}` + "\n\n"
	tests := []struct{ name, body, want string }{
		{"usage_event_goes", delta1 + usageOnly + done, delta1 + done},
		{"others_stay", filters + comment + delta1 + beside + quoted + nulled + done, filters + comment + delta1 + beside + quoted + nulled + done},
		{"crlf", "data: {\"choices\" : [ ],\r\ndata: \"usage\":\t{}}\r\n\r\nx\r\n\r\n", "x\r\n\r\n"},
		{"named_and_commented", ": c\nid: 4\nevent: message\n" + usageOnly + done, done},
		{"usage_first", `data: {"usage":{},"choices":[]}` + "\n\n", ""},
		{"unterminated_usage_event", delta1 + `data: {"choices":[],"usage":{}}`, delta1},
		{"unterminated_event", delta1 + `data: {"choices":[`, delta1 + `data: {"choices":[`},
		{"no_stream", `{"choices":[{}],"usage":{}}`, `{"choices":[{}],"usage":{}}`},
		{"empty", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, n := range []int{1 << 20, 1, 2, 3, 17} {
				if got := hiddenIn(n, []byte(tt.body)); string(got) != tt.want {
					t.Errorf("pieces of %d: %q, want %q", n, got, tt.want)
				}
			}
		})
	}
}

func TestHiderLetsLargeEventsGo(t *testing.T) {
	body := append([]byte("data: "), bytes.Repeat([]byte("x"), 3*maxHeld)...)
	h := New().Answer.Hider()
	if out := h.Feed(nil, body); len(out) < 2*maxHeld {
		t.Errorf("%d bytes left, more than %d are held", len(out), maxHeld)
	}
	body = append(body, "\n\n"+delta1+usageOnly...)
	want := body[:len(body)-len(usageOnly)]
	for _, n := range []int{len(body), 1000} {
		if got := hiddenIn(n, body); !bytes.Equal(got, want) {
			t.Errorf("pieces of %d: %d bytes, want %d", n, len(got), len(want))
		}
	}
}

func TestHiderDelaysNoEvent(t *testing.T) {
	h := New().Answer.Hider()
	if out := h.Feed(nil, []byte(delta1)); string(out) != delta1 {
		t.Errorf("%q", out)
	}
}

// The rule as the filter inside the proxy states it.
var (
	noChoices = regexp.MustCompile(`"choices"[ \t\n\v\f\r]*:[ \t\n\v\f\r]*\[[ \t\n\v\f\r]*\]`)
	someUsage = regexp.MustCompile(`"usage"[ \t\n\v\f\r]*:[ \t\n\v\f\r]*\{`)
)

func FuzzHider(f *testing.F) {
	f.Add([]byte(delta1+usageOnly+done), uint8(3))
	f.Add([]byte(": c\r\n\r\ndata:{\"choices\": [] ,\"usage\" :{}}\r\r\n"), uint8(1))
	f.Fuzz(func(t *testing.T, body []byte, cut uint8) {
		whole := hiddenIn(max(1, len(body)), body)
		for _, n := range []int{1, int(cut)%64 + 1} {
			if got := hiddenIn(n, body); !bytes.Equal(got, whole) {
				t.Fatalf("pieces of %d: %q, whole %q", n, got, whole)
			}
		}
		var want []byte
		keep := func(e frame.Event) {
			if !noChoices.Match(e.Raw) || !someUsage.Match(e.Raw) {
				want = append(want, e.Raw...)
			}
		}
		s := frame.SSE{Max: maxHeld}
		s.Feed(body, keep)
		s.Close(keep)
		if !bytes.Equal(whole, want) {
			t.Fatalf("%q, want %q", whole, want)
		}
	})
}

func BenchmarkHiderChunk(b *testing.B) {
	h := New().Answer.Hider()
	var out []byte
	b.SetBytes(int64(len(chunkEvent)))
	b.ReportAllocs()
	for b.Loop() {
		out = h.Feed(out[:0], chunkEvent)
	}
}
