// Package read is the stage that understands the request: which endpoint it
// is for, and, once the body is there, the neutral view that decisions need.
//
// Invariants: the body is read in one validating pass and never changed; what
// is decided on is what will be sent, so ambiguous documents are refused.
package read

import (
	"net/http"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/pipeline"
)

// Stage reads requests with the exchange's dialect.
type Stage struct{}

// Name implements pipeline.Stage.
func (Stage) Name() string { return "read" }

// Access implements pipeline.Stage.
func (Stage) Access() pipeline.Access {
	return pipeline.Access{Writes: pipeline.SectionEndpoint | pipeline.SectionCall}
}

// RequestHead implements pipeline.OnRequestHead.
func (Stage) RequestHead(x *pipeline.Exchange) *fault.Error {
	e, f := x.Dialect.Request.Match(x.Head.Head)
	if f != nil {
		return f
	}
	x.Endpoint = e
	if e.Operation == dialect.Preflight { // browsers send it without a key
		x.Respond(pipeline.Local{Status: http.StatusNoContent, Fields: []pipeline.Field{{Name: "allow", Value: "GET, HEAD, POST, OPTIONS"}}})
		return nil
	}
	if x.Head.NoBody && (e.Operation == genai.Chat || e.Operation == genai.Embeddings) {
		return fault.New(fault.MissingBody, "The request has no body. Send the JSON object that this endpoint takes.")
	}
	return nil
}

// RequestBody implements pipeline.OnRequestBody.
func (Stage) RequestBody(x *pipeline.Exchange) *fault.Error {
	c, f := x.Dialect.Request.Parse(x.Endpoint, x.Body, x.Scratch[:0])
	if f != nil {
		return f
	}
	x.Call = c
	return nil
}
