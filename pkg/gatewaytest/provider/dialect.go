package provider

import (
	"net/http"
	"strings"
)

// Dialect names the API that a provider speaks.
type Dialect string

// The APIs. One provider can serve all of them, by path.
const (
	OpenAI    Dialect = "openai"    // BASE/chat/completions, /responses, /embeddings, /models
	Anthropic Dialect = "anthropic" // BASE/v1/messages, /v1/messages/count_tokens, /v1/models
	Gemini    Dialect = "gemini"    // BASE/v1beta/models/M:generateContent and so on, /v1/ too
	Any       Dialect = "all"       // BASE is OpenAI's; the others' is that without its /v1
)

// operation is one thing that a provider does, and how.
type operation struct {
	dialect Dialect
	read    func(r *http.Request, body []byte) *ask

	// direct answers at once; the others are nil then.
	direct func(p *Provider, r *http.Request, x *Exchange, a *ask) reply

	whole   func(c *composed) []byte
	frames  func(c *composed) []frame
	framing func(a *ask) framing
	// failure is what a stream says after n events when it fails.
	failure func(p *Provider, c *composed, x *Exchange, n int) []frame
}

// unread is the reader of operations without a body.
func unread(*http.Request, []byte) *ask { return &ask{} }

// unknown is what nobody serves; its dialect shapes the error.
func unknown(d Dialect) *operation { return &operation{dialect: d, read: unread} }

// route finds the operation of a request.
func (p *Provider) route(r *http.Request) *operation {
	switch d := p.spoken(r); d {
	case Anthropic:
		return p.routeAnthropic(r)
	case Gemini:
		return p.routeGemini(r)
	default:
		return p.routeOpenAI(r)
	}
}

// spoken is the dialect of a request. Where all are served, three of them meet
// on the list of models and are told apart as their clients differ.
func (p *Provider) spoken(r *http.Request) Dialect {
	if p.o.Dialect != Any {
		return p.o.Dialect
	}
	path := r.URL.Path
	switch {
	case strings.Contains(path, "/v1/messages"):
		return Anthropic
	case strings.Contains(path, "/v1beta/"), strings.Contains(path, "/models/") && strings.Contains(path, ":"):
		return Gemini
	case r.Header.Get("anthropic-version") != "":
		return Anthropic
	case r.Header.Get("x-goog-api-key") != "", r.URL.Query().Has("key"):
		return Gemini
	}
	return OpenAI
}

// root is the base path of the APIs whose own paths begin with a version.
func (p *Provider) root() string {
	return strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(p.o.BasePath, "/"), "/v1"), "/v1beta")
}

func (p *Provider) routeOpenAI(r *http.Request) *operation {
	path, known := strings.CutPrefix(r.URL.Path, p.o.BasePath)
	get := r.Method == http.MethodGet || r.Method == http.MethodHead
	post := r.Method == http.MethodPost
	switch {
	case known && get && (path == "/models" || strings.HasPrefix(path, "/models/")):
		return &operation{dialect: OpenAI, read: unread, direct: (*Provider).openAIModels}
	case known && post && path == "/chat/completions":
		return &operation{dialect: OpenAI, read: readChat, whole: wholeChat, frames: streamChat, framing: chatFraming, failure: failChat}
	case known && post && path == "/responses":
		return &operation{dialect: OpenAI, read: readResponse, whole: wholeResponse, frames: streamResponse, framing: chatFraming, failure: failResponse}
	case known && post && path == "/embeddings":
		return &operation{dialect: OpenAI, read: readEmbedding, direct: (*Provider).openAIEmbeddings}
	}
	return unknown(OpenAI)
}

func (p *Provider) routeAnthropic(r *http.Request) *operation {
	path := strings.TrimPrefix(r.URL.Path, p.root())
	get, post := r.Method == http.MethodGet, r.Method == http.MethodPost
	switch {
	case get && (path == "/v1/models" || strings.HasPrefix(path, "/v1/models/")):
		return &operation{dialect: Anthropic, read: unread, direct: (*Provider).anthropicModels}
	case post && path == "/v1/messages":
		return &operation{dialect: Anthropic, read: readMessages, whole: wholeMessage, frames: streamMessage, framing: messageFraming, failure: failMessage}
	case post && path == "/v1/messages/count_tokens":
		return &operation{dialect: Anthropic, read: readCounted, direct: (*Provider).countTokens}
	}
	return unknown(Anthropic)
}

func (p *Provider) routeGemini(r *http.Request) *operation {
	path := strings.TrimPrefix(r.URL.Path, p.root())
	rest, stable := strings.CutPrefix(path, "/v1/models")
	rest, beta := strings.CutPrefix(rest, "/v1beta/models")
	if !stable && !beta {
		return unknown(Gemini)
	}
	_, method, called := strings.Cut(rest, ":")
	if !called {
		if r.Method == http.MethodGet {
			return &operation{dialect: Gemini, read: unread, direct: (*Provider).geminiModels}
		}
		return unknown(Gemini)
	}
	op := &operation{dialect: Gemini, read: readGenerate, whole: wholeContent, frames: streamContent, framing: contentFraming, failure: failContent}
	switch {
	case r.Method != http.MethodPost:
		return unknown(Gemini)
	case method == "generateContent", method == "streamGenerateContent":
		return op
	case method == "embedContent", method == "batchEmbedContents":
		return &operation{dialect: Gemini, read: readEmbed, direct: (*Provider).geminiEmbeddings}
	}
	return unknown(Gemini)
}
