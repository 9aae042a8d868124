package dialect

import (
	"fmt"

	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// Head is what the choice of an endpoint may depend on.
type Head struct {
	Method, Path, Query string // Path without the query
	ContentType         string
	ContentEncoding     string

	// By these the three APIs that share the path of the model list are told
	// apart.
	Anthropic bool // the header anthropic-version is there
	Google    bool // a key came as Google's clients send it
}

// Endpoint is one operation of a dialect.
type Endpoint struct {
	Operation genai.Operation
	Path      string // below the dialect's base path: "/chat/completions"
	Model     string // the model that the path names, decoded; empty when it names none
}

// Preflight is the operation of an OPTIONS request, as browsers send before the
// real one. It never reaches a provider.
const Preflight genai.Operation = "preflight"

// Request is the neutral view of a request: what decisions need to know. It
// refers to the caller's own bytes and is valid as long as those are.
type Request struct {
	Endpoint   Endpoint
	Model      string
	Stream     bool
	WantsUsage bool  // the caller asked for usage in the stream
	Choices    int   // answers asked for, at least 1
	MaxOutput  int64 // tokens per choice, 0 when the caller set no limit
	HasTools   bool
	Base64     bool // vectors are wanted as base64

	Body     []byte
	Object   jsonedit.Object // the top level of Body
	Messages jsonedit.Value  // the conversation, an array in Body; counting it takes another pass
}

// Format prints what is no content, whatever the verb.
func (r Request) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "%s %s [redacted %d bytes]", r.Endpoint.Operation, r.Endpoint.Path, len(r.Body))
}

// MarshalText is Format for encoders.
func (r Request) MarshalText() ([]byte, error) { return fmt.Append(nil, r), nil }

// Target is how one backend wants the request.
type Target struct {
	Model       string   // the backend's name for the model
	InjectUsage bool     // have a stream carry usage although the caller did not ask
	Kind        string   // the family of the provider, as for AnswerCodec.Meter
	Drop        []string // top-level fields of the backend's dialect that the model refuses
	MaxOutput   int64    // limit of tokens where the dialect wants one and the caller set none; 0: the dialect's own
}

// RequestCodec reads and rewrites the requests of a dialect.
type RequestCodec interface {
	// Match finds the endpoint of a request from its head.
	Match(h Head) (Endpoint, *fault.Error)
	// Parse validates body and returns its neutral view, which keeps members
	// (grown as needed) as the index of the top level.
	Parse(e Endpoint, body []byte, members []jsonedit.Member) (Request, *fault.Error)
	// Rewrite appends to dst the body that target wants. It returns nil when
	// the caller's body serves as it is; injected says that the answer will
	// carry usage only because of us.
	Rewrite(dst []byte, r *Request, t Target) (out []byte, injected bool)
}
