// Package hide is the stage that removes the usage event which the gateway
// asked for and the caller did not, where the proxy's own filter does not do
// it. Everything else of the stream passes byte for byte.
package hide

import (
	"github.com/signalbox-dev/signalbox/pkg/pipeline"
)

// Stage hides injected usage.
type Stage struct{}

// Name implements pipeline.Stage.
func (Stage) Name() string { return "hide" }

// Access implements pipeline.Stage.
func (Stage) Access() pipeline.Access {
	return pipeline.Access{Reads: pipeline.SectionCall | pipeline.SectionDecision, Writes: pipeline.SectionHider}
}

// AnswerHead implements pipeline.OnAnswer.
func (Stage) AnswerHead(x *pipeline.Exchange) pipeline.Want {
	if x.HiddenByProxy() || !x.Answer.EventStream() || x.Answer.Attempt < 0 || x.Order[x.Answer.Attempt].Owned || !x.Order[x.Answer.Attempt].Hides() {
		return pipeline.Nothing
	}
	x.Hider = x.Dialect.Answer.Hider()
	return pipeline.Edit
}

// Chunk implements pipeline.OnChunk.
func (Stage) Chunk(x *pipeline.Exchange, p []byte, end bool) []byte {
	if x.Hider == nil {
		return p
	}
	out := x.Hider.Feed(nil, p)
	if end {
		out = x.Hider.Close(out)
	}
	return out
}

// Attached reports whether usage was asked for on our account that only this
// stage can hide: the exchange must then wait for the answer.
func Attached(x *pipeline.Exchange) bool {
	if x.HiddenByProxy() {
		return false
	}
	for i := range x.Order {
		if x.Order[i].Hides() {
			return true
		}
	}
	return false
}
