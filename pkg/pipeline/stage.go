package pipeline

import "github.com/signalbox-dev/signalbox/pkg/fault"

// Stage is one step of the pipeline. What it does is in the hooks below that
// it implements; New resolves them once.
type Stage interface {
	Name() string
	Access() Access
}

// Section is a part of the Exchange that one stage writes.
type Section uint16

const (
	SectionCaller Section = 1 << iota
	SectionEndpoint
	SectionCall
	SectionDecision
	SectionOpen
	SectionMeter
	SectionTranslator
	SectionHider
)

// Access declares the sections that a stage reads and writes.
type Access struct{ Reads, Writes Section }

// Want is what a stage needs of the rest of an answer, in rising order of what
// it costs. The host does the greatest of all stages' wants.
type Want uint8

const (
	Nothing Want = iota // leave: the proxy serves the rest alone
	Chunks              // see every chunk, change none
	Edit                // see and replace chunks
	Whole               // the whole body in one piece
)

// The hooks, in the order in which an exchange meets them.
type (
	// OnRequestHead runs before the body is there.
	OnRequestHead interface {
		RequestHead(x *Exchange) *fault.Error
	}
	// OnRequestBody runs when the whole body is there.
	OnRequestBody interface {
		RequestBody(x *Exchange) *fault.Error
	}
	// OnAnswer runs at the answer's head and says what the stage needs of the
	// rest.
	OnAnswer interface {
		AnswerHead(x *Exchange) Want
	}
	// OnFailure runs at the head of an error answer; a fault takes the answer's
	// place, nil lets the provider's own error through, in the caller's dialect.
	OnFailure interface {
		Failure(x *Exchange) *fault.Error
	}
	// OnChunk runs for each piece of the answer's body while the exchange
	// stays; it returns what takes its place, which is p itself unless the
	// stage wanted Edit or Whole.
	OnChunk interface {
		Chunk(x *Exchange, p []byte, end bool) []byte
	}
	// OnEnd runs once, when the host has left the exchange for whatever
	// reason.
	OnEnd interface {
		End(x *Exchange)
	}
)
