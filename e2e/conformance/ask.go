package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// maxModel is the longest name of a model that a configuration takes.
const maxModel = 256

// ask is the request of a subject.
type ask struct {
	body   []byte // as the provider is to get it, usage option aside
	model  string // the provider's name for the model
	inject bool   // the gateway asks for usage, the caller did not
}

func chat() dialect.Endpoint {
	return dialect.Endpoint{Operation: genai.Chat, Path: "/chat/completions"}
}

// prepare takes the recorded request, or makes one where none was recorded or
// where it does not even name a model, as some providers take it from the
// path: then only the answer is evidence.
func (s *subject) prepare(d *dialect.Dialect) {
	body := []byte(nil)
	if s.Request != nil {
		body = s.Request.Body
	}
	q, f := d.Request.Parse(chat(), body, nil)
	switch {
	case s.Request == nil:
		s.note("no recorded request: one was made")
	case f != nil && !proper(body):
		s.note("no request that the gateway could take (%s): another was made", f.Kind.Code())
	case f != nil:
		s.fail("whole", "request refused: %s", f.Kind.Code())
	case !nameable(q.Model):
		s.note("no configuration can hold the model's name: another request was made")
	default:
		s.ask = ask{body: body, model: q.Model, inject: q.Stream && !q.WantsUsage}
		return
	}
	s.ask = s.made()
}

// proper reports whether a body has what a chat needs.
func proper(body []byte) bool {
	var q struct {
		Model    string            `json:"model"`
		Messages []json.RawMessage `json:"messages"`
		Stream   *bool             `json:"stream"`
	}
	return json.Unmarshal(body, &q) == nil && q.Model != "" && q.Messages != nil
}

// made is a request that could have led to the answer.
func (s *subject) made() ask {
	a := ask{model: s.Model}
	if !nameable(a.model) {
		a.model = "model"
	}
	stream := ""
	if s.Streaming {
		stream = `"stream":true,"stream_options":{"include_usage":true},`
	}
	a.body = fmt.Appendf(nil, `{%s"model":%q,"messages":[{"role":"user","content":"hello"}]}`, stream, a.model)
	return a
}

// nameable reports whether name can be a model in a configuration.
func nameable(name string) bool {
	return name != "" && len(name) <= maxModel && !strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' })
}

// as is the request for another name of the model.
func (a *ask) as(alias string) ([]byte, error) {
	o, err := jsonedit.Parse(a.body, nil)
	if err != nil {
		return nil, err
	}
	return jsonedit.Splice(nil, a.body, o.Set("model", jsonedit.AppendString(nil, alias))), nil
}

// differs compares what a provider got with what it should get: the caller's
// own bytes, and where the gateway asks for usage also that.
func (a *ask) differs(got []byte) string {
	if !a.inject {
		return differ("request", got, a.body)
	}
	want, err := decode(a.body)
	if err != nil {
		return "request: " + err.Error()
	}
	o, ok := want["stream_options"].(map[string]any)
	if !ok {
		o = map[string]any{}
	}
	o["include_usage"] = true
	want["stream_options"] = o
	have, err := decode(got)
	if err != nil {
		return "request as received: " + err.Error()
	}
	if !reflect.DeepEqual(have, want) {
		return fmt.Sprintf("request of %d bytes arrives as one of %d bytes with other content", len(a.body), len(got))
	}
	return ""
}

func decode(doc []byte) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(doc))
	d.UseNumber()
	var m map[string]any
	if err := d.Decode(&m); err != nil {
		return nil, errors.New("no JSON object")
	}
	return m, nil
}

// differ says where two byte strings part, without showing them.
func differ(what string, got, want []byte) string {
	if bytes.Equal(got, want) {
		return ""
	}
	n := 0
	for n < min(len(got), len(want)) && got[n] == want[n] {
		n++
	}
	return fmt.Sprintf("%s of %d bytes, want %d; they part at byte %d", what, len(got), len(want), n)
}
