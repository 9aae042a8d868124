package main

import (
	"bytes"
	"fmt"
	"net/http"

	"github.com/signalbox-dev/signalbox/pkg/config"
	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/recorded"
	"github.com/signalbox-dev/signalbox/pkg/genai"
)

// The modes. Those before chat are in process and have the names of the cuts,
// the last four are behind Envoy.
const (
	whole    = "whole"
	chat     = "chat"
	schema   = "schema"
	python   = "python"
	node     = "node"
	witness  = "witness"
	pieces   = "pieces"
	attached = "attached"
	across   = "across"
)

// modes are all ways in which a row is judged, in the table's order.
func modes() []string {
	return []string{whole, "event", "byte", "random", chat, schema, python, node, witness, pieces, attached, across}
}

// subject is one recorded row under judgement.
type subject struct {
	*recorded.Row
	api     *api
	d       *dialect.Dialect // that its provider speaks
	op      genai.Operation
	kind    string // of the provider, as a configuration names it
	skip    string // why it is no evidence
	ask     ask
	reading dialect.Reading // of our meter, fed with the whole answer

	translations []translation

	judged   map[string]bool     // by mode: it was judged in it
	failures map[string][]string // by mode
	excused  map[string]string   // reason, by mode
	notes    []string
}

func newSubject(r *recorded.Row, a *api, d *dialect.Dialect) *subject {
	return &subject{
		Row: r, api: a, d: d, skip: r.Skip(),
		judged: map[string]bool{}, failures: map[string][]string{}, excused: map[string]string{},
	}
}

// fail notes a difference. The text must hold no content.
func (s *subject) fail(mode, format string, args ...any) {
	s.failures[mode] = append(s.failures[mode], fmt.Sprintf(format, args...))
}

// failAll notes differences of one form of the answer.
func (s *subject) failAll(mode, form string, differences []string) {
	for _, d := range differences {
		s.fail(mode, "%s: %s", form, d)
	}
}

func (s *subject) note(format string, args ...any) {
	s.notes = append(s.notes, fmt.Sprintf(format, args...))
}

// refused reports whether the provider answered with an error status.
func (s *subject) refused() bool { return s.Response.Status >= 400 }

// rejected reports whether the provider rejected the gateway's own credential.
func (s *subject) rejected() bool {
	return s.Response.Status == http.StatusUnauthorized || s.Response.Status == http.StatusForbidden || s.complains()
}

// complains reports whether it did so in the body alone, as Google does: then
// the answer's status has left before anyone can know.
func (s *subject) complains() bool {
	return s.api.dialect == "gemini" && s.Response.Status == http.StatusBadRequest && bytes.Contains(s.Response.Body, []byte(`"API_KEY_INVALID"`))
}

// answer is the provider's error answer as the gateway reads it.
func (s *subject) answer() dialect.ErrorAnswer {
	return dialect.ErrorAnswer{Status: s.Response.Status, ContentType: s.contentType(), Body: s.Response.Body}
}

// contentType is that of the answer. Where none was recorded it is the one
// that goes with the form.
func (s *subject) contentType() string {
	switch t := s.Response.Header["content-type"]; {
	case t != "":
		return t
	case s.Streaming && !s.refused():
		return "text/event-stream"
	}
	return "application/json"
}

// kinds maps the labels of the data to the kinds that a configuration knows.
type kinds map[string]string

// of is the label itself where the configuration's schema has it for OpenAI's
// dialects; other labels follow OpenAI's own rules, other dialects have one
// kind.
func (k kinds) of(dialect, provider string) string {
	if dialect != "openai" && dialect != "responses" {
		return ""
	}
	if kind, ok := k[provider]; ok {
		return kind
	}
	k[provider] = "openai"
	text := fmt.Sprintf(`{
		"providers": [{"name": "p", "kind": %q, "backends": [{"name": "b", "base_url": "https://example.com/v1"}]}],
		"models": [{"name": "m", "candidates": [{"backend": "b"}]}]}`, provider)
	if _, err := config.Parse("", []byte(text)); err == nil {
		k[provider] = provider
	}
	return k[provider]
}
