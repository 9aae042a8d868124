package gemini

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/genai"
)

func TestMatch(t *testing.T) {
	chat := func(path, model string) dialect.Endpoint {
		return dialect.Endpoint{Operation: genai.Chat, Path: path, Model: model}
	}
	for path, want := range map[string]dialect.Endpoint{
		"/v1/models/gemini-3-flash:generateContent":          chat("/v1:generateContent", "gemini-3-flash"),
		"/v1beta/models/gemini-3-flash:generateContent":      chat("/v1beta:generateContent", "gemini-3-flash"),
		"/v1beta/models/g:streamGenerateContent?alt=sse":     chat("/v1beta:streamGenerateContent", "g"),
		"/v1beta/models/g:streamGenerateContent?a=b&alt=sse": chat("/v1beta:streamGenerateContent", "g"),
		"/v1beta/models/g:streamGenerateContent?alt=json":    chat("/v1beta:streamGenerateContent;array", "g"),
		"/v1beta/models/g:streamGenerateContent":             chat("/v1beta:streamGenerateContent;array", "g"),
		"/v1beta/models/models/g:generateContent":            chat("/v1beta:generateContent", "g"),
		"/v1beta/models/team/fast:generateContent":           chat("/v1beta:generateContent", "team/fast"),
		"/v1beta/models/team%2Ffast:generateContent":         chat("/v1beta:generateContent", "team/fast"),
		"/v1beta/models/team%2Ffast%3AgenerateContent":       chat("/v1beta:generateContent", "team/fast"),
		"/v1beta/models/ft:gpt:x:generateContent":            chat("/v1beta:generateContent", "ft:gpt:x"),
		"/v1beta/models/text-embedding-004:embedContent":     {Operation: genai.Embeddings, Path: "/v1beta:embedContent", Model: "text-embedding-004"},
		"/v1/models/gemini-embedding-001:batchEmbedContents": {Operation: genai.Embeddings, Path: "/v1:batchEmbedContents", Model: "gemini-embedding-001"},
	} {
		path, query, _ := strings.Cut(path, "?")
		got, f := requests{}.Match(dialect.Head{Method: "POST", Path: path, Query: query, ContentType: "application/json"})
		if f != nil {
			t.Error(path, f)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", path, d)
		}
	}
}

func TestMatchModels(t *testing.T) {
	for path, want := range map[string]dialect.Endpoint{
		"/v1/models":                {Operation: genai.Models, Path: "/v1"},
		"/v1beta/models":            {Operation: genai.Models, Path: "/v1beta"},
		"/v1beta/models/g":          {Operation: genai.Models, Path: "/v1beta", Model: "g"},
		"/v1/models/models/g":       {Operation: genai.Models, Path: "/v1", Model: "g"},
		"/v1/models/a%2Fb":          {Operation: genai.Models, Path: "/v1", Model: "a/b"},
		"/v1/models/ft:gpt-4o:org":  {Operation: genai.Models, Path: "/v1", Model: "ft:gpt-4o:org"},
		"/v1beta/models/a/b/c-d_e.": {Operation: genai.Models, Path: "/v1beta", Model: "a/b/c-d_e."},
	} {
		for _, method := range []string{"GET", "HEAD", "OPTIONS"} {
			got, f := requests{}.Match(dialect.Head{Method: method, Path: path})
			if f != nil {
				t.Error(method, path, f)
			}
			e := want
			if method == "OPTIONS" {
				e.Operation = dialect.Preflight
			}
			if d := cmp.Diff(e, got); d != "" {
				t.Errorf("%s %s (-want +got):\n%s", method, path, d)
			}
		}
	}
}

func TestMatchRefuses(t *testing.T) {
	json := "application/json"
	for name, c := range map[string]struct {
		head dialect.Head
		want fault.Kind
	}{
		"count-tokens":   {dialect.Head{Method: "POST", Path: "/v1beta/models/g:countTokens", ContentType: json}, fault.UnknownPath},
		"no-method":      {dialect.Head{Method: "POST", Path: "/v1beta/models/g:", ContentType: json}, fault.MethodNotAllowed},
		"no-model":       {dialect.Head{Method: "POST", Path: "/v1beta/models/:generateContent", ContentType: json}, fault.UnknownPath},
		"only-prefix":    {dialect.Head{Method: "POST", Path: "/v1beta/models/models/:generateContent", ContentType: json}, fault.UnknownPath},
		"other-version":  {dialect.Head{Method: "POST", Path: "/v2/models/g:generateContent", ContentType: json}, fault.UnknownPath},
		"files":          {dialect.Head{Method: "POST", Path: "/v1beta/files", ContentType: json}, fault.UnknownPath},
		"empty":          {dialect.Head{Method: "GET", Path: "/v1beta/models/"}, fault.UnknownPath},
		"broken-escape":  {dialect.Head{Method: "GET", Path: "/v1beta/models/a%2"}, fault.UnknownPath},
		"get-a-method":   {dialect.Head{Method: "GET", Path: "/v1beta/models/g:generateContent"}, fault.MethodNotAllowed},
		"post-the-list":  {dialect.Head{Method: "POST", Path: "/v1beta/models"}, fault.MethodNotAllowed},
		"form":           {dialect.Head{Method: "POST", Path: "/v1/models/g:embedContent", ContentType: "text/plain"}, fault.UnsupportedMediaType},
		"compressed":     {dialect.Head{Method: "POST", Path: "/v1/models/g:embedContent", ContentEncoding: "gzip"}, fault.UnsupportedEncoding},
		"chat-of-openai": {dialect.Head{Method: "POST", Path: "/v1/chat/completions", ContentType: json}, fault.UnknownPath},
	} {
		if _, f := (requests{}).Match(c.head); f == nil || f.Kind != c.want {
			t.Errorf("%s: %v, want %s", name, f, c.want.Code())
		}
	}
}

func TestPath(t *testing.T) {
	own := func(path string) *dialect.Endpoint { return &dialect.Endpoint{Path: path} }
	for name, c := range map[string]struct {
		base string
		call dialect.Call
		want string
	}{
		"unary":        {"", dialect.Call{Operation: genai.Chat, Model: "g"}, "/v1beta/models/g:generateContent"},
		"stream":       {"/", dialect.Call{Operation: genai.Chat, Model: "g", Stream: true}, "/v1beta/models/g:streamGenerateContent?alt=sse"},
		"embed":        {"/v1beta", dialect.Call{Operation: genai.Embeddings, Model: "e"}, "/v1beta/models/e:batchEmbedContents"},
		"base-version": {"/proxy/v1", dialect.Call{Operation: genai.Chat, Model: "models/g"}, "/proxy/v1/models/g:generateContent"},
		"own":          {"/proxy/v1", dialect.Call{Model: "b", Own: own("/v1beta:streamGenerateContent;array")}, "/proxy/v1beta/models/b:streamGenerateContent"},
		"own-v1":       {"", dialect.Call{Model: "b", Own: own("/v1:embedContent")}, "/v1/models/b:embedContent"},
		"tuned":        {"", dialect.Call{Model: "tunedModels/x", Own: own("/v1:generateContent")}, "/v1/tunedModels/x:generateContent"},
		"escaped":      {"", dialect.Call{Operation: genai.Chat, Model: "a b?c:d/é"}, "/v1beta/models/a%20b%3Fc%3Ad/%C3%A9:generateContent"},
		"vertex":       {"/v1/projects/p/publishers/google", dialect.Call{Model: "g", Own: own("/v1beta:generateContent")}, "/v1/projects/p/publishers/google/models/g:generateContent"},
	} {
		if got := path(c.base, c.call); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestModels(t *testing.T) {
	const methods = `"supportedGenerationMethods":["generateContent","streamGenerateContent","embedContent","batchEmbedContents"]}`
	if got, want := string(model("a/b", 0)), `{"name":"models/a/b","displayName":"a/b",`+methods; got != want {
		t.Error(got)
	}
	if got, want := string(models([]string{"a", `"`}, 0)),
		`{"models":[{"name":"models/a","displayName":"a",`+methods+`,{"name":"models/\"","displayName":"\"",`+methods+`]}`; got != want {
		t.Error(got)
	}
}
