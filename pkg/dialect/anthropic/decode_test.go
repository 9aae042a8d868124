package anthropic

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/recorded"
	"github.com/signalbox-dev/signalbox/pkg/genai"
)

// told is the events of an answer as text, and its reading.
func told(body []byte, cut recorded.Cut) (events []string, r dialect.Reading) {
	d := New().Back.Decoder(genai.Chat, true, "anthropic")
	note := func(e *dialect.Event) { events = append(events, line(e)) }
	for p := range cut.Pieces(body) {
		d.Feed(p, note)
	}
	return events, d.Close(note)
}

// line is one event as text.
func line(e *dialect.Event) string {
	switch e.Kind {
	case dialect.EventStart:
		return fmt.Sprintf("start %s %s", []byte(e.ID), []byte(e.Name))
	case dialect.EventText:
		return "text " + string(e.Text)
	case dialect.EventReasoning:
		return "reasoning " + string(e.Text)
	case dialect.EventSignature:
		return "signature " + string(e.Text)
	case dialect.EventOpaque:
		return "opaque " + string(e.Text)
	case dialect.EventToolCall:
		return fmt.Sprintf("call %d %s %s", e.Tool, []byte(e.ID), []byte(e.Name))
	case dialect.EventArguments:
		return fmt.Sprintf("arguments %d %s", e.Tool, []byte(e.Text))
	case dialect.EventFinish:
		return fmt.Sprintf("finish %d %s", e.Finish, []byte(e.Name))
	case dialect.EventUsage:
		return fmt.Sprintf("usage %+v", e.Usage)
	case dialect.EventTrouble:
		return fmt.Sprintf("trouble %d %s: %s", e.Trouble.Status, e.Trouble.Type, e.Trouble.Message)
	}
	return fmt.Sprintf("event %d", e.Kind)
}

// Each vector has an answer, as a stream or in one piece, and its events with
// what the reading says. Run with -update to write them anew.
func TestAnswers(t *testing.T) {
	for _, file := range vectors(t, "testdata/answers") {
		a := parse(t, file)
		body := bytes.TrimSuffix(section(a, "answer"), []byte("\n"))
		var got []string
		for i, cut := range recorded.Cuts(3) {
			events, r := told(body, cut)
			events = append(events, fmt.Sprintf("done %v finished %v failed %v malformed %d events %d bytes %d model %s tier %s",
				r.Done, r.Finished, r.Failed, r.Malformed, r.Events, r.DeltaBytes, r.Model, r.Tier))
			if i == 0 {
				got = events
			}
			if d := cmp.Diff(got, events); d != "" {
				t.Errorf("%s: %s differs from whole:\n%s", file, cut.Name, d)
			}
		}
		golden(t, file, a, "events", strings.Join(got, "\n")+"\n")
	}
}

func TestRecordedAnswers(t *testing.T) {
	rows(t, func(t *testing.T, r *recorded.Row) {
		t.Helper()
		var first []string
		for i, cut := range recorded.Cuts(9) {
			events, _ := told(r.Response.Body, cut)
			if i == 0 {
				first = events
			}
			if d := cmp.Diff(first, events); d != "" {
				t.Errorf("%s differs from whole:\n%s", cut.Name, d)
			}
		}
		if !strings.HasPrefix(first[0], "start ") && !strings.HasPrefix(first[0], "trouble ") {
			t.Errorf("begins with %s", first[0])
		}
		validArguments(t, first)
	})
}

// validArguments checks that the pieces of each call are one JSON object.
func validArguments(t *testing.T, events []string) {
	t.Helper()
	calls := map[string]string{}
	for _, e := range events {
		switch kind, rest, _ := strings.Cut(e, " "); kind {
		case "call":
			n, _, _ := strings.Cut(rest, " ")
			calls[n] += ""
		case "arguments":
			n, piece, _ := strings.Cut(rest, " ")
			calls[n] += piece
		}
	}
	for n, text := range calls {
		s, ok := dialect.Text(text).Decode()
		var object map[string]any
		if !ok || json.Unmarshal([]byte(s), &object) != nil {
			t.Errorf("arguments of call %s: %s", n, text)
		}
	}
}

func TestTooLarge(t *testing.T) {
	m := New().Answer.Meter(genai.Chat, false, "")
	m.Feed([]byte(`{"content":"`))
	for range maxBody >> 20 {
		m.Feed(bytes.Repeat([]byte{'x'}, 1<<20))
	}
	m.Feed([]byte(`"}`))
	if r := m.Close(); r.Done || r.Malformed != 1 || r.Found {
		t.Errorf("%+v", r)
	}
}

func vectors(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatal("no vectors in "+dir, err)
	}
	return files
}

func parse(t testing.TB, file string) *txtar.Archive {
	t.Helper()
	a, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func section(a *txtar.Archive, name string) []byte {
	for _, f := range a.Files {
		if f.Name == name {
			return f.Data
		}
	}
	return nil
}

// golden compares what came out with a section of a vector, or writes it there.
func golden(t *testing.T, file string, a *txtar.Archive, name, got string) {
	t.Helper()
	if !*update {
		if d := cmp.Diff(string(section(a, name)), got); d != "" {
			t.Errorf("%s (-want +got):\n%s", file, d)
		}
		return
	}
	a.Files = slices.DeleteFunc(a.Files, func(f txtar.File) bool { return f.Name == name })
	a.Files = append(a.Files, txtar.File{Name: name, Data: []byte(got)})
	if err := os.WriteFile(file, txtar.Format(a), 0o600); err != nil {
		t.Fatal(err)
	}
}
