package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/recorded"
)

// api is what the rows of one endpoint have in common.
type api struct {
	dialect string
	path    string   // at the gateway; {model} and {method} stand for parts of it
	below   string   // at a provider, below its base
	asks    bool     // a caller may not ask for usage in a stream, so that the gateway does
	needs   []string // members without which a body is no request of this API
	made    string   // a request; %s is what makes it a stream, %q the model
	stream  string   // what makes it a stream
}

// apis are the endpoints of the data that are replayed.
func apis() map[string]*api {
	gemini := &api{dialect: "gemini", path: "/{version}/models/{model}:{method}", below: "/{version}/models/{model}:{method}"}
	generate, embed := *gemini, *gemini
	generate.needs, generate.made = []string{"contents"}, `{"contents":[{"role":"user","parts":[{"text":"hello"}]}]}`
	embed.made = `{"requests":[{"model":"models/m","content":{"parts":[{"text":"hello"}]}}]}`
	return map[string]*api{
		"chat_completions": {
			dialect: "openai", path: "/v1/chat/completions", below: "/chat/completions", asks: true, needs: []string{"model", "messages"},
			made: `{%s"model":%q,"messages":[{"role":"user","content":"hello"}]}`, stream: `"stream":true,"stream_options":{"include_usage":true},`,
		},
		"embeddings": {
			dialect: "openai", path: "/v1/embeddings", below: "/embeddings", needs: []string{"model", "input"},
			made: `{%s"model":%q,"input":"hello"}`,
		},
		"responses": {
			dialect: "responses", path: "/v1/responses", below: "/responses", needs: []string{"model"},
			made: `{%s"model":%q,"input":"hello"}`, stream: `"stream":true,`,
		},
		"messages": {
			dialect: "anthropic", path: "/v1/messages", below: "/v1/messages", needs: []string{"model", "messages"},
			made:   `{%s"model":%q,"max_tokens":100,"messages":[{"role":"user","content":"hello"}]}`,
			stream: `"stream":true,`,
		},
		"generateContent":       &generate,
		"streamGenerateContent": &generate,
		"embedContent":          &embed,
	}
}

// inPath reports whether the path names the model, and the body does not.
func (a *api) inPath() bool { return strings.Contains(a.path, "{model}") }

// place is where a recorded request went: what the APIs that name the model in
// the path need besides the body.
type place struct{ version, model, method, query string }

var modelInPath = regexp.MustCompile(`/models/([^/:?]+):(\w+)`)

// placeOf reads the recorded address, or makes one.
func placeOf(r *recorded.Row) place {
	p := place{"v1beta", r.Model, r.Endpoint, ""}
	if r.Request == nil {
		switch r.Endpoint {
		case "streamGenerateContent":
			p.query = "alt=sse"
		case "embedContent":
			p.method = "batchEmbedContents"
		}
		return p
	}
	if _, rest, ok := strings.Cut(r.Request.URL, "?"); ok {
		p.query = rest
	}
	if strings.Contains(r.Request.URL, "/v1/") {
		p.version = "v1"
	}
	if m := modelInPath.FindStringSubmatch(r.Request.URL); m != nil {
		p.method = m[2]
		if name, err := url.PathUnescape(m[1]); err == nil {
			p.model = name
		}
	}
	return p
}

// fill puts a place and the name of a model into a path of the API.
func (p *place) fill(path, model string) string {
	escaped := strings.ReplaceAll(url.PathEscape(model), "%2F", "/")
	return strings.NewReplacer("{version}", p.version, "{model}", escaped, "{method}", p.method).Replace(path)
}

// request is a body that could have led to the answer of a row.
func (a *api) request(model string, streaming bool) []byte {
	if a.inPath() {
		return []byte(a.made)
	}
	stream := ""
	if streaming {
		stream = a.stream
	}
	return fmt.Appendf(nil, a.made, stream, model)
}

// proper reports whether a body has what the API needs.
func (a *api) proper(body []byte) bool {
	var q map[string]json.RawMessage
	if json.Unmarshal(body, &q) != nil {
		return false
	}
	for _, name := range a.needs {
		if v := string(q[name]); v == "" || v == "null" || v == `""` {
			return false
		}
	}
	var stream *bool
	list := q["messages"]
	return (q["stream"] == nil || json.Unmarshal(q["stream"], &stream) == nil) && (list == nil || list[0] == '[')
}
