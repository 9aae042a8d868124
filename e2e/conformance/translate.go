package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"

	"github.com/signalbox-dev/signalbox/e2e/conformance/openapi"
	"github.com/signalbox-dev/signalbox/e2e/conformance/said"
	"github.com/signalbox-dev/signalbox/pkg/builtin"
	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/recorded"
	"github.com/signalbox-dev/signalbox/pkg/genai"
)

// translator turns recorded answers into chat completions of OpenAI.
type translator struct {
	front   *dialect.Dialect
	schemas *openapi.Schemas // nil: there are none
}

// newTranslator reads the schemas, of the data or of where they usually are;
// to w it says when there are none.
func newTranslator(o options, w io.Writer) (*translator, error) {
	t := &translator{front: builtin.Table()["openai"]}
	dir, err := folder(o)
	if err != nil {
		return nil, err
	}
	t.schemas, err = openapi.Load(dir)
	if usual, ok := recorded.Find(); errors.Is(err, fs.ErrNotExist) && ok {
		t.schemas, err = openapi.Load(usual)
	}
	if errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintln(w, "without schemas: there is no openapi/openai.json.gz beside the recorded traffic")
		return t, nil
	}
	return t, err
}

// translation is a recorded answer as a caller of OpenAI's chat gets it.
type translation struct {
	stream bool
	body   []byte
	want   said.Answer
	truth  *recorded.Truth
}

// translate judges the answer in OpenAI's words: as one object and as a
// stream, whatever the provider sent, and in every cut.
func (t *translator) translate(s *subject) {
	if !t.takes(s) {
		return
	}
	if s.refused() {
		t.errorBody(s)
		return
	}
	if s.op != genai.Chat {
		t.vectors(s)
		return
	}
	s.judged[chat] = true
	s.judged[schema] = t.schemas != nil
	want, err := says(s)
	if err != nil {
		s.fail(chat, "the recorded answer: %v", err)
		return
	}
	for _, stream := range []bool{false, true} {
		one := translation{stream: stream, want: want, truth: s.Truth}
		for _, cut := range recorded.Cuts(seed) {
			got := t.run(s, stream, cut)
			if cut.Name == whole {
				one.body = got
				meaning, validity := t.judge(&one)
				s.failAll(chat, form(stream), meaning)
				s.failAll(schema, form(stream), validity)
			} else if !bytes.Equal(got, one.body) && !sameMeaning(stream, got, one.body) {
				s.fail(chat, "%s in cut %s: not what the whole answer becomes", form(stream), cut.Name)
			}
		}
		s.translations = append(s.translations, one)
	}
}

// takes reports whether there is a translation of the subject.
func (t *translator) takes(s *subject) bool {
	return t.front != nil && t.front.Front != nil && s.d.Back != nil && s.d.Back.Takes(s.op)
}

func form(stream bool) string {
	if stream {
		return "stream"
	}
	return "object"
}

// says is what the recorded answer says.
func says(s *subject) (said.Answer, error) {
	switch s.api.dialect {
	case "anthropic":
		return said.Anthropic(s.Response.Body)
	case "gemini":
		return said.Gemini(s.Response.Body)
	}
	return said.OpenAI(s.Response.Body)
}

// run translates the answer, cut, as the gateway does.
func (t *translator) run(s *subject, stream bool, cut recorded.Cut) []byte {
	tr := dialect.NewTranslator(
		s.d.Back.Decoder(s.op, s.Streaming, s.kind),
		t.front.Front.Encoder(dialect.Asked{Operation: s.op, ID: "1", Created: 1, Model: "model", Stream: stream, WantsUsage: true}),
	)
	var out []byte
	for p := range cut.Pieces(s.Response.Body) {
		out = tr.Feed(out, p)
	}
	out, _ = tr.Close(out, true)
	return tr.Fail(out)
}

// sameMeaning compares two streams that may be cut into other deltas.
func sameMeaning(stream bool, a, b []byte) bool {
	if !stream {
		return false
	}
	x, err := said.OpenAI(a)
	y, err2 := said.OpenAI(b)
	return err == nil && err2 == nil && said.Diff(x, y) == "" && bytes.Equal(lastUsage(a), lastUsage(b))
}

// judge holds a translated answer against the recorded one, and every object
// of it against OpenAI's schemas.
func (t *translator) judge(one *translation) (meaning, validity []string) {
	got, err := said.OpenAI(one.body)
	if err != nil {
		return []string{err.Error()}, nil
	}
	want := one.want
	if want.Failed && !one.stream {
		want = said.Answer{Failed: true} // nothing but the error
	}
	if d := said.Diff(got, want); d != "" {
		meaning = append(meaning, d)
	}
	if d := usageDiff(one.truth, lastUsage(one.body)); d != "" && !got.Failed {
		meaning = append(meaning, "usage: "+d)
	}
	if done := bytes.HasSuffix(one.body, []byte("data: [DONE]\n\n")); done != (one.stream && !got.Failed) {
		meaning = append(meaning, fmt.Sprintf("end marker %v", done))
	}
	return meaning, t.valid(one, got.Failed)
}

// lastUsage is the usage that an object or a stream of chunks states.
func lastUsage(body []byte) json.RawMessage {
	docs := [][]byte{body}
	if body = bytes.TrimSpace(body); len(body) > 0 && body[0] != '{' {
		docs = said.Events(body)
	}
	for _, doc := range slices.Backward(docs) {
		var d struct {
			Usage json.RawMessage `json:"usage"`
		}
		if json.Unmarshal(doc, &d) == nil && len(d.Usage) > 0 && string(d.Usage) != "null" {
			return d.Usage
		}
	}
	return nil
}

// usageDiff compares a usage in OpenAI's words with the truth.
func usageDiff(truth *recorded.Truth, raw json.RawMessage) string {
	if raw == nil {
		return truth.Diff(genai.Usage{}, false)
	}
	var u struct {
		Prompt     int64 `json:"prompt_tokens"`
		Completion int64 `json:"completion_tokens"`
		Total      int64 `json:"total_tokens"`
		In         struct {
			Cached int64 `json:"cached_tokens"`
			Write  int64 `json:"cache_write_tokens"`
		} `json:"prompt_tokens_details"`
		Out struct {
			Reasoning int64 `json:"reasoning_tokens"`
		} `json:"completion_tokens_details"`
	}
	if err := json.Unmarshal(raw, &u); err != nil {
		return "no counts"
	}
	if u.Total != u.Prompt+u.Completion {
		return "the total is not the sum"
	}
	if truth == nil && u.Total == 0 {
		return "" // nothing was counted
	}
	return truth.Diff(genai.Usage{
		Input: u.Prompt, Output: u.Completion, CacheRead: u.In.Cached, CacheWrite5m: u.In.Write, Reasoning: u.Out.Reasoning,
	}, true)
}

// valid holds every object that leaves against OpenAI's schemas.
func (t *translator) valid(one *translation, failed bool) (differences []string) {
	if t.schemas == nil {
		return nil
	}
	docs, kind := [][]byte{one.body}, openapi.Completion
	if one.stream {
		docs, kind = said.Events(one.body), openapi.Chunk
	}
	for n, doc := range docs {
		k := kind
		if failed && n == len(docs)-1 {
			k = openapi.Error
		}
		if err := t.schemas.Check(k, doc); err != nil && !slices.Contains(differences, err.Error()) {
			differences = append(differences, err.Error())
		}
	}
	return differences
}
