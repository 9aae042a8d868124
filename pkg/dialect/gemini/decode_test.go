package gemini

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/recorded"
	"github.com/signalbox-dev/signalbox/pkg/genai"
)

var update = flag.Bool("update", false, "rewrite what the vectors expect")

// decode returns what the pieces of an answer become, one line an event, and
// the reading.
func decode(op genai.Operation, stream bool, pieces func(func([]byte) bool)) (string, dialect.Reading) {
	var b strings.Builder
	d := New().Back.Decoder(op, stream, "google")
	emit := func(e *dialect.Event) { line(&b, e) }
	for p := range pieces {
		fed := bytes.Clone(p)
		d.Feed(fed, emit)
		for i := range fed { // a decoder must not keep what it was fed
			fed[i] = 'x'
		}
	}
	r := d.Close(emit)
	return b.String(), r
}

// line writes an event as a line.
func line(b *strings.Builder, e *dialect.Event) {
	kinds := [...]string{"start", "text", "reasoning", "signature", "opaque", "refusal", "call", "arguments", "vector", "finish", "usage", "trouble"}
	finishes := [...]string{"stop", "length", "tools", "filter", "pause", "unknown"}
	fmt.Fprintf(b, "%s %d", kinds[e.Kind], e.Choice)
	if e.Tool >= 0 {
		fmt.Fprintf(b, " tool %d", e.Tool)
	}
	for _, t := range []dialect.Text{e.ID, e.Name, e.Text} {
		if len(t) > 0 {
			fmt.Fprintf(b, " %q", string(t))
		}
	}
	if e.Raw != nil {
		fmt.Fprintf(b, " %s", e.Raw)
	}
	for _, l := range e.Logprobs {
		fmt.Fprintf(b, " %q=%s/%d", string(l.Token), l.Logprob, len(l.Top))
	}
	switch e.Kind {
	case dialect.EventFinish:
		b.WriteString(" " + finishes[e.Finish])
	case dialect.EventUsage:
		fmt.Fprintf(b, " %+v", e.Usage)
	case dialect.EventTrouble:
		fmt.Fprintf(b, " %d %q %q", e.Trouble.Status, e.Trouble.Code, e.Trouble.Message)
	}
	b.WriteByte('\n')
}

// judgement writes a reading.
func judgement(r dialect.Reading) string {
	return fmt.Sprintf("model %q tier %q found %v suspect %v done %v finished %v failed %v events %d malformed %d delta %d\nraw %s\n",
		r.Model, r.Tier, r.Found, r.Suspect, r.Done, r.Finished, r.Failed, r.Events, r.Malformed, r.DeltaBytes, r.Raw)
}

// A vector's comment may name "embeddings"; its first file is the answer: "sse"
// with CRLF as Google's, "array", or "unary", which nobody asked to stream.
func TestDecodeVectors(t *testing.T) {
	files, err := filepath.Glob("testdata/decode/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no vectors", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			op, body, framing := genai.Chat, a.Files[0].Data, a.Files[0].Name
			if strings.Contains(string(a.Comment), "embeddings") {
				op = genai.Embeddings
			}
			if framing == "sse" {
				body = bytes.ReplaceAll(body, []byte("\n"), []byte("\r\n"))
			}
			var want []byte
			for i, cut := range recorded.Cuts(3) {
				events, reading := decode(op, framing != "unary", cut.Pieces(body))
				got := []byte(events + "\n" + judgement(reading))
				if i == 0 {
					want = got
				}
				if d := cmp.Diff(string(want), string(got)); d != "" {
					t.Errorf("%s differs from whole:\n%s", cut.Name, d)
				}
			}
			if *update {
				a.Files = append(a.Files[:1], txtar.File{Name: "events", Data: want})
				if err := os.WriteFile(file, txtar.Format(a), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if d := cmp.Diff(string(a.Files[1].Data), string(want)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// The three framings of one answer say the same.
func TestFramingsAgree(t *testing.T) {
	chunks := []string{
		`{"candidates":[{"content":{"parts":[{"text":"a"}]}}],"usageMetadata":{"promptTokenCount":1},"modelVersion":"m","responseId":"r"}`,
		`{"candidates":[{"content":{"parts":[{"text":"b"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":1,"candidatesTokenCount":2}}`,
	}
	sse, _ := decode(genai.Chat, true, recorded.Cuts(1)[0].Pieces([]byte("data: "+strings.Join(chunks, "\n\ndata: ")+"\n\n")))
	array, _ := decode(genai.Chat, true, recorded.Cuts(1)[0].Pieces([]byte("["+strings.Join(chunks, "\n,\n")+"]")))
	if d := cmp.Diff(sse, array); d != "" {
		t.Errorf("(-events +array):\n%s", d)
	}
	whole := `{"candidates":[{"content":{"parts":[{"text":"a"},{"text":"b"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":1,"candidatesTokenCount":2},"modelVersion":"m","responseId":"r"}`
	for _, stream := range []bool{true, false} {
		one, r := decode(genai.Chat, stream, recorded.Cuts(1)[0].Pieces([]byte(whole)))
		if d := cmp.Diff(sse, one); d != "" || !r.Done || !r.Finished {
			t.Errorf("stream %v: done %v, finished %v (-events +one):\n%s", stream, r.Done, r.Finished, d)
		}
	}
}

func TestCallIDsAreUnique(t *testing.T) {
	answer := func(id string) []byte {
		call := `{"functionCall":{"name":"f","args":{}}}`
		return []byte(`{"candidates":[{"content":{"parts":[` + call + `,` + call + `]}},{"index":1,"content":{"parts":[` + call + `]}}],"responseId":"` + id + `"}`)
	}
	ids := map[string]bool{}
	for _, id := range []string{"a", "b", "a"} {
		d := newDecoder(genai.Chat, false)
		emit := func(e *dialect.Event) {
			if e.Kind == dialect.EventToolCall {
				ids[string(e.ID)] = true
			}
		}
		d.Feed(answer(id), emit)
		d.Close(emit)
	}
	if len(ids) != 6 {
		t.Errorf("%d ids of 6 calls: %v", len(ids), ids)
	}
}

func TestLargeDocumentsAreNotHeld(t *testing.T) {
	piece := bytes.Repeat([]byte(" "), 1<<20)
	d := newDecoder(genai.Chat, false)
	d.Feed([]byte("{"), drop)
	for range maxDocument>>20 + 1 {
		d.Feed(piece, drop)
	}
	if r := d.Close(drop); r.Malformed != 1 || r.Done {
		t.Errorf("%+v", r)
	}
}

// What an answer becomes does not depend on the cuts, whatever it holds.
func FuzzDecode(f *testing.F) {
	files, _ := filepath.Glob("testdata/decode/*.txtar")
	for _, file := range files {
		if a, err := txtar.ParseFile(file); err == nil {
			f.Add(a.Files[0].Data, true, uint64(1))
		}
	}
	f.Add([]byte("\xef\xbb\xbfdata: {\"error\":{}}\r\r"), false, uint64(2))
	f.Fuzz(func(t *testing.T, body []byte, stream bool, seed uint64) {
		want, first := decode(genai.Chat, stream, recorded.Cuts(seed)[0].Pieces(body))
		for _, cut := range recorded.Cuts(seed)[2:] {
			got, r := decode(genai.Chat, stream, cut.Pieces(body))
			if d := cmp.Diff(want+judgement(first), got+judgement(r)); d != "" {
				t.Errorf("%s (-whole +cut):\n%s", cut.Name, d)
			}
		}
		if out := encode(genai.Chat, false, body); !json.Valid(out) {
			t.Errorf("encoded to %q", out)
		}
	})
}
