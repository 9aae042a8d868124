// Package dialect is the seam between the gateway and the wire formats that
// callers and providers speak. It defines the neutral view of a request on
// which decisions are made, the neutral reading of an answer from which money
// is settled, and the small interfaces that a wire format implements in a
// package of its own below this one: N formats meet here, never N × M.
//
// Invariants:
//   - implementations are pure functions over bytes: no clock, no network, no
//     goroutine, memory bounded whatever the input;
//   - a request that goes to a provider of its own dialect leaves byte for byte
//     as it came, apart from the fields that a Target names;
//   - the result of reading or filtering a body never depends on how the body
//     was cut into chunks.
package dialect

// Dialect is one wire format. The table of dialects is assembled in one place;
// a Dialect is immutable and safe for concurrent use.
type Dialect struct {
	Name    string
	Request RequestCodec
	Answer  AnswerCodec
	Usage   UsageReader
	// Models renders the list of models that a caller may use; created is in
	// Unix seconds.
	Models func(ids []string, created int64) []byte
	// Model renders one of them.
	Model func(id string, created int64) []byte
}
