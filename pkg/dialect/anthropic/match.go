package anthropic

import (
	"strings"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/genai"
)

const (
	version      = "/v1" // starts the paths of callers and of backends
	messagesPath = "/messages"
	modelsPath   = "/models"
)

// known is what unknown paths are answered with.
const known = "Known are POST /v1/messages, GET /v1/models and GET /v1/models/{model}."

// requests is the RequestCodec of the dialect.
type requests struct{}

// Match implements dialect.RequestCodec.
func (requests) Match(h dialect.Head) (dialect.Endpoint, *fault.Error) {
	path, ok := strings.CutPrefix(h.Path, version)
	switch {
	case !ok:
	case path == messagesPath:
		return matchMessages(h)
	case path == messagesPath+"/count_tokens":
		return dialect.Endpoint{}, fault.New(fault.UnknownPath, "Tokens are not counted here: send the message without counting first. "+known)
	case strings.HasPrefix(path, messagesPath+"/batches"):
		return dialect.Endpoint{}, fault.New(fault.UnknownPath, "Batches are not taken: send each message on its own. "+known)
	case path == modelsPath:
		return matchModels(h, dialect.Endpoint{Operation: genai.Models, Path: path})
	case strings.HasPrefix(path, modelsPath+"/"):
		if id, ok := dialect.Unescape(path[len(modelsPath)+1:]); ok && id != "" {
			return matchModels(h, dialect.Endpoint{Operation: genai.Models, Path: path, Model: id})
		}
	}
	return dialect.Endpoint{}, fault.New(fault.UnknownPath, "This path is not served. "+known)
}

func matchMessages(h dialect.Head) (dialect.Endpoint, *fault.Error) {
	e := dialect.Endpoint{Operation: genai.Chat, Path: messagesPath}
	switch h.Method {
	case "POST":
		return e, dialect.CheckBody(h)
	case "OPTIONS":
		e.Operation = dialect.Preflight
		return e, nil
	}
	return e, fault.New(fault.MethodNotAllowed, "Messages are sent with POST.")
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
