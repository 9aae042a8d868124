package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"github.com/signalbox-dev/signalbox/e2e/conformance/openapi"
	"github.com/signalbox-dev/signalbox/pkg/dialect"
)

// vectors judges a translated answer of embeddings: the same numbers, as
// numbers and as base64.
func (t *translator) vectors(s *subject) {
	s.judged[chat] = true
	s.judged[schema] = t.schemas != nil
	if vectorsOf(s.Response.Body) == nil {
		s.judged[chat], s.judged[schema] = false, false
		s.note("no vectors in the recorded answer")
		return
	}
	for _, packed := range []bool{false, true} {
		tr := dialect.NewTranslator(
			s.d.Back.Decoder(s.op, false, s.kind),
			t.front.Front.Encoder(dialect.Asked{Operation: s.op, ID: "1", Created: 1, Model: "model", Base64: packed}),
		)
		got, _ := tr.Close(tr.Feed(nil, s.Response.Body), true)
		got = tr.Fail(got)
		meaning, validity := t.judgeVectors(s, got)
		form := fmt.Sprintf("vectors, base64 %v", packed)
		s.failAll(chat, form, meaning)
		s.failAll(schema, form, validity)
	}
}

// judgeVectors holds translated vectors and their usage against the recorded
// ones, and against OpenAI's schema.
func (t *translator) judgeVectors(s *subject, got []byte) (meaning, validity []string) {
	if d := vectorsDiff(vectorsOf(got), vectorsOf(s.Response.Body)); d != "" {
		meaning = append(meaning, d)
	}
	if d := usageDiff(s.Truth, lastUsage(got)); d != "" {
		meaning = append(meaning, "usage: "+d)
	}
	if t.schemas != nil {
		if err := t.schemas.Check(openapi.Embeddings, got); err != nil {
			validity = append(validity, err.Error())
		}
	}
	return meaning, validity
}

// vectorsOf reads vectors in the form of any API; nil when there are none.
func vectorsOf(body []byte) [][]float32 {
	type vector struct {
		Values []float32 `json:"values"`
	}
	var d struct {
		Embedding  *vector  `json:"embedding"`
		Embeddings []vector `json:"embeddings"`
		Data       []struct {
			Embedding json.RawMessage `json:"embedding"`
		} `json:"data"`
	}
	if json.Unmarshal(body, &d) != nil {
		return nil
	}
	var out [][]float32
	if d.Embedding != nil {
		out = append(out, d.Embedding.Values)
	}
	for _, v := range d.Embeddings {
		out = append(out, v.Values)
	}
	for _, v := range d.Data {
		out = append(out, unpack(v.Embedding))
	}
	return out
}

// unpack reads a vector of numbers, or base64 of little-endian float32.
func unpack(raw json.RawMessage) []float32 {
	var numbers []float32
	if json.Unmarshal(raw, &numbers) == nil {
		return numbers
	}
	var packed []byte
	if json.Unmarshal(raw, &packed) != nil {
		return nil
	}
	for b := range slices.Chunk(packed, 4) {
		if len(b) == 4 {
			numbers = append(numbers, math.Float32frombits(binary.LittleEndian.Uint32(b)))
		}
	}
	return numbers
}

func vectorsDiff(got, want [][]float32) string {
	if len(got) != len(want) {
		return fmt.Sprintf("%d of them, want %d", len(got), len(want))
	}
	for i := range got {
		if !slices.Equal(got[i], want[i]) {
			return fmt.Sprintf("number %d of length %d is another, want length %d", i, len(got[i]), len(want[i]))
		}
	}
	return ""
}
