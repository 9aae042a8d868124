package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/signalbox-dev/signalbox/e2e/conformance/openapi"
)

// errorBody judges what a caller of OpenAI's gets of the provider's error.
func (t *translator) errorBody(s *subject) {
	s.judged[chat] = true
	s.judged[schema] = t.schemas != nil
	got := t.front.Errors.Render(s.d.Errors.Read(s.answer()), false, "id")
	meaning, validity := t.refusal(s, got)
	s.failAll(chat, "error", meaning)
	s.failAll(schema, "error", validity)
	for _, secret := range secrets() {
		a := s.answer()
		var e map[string]any
		if json.Unmarshal(a.Body, &e) != nil {
			return
		}
		plant(e, secret)
		a.Body, _ = json.Marshal(e) //nolint:errchkjson // made of JSON
		if got := t.front.Errors.Render(s.d.Errors.Read(a), false, "id"); strings.Contains(string(got), secret) {
			s.fail(chat, "error: a secret of %d bytes leaks", len(secret))
		}
	}
}

// refusal judges an error in OpenAI's shape.
func (t *translator) refusal(s *subject, got []byte) (meaning, validity []string) {
	if err := fourKeys(got); err != nil {
		meaning = append(meaning, err.Error())
	}
	if d := messageDiff(s.Response.Body, got); d != "" {
		meaning = append(meaning, d)
	}
	if t.schemas == nil {
		return meaning, nil
	}
	if err := t.schemas.Check(openapi.Error, got); err != nil {
		validity = append(validity, err.Error())
	}
	return meaning, validity
}

// messageDiff checks that the provider's message reaches the caller, unless something
// in it is not for callers.
func messageDiff(recorded, got []byte) string {
	message := func(doc []byte) string {
		var e struct {
			Error struct {
				Message string `json:"message"`
			} `json:"error"`
		}
		_ = json.Unmarshal(doc, &e) // then it is empty
		return e.Error.Message
	}
	want, have := message(recorded), message(got)
	if want != "" && have != want && !strings.Contains(have, "[redacted]") {
		return fmt.Sprintf("message of %d bytes, want %d", len(have), len(want))
	}
	return ""
}

// secrets are what providers were seen to repeat in their errors.
func secrets() []string {
	return []string{
		"sk-ant-api03-Zx81kQvLm2_s9d8f7g6h5j4k3", "AIzaSyD3f9GhJk2LmN4pQrStUvWxYz012345678", "projects/123456789012/locations/eu",
		"someone@example.com", "org-Abc123Def456Ghi",
	}
}

// plant puts a secret at the end of every message.
func plant(v any, secret string) {
	switch v := v.(type) {
	case map[string]any:
		for k, inner := range v {
			if text, ok := inner.(string); ok && k == "message" {
				v[k] = text + " " + secret
			}
			plant(inner, secret)
		}
	case []any:
		for _, inner := range v {
			plant(inner, secret)
		}
	}
}
