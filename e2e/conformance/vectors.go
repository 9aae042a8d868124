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
	want := vectorsOf(s.Response.Body)
	if want == nil {
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
		if d := vectorsDiff(vectorsOf(got), want); d != "" {
			s.fail(chat, "vectors, base64 %v: %s", packed, d)
		}
		if t.schemas == nil {
			continue
		}
		s.judged[schema] = true
		if err := t.schemas.Check(openapi.Embeddings, got); err != nil {
			s.fail(schema, "vectors, base64 %v: %v", packed, err)
		}
	}
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
