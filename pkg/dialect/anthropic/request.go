package anthropic

import (
	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// Parse implements dialect.RequestCodec. What decides is read strictly; what
// does not is the provider's business and passes as it is.
func (requests) Parse(e dialect.Endpoint, body []byte, members []jsonedit.Member) (dialect.Request, *fault.Error) {
	// A stream always carries usage, and an answer is always one.
	r := dialect.Request{Endpoint: e, Body: body, Choices: 1, WantsUsage: true}
	if len(body) == 0 {
		return r, fault.New(fault.MissingBody, "The request has no body: send the message as JSON.")
	}
	var err error
	if r.Object, err = jsonedit.Parse(body, members); err != nil {
		return r, dialect.Syntax(err)
	}
	if _, name, ok := r.Object.Duplicate("model", "messages", "system", "stream", "max_tokens", "tools"); ok {
		return r, fault.New(fault.DuplicateField,
			"The field \""+name+"\" is there more than once: send it once, since readers differ in which one they take.").With(name)
	}
	if f := readModel(&r); f != nil {
		return r, f
	}
	if f := readMessages(&r); f != nil {
		return r, f
	}
	if f := readStream(&r); f != nil {
		return r, f
	}
	readSizes(&r)
	return r, nil
}

func readModel(r *dialect.Request) *fault.Error {
	v, ok := r.Object.Get("model")
	if !ok {
		return invalid("model", "The field \"model\" is missing: name the model to ask.")
	}
	if r.Model, ok = v.Text(r.Body); !ok || r.Model == "" {
		return invalid("model", "The field \"model\" must be a string that names the model to ask.")
	}
	return nil
}

func readMessages(r *dialect.Request) *fault.Error {
	v, ok := r.Object.Get("messages")
	if !ok {
		return invalid("messages", "The field \"messages\" is missing: send the conversation as an array.")
	}
	if v.Kind != jsonedit.Array {
		return invalid("messages", "The field \"messages\" must be an array.")
	}
	r.Messages = v
	return nil
}

func readStream(r *dialect.Request) *fault.Error {
	v, ok := r.Object.Get("stream")
	if !ok || v.Kind == jsonedit.Null {
		return nil
	}
	if r.Stream, ok = v.Bool(); !ok {
		return invalid("stream", "The field \"stream\" must be true or false.")
	}
	return nil
}

// readSizes reads what only estimates depend on; values that make no sense are
// left to the provider to refuse.
func readSizes(r *dialect.Request) {
	if v, ok := r.Object.Get("max_tokens"); ok {
		if n, ok := v.Int(r.Body); ok && n > 0 {
			r.MaxOutput = n
		}
	}
	v, ok := r.Object.Get("tools")
	r.HasTools = ok && v.Kind == jsonedit.Array && v.Len(r.Body) > 0
}

func invalid(param, text string) *fault.Error { return fault.New(fault.InvalidField, text).With(param) }
