package responses

import (
	"strings"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// base is where callers find this dialect.
const base = "/v1"

const createPath = "/responses"

// requests is the RequestCodec of the dialect.
type requests struct{}

// Match implements dialect.RequestCodec.
func (requests) Match(h dialect.Head) (dialect.Endpoint, *fault.Error) {
	path, ok := strings.CutPrefix(h.Path, base)
	switch {
	case ok && path == createPath:
		return matchCreate(h)
	case ok && strings.HasPrefix(path, createPath+"/"):
		return dialect.Endpoint{}, fault.New(fault.UnknownPath, "Stored responses are not served, since an id does not tell which provider holds it. "+
			"Served is POST /v1/responses: send the whole conversation each time, with \"store\": false.")
	}
	return dialect.Endpoint{}, fault.New(fault.UnknownPath, "This path is not served. Known is POST /v1/responses.")
}

func matchCreate(h dialect.Head) (dialect.Endpoint, *fault.Error) {
	e := dialect.Endpoint{Operation: genai.Chat, Path: createPath}
	switch h.Method {
	case "POST":
		return e, dialect.CheckBody(h)
	case "OPTIONS":
		e.Operation = dialect.Preflight
		return e, nil
	}
	return e, fault.New(fault.MethodNotAllowed, "Responses are asked for with POST.")
}

// Parse implements dialect.RequestCodec. What decides is read strictly; what
// does not is the provider's business and passes as it is.
func (requests) Parse(e dialect.Endpoint, body []byte, members []jsonedit.Member) (dialect.Request, *fault.Error) {
	r := dialect.Request{Endpoint: e, Body: body, Choices: 1, WantsUsage: true} // streams always state it
	if len(body) == 0 {
		return r, fault.New(fault.MissingBody, "The request has no body: send the request as JSON.")
	}
	var err error
	if r.Object, err = jsonedit.Parse(body, members); err != nil {
		return r, dialect.Syntax(err)
	}
	if _, name, ok := r.Object.Duplicate("model", "input", "stream", "max_output_tokens", "tools"); ok {
		return r, fault.New(fault.DuplicateField,
			"The field \""+name+"\" is there more than once: send it once, since readers differ in which one they take.").With(name)
	}
	return r, read(&r)
}

// read reads the fields that decide, and those that estimates depend on.
func read(r *dialect.Request) *fault.Error {
	v, ok := r.Object.Get("model")
	if !ok {
		return invalid("model", "is missing: name the model to ask")
	}
	if r.Model, ok = v.Text(r.Body); !ok || r.Model == "" {
		return invalid("model", "must be a string that names the model to ask")
	}
	if v, ok := r.Object.Get("stream"); ok && v.Kind != jsonedit.Null {
		if r.Stream, ok = v.Bool(); !ok {
			return invalid("stream", "must be true or false")
		}
	}
	v, _ = r.Object.Get("input") // may be missing: a prompt of the provider's stands in
	switch v.Kind {
	case jsonedit.Array:
		r.Messages = v
	case jsonedit.String, jsonedit.Null:
	default:
		return invalid("input", "must be a string or an array")
	}
	v, _ = r.Object.Get("max_output_tokens")
	if n, ok := v.Int(r.Body); ok && n > 0 {
		r.MaxOutput = n
	}
	v, ok = r.Object.Get("tools")
	r.HasTools = ok && v.Kind == jsonedit.Array && v.Len(r.Body) > 0
	return nil
}

func invalid(name, what string) *fault.Error {
	return fault.New(fault.InvalidField, "The field \""+name+"\" "+what+".").With(name)
}

// Rewrite implements dialect.RequestCodec.
func (requests) Rewrite(dst []byte, r *dialect.Request, t dialect.Target) (out []byte, injected bool) {
	if t.Model == "" || t.Model == r.Model {
		return nil, false
	}
	return jsonedit.Splice(dst, r.Body, r.Object.Set("model", jsonedit.AppendString(nil, t.Model))), false
}
