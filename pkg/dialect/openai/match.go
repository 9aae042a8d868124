package openai

import (
	"strings"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/genai"
)

// base is where callers find this dialect.
const base = "/v1"

const (
	chatPath   = "/chat/completions"
	embedPath  = "/embeddings"
	modelsPath = "/models"
)

// requests is the RequestCodec of the dialect.
type requests struct{}

// Match implements dialect.RequestCodec.
func (requests) Match(h dialect.Head) (dialect.Endpoint, *fault.Error) {
	path, ok := strings.CutPrefix(h.Path, base)
	switch {
	case ok && path == chatPath:
		return matchPost(h, dialect.Endpoint{Operation: genai.Chat, Path: path}, "Chat completions are")
	case ok && path == embedPath:
		return matchPost(h, dialect.Endpoint{Operation: genai.Embeddings, Path: path}, "Embeddings are")
	case ok && path == modelsPath:
		return matchModels(h, dialect.Endpoint{Operation: genai.Models, Path: path})
	case ok && len(path) > len(modelsPath)+1 && strings.HasPrefix(path, modelsPath+"/"):
		id, ok := dialect.Unescape(path[len(modelsPath)+1:])
		if ok {
			return matchModels(h, dialect.Endpoint{Operation: genai.Models, Path: path, Model: id})
		}
	}
	return dialect.Endpoint{}, fault.New(fault.UnknownPath, "This path is not served. Known are POST /v1/chat/completions, "+
		"POST /v1/embeddings, GET /v1/models and GET /v1/models/{model}.")
}

// matchPost checks the head of a request with a body.
func matchPost(h dialect.Head, e dialect.Endpoint, what string) (dialect.Endpoint, *fault.Error) {
	switch h.Method {
	case "POST":
		return e, dialect.CheckBody(h)
	case "OPTIONS":
		e.Operation = dialect.Preflight
		return e, nil
	}
	return e, fault.New(fault.MethodNotAllowed, what+" asked for with POST.")
}

func matchModels(h dialect.Head, e dialect.Endpoint) (dialect.Endpoint, *fault.Error) {
	switch h.Method {
	case "GET", "HEAD":
		return e, nil
	case "OPTIONS":
		e.Operation = dialect.Preflight
		return e, nil
	}
	return e, fault.New(fault.MethodNotAllowed, "The list of models is read with GET.")
}
