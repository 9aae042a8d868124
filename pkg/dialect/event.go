package dialect

import (
	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/genai"
)

// EventKind says which fields of an Event count besides Choice.
type EventKind uint8

const (
	EventStart     EventKind = iota // ID, Name: of the answer, and of the model as served; once, first
	EventText                       // Text, Logprobs
	EventReasoning                  // Text
	EventSignature                  // Text: the provider's proof of the reasoning before it, or of the call Tool if that is 0 or more
	EventOpaque                     // Text: reasoning that only the provider can read
	EventRefusal                    // Text
	EventToolCall                   // a call begins: Tool, ID, Name
	EventArguments                  // Tool, Text: a piece of the call's arguments, which are JSON text
	EventVector                     // Choice is the input's index; Raw: a JSON array of numbers, or a string of base64
	EventFinish                     // Finish, Name: the provider's own word
	EventUsage                      // Usage; once, last before the end
	EventTrouble                    // Trouble: the answer failed
)

// Event is a piece of an answer. It is valid only while it is emitted. A whole
// answer is the same sequence as a stream, in larger pieces.
type Event struct {
	Kind     EventKind
	Choice   int
	Tool     int // number of the call within the choice, from 0; -1 where no call is meant
	ID, Name Text
	Text     Text
	Raw      []byte
	Logprobs []Logprob
	Finish   Finish
	Usage    genai.Usage
	Trouble  *Trouble
}

// Logprob is a token with its probability, and others in its place.
type Logprob struct {
	Token   Text
	Logprob []byte // JSON number
	Top     []Logprob
}

// Finish is why a choice ended.
type Finish uint8

const (
	FinishStop    Finish = iota
	FinishLength         // the limit of tokens or the context's end
	FinishTools          // tools are to be called
	FinishFilter         // the provider's content filter, or a refusal
	FinishPause          // the provider wants to be asked to go on
	FinishUnknown        // a word of the provider that we do not know
)

// Decoder reads a provider's answer, cut anywhere, as events. What is in the
// answer beyond them is passed over; bytes that are not of the dialect make the
// reading Malformed. It is not safe for concurrent use.
type Decoder interface {
	// Feed takes the next bytes and does not retain them.
	Feed(p []byte, emit func(*Event))
	// Close ends the answer, complete or not. It emits what was held back, and
	// the usage, but invents no finish: Reading tells what was missing.
	Close(emit func(*Event)) Reading
}

// Encoder writes events in a caller's dialect: at once for a stream, at the
// end for a whole answer. It is not safe for concurrent use.
type Encoder interface {
	// Event appends what e becomes.
	Event(dst []byte, e *Event) []byte
	// Close appends the regular end, or the whole answer.
	Close(dst []byte) []byte
	// Fail appends in place of the regular end what tells a caller of the
	// stream that it failed; for a whole answer, the body of the error.
	Fail(dst []byte, t Trouble) []byte
}

// Asked is what the form of an answer depends on.
type Asked struct {
	Operation  genai.Operation
	ID         string // unique, of letters, digits, "-" and "_"
	Created    int64  // Unix seconds
	Model      string // the name to show where the provider states none
	Stream     bool
	WantsUsage bool
	Base64     bool // vectors
}

// Front is a dialect as callers speak it. It is safe for concurrent use.
type Front interface {
	// Read takes a request apart that Parse has taken. The error is the
	// caller's: it names the field.
	Read(r *Request) (*Asking, *fault.Error)
	Encoder(a Asked) Encoder
}

// Back is a dialect as providers speak it. It is safe for concurrent use.
type Back interface {
	// Takes reports whether requests of the operation can be translated.
	Takes(op genai.Operation) bool
	// Write appends the body that the provider wants, and names what it cannot
	// carry, besides what a has Unsaid. The error is the caller's.
	Write(dst []byte, a *Asking, t Target) (body []byte, lost []string, f *fault.Error)
	// Decoder reads the answer; kind as for AnswerCodec.Meter.
	Decoder(op genai.Operation, stream bool, kind string) Decoder
}
