// Package responses speaks OpenAI's Responses API to backends that speak it
// themselves: requests pass as they are, apart from the model's name, and
// answers are metered. Callers name the same models as in chat completions, get
// errors of the same shape, and the same list of models.
//
// Invariants:
//   - a request leaves byte for byte as it came, apart from the model's name;
//   - what a backend stores under an id is not served: nothing tells which
//     backend holds it;
//   - a meter takes usage, model and tier from the event that ends the stream:
//     earlier ones state what was asked for, not what was served.
package responses

import (
	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/dialect/openai"
)

// New returns the dialect.
func New() dialect.Dialect {
	chat := openai.New()
	return dialect.Dialect{
		Name:    "responses",
		Family:  chat.Family,
		Request: requests{},
		Answer:  answers{chat.Answer, usages{chat.Usage}},
		Usage:   usages{chat.Usage},
		Errors:  chat.Errors,
		Path:    path,
		Models:  chat.Models,
		Model:   chat.Model,
	}
}

// path is where a backend takes a call.
func path(base string, _ dialect.Call) string { return base + createPath }
