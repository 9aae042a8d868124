package openai

import (
	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// Parse implements dialect.RequestCodec. What decides is read strictly; what
// does not is the provider's business and passes as it is.
func (requests) Parse(e dialect.Endpoint, body []byte, members []jsonedit.Member) (dialect.Request, *fault.Error) {
	if e.Operation == genai.Embeddings {
		return parseEmbeddings(e, body, members)
	}
	r, f := open(e, body, members, "model", "messages", "stream", "stream_options", "n",
		"max_tokens", "max_completion_tokens", "tools")
	for _, read := range []func(*dialect.Request) *fault.Error{readModel, readMessages, readStream} {
		if f != nil {
			return r, f
		}
		f = read(&r)
	}
	if f == nil {
		readSizes(&r)
	}
	return r, f
}

// open checks that a body is one JSON object that holds each of the names at
// most once.
func open(e dialect.Endpoint, body []byte, members []jsonedit.Member, names ...string) (dialect.Request, *fault.Error) {
	r := dialect.Request{Endpoint: e, Body: body}
	if len(body) == 0 {
		return r, fault.New(fault.MissingBody, "The request has no body: send the request as JSON.")
	}
	var err error
	if r.Object, err = jsonedit.Parse(body, members); err != nil {
		return r, dialect.Syntax(err)
	}
	if _, name, ok := r.Object.Duplicate(names...); ok {
		return r, fault.New(fault.DuplicateField,
			"The field \""+name+"\" is there more than once: send it once, since readers differ in which one they take.").With(name)
	}
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
	if v, ok := r.Object.Get("stream"); ok && v.Kind != jsonedit.Null {
		if r.Stream, ok = v.Bool(); !ok {
			return invalid("stream", "The field \"stream\" must be true or false.")
		}
	}
	v, ok := r.Object.Get("stream_options")
	if !ok || v.Kind == jsonedit.Null {
		return nil
	}
	if v.Kind != jsonedit.ObjectKind {
		return invalid("stream_options", "The field \"stream_options\" must be an object.")
	}
	return readOptions(r)
}

// readOptions reads a stream_options object.
func readOptions(r *dialect.Request) *fault.Error {
	const name = "stream_options.include_usage"
	var buf [8]jsonedit.Member
	options, ok := r.Object.Child("stream_options", buf[:0])
	if !ok {
		return invalid("stream_options", "The field \"stream_options\" has too many members.")
	}
	if _, _, ok := options.Duplicate("include_usage"); ok {
		return fault.New(fault.DuplicateField, "The field \""+name+"\" is there more than once: send it once.").With(name)
	}
	v, ok := options.Get("include_usage")
	if !ok || v.Kind == jsonedit.Null {
		return nil
	}
	if r.WantsUsage, ok = v.Bool(); !ok {
		return invalid(name, "The field \""+name+"\" must be true or false.")
	}
	return nil
}

// readSizes reads what only estimates depend on; values that make no sense are
// left to the provider to refuse.
func readSizes(r *dialect.Request) {
	r.Choices = 1
	if n, ok := integer(r, "n"); ok && n > 1 && n <= 1024 {
		r.Choices = int(n)
	}
	for _, name := range []string{"max_completion_tokens", "max_tokens"} {
		if n, ok := integer(r, name); ok && n > 0 {
			r.MaxOutput = n
			break
		}
	}
	for _, name := range []string{"tools", "functions"} {
		v, ok := r.Object.Get(name)
		r.HasTools = r.HasTools || ok && v.Kind == jsonedit.Array && v.Len(r.Body) > 0
	}
}

func integer(r *dialect.Request, name string) (int64, bool) {
	v, ok := r.Object.Get(name)
	if !ok {
		return 0, false
	}
	return v.Int(r.Body)
}

func invalid(param, text string) *fault.Error { return fault.New(fault.InvalidField, text).With(param) }
