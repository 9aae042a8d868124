package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// maxModel is the longest name of a model that a configuration takes.
const maxModel = 256

// ask is the request of a subject.
type ask struct {
	api    *api
	place  place
	body   []byte // as the provider is to get it, usage option aside
	model  string // the provider's name for the model
	inject bool   // the gateway asks for usage, the caller did not
}

// prepare takes the recorded request, or makes one where none was recorded or
// where it does not even have what its API needs: then only the answer is
// evidence.
func (s *subject) prepare() {
	a := ask{api: s.api, place: placeOf(s.Row)}
	if s.Request != nil {
		a.body = s.Request.Body
	}
	if a.api.inPath() {
		a.model = a.place.model
	}
	e, q, f := a.parse(s.d, a.model)
	s.op = e.Operation
	switch {
	case s.Request == nil:
		s.note("no recorded request: one was made")
	case f != nil && !a.api.proper(a.body):
		s.note("no request that the gateway could take (%s): another was made", f.Kind.Code())
	case f != nil:
		s.fail("whole", "request refused: %s", f.Kind.Code())
	case !nameable(q.Model):
		s.note("no configuration can hold the model's name: another request was made")
	default:
		a.model, a.inject = q.Model, a.api.asks && q.Stream && !q.WantsUsage
		s.ask = a
		return
	}
	s.ask = s.made(a.place)
}

// parse is how the gateway reads the request.
func (a *ask) parse(d *dialect.Dialect, model string) (dialect.Endpoint, dialect.Request, *fault.Error) {
	e, f := d.Request.Match(dialect.Head{
		Method: "POST", Path: a.place.fill(a.api.path, model), Query: a.place.query, ContentType: "application/json",
	})
	if f != nil {
		return e, dialect.Request{}, f
	}
	q, f := d.Request.Parse(e, a.body, nil)
	return e, q, f
}

// made is a request that could have led to the answer.
func (s *subject) made(p place) ask {
	a := ask{api: s.api, place: p, model: s.Model}
	if !nameable(a.model) {
		a.model = "model"
	}
	a.body = a.api.request(a.model, s.Streaming)
	return a
}

// nameable reports whether name can be a model in a configuration.
func nameable(name string) bool {
	return name != "" && len(name) <= maxModel && !strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' })
}

// as is the request for another name of the model.
func (a *ask) as(alias string) (ask, error) {
	b := *a
	b.model = alias
	if a.api.inPath() {
		return b, nil
	}
	o, err := jsonedit.Parse(a.body, nil)
	if err != nil {
		return b, err
	}
	b.body = jsonedit.Splice(nil, a.body, o.Set("model", jsonedit.AppendString(nil, alias)))
	return b, nil
}

// target is the path and query of a request, at the gateway or, with the base
// of a backend in front, at the provider.
func (a *ask) target(base, path string) string {
	out := base + a.place.fill(path, a.model)
	if a.place.query != "" {
		out += "?" + a.place.query
	}
	return out
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
