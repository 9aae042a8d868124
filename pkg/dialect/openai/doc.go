// Package openai speaks OpenAI's chat completions, embeddings and model list,
// and reads the answers of the many providers that call themselves compatible
// with them.
//
//	request   Match → Parse → Rewrite: checked in one pass, edited by splicing
//	answer    Meter watches, Hider filters, Error renders; none decodes a chunk
//	usage     rules as data per kind of provider, checked against the total
//	front     read*.go take a caller's request apart, encode*.go write answers
//	back      write*.go write a provider's request, decode*.go read its answers;
//	          what providers and models want is data in quirks.go
//
// Invariants:
//   - a meter sees what matters of an answer in one pass over its bytes, with a
//     memory that does not grow with the answer;
//   - a hider removes whole events that hold an empty "choices" array and a
//     "usage" object, and nothing else;
//   - counts are never negative, no part exceeds its whole, and counts that had
//     to be bent to that are reported as suspect;
//   - text is copied between documents as it is escaped, never decoded; a delta
//     costs no allocation;
//   - a decoder reads of an answer what its meter reads, because the meter
//     rides along;
//   - an error body that leaves here has the four keys that clients rely on and
//     names no key, organisation or account.
package openai

import (
	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/genai"
)

// New returns the dialect.
func New() dialect.Dialect {
	return dialect.Dialect{
		Name:    "openai",
		Family:  "openai",
		Injects: true,
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

// path is where a backend takes a call: OpenAI's base path ends in the version.
func path(base string, c dialect.Call) string {
	switch {
	case c.Own != nil:
		return base + c.Own.Path
	case c.Operation == genai.Embeddings:
		return base + embedPath
	}
	return base + chatPath
}
