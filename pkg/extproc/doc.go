// Package extproc serves Envoy's external processing protocol
// (envoy.service.ext_proc.v3): the request filter on the listener, once per
// request, and the attempt filter on the backends' clusters, once per attempt.
//
// One Process stream is one exchange. The stream's session accepts only the
// phase that may come next, hands it to the pipeline, and renders what the
// stages recorded into exactly one ProcessingResponse for each message that
// wants one. Messages are read in place, without decoding them into structs;
// replies are written straight into pooled buffers.
//
// Invariants:
//   - a stream ends with OK only on purpose (the answer was released, or the
//     exchange is over); every error, panic and unexpected phase ends it with
//     an error status, so that Envoy fails closed;
//   - the body that an attempt sends is made from the caller's own bytes, never
//     from what another attempt changed;
//   - the attempt filter serves no cluster outside the order that its session's
//     decision emitted.
//
// It is the only package that knows the protocol's messages.
package extproc
