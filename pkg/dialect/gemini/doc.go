// Package gemini speaks Google's generateContent API, as the Gemini API and
// Vertex AI serve it: as callers speak it, for backends that speak it too, and
// as providers speak it, for callers of any dialect.
//
//	request   Match → Parse → Rewrite: the model is in the path
//	answer    one decoder reads all three framings; a meter is that decoder
//	back      Write says an Asking as a generateContent body
//	front     Read takes one apart; an encoder writes events as chunks
//
// Invariants:
//   - a name is known in both of its spellings, functionCall and function_call,
//     because Google's servers take both and Google's clients mix them;
//   - what is read of an answer does not depend on its framing (one JSON
//     object, server-sent events, one JSON array) nor on how it was cut;
//   - counts are never summed over the chunks of an answer: they are running
//     totals, of which the last one of each field holds.
package gemini

import "github.com/signalbox-dev/signalbox/pkg/dialect"

// New returns the dialect.
func New() dialect.Dialect {
	return dialect.Dialect{
		Name:    "gemini",
		Family:  "gemini",
		Request: requests{},
		Answer:  answers{},
		Usage:   usages{},
		Errors:  troubles{},
		Front:   front{},
		Back:    back{},
		Path:    path,
		Models:  models,
		Model:   model,
	}
}
