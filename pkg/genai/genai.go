// Package genai holds the words of the domain: operations, token usage in its
// normal form, and the small value types that every other package passes
// around. It imports nothing but the standard library and holds no behaviour
// beyond arithmetic on its own values.
//
// Names follow the OpenTelemetry GenAI conventions where those have one.
package genai

// Operation is what a request asks of a model, with the values of
// gen_ai.operation.name where OpenTelemetry defines one.
type Operation string

const (
	Chat       Operation = "chat"
	Embeddings Operation = "embeddings"
	Models     Operation = "models" // the list of models; never reaches a provider
)

// DataClass names a set of constraints on where a request may go. The empty
// class has none.
type DataClass string

// Region names where a backend processes data, in the operator's own words
// ("eu", "us-east-1"). It is compared for equality only.
type Region string
