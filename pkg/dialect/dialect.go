// Package dialect is the seam between the gateway and the wire formats that
// callers and providers speak. It defines the neutral view of a request on
// which decisions are made, the neutral conversation and the neutral events by
// which one format is translated to another, the neutral reading of an answer
// from which money is settled, and the small interfaces that a wire format
// implements in a package of its own below this one: N formats meet here, never
// N × M.
//
//	caller's bytes ─Front.Read─▶ Asking ─Back.Write─▶ provider's bytes
//	caller's bytes ◀─Encoder─── Events ◀──Decoder─── provider's bytes
//
// Invariants:
//   - implementations are pure functions over bytes: no clock, no network, no
//     goroutine, memory bounded whatever the input;
//   - a request that goes to a provider of its own dialect leaves byte for byte
//     as it came, apart from the fields that a Target names;
//   - what a translation cannot carry is named, never dropped silently;
//   - the result of reading, filtering or translating a body never depends on
//     how the body was cut into chunks.
package dialect

import "github.com/signalbox-dev/signalbox/pkg/genai"

// Dialect is one wire format. The table of dialects is assembled in one place;
// a Dialect is immutable and safe for concurrent use.
type Dialect struct {
	Name string
	// Family is the dialect of the backends to which this one's requests go as
	// they are; its own name in most cases. OpenAI's backends serve both chat
	// completions and responses.
	Family string

	Request RequestCodec
	Answer  AnswerCodec
	Usage   UsageReader
	Errors  ErrorCodec

	// Injects: Rewrite can have a stream state usage that the caller did not ask
	// for.
	Injects bool

	// Front and Back translate; either may be nil: then callers of the dialect
	// are served by backends of its family alone, or its backends by callers of
	// the family.
	Front Front
	Back  Back

	// Path is where a backend with the given base path takes a call.
	Path func(base string, c Call) string
	// Headers are what a backend needs on a request that was translated.
	Headers []Header

	// Models renders the list of models that a caller may use; created is in
	// Unix seconds.
	Models func(ids []string, created int64) []byte
	// Model renders one of them.
	Model func(id string, created int64) []byte
}

// Header is a header that a dialect sets, in lower case.
type Header struct{ Name, Value string }

// Call is what the path of a request to a provider depends on.
type Call struct {
	Operation genai.Operation
	Model     string // the backend's name for it
	Stream    bool
	// Own is the caller's endpoint where the caller speaks the dialect itself,
	// nil where the request was translated.
	Own *Endpoint
}
