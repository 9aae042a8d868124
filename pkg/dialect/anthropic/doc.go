// Package anthropic speaks Anthropic's Messages API: with callers, whose
// requests pass as they are to backends of the same dialect, and with
// providers, to which the requests of other dialects are translated.
//
//	request   Match → Parse → Rewrite: one pass, the model's name spliced
//	front     Read takes a request apart, into what all dialects can say
//	back      Write puts one together; a decoder reads the answer as events
//	usage     what message_start and message_delta say, merged, all passes added
//
// Invariants:
//   - a body that passes is the caller's, byte for byte, but for the model;
//   - what a model refuses is left out for that model alone, and named when it
//     makes a difference: the table of models is data (quirks.go);
//   - the meter is the decoder, so both always tell the same;
//   - text of the model is copied as it is escaped, never decoded.
package anthropic

import (
	"strings"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
)

// New returns the dialect.
func New() dialect.Dialect {
	return dialect.Dialect{
		Name:    "anthropic",
		Family:  "anthropic",
		Request: requests{},
		Answer:  answers{},
		Usage:   usages{},
		Errors:  troubles{},
		Front:   front{},
		Back:    back{},
		Path:    path,
		Headers: []dialect.Header{{Name: "anthropic-version", Value: "2023-06-01"}},
		Models:  models,
		Model:   model,
	}
}

// path is where a backend takes a call. Base paths are written with the
// version and without, as Anthropic's own clients and other ones want them.
func path(base string, c dialect.Call) string {
	base = strings.TrimSuffix(strings.TrimSuffix(base, "/"), version) + version
	if c.Own != nil {
		return base + c.Own.Path
	}
	return base + messagesPath
}
