package gemini

import (
	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

const config = "generationConfig"

// Parse implements dialect.RequestCodec. What decides is read strictly; what
// does not is the provider's business and passes as it is.
func (requests) Parse(e dialect.Endpoint, body []byte, members []jsonedit.Member) (dialect.Request, *fault.Error) {
	method := methodOf(e)
	r := dialect.Request{Endpoint: e, Body: body, Model: e.Model, Stream: method == stream, Choices: 1}
	r.WantsUsage = r.Stream // every chunk states it, asked or not
	if len(body) == 0 {
		return r, fault.New(fault.MissingBody, "The request has no body: send the request as JSON.")
	}
	var err error
	if r.Object, err = jsonedit.Parse(body, members); err != nil {
		return r, dialect.Syntax(err)
	}
	if name := doubled(&r.Object, "contents", "content", "requests", "model", config, "tools", "systemInstruction"); name != "" {
		return r, double(name)
	}
	if f := readContents(&r, method); f != nil {
		return r, f
	}
	if e.Operation != genai.Chat {
		return r, nil
	}
	return r, readSizes(&r)
}

func double(name string) *fault.Error {
	return fault.New(fault.DuplicateField,
		"The field \""+name+"\" is there more than once: send it once, since readers differ in which one they take.").With(name)
}

// readContents finds what the model is asked about.
func readContents(r *dialect.Request, method string) *fault.Error {
	switch method {
	case embed:
		v, ok := r.Object.Get("content")
		if !ok || v.Kind != jsonedit.ObjectKind {
			return invalid("content", "The field \"content\" must be an object: send the text to embed as its parts.")
		}
		if parts, ok := v.Find(r.Body, "parts"); ok && parts.Kind == jsonedit.Array {
			r.Messages = parts
		}
		return nil
	case batchEmbed:
		return readArray(r, "requests", "The field \"requests\" must be an array: send the texts to embed, each as a request.")
	}
	return readArray(r, "contents", "The field \"contents\" must be an array: send the conversation.")
}

func readArray(r *dialect.Request, name, text string) *fault.Error {
	v, ok := r.Object.Get(name)
	if !ok || v.Kind != jsonedit.Array {
		return invalid(name, text)
	}
	r.Messages = v
	return nil
}

// readSizes reads what only estimates depend on; values that make no sense are
// left to the provider to refuse.
func readSizes(r *dialect.Request) *fault.Error {
	if v, ok := r.Object.Get("tools"); ok {
		r.HasTools = v.Kind == jsonedit.Array && v.Len(r.Body) > 0
	}
	var buf [32]jsonedit.Member
	c, ok := child(&r.Object, config, buf[:0])
	if !ok {
		return nil
	}
	if name := doubled(&c, "maxOutputTokens", "candidateCount"); name != "" {
		return double(config + "." + name)
	}
	if n, ok := integer(&c, "maxOutputTokens"); ok && n > 0 {
		r.MaxOutput = n
	}
	if n, ok := integer(&c, "candidateCount"); ok && n > 1 && n <= 1024 {
		r.Choices = int(n)
	}
	return nil
}

func integer(o *jsonedit.Object, name string) (int64, bool) {
	v, ok := get(o, name)
	if !ok {
		return 0, false
	}
	return v.Int(o.Doc())
}

func invalid(param, text string) *fault.Error { return fault.New(fault.InvalidField, text).With(param) }
