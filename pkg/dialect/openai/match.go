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
	modelsPath = "/models"
)

// requests is the RequestCodec of the dialect.
type requests struct{}

// Match implements dialect.RequestCodec.
func (requests) Match(h dialect.Head) (dialect.Endpoint, *fault.Error) {
	path, ok := strings.CutPrefix(h.Path, base)
	switch {
	case ok && path == chatPath:
		return matchChat(h)
	case ok && path == modelsPath:
		return matchModels(h, dialect.Endpoint{Operation: genai.Models, Path: path})
	case ok && len(path) > len(modelsPath)+1 && strings.HasPrefix(path, modelsPath+"/"):
		id, ok := unescape(path[len(modelsPath)+1:])
		if ok {
			return matchModels(h, dialect.Endpoint{Operation: genai.Models, Path: path, Model: id})
		}
	}
	return dialect.Endpoint{}, fault.New(fault.UnknownPath,
		"This path is not served. Known are POST /v1/chat/completions, GET /v1/models and GET /v1/models/{model}.")
}

func matchChat(h dialect.Head) (dialect.Endpoint, *fault.Error) {
	e := dialect.Endpoint{Operation: genai.Chat, Path: chatPath}
	switch {
	case h.Method == "OPTIONS":
		e.Operation = dialect.Preflight
		return e, nil
	case h.Method != "POST":
		return e, fault.New(fault.MethodNotAllowed, "Chat completions are asked for with POST.")
	case !isJSON(h.ContentType):
		return e, fault.New(fault.UnsupportedMediaType,
			"The body must be JSON in UTF-8: send the header content-type: application/json.")
	case h.ContentEncoding != "" && !strings.EqualFold(h.ContentEncoding, "identity"):
		return e, fault.New(fault.UnsupportedEncoding,
			"Compressed request bodies are not read: send the body without content-encoding.")
	}
	return e, nil
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

// isJSON reports whether a content type is JSON in UTF-8. A missing one is,
// since the body is checked anyway.
func isJSON(contentType string) bool {
	kind, params, _ := strings.Cut(contentType, ";")
	kind = strings.TrimSpace(kind)
	if kind != "" && !strings.EqualFold(kind, "application/json") {
		return false
	}
	for p := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(p, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "charset") {
			continue
		}
		switch strings.ToLower(strings.Trim(strings.TrimSpace(value), `"`)) {
		case "utf-8", "utf8", "us-ascii":
		default:
			return false
		}
	}
	return true
}

// unescape decodes the percent escapes of a path; false when one is broken.
func unescape(s string) (string, bool) {
	if !strings.Contains(s, "%") {
		return s, true
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			out = append(out, s[i])
			continue
		}
		if i+2 >= len(s) {
			return "", false
		}
		hi, lo := hex(s[i+1]), hex(s[i+2])
		if hi > 15 || lo > 15 {
			return "", false
		}
		out = append(out, hi<<4|lo)
		i += 2
	}
	return string(out), true
}

// hex is the value of a hexadecimal digit, more than 15 for other bytes.
func hex(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10
	}
	return 255
}
