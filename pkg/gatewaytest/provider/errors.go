package provider

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// trouble is an error before it has the shape of an API.
type trouble struct {
	status int
	text   string
	typ    string // OpenAI's or Anthropic's word; empty: by the status
	code   string // OpenAI's code, or Google's reason
	retry  string // seconds
}

// reply is a complete answer.
type reply struct {
	status  int
	typ     string
	headers [][2]string
	body    []byte
}

// headers are those of a real answer of the API.
func (p *Provider) headers(op *operation, x *Exchange) [][2]string {
	switch op.dialect {
	case Anthropic:
		return p.anthropicHeaders(x)
	case Gemini:
		return [][2]string{{"server-timing", fmt.Sprintf("gfet4t7; dur=%d", 20+x.N%200)}, {"vary", "Origin, X-Origin, Referer"}}
	default:
		return p.openAIHeaders(x)
	}
}

// report renders an error in the shape of the API.
func (p *Provider) report(op *operation, x *Exchange, t trouble) reply {
	out := reply{status: t.status, typ: "application/json", headers: p.headers(op, x), body: p.errorBody(op.dialect, x, t)}
	switch {
	case op.dialect == OpenAI:
		out.typ = "application/json; charset=utf-8"
	case op.dialect == Gemini:
		out.typ = "application/json; charset=UTF-8"
	case t.status == http.StatusBadRequest || t.status == http.StatusUnauthorized:
		out.headers = append(out.headers, [2]string{"x-should-retry", "false"})
	}
	if t.retry != "" {
		out.headers = append(out.headers, [2]string{"retry-after", t.retry})
	}
	return out
}

func (p *Provider) errorBody(d Dialect, x *Exchange, t trouble) []byte {
	switch d {
	case Anthropic:
		return encode(p.anthropicError(x, t), "")
	case Gemini:
		return encode(geminiError(t), "  ")
	default:
		return encode(openAIError(t), "    ")
	}
}

type errorBody struct {
	Error errorDetail `json:"error"`
}

type errorDetail struct {
	Message string  `json:"message"`
	Type    string  `json:"type"`
	Param   *string `json:"param"`
	Code    *string `json:"code"`
}

func openAIError(t trouble) errorBody {
	d := errorDetail{Message: t.text, Type: cmp.Or(t.typ, "invalid_request_error")}
	if t.code != "" {
		d.Code = &t.code
	}
	return errorBody{d}
}

type anthropicErrorBody struct {
	Type      string               `json:"type"`
	Error     anthropicErrorDetail `json:"error"`
	RequestID string               `json:"request_id,omitempty"`
}

type anthropicErrorDetail struct {
	Type    string `json:"type"`
	Message string `json:"message"`
}

func (p *Provider) anthropicError(x *Exchange, t trouble) anthropicErrorBody {
	typ := "api_error"
	switch t.status {
	case 400, 422:
		typ = "invalid_request_error"
	case 401:
		typ = "authentication_error"
	case 403:
		typ = "permission_error"
	case 404:
		typ = "not_found_error"
	case 413:
		typ = "request_too_large"
	case 429:
		typ = "rate_limit_error"
	case 529:
		typ = "overloaded_error"
	}
	return anthropicErrorBody{"error", anthropicErrorDetail{typ, t.text}, p.requestID(x)}
}

type geminiErrorBody struct {
	Error geminiErrorDetail `json:"error"`
}

type geminiErrorDetail struct {
	Code    int              `json:"code"`
	Message string           `json:"message"`
	Status  string           `json:"status"`
	Details []map[string]any `json:"details,omitempty"`
}

func geminiError(t trouble) geminiErrorBody {
	words := map[int]string{
		400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 409: "ABORTED",
		429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 501: "UNIMPLEMENTED", 503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED", 529: "UNAVAILABLE",
	}
	d := geminiErrorDetail{Code: t.status, Message: t.text, Status: cmp.Or(words[t.status], "UNKNOWN")}
	if t.code != "" {
		d.Details = append(d.Details, map[string]any{
			"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": t.code, "domain": "googleapis.com",
			"metadata": map[string]string{"service": "generativelanguage.googleapis.com"},
		})
	}
	if t.retry != "" {
		d.Details = append(d.Details, map[string]any{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": t.retry + "s"})
	}
	return geminiErrorBody{d}
}

func badFault(err error) trouble {
	return trouble{status: http.StatusBadRequest, text: "simulated provider: " + err.Error(), code: "bad_fault"}
}

// overload is what a provider says with status 200.
func overload(d Dialect) trouble {
	switch d {
	case Anthropic:
		return trouble{status: 529, text: "Overloaded"}
	case Gemini:
		return trouble{status: 503, text: "The model is overloaded. Please try again later."}
	default:
		return trouble{status: 503, text: "The server is overloaded or not ready yet.", typ: "server_error", code: "overloaded"}
	}
}

// faultAnswer is the complete answer that a fault asks for instead of a good one.
func (p *Provider) faultAnswer(op *operation, x *Exchange, f *Fault, a *ask) (reply, bool) {
	if f.Status == 0 && !f.HTML && !f.Empty || f.Empty && f.Status == 0 && a.stream && op.frames != nil {
		return reply{}, false
	}
	if !f.HTML && !f.Empty {
		t := f.words(op.dialect)
		t.retry = f.RetryAfter
		return p.report(op, x, t), true
	}
	out := reply{status: cmp.Or(f.Status, http.StatusOK)}
	if f.HTML {
		out.status = cmp.Or(f.Status, http.StatusBadGateway)
		out.typ = "text/html"
		out.body = fmt.Appendf(nil, "<html>\n<head><title>%d %s</title></head>\n<body>\n<center><h1>%[1]d %[2]s</h1></center>\n</body>\n</html>\n", out.status, http.StatusText(out.status))
	}
	if f.RetryAfter != "" {
		out.headers = append(out.headers, [2]string{"retry-after", f.RetryAfter})
	}
	return out, true
}

// refuse is the answer to a request that a provider does not serve.
func (p *Provider) refuse(q *inquiry, f Fault) *trouble {
	op, r, a := q.op, q.http, q.ask
	if t := p.authenticate(op, r); t != nil {
		return t
	}
	switch {
	case op.direct == nil && op.whole == nil && op.dialect == OpenAI:
		return &trouble{status: http.StatusNotFound, text: fmt.Sprintf("Invalid URL (%s %s)", r.Method, r.URL.Path)}
	case op.direct == nil && op.whole == nil && op.dialect == Anthropic:
		return &trouble{status: http.StatusNotFound, text: "Not Found"}
	case op.direct == nil && op.whole == nil:
		return &trouble{status: http.StatusNotFound, text: "Requested entity was not found."}
	case a.wrong != nil:
		return a.wrong
	case a.model != "" && !p.has(a.model):
		return noModel(op.dialect, a.model)
	}
	return f.refused(op.dialect, q.body)
}

// refused complains about a field that this model does not take.
func (f *Fault) refused(d Dialect, body []byte) *trouble {
	if len(f.Refuse) == 0 {
		return nil
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(body, &fields) != nil {
		return nil
	}
	for _, name := range f.Refuse {
		if _, there := fields[name]; !there {
			continue
		}
		text := "Unsupported parameter: '" + name + "' is not supported with this model."
		switch d {
		case Anthropic:
			text = "`" + name + "` is deprecated for this model."
		case Gemini:
			text = `Invalid JSON payload received. Unknown name "` + name + `": Cannot find field.`
		}
		return &trouble{status: http.StatusBadRequest, text: text}
	}
	return nil
}

func (p *Provider) has(model string) bool {
	return len(p.o.Models) == 0 || slices.Contains(p.o.Models, model)
}

func noModel(d Dialect, name string) *trouble {
	switch d {
	case Anthropic:
		return &trouble{status: http.StatusNotFound, text: "model: " + name}
	case Gemini:
		return &trouble{status: http.StatusNotFound, text: "models/" + name + " is not found for API version v1beta, or is not supported for generateContent. Call ListModels to see the list of available models and their supported methods."}
	default:
		return &trouble{status: http.StatusNotFound, text: fmt.Sprintf("The model `%s` does not exist or you do not have access to it.", name), code: "model_not_found"}
	}
}

// authenticate checks the credential.
func (p *Provider) authenticate(op *operation, r *http.Request) *trouble {
	if op.dialect == Anthropic && r.Header.Get("anthropic-version") == "" {
		return &trouble{status: http.StatusBadRequest, text: "anthropic-version: header is required"}
	}
	if p.o.Key == "" {
		return nil
	}
	sent := p.sentKey(op.dialect, r)
	switch {
	case sent == p.o.Key:
		return nil
	case op.dialect == Anthropic && sent == "":
		return &trouble{status: http.StatusUnauthorized, text: "x-api-key header is required"}
	case op.dialect == Anthropic:
		return &trouble{status: http.StatusUnauthorized, text: "invalid x-api-key"}
	case op.dialect == Gemini && sent == "":
		return &trouble{status: http.StatusForbidden, text: "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API."}
	case op.dialect == Gemini:
		return &trouble{status: http.StatusBadRequest, text: "API key not valid. Please pass a valid API key.", code: "API_KEY_INVALID"}
	case sent == "":
		return &trouble{status: http.StatusUnauthorized, text: "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY)."}
	}
	return &trouble{status: http.StatusUnauthorized, text: incorrect(sent), code: "invalid_api_key"}
}

// sentKey is the credential as the API, or the option, wants it sent.
func (p *Provider) sentKey(d Dialect, r *http.Request) string {
	header, prefix := p.o.Header, p.o.Prefix
	switch {
	case header != "":
	case d == Anthropic:
		header = "x-api-key"
	case d == Gemini:
		if k := r.URL.Query().Get("key"); k != "" {
			return k
		}
		header = "x-goog-api-key"
	default:
		header = "authorization"
	}
	if header == "authorization" {
		prefix = cmp.Or(prefix, "Bearer ")
	}
	key, ok := strings.CutPrefix(r.Header.Get(header), prefix)
	if !ok {
		return ""
	}
	return key
}

// incorrect shows a masked part of the key, as the real one does.
func incorrect(key string) string {
	shown := strings.Repeat("*", len(key))
	if len(key) > 12 {
		shown = key[:8] + strings.Repeat("*", len(key)-12) + key[len(key)-4:]
	}
	return "Incorrect API key provided: " + shown + ". You can find your API key at https://platform.openai.com/account/api-keys."
}
