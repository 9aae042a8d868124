package gemini

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/recorded"
	"github.com/signalbox-dev/signalbox/pkg/genai"
)

// encode writes as a caller gets it what a provider's answer says.
func encode(op genai.Operation, stream bool, body []byte) []byte {
	e := New().Front.Encoder(dialect.Asked{Operation: op, ID: "id-1", Model: "asked", Stream: stream})
	var out []byte
	d := newDecoder(op, stream)
	emit := func(v *dialect.Event) { out = e.Event(out, v) }
	d.Feed(body, emit)
	d.Close(emit)
	return e.Close(out)
}

func TestEncode(t *testing.T) {
	answer := `{"candidates":[{"content":{"parts":[{"text":"Hm.","thought":true},{"text":"a\n"},{"functionCall":{"id":"c","name":"f","args":{"q":"\"x\""}},"thoughtSignature":"s"},` +
		`{"functionCall":{"name":"g"}}]},"finishReason":"STOP","logprobsResult":{"chosenCandidates":[{"token":"a","logProbability":-1}],"topCandidates":[{"candidates":[{"token":"b","logProbability":-2}]}]}}],` +
		`"usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":3,"thoughtsTokenCount":2,"totalTokenCount":10},"responseId":"r"}`
	const probs = `"logprobsResult":{"chosenCandidates":[{"token":"a","logProbability":-1}],"topCandidates":[{"candidates":[{"token":"b","logProbability":-2}]}]}`
	const names = `"modelVersion":"asked","responseId":"id-1"}`
	got := string(encode(genai.Chat, false, []byte(answer)))
	id := got[strings.Index(got, "call_"):]
	id = id[:strings.IndexByte(id, '"')]
	calls := []string{`{"functionCall":{"id":"c","name":"f","args":{"q":"\"x\""}},"thoughtSignature":"s"}`, `{"functionCall":{"id":"` + id + `","name":"g","args":{}}}`}
	const usage = `"usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":3,"thoughtsTokenCount":2,"totalTokenCount":10}`
	want := `{"candidates":[{"content":{"parts":[{"text":"Hm.","thought":true},{"text":"a\n"},` + strings.Join(calls, ",") + `],"role":"model"},` +
		`"finishReason":"STOP",` + probs + `,"index":0}],` + usage + `,` + names
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	want = ""
	for _, p := range []string{`{"text":"Hm.","thought":true}`, `{"text":"a\n"}`, calls[0], calls[1]} {
		extra := ""
		if strings.Contains(p, `a\n`) {
			extra = "," + probs
		}
		want += `data: {"candidates":[{"content":{"parts":[` + p + `],"role":"model"}` + extra + `,"index":0}],` + names + "\r\n\r\n"
	}
	want += `data: {"candidates":[{"content":{"parts":[{"text":""}],"role":"model"},"finishReason":"STOP","index":0}],` + usage + `,` + names + "\r\n\r\n"
	if d := cmp.Diff(want, string(encode(genai.Chat, true, []byte(answer)))); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestEncodeVectors(t *testing.T) {
	for body, want := range map[string]string{
		`{"embedding":{"values":[1]}}`: `{"embedding":{"values":[1]},"embeddings":[{"values":[1]}]}`,
		`{"embeddings":[{"values":[1]},{"values":[2]}],"usageMetadata":{"promptTokenCount":4}}`: `{"embeddings":[{"values":[1]},{"values":[2]}],"usageMetadata":{"promptTokenCount":4}}`,
	} {
		if got := string(encode(genai.Embeddings, false, []byte(body))); got != want {
			t.Error(got)
		}
	}
}

func TestEncodeFailure(t *testing.T) {
	trouble := dialect.Trouble{Status: 503, Message: "m", Code: "overloaded"}
	const body = `{"error":{"code":503,"message":"m","status":"UNAVAILABLE"}}`
	if got := string(New().Front.Encoder(dialect.Asked{}).Fail(nil, trouble)); got != body {
		t.Error(got)
	}
	if got := string(New().Front.Encoder(dialect.Asked{Stream: true}).Fail([]byte("x"), trouble)); got != "xdata: "+body+"\r\n\r\n" {
		t.Error(got)
	}
}

func TestArraysAreNotTranslated(t *testing.T) {
	e := endpoint(stream)
	e.Path += asArray
	r, _ := requests{}.Parse(e, []byte(`{"contents":[]}`), nil)
	if _, f := New().Front.Read(&r); !r.Stream || f == nil || f.Kind != fault.NotTranslatable {
		t.Error(f)
	}
}

// What is written says what was read, in both forms; only the names differ that
// the caller gives, and the provider's own words.
func TestEncodeDecodeIsIdentity(t *testing.T) {
	files, _ := filepath.Glob("testdata/decode/*.txtar")
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, stream := range []bool{true, false} {
			sameAgain(t, a.Files[0].Data, stream)
		}
	}
}

func TestRecordedAnswersEncoded(t *testing.T) {
	rows(t, func(t *testing.T, r *recorded.Row) {
		t.Helper()
		if r.Response.Status == 200 && operation(r.Endpoint) == genai.Chat {
			sameAgain(t, r.Response.Body, r.Streaming)
		}
	})
}

// sameAgain decodes an answer, encodes it, and decodes that.
func sameAgain(t *testing.T, body []byte, stream bool) {
	t.Helper()
	if _, r := decode(genai.Chat, stream, recorded.Cuts(1)[0].Pieces(body)); !r.Done || r.Failed {
		return // a caller is told of the failure in place of an end
	}
	out := encode(genai.Chat, stream, body)
	if !stream && !json.Valid(out) {
		t.Errorf("this is no JSON: %s", out)
	}
	want, got := told(body, stream), told(out, stream)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("stream %v (-first +again):\n%s", stream, d)
	}
}

// told is the text, the thoughts, the calls and the reasons of an answer.
func told(body []byte, stream bool) (all [4]string) {
	d := newDecoder(genai.Chat, stream)
	emit := func(e *dialect.Event) {
		switch e.Kind {
		case dialect.EventText:
			all[0] += string(e.Text)
		case dialect.EventReasoning:
			all[1] += string(e.Text)
		case dialect.EventToolCall, dialect.EventArguments:
			all[2] += string(e.ID) + string(e.Name) + string(e.Text)
		case dialect.EventFinish:
			all[3] += string(rune('0' + e.Finish))
		default:
		}
	}
	d.Feed(body, emit)
	d.Close(emit)
	return all
}
