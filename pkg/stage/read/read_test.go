package read

import (
	"testing"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/dialect/openai"
	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/pipeline"
)

func TestHead(t *testing.T) {
	d := openai.New()
	for _, c := range []struct {
		name   string
		head   dialect.Head
		noBody bool
		op     genai.Operation
		code   string
		local  int
	}{
		{"chat", dialect.Head{Method: "POST", Path: "/v1/chat/completions"}, false, genai.Chat, "", 0},
		{"chat_without_body", dialect.Head{Method: "POST", Path: "/v1/chat/completions"}, true, genai.Chat, "missing_body", 0},
		{"embeddings_without_body", dialect.Head{Method: "POST", Path: "/v1/embeddings"}, true, genai.Embeddings, "missing_body", 0},
		{"models", dialect.Head{Method: "GET", Path: "/v1/models"}, true, genai.Models, "", 0},
		{"preflight", dialect.Head{Method: "OPTIONS", Path: "/v1/chat/completions"}, true, dialect.Preflight, "", 204},
		{"nothing", dialect.Head{Method: "GET", Path: "/"}, true, "", "unknown_path", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := &pipeline.Exchange{Dialect: &d}
			x.Head.Head, x.Head.NoBody = c.head, c.noBody
			code := ""
			if f := (Stage{}).RequestHead(x); f != nil {
				code = f.Kind.Code()
			}
			local := 0
			if l := x.Local(); l != nil {
				local = l.Status
			}
			if code != c.code || x.Endpoint.Operation != c.op || local != c.local {
				t.Errorf("code %q, operation %q, local %d", code, x.Endpoint.Operation, local)
			}
		})
	}
}

func TestBody(t *testing.T) {
	d := openai.New()
	x := &pipeline.Exchange{Dialect: &d, Endpoint: dialect.Endpoint{Operation: genai.Chat, Path: "/chat/completions"}}
	x.Body = []byte(`{"model":"m","messages":[],"stream":true}`)
	if f := (Stage{}).RequestBody(x); f != nil || x.Call.Model != "m" || !x.Call.Stream {
		t.Errorf("%v %+v", f, x.Call)
	}
	x.Body = []byte(`{"model":"m","model":"n","messages":[]}`)
	if f := (Stage{}).RequestBody(x); f == nil || f.Kind.Code() != "duplicate_field" {
		t.Errorf("%v", f)
	}
}
