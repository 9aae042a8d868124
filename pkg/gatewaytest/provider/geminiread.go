package provider

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

type geminiRequest struct {
	Contents []geminiContent `json:"contents"`
	System   *geminiContent  `json:"systemInstruction"`
	Tools    []struct {
		Functions []struct {
			Name       string          `json:"name"`
			Parameters json.RawMessage `json:"parameters"`
			JSONSchema json.RawMessage `json:"parametersJsonSchema"`
		} `json:"functionDeclarations"`
	} `json:"tools"`
	Config     geminiConfig `json:"generationConfig"`
	ToolConfig struct {
		Calling struct {
			Mode    string   `json:"mode"`
			Allowed []string `json:"allowedFunctionNames"`
		} `json:"functionCallingConfig"`
	} `json:"toolConfig"`
	Cached string `json:"cachedContent"`
}

type geminiConfig struct {
	Candidates int             `json:"candidateCount"`
	MaxTokens  int             `json:"maxOutputTokens"`
	Stop       []string        `json:"stopSequences"`
	MediaType  string          `json:"responseMimeType"`
	Schema     json.RawMessage `json:"responseSchema"`
	JSONSchema json.RawMessage `json:"responseJsonSchema"`
	Logprobs   bool            `json:"responseLogprobs"`
	Top        int             `json:"logprobs"`
	Thinking   *struct {
		Show   bool   `json:"includeThoughts"`
		Budget *int   `json:"thinkingBudget"`
		Level  string `json:"thinkingLevel"`
	} `json:"thinkingConfig"`
}

type geminiContent struct {
	Role  string       `json:"role,omitempty"`
	Parts []geminiPart `json:"parts,omitempty"`
}

type geminiPart struct {
	Text      *string           `json:"text,omitempty"`
	Thought   bool              `json:"thought,omitempty"`
	Signature string            `json:"thoughtSignature,omitempty"`
	Call      *geminiCall       `json:"functionCall,omitempty"`
	Result    *geminiCallResult `json:"functionResponse,omitempty"`
}

type geminiCall struct {
	ID   string          `json:"id,omitempty"`
	Name string          `json:"name"`
	Args json.RawMessage `json:"args,omitempty"`
}

type geminiCallResult struct {
	ID       string          `json:"id,omitempty"`
	Name     string          `json:"name"`
	Response json.RawMessage `json:"response"`
}

func (c geminiContent) text() string {
	var b strings.Builder
	for _, p := range c.Parts {
		if p.Text != nil && !p.Thought {
			b.WriteString(*p.Text)
		}
	}
	return b.String()
}

// pathModel is the model that a path names, without "models/".
func pathModel(r *http.Request) string {
	_, rest, _ := strings.Cut(r.URL.EscapedPath(), "/models/")
	name, _, _ := strings.Cut(rest, ":")
	if s, err := url.PathUnescape(name); err == nil {
		return s
	}
	return name
}

func pathMethod(r *http.Request) string {
	return r.URL.Path[strings.LastIndexByte(r.URL.Path, ':')+1:]
}

func badGemini(err error) trouble {
	return trouble{status: http.StatusBadRequest, text: "Invalid JSON payload received. " + err.Error()}
}

// readGenerate reads a request to generate content, streamed or not.
func readGenerate(r *http.Request, body []byte) *ask {
	var v geminiRequest
	err := json.Unmarshal(camel(body), &v)
	a := &ask{model: pathModel(r), stream: pathMethod(r) == "streamGenerateContent", turns: len(v.Contents)}
	a.array = r.URL.Query().Get("alt") != "sse"
	a.configure(v.Config)
	for _, t := range v.Tools {
		for _, f := range t.Functions {
			if f.Parameters == nil {
				f.Parameters = f.JSONSchema
			}
			a.tools = append(a.tools, function{f.Name, f.Parameters})
		}
	}
	calling := v.ToolConfig.Calling
	a.muted = calling.Mode == "NONE"
	if calling.Mode == "ANY" && len(calling.Allowed) > 0 {
		a.named = calling.Allowed[0]
	}
	if v.System != nil {
		a.count(v.System.text())
	}
	for _, c := range v.Contents {
		a.hearGemini(c)
	}
	a.checkGemini(&v, err)
	return a
}

func (a *ask) configure(g geminiConfig) {
	a.n, a.limit, a.stop, a.logprobs, a.top = g.Candidates, g.MaxTokens, g.Stop, g.Logprobs, g.Top
	if g.MediaType == "application/json" {
		a.asJSON, a.schema = true, g.Schema
		if g.Schema == nil {
			a.schema = g.JSONSchema
		}
	}
	if t := g.Thinking; t != nil {
		a.thinks = t.Budget == nil || *t.Budget != 0
		a.shows = a.thinks && t.Show
	}
}

func (a *ask) hearGemini(c geminiContent) {
	text := c.text()
	a.count(text)
	switch {
	case c.Role == "model":
		a.results = nil
	case text != "":
		a.hear(text)
	}
	for _, p := range c.Parts {
		if p.Result != nil {
			a.results = append(a.results, string(p.Result.Response))
			a.count(string(p.Result.Response))
		}
	}
}

// checkGemini notes what Google refuses: the shape of the conversation.
func (a *ask) checkGemini(v *geminiRequest, bad error) {
	wrong := func(text string) { a.refuse(trouble{status: http.StatusBadRequest, text: text}) }
	switch {
	case bad != nil:
		a.refuse(badGemini(bad))
		return
	case len(v.Contents) == 0:
		wrong("* GenerateContentRequest.contents: contents is not specified")
		return
	}
	calls := 0
	for _, c := range v.Contents {
		if !slices.Contains([]string{"", "user", "model", "function"}, c.Role) {
			wrong("Please use a valid role: user, model.")
		}
		if len(c.Parts) == 0 {
			wrong("* GenerateContentRequest.contents: contents.parts must not be empty.")
		}
		results, called := 0, 0
		for _, p := range c.Parts {
			if p.Result != nil {
				results++
			}
			if p.Call != nil {
				called++
			}
		}
		if calls > 0 && results != calls || calls == 0 && results > 0 {
			wrong("Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.")
		}
		calls = called
	}
}

// opaque are fields that hold the caller's own names.
var opaque = []string{"args", "response", "parameters", "parametersJsonSchema", "responseSchema", "responseJsonSchema"}

// camel brings names in snake_case, which Google takes too, to camelCase.
func camel(body []byte) []byte {
	var v any
	if json.Unmarshal(body, &v) != nil {
		return body
	}
	return encode(camelValue(v), "")
}

func camelValue(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = camelValue(v[i])
		}
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, value := range v {
			name = camelName(name)
			if !slices.Contains(opaque, name) {
				value = camelValue(value)
			}
			out[name] = value
		}
		return out
	}
	return v
}

func camelName(s string) string {
	parts := strings.Split(s, "_")
	for i, p := range parts[1:] {
		if p != "" {
			parts[i+1] = strings.ToUpper(p[:1]) + p[1:]
		}
	}
	return strings.Join(parts, "")
}
