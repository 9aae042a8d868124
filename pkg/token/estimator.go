// Package token estimates token counts where no provider states them: a stream
// that ended before its usage, an answer that carries none. It learns how many
// tokens a model makes of how many bytes from the answers that do state them.
//
// Invariants:
//   - pure arithmetic: no clock, no lock, the same sequence of calls gives the
//     same estimates;
//   - memory is bounded by MaxModels, whatever names come;
//   - an estimate is never negative, and is zero only for no bytes.
package token

import (
	"strings"

	"github.com/signalbox-dev/signalbox/pkg/genai"
)

// MaxModels is how many models have a memory of their own. The one that was
// not heard of for longest makes room for a new one.
const MaxModels = 512

const (
	maxName  = 256 // longer names share the memory of all models
	enough   = 3   // observations before a line is trusted
	maxCount = 1 << 40
)

// Estimator learns and estimates. The zero value is ready. It is not safe for
// concurrent use.
type Estimator struct {
	models map[string]*model
	all    model
	clock  uint64 // counts what was learned, tells the stalest model
}

// model is what is known of one model: tokens as lines over bytes. A stream
// wraps every few tokens in an event, so its bytes are another measure than
// those of a single answer.
type model struct {
	request, stream, single line
	heard                   uint64
}

// The lines to go by before anything was learned. A single answer has an
// envelope of some hundred bytes around its text, a stream repeats one around
// every token or two.
const (
	tokensPerByte       = 0.22
	tokensPerStreamByte = 0.005
	envelope            = 600
)

// Learn takes one completed exchange whose usage the provider stated: bytes of
// the request's and the answer's body, and whether the answer was a stream.
func (e *Estimator) Learn(name string, requestBytes, responseBytes int64, u genai.Usage, stream bool) {
	e.clock++
	e.all.learn(requestBytes, responseBytes, u, stream)
	if m := e.model(name); m != nil {
		m.heard = e.clock
		m.learn(requestBytes, responseBytes, u, stream)
	}
}

// Estimate returns the likely usage for so many bytes, input and output alone.
// It goes by what is known of the model, else of all models, else by rough
// figures of common traffic.
func (e *Estimator) Estimate(name string, requestBytes, responseBytes int64, stream bool) genai.Usage {
	m := e.models[name]
	if m == nil {
		m = &e.all
	}
	return genai.Usage{
		Input:  estimate(requestBytes, tokensPerByte*float64(requestBytes), &m.request, &e.all.request),
		Output: estimate(responseBytes, output(responseBytes, stream), m.answer(stream), e.all.answer(stream)),
	}
}

// model finds or makes the memory for a name; nil when the name is unusable.
func (e *Estimator) model(name string) *model {
	if m := e.models[name]; m != nil {
		return m
	}
	if name == "" || len(name) > maxName {
		return nil
	}
	if e.models == nil {
		e.models = make(map[string]*model)
	}
	if len(e.models) >= MaxModels {
		e.forget()
	}
	m := new(model)
	e.models[strings.Clone(name)] = m
	return m
}

// forget drops the model that was not heard of for longest.
func (e *Estimator) forget() {
	stalest, heard := "", e.clock+1
	for name, m := range e.models {
		if m.heard < heard {
			stalest, heard = name, m.heard
		}
	}
	delete(e.models, stalest)
}

func (m *model) learn(requestBytes, responseBytes int64, u genai.Usage, stream bool) {
	m.request.learn(requestBytes, u.Input)
	m.answer(stream).learn(responseBytes, u.Output)
}

func (m *model) answer(stream bool) *line {
	if stream {
		return &m.stream
	}
	return &m.single
}

// estimate goes by the first line that knows enough.
func estimate(bytes int64, prior float64, lines ...*line) int64 {
	if bytes <= 0 {
		return 0
	}
	tokens := prior
	for _, l := range lines {
		if l.n >= enough {
			tokens = l.at(float64(min(bytes, maxCount)))
			break
		}
	}
	return int64(min(max(tokens+0.5, 1), maxCount))
}

// output is the estimate of an answer's tokens without any knowledge.
func output(bytes int64, stream bool) float64 {
	if stream {
		return tokensPerStreamByte * float64(bytes)
	}
	return tokensPerByte * float64(bytes-envelope)
}
