package provider

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

type errorBody struct {
	Error errorDetail `json:"error"`
}

type errorDetail struct {
	Message string  `json:"message"`
	Type    string  `json:"type"`
	Param   *string `json:"param"`
	Code    *string `json:"code"`
}

func problemBody(text, typ, code string) []byte {
	d := errorDetail{Message: text, Type: typ}
	if code != "" {
		d.Code = &code
	}
	return encode(errorBody{d}, "    ")
}

func problem(status int, text, typ, code string) reply {
	return reply{status: status, typ: "application/json; charset=utf-8", body: problemBody(text, typ, code)}
}

func badFault(err error) reply {
	return problem(http.StatusBadRequest, "simulated provider: "+err.Error(), "invalid_request_error", "bad_fault")
}

// answer is the complete answer that a fault asks for instead of a completion.
func (f *Fault) answer() (reply, bool) {
	if f.Status == 0 && !f.HTML && !f.Empty {
		return reply{}, false
	}
	a := reply{status: f.Status}
	switch {
	case f.HTML:
		a.status = cmp.Or(a.status, http.StatusBadGateway)
		a.typ = "text/html"
		a.body = fmt.Appendf(nil, "<html>\n<head><title>%d %s</title></head>\n<body>\n<center><h1>%[1]d %[2]s</h1></center>\n</body>\n</html>\n", a.status, http.StatusText(a.status))
	case f.Empty:
		a.status = cmp.Or(a.status, http.StatusOK)
	default:
		text, typ, code := f.words()
		a = problem(f.Status, text, typ, code)
	}
	if f.RetryAfter != "" {
		a.headers = append(a.headers, [2]string{"retry-after", f.RetryAfter})
	}
	return a, true
}

// words are text, type and code of the error that belongs to the status.
func (f *Fault) words() (text, typ, code string) {
	typ = "invalid_request_error"
	switch {
	case f.Status == 401:
		text, code = incorrect("sk-sim-0123456789abcdef"), "invalid_api_key"
	case f.Status == 403:
		text, code = "Country, region, or territory not supported", "unsupported_country_region_territory"
	case f.Status == 429:
		text, typ, code = "Rate limit reached for this model in organization org-simulated0123456789 on requests per min (RPM): Limit 3, Used 3, Requested 1. Please try again in 20s.", "requests", "rate_limit_exceeded"
	case f.Status == 503:
		text, typ = "The engine is currently overloaded, please try again later", "server_error"
	case f.Status >= 500:
		text, typ = "The server had an error while processing your request. Sorry about that!", "server_error"
	default:
		text = "Invalid request of the simulated kind."
	}
	return cmp.Or(f.Text, text), typ, code
}

// refuse is the answer to a request that a provider does not serve.
func (p *Provider) refuse(r *http.Request, req *chatRequest, bad error) (reply, bool) {
	if a, ok := p.authenticate(r); !ok {
		return a, true
	}
	path, known := strings.CutPrefix(r.URL.Path, p.o.BasePath)
	isList := known && (path == "/models" || strings.HasPrefix(path, "/models/"))
	switch {
	case isList && (r.Method == http.MethodGet || r.Method == http.MethodHead):
		return reply{}, false
	case !known || path != "/chat/completions" || r.Method != http.MethodPost:
		return problem(http.StatusNotFound, fmt.Sprintf("Invalid URL (%s %s)", r.Method, r.URL.Path), "invalid_request_error", ""), true
	case bad != nil || len(req.Messages) == 0 && req.Model == "":
		return problem(http.StatusBadRequest, "We could not parse the JSON body of your request. The API expects a JSON payload, but what was sent was not valid JSON.", "invalid_request_error", ""), true
	case req.Model == "":
		return problem(http.StatusBadRequest, "you must provide a model parameter", "invalid_request_error", ""), true
	case !p.has(req.Model):
		return p.noModel(req.Model), true
	}
	return reply{}, false
}

func (p *Provider) has(model string) bool {
	return len(p.o.Models) == 0 || slices.Contains(p.o.Models, model)
}

func (p *Provider) noModel(name string) reply {
	return problem(http.StatusNotFound, fmt.Sprintf("The model `%s` does not exist or you do not have access to it.", name), "invalid_request_error", "model_not_found")
}

// authenticate checks the credential; the 401 shows a masked part of what came,
// as the real one does.
func (p *Provider) authenticate(r *http.Request) (reply, bool) {
	if p.o.Key == "" {
		return reply{}, true
	}
	sent, ok := strings.CutPrefix(r.Header.Get(p.o.Header), p.o.Prefix)
	if ok && sent == p.o.Key {
		return reply{}, true
	}
	if sent == "" {
		return problem(http.StatusUnauthorized, "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).", "invalid_request_error", ""), false
	}
	return problem(http.StatusUnauthorized, incorrect(sent), "invalid_request_error", "invalid_api_key"), false
}

func incorrect(key string) string {
	shown := strings.Repeat("*", len(key))
	if len(key) > 12 {
		shown = key[:8] + strings.Repeat("*", len(key)-12) + key[len(key)-4:]
	}
	return "Incorrect API key provided: " + shown + ". You can find your API key at https://platform.openai.com/account/api-keys."
}

type modelList struct {
	Object string  `json:"object"`
	Data   []model `json:"data"`
}

type model struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Created int64  `json:"created"`
	Owner   string `json:"owned_by"`
}

// models is the model list, or one model of it.
func (p *Provider) models(r *http.Request) reply {
	names := p.o.Models
	if len(names) == 0 {
		names = []string{"sim-model"}
	}
	list := modelList{Object: "list"}
	for _, n := range names {
		list.Data = append(list.Data, model{n, "model", time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Unix(), p.o.Name})
	}
	_, id, one := strings.Cut(r.URL.Path, p.o.BasePath+"/models/")
	if !one {
		return reply{status: http.StatusOK, typ: "application/json", body: encode(list, "  ")}
	}
	i := slices.IndexFunc(list.Data, func(m model) bool { return m.ID == id })
	if i < 0 {
		return p.noModel(id)
	}
	return reply{status: http.StatusOK, typ: "application/json", body: encode(list.Data[i], "  ")}
}
