package gemini

import (
	"strings"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/genai"
)

// The methods of a model that are served.
const (
	generate   = "generateContent"
	stream     = "streamGenerateContent"
	embed      = "embedContent"
	batchEmbed = "batchEmbedContents"
)

const known = "Known are POST /v1beta/models/{model}:generateContent, :streamGenerateContent, :embedContent and " +
	":batchEmbedContents, GET /v1beta/models and GET /v1beta/models/{model}, and the same below /v1."

// requests is the RequestCodec of the dialect.
type requests struct{}

// Match implements dialect.RequestCodec. Endpoint.Path is the version and the
// method, "/v1beta:generateContent": what Path needs besides the model. A mark
// stands behind the method of a stream that is to come as an array.
func (requests) Match(h dialect.Head) (dialect.Endpoint, *fault.Error) {
	version, rest, ok := cutVersion(h.Path)
	if ok && rest == "" {
		return list(h, dialect.Endpoint{Operation: genai.Models, Path: version})
	}
	name, clean := dialect.Unescape(rest)
	if !ok || !clean {
		return unknown("This path is not served. ")
	}
	id, method := name, ""
	if i := strings.LastIndexByte(name, ':'); i >= 0 {
		id, method = name[:i], name[i+1:]
	}
	op := operation(method)
	switch {
	case op != "" && trimmed(id) != "":
		return call(h, dialect.Endpoint{Operation: op, Path: version + ":" + method + framing(h, method), Model: trimmed(id)})
	case op == "" && trimmed(name) != "" && (method == "" || h.Method != "POST"):
		return list(h, dialect.Endpoint{Operation: genai.Models, Path: version, Model: trimmed(name)})
	case method != "" && op == "":
		return unknown("This method of a model is not served. ")
	}
	return unknown("This path names no model. ")
}

// cutVersion returns the version that a path starts with and what is behind its
// "models/": nothing for the list.
func cutVersion(path string) (version, rest string, ok bool) {
	for _, version := range []string{"/v1beta", "/v1"} {
		if path == version+"/models" {
			return version, "", true
		}
		if below, ok := strings.CutPrefix(path, version+"/models/"); ok && below != "" {
			return version, below, true
		}
	}
	return "", "", false
}

// trimmed is a model's name without the collection that Google's clients may
// put in front of it once more.
func trimmed(model string) string { return strings.TrimPrefix(model, "models/") }

func operation(method string) genai.Operation {
	switch method {
	case generate, stream:
		return genai.Chat
	case embed, batchEmbed:
		return genai.Embeddings
	}
	return ""
}

// call is the endpoint e of a method.
func call(h dialect.Head, e dialect.Endpoint) (dialect.Endpoint, *fault.Error) {
	switch h.Method {
	case "POST":
		return e, dialect.CheckBody(h)
	case "OPTIONS":
		e.Operation = dialect.Preflight
		return e, nil
	}
	return e, fault.New(fault.MethodNotAllowed, "The methods of a model are called with POST.")
}

// list is the endpoint e of the models.
func list(h dialect.Head, e dialect.Endpoint) (dialect.Endpoint, *fault.Error) {
	switch h.Method {
	case "GET", "HEAD":
		return e, nil
	case "OPTIONS":
		e.Operation = dialect.Preflight
		return e, nil
	}
	return e, fault.New(fault.MethodNotAllowed, "Models are read with GET.")
}

func unknown(why string) (dialect.Endpoint, *fault.Error) {
	return dialect.Endpoint{}, fault.New(fault.UnknownPath, why+known)
}

// asArray marks a stream that is to come as an array.
const asArray = ";array"

// framing is the mark for the framing that a request asks for.
func framing(h dialect.Head, method string) string {
	if method != stream {
		return ""
	}
	for p := range strings.SplitSeq(h.Query, "&") {
		if p == "alt=sse" || p == "$alt=sse" || p == "%24alt=sse" {
			return ""
		}
	}
	return asArray
}

// inArray reports whether an endpoint's stream is to come as an array.
func inArray(e dialect.Endpoint) bool { return strings.HasSuffix(e.Path, asArray) }

// methodOf is the method of an endpoint that Match found.
func methodOf(e dialect.Endpoint) string {
	_, method, _ := strings.Cut(e.Path, ":")
	return strings.TrimSuffix(method, asArray)
}
