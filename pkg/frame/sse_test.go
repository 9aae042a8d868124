package frame

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// seen is an event as a test keeps it. Data and Name are quoted when present.
type seen struct {
	Raw, Data, Name     string
	Oversize, Truncated bool
}

func keepEvent(e Event) seen {
	s := seen{Raw: string(e.Raw), Name: string(e.Name), Oversize: e.Oversize, Truncated: e.Truncated}
	if e.Data != nil {
		s.Data = fmt.Sprintf("%q", e.Data)
	}
	return s
}

// split feeds stream in pieces that end at the cuts and joins the pieces of
// oversized events.
func split(t *testing.T, limit int, stream []byte, next func() int) []seen {
	t.Helper()
	s := SSE{Max: limit}
	var list []seen
	emit := func(e Event) {
		now := keepEvent(e)
		if n := len(list); n > 0 && now.Oversize && list[n-1].Oversize {
			list[n-1].Raw += now.Raw
			return
		}
		list = append(list, now)
	}
	top := s.room() + 1
	for len(stream) > 0 {
		n := min(max(next(), 1), len(stream))
		piece := bytes.Clone(stream[:n])
		s.Feed(piece, emit)
		clear(piece) // nothing may point into a chunk that is done with
		stream = stream[n:]
		if s.Pending() > top {
			t.Fatalf("%d bytes held, the cap is %d", s.Pending(), limit)
		}
	}
	s.Close(emit)
	if s.Pending() != 0 {
		t.Fatalf("%d bytes held behind Close", s.Pending())
	}
	return list
}

// always feeds pieces of n bytes, and all at once when n is 0.
func always(n int) func() int {
	return func() int {
		if n == 0 {
			return 1 << 30
		}
		return n
	}
}

func data(raw, data string) seen { return seen{Raw: raw, Data: fmt.Sprintf("%q", data)} }

func TestSSE(t *testing.T) {
	tests := []struct {
		name, stream string
		want         []seen
	}{
		{"empty", "", nil},
		{"lf", "data: a\n\ndata: b\n\n", []seen{data("data: a\n\n", "a"), data("data: b\n\n", "b")}},
		{"crlf", "data: a\r\n\r\ndata: b\r\n\r\n", []seen{data("data: a\r\n\r\n", "a"), data("data: b\r\n\r\n", "b")}},
		{"cr", "data: a\r\rdata: b\r\r", []seen{data("data: a\r\r", "a"), data("data: b\r\r", "b")}},
		{"lf-then-crlf", "data: a\n\r\ndata: b\n\n", []seen{data("data: a\n\r\n", "a"), data("data: b\n\n", "b")}},
		{"crlf-then-lf", "data: a\r\n\ndata: b\n\n", []seen{data("data: a\r\n\n", "a"), data("data: b\n\n", "b")}},
		{"cr-then-crlf", "data: a\r\r\ndata: b\n\n", []seen{data("data: a\r\r\n", "a"), data("data: b\n\n", "b")}},
		{"lf-then-cr", "data: a\n\rdata: b\n\n", []seen{data("data: a\n\r", "a"), data("data: b\n\n", "b")}},
		{"no-space", "data:a\n\n", []seen{data("data:a\n\n", "a")}},
		{"two-spaces", "data:  a \n\n", []seen{data("data:  a \n\n", " a ")}},
		{"colon-in-value", "data: {\"a\":1}\n\n", []seen{data("data: {\"a\":1}\n\n", `{"a":1}`)}},
		{"several-lines", "data: a\ndata\ndata:b\n\n", []seen{data("data: a\ndata\ndata:b\n\n", "a\n\nb")}},
		{"empty-data", "data:\n\n", []seen{data("data:\n\n", "")}},
		{"data-without-colon", "data\n\n", []seen{data("data\n\n", "")}},
		{"other-fields", "id: 1\nretry: 5\ndata: a\nData: x\n data: y\n\n", []seen{
			data("id: 1\nretry: 5\ndata: a\nData: x\n data: y\n\n", "a"),
		}},
		{"name", "event: ping\ndata: {}\n\n", []seen{{Raw: "event: ping\ndata: {}\n\n", Data: `"{}"`, Name: "ping"}}},
		{"last-name-counts", "event: a\nevent:b\ndata\n\n", []seen{{Raw: "event: a\nevent:b\ndata\n\n", Data: `""`, Name: "b"}}},
		{"name-without-data", "event: ping\n\n", []seen{{Raw: "event: ping\n\n", Name: "ping"}}},
		{"comment-block", ": OPENROUTER PROCESSING\n\ndata: a\n\n", []seen{
			{Raw: ": OPENROUTER PROCESSING\n\n"}, data("data: a\n\n", "a"),
		}},
		{"comment-inside", ":\ndata: a\n:data: b\n\n", []seen{data(":\ndata: a\n:data: b\n\n", "a")}},
		{"blank-lines-first", "\n\r\n\rdata: a\n\n", []seen{{Raw: "\n"}, {Raw: "\r\n"}, {Raw: "\r"}, data("data: a\n\n", "a")}},
		{"blank-lines-behind", "data: a\n\n\n\n", []seen{data("data: a\n\n", "a"), {Raw: "\n"}, {Raw: "\n"}}},
		{"byte-order-mark", "\ufeffdata: a\n\n", []seen{data("\ufeffdata: a\n\n", "a")}},
		{"second-mark-is-content", "data: a\n\n\ufeffdata: b\n\n", []seen{data("data: a\n\n", "a"), {Raw: "\ufeffdata: b\n\n"}}},
		{"mark-and-blank-line", "\ufeff\ndata: a\n\n", []seen{data("\ufeff\ndata: a\n\n", "a")}},
		{"unterminated", "data: a\n\ndata: [DONE]", []seen{
			data("data: a\n\n", "a"), {Raw: "data: [DONE]", Data: `"[DONE]"`, Truncated: true},
		}},
		{"unterminated-line-end", "data: a\n", []seen{{Raw: "data: a\n", Data: `"a"`, Truncated: true}}},
		{"unterminated-cr", "data: a\r", []seen{{Raw: "data: a\r", Data: `"a"`, Truncated: true}}},
		{"terminated-by-last-cr", "data: a\r\n\r", []seen{data("data: a\r\n\r", "a")}},
		{"not-a-stream", `{"error":{"message":"x"}}`, []seen{{Raw: `{"error":{"message":"x"}}`, Truncated: true}}},
		{"zero-bytes-and-utf8", "data: \x00é😀\xff\n\n", []seen{data("data: \x00é😀\xff\n\n", "\x00é😀\xff")}},
	}
	for _, tt := range tests {
		for _, size := range []int{0, 1, 2, 3, 7, 8, 9} {
			t.Run(fmt.Sprintf("%s/%d", tt.name, size), func(t *testing.T) {
				got := split(t, 0, []byte(tt.stream), always(size))
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("events (-want +got):\n%s", diff)
				}
			})
		}
	}
}

func TestOversize(t *testing.T) {
	over := func(raw string) seen { return seen{Raw: raw, Oversize: true} }
	tests := []struct {
		name, stream string
		want         []seen
	}{
		{"at-the-cap", "data: 45\n\n", []seen{data("data: 45\n\n", "45")}},
		{"cr-at-the-cap", "data: 45\r\rx", []seen{data("data: 45\r\r", "45"), {Raw: "x", Truncated: true}}},
		{"lf-behind-the-cap", "data: 45\r\r\n", []seen{data("data: 45\r\r\n", "45")}},
		{"one-above", "data: 456\n\n", []seen{over("data: 456\n\n")}},
		{"long", "data: 4567890123456789\r\n\r\ndata: a\n\n", []seen{
			over("data: 4567890123456789\r\n\r\n"), data("data: a\n\n", "a"),
		}},
		{"ends-in-cr", "data: 4567890\r\rdata: a\n\n", []seen{over("data: 4567890\r\r"), data("data: a\n\n", "a")}},
		{"unterminated", "data: 4567890", []seen{over("data: 4567890")}},
		{"no-mark-behind", "data: 4567890\n\n\ufeffdata\n\n", []seen{
			over("data: 4567890\n\n"), {Raw: "\ufeffdata\n\n"},
		}},
	}
	for _, tt := range tests {
		for _, size := range []int{0, 1, 2, 5, 10, 11} {
			t.Run(fmt.Sprintf("%s/%d", tt.name, size), func(t *testing.T) {
				got := split(t, 10, []byte(tt.stream), always(size))
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("events (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// An event leaves with its last byte, not with the next event's first: a
// caller waits for it.
func TestEventLeavesAtOnce(t *testing.T) {
	tests := []struct {
		name, stream string
		pending      int
	}{
		{"lf", "data: a\n\n", 0},
		{"crlf", "data: a\r\n\r\n", 0},
		{"bare-cr-waits", "data: a\r\r", 9},
		{"second-event-begun", "data: a\n\nda", 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var s SSE
			for i := range len(tt.stream) {
				s.Feed([]byte(tt.stream[i:i+1]), func(Event) {})
			}
			if s.Pending() != tt.pending {
				t.Errorf("%d bytes held, want %d", s.Pending(), tt.pending)
			}
		})
	}
}

func TestReadyAgainBehindClose(t *testing.T) {
	s := SSE{Max: 12}
	for range 2 {
		var got []seen
		emit := func(e Event) { got = append(got, keepEvent(e)) }
		s.Feed([]byte("\ufeffdata: a\n\ndata: much too long\r"), emit)
		s.Close(emit)
		if len(got) < 2 || got[0].Data != `"a"` {
			t.Errorf("events %+v", got)
		}
	}
	if s.Max != 12 {
		t.Errorf("Max is %d", s.Max)
	}
}

// Streams that would take minutes in quadratic time, in the shapes that tempt a
// splitter into it.
func TestLinearTime(t *testing.T) {
	const size = 1 << 20
	streams := map[string][]byte{
		"one-line":   []byte("data: " + strings.Repeat("x", size) + "\n\n"),
		"many-lines": []byte(strings.Repeat("data: x\n", size/8) + "\n"),
		"bare-cr":    []byte(strings.Repeat("data: x\r", size/8) + "\r"),
		"blank":      bytes.Repeat([]byte("\n"), size),
		"colons":     bytes.Repeat([]byte(":"), size),
	}
	for name, stream := range streams {
		for _, limit := range []int{64 << 10, 2 * size} {
			for _, piece := range []int{0, 1, 1000} {
				t.Run(fmt.Sprintf("%s/%d/%d", name, limit, piece), func(t *testing.T) {
					s, got := SSE{Max: limit}, 0
					emit := func(e Event) { got += len(e.Raw) }
					for rest := stream; len(rest) > 0; {
						n := min(always(piece)(), len(rest))
						s.Feed(rest[:n], emit)
						rest = rest[n:]
					}
					s.Close(emit)
					if got != len(stream) {
						t.Errorf("%d bytes came out of %d", got, len(stream))
					}
				})
			}
		}
	}
}

// A stream that had one large event does not hold on to its memory.
func TestMemoryIsLetGo(t *testing.T) {
	var s SSE
	stream := strings.Repeat("data: 0123456789\n", 40000) + "\n"
	for half := range 2 {
		s.Feed([]byte(stream[half*len(stream)/2:(half+1)*len(stream)/2]), func(Event) {})
	}
	if cap(s.held) > keep || cap(s.joined) > keep {
		t.Errorf("capacity of %d and %d bytes is kept", cap(s.held), cap(s.joined))
	}
}

func TestSlicesAreCapped(t *testing.T) {
	stream := []byte("event: a\ndata: b\n\ndata: c\ndata: d\n\ndata: e\n\n")
	want := bytes.Clone(stream)
	for _, size := range []int{0, 1} {
		var got []byte
		var s SSE
		emit := func(e Event) {
			got = append(got, e.Raw...)
			_ = append(e.Raw, '!')
			_ = append(e.Data, '!')
			_ = append(e.Name, '!')
		}
		for rest := stream; len(rest) > 0; {
			n := min(always(size)(), len(rest))
			s.Feed(rest[:n], emit)
			rest = rest[n:]
		}
		if !bytes.Equal(got, want) || !bytes.Equal(stream, want) {
			t.Errorf("an event's reader wrote into the stream: %q, %q", got, stream)
		}
	}
}

func TestNothingIsAllocated(t *testing.T) {
	stream := []byte("event: a\ndata: b\n\ndata: c\ndata: d\n\n")
	var s SSE
	n := 0
	feed := func() {
		s.Feed(stream[:20], func(e Event) { n += len(e.Data) })
		s.Feed(stream[20:], func(e Event) { n += len(e.Data) })
	}
	feed()
	if got := testing.AllocsPerRun(100, feed); got != 0 {
		t.Errorf("%v allocations", got)
	}
}

func TestPrintsNoContent(t *testing.T) {
	e := Event{Raw: []byte("data: swordfish\n\n"), Data: []byte("swordfish"), Name: []byte("swordfish")}
	var out bytes.Buffer
	for _, v := range []any{e, &e, []Event{e}} {
		fmt.Fprintf(&out, "%v %+v %#v %s %q %x %d", v, v, v, v, v, v, v)
		slog.New(slog.NewTextHandler(&out, nil)).Info("m", slog.Any("v", v))
		slog.New(slog.NewJSONHandler(&out, nil)).Info("m", slog.Any("v", v))
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(b)
	}
	for _, leak := range []string{"swordfish", "115 119 111 114", "c3dvcmRmaXNo", "73776f7264"} {
		if strings.Contains(out.String(), leak) {
			t.Errorf("an event prints %s", out.String())
		}
	}
}

// oracle reads a stream as the standard's text says, line by line, and returns
// name and data of each event that has data, the unterminated one too.
func oracle(stream string) []seen {
	stream = strings.TrimPrefix(stream, "\ufeff")
	stream = strings.ReplaceAll(strings.ReplaceAll(stream, "\r\n", "\n"), "\r", "\n")
	var list []seen
	var lines []string
	name := ""
	for line := range strings.SplitSeq(stream+"\n\n", "\n") {
		field, value, _ := strings.Cut(line, ":")
		switch value = strings.TrimPrefix(value, " "); {
		case line == "" && lines != nil:
			list = append(list, seen{Data: fmt.Sprintf("%q", strings.Join(lines, "\n")), Name: name})
			lines, name = nil, ""
		case line == "":
			name = ""
		case field == "data":
			lines = append(lines, value)
		case field == "event":
			name = value
		}
	}
	return list
}

// FuzzSSE checks that the bytes come out as they went in, that the cuts make no
// difference, and that the events are those of the standard.
func FuzzSSE(f *testing.F) {
	for _, stream := range []string{
		"", "data: a\n\ndata: [DONE]\n\n", "\ufeffdata:a\r\n\r\n: c\n\n", "event: x\rdata\rdata: y\r\r\n\n\r",
		"data: a\ndata: b\n\ndata: c", "\r\r\n\n\ndata: 0123456789012345678901234567890\n\r", "data: \x00\xff\n\n",
	} {
		f.Add([]byte(stream), uint64(1), uint8(0))
		f.Add([]byte(stream), uint64(2), uint8(12))
	}
	f.Fuzz(func(t *testing.T, stream []byte, seed uint64, limit uint8) {
		whole := split(t, int(limit), stream, always(0))
		var raw strings.Builder
		var events []seen
		for _, e := range whole {
			raw.WriteString(e.Raw)
			if e.Data != "" {
				events = append(events, seen{Data: e.Data, Name: e.Name})
			}
			if limit > 0 && !e.Oversize && len(e.Raw) > int(limit)+1 {
				t.Fatalf("an event of %d bytes is above the cap of %d", len(e.Raw), limit)
			}
		}
		if raw.String() != string(stream) {
			t.Fatalf("%q came out as %q", stream, raw.String())
		}
		if limit == 0 {
			if diff := cmp.Diff(oracle(string(stream)), events); diff != "" {
				t.Fatalf("%q (-standard +got):\n%s", stream, diff)
			}
		}
		r := rand.New(rand.NewPCG(seed, 0))
		for _, next := range []func() int{always(1), func() int { return 1 + r.IntN(9) }} {
			if diff := cmp.Diff(whole, split(t, int(limit), stream, next)); diff != "" {
				t.Fatalf("%q (-whole +chunked):\n%s", stream, diff)
			}
		}
	})
}
