package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// errorBody checks what a caller of the provider's own dialect gets of an
// error.
func (s *subject) errorBody() {
	if !s.refused() {
		return
	}
	got := s.refusal("id")
	if err := shape(s.api.dialect, got); err != nil {
		s.fail(whole, "error body: %v", err)
	}
	if shape(s.api.dialect, s.Response.Body) == nil && !bytes.Equal(got, s.Response.Body) {
		s.note("the error's own bytes do not pass: something in them is not for callers")
	}
}

// refusal is what a caller gets of an error answer.
func (s *subject) refusal(id string) []byte {
	return s.d.Errors.Render(s.d.Errors.Read(s.answer()), true, id)
}

// shape checks an error body against what a dialect's callers read.
func shape(dialect string, body []byte) error {
	switch dialect {
	case "anthropic":
		return anthropicShape(body)
	case "gemini":
		return googleShape(body)
	}
	return fourKeys(body)
}

// fourKeys checks a body against OpenAI's schema ErrorResponse.
func fourKeys(body []byte) error {
	var e map[string]map[string]any
	if err := json.Unmarshal(body, &e); err != nil {
		return errors.New("not an object of an object")
	}
	if len(e) != 1 || len(e["error"]) != 4 {
		return fmt.Errorf("%d keys, %d in error", len(e), len(e["error"]))
	}
	for _, k := range []string{"message", "type", "param", "code"} {
		v, ok := e["error"][k]
		_, text := v.(string)
		if !ok || !text && (v != nil || k == "message" || k == "type") {
			return fmt.Errorf("key %s is %T", k, v)
		}
	}
	return nil
}

// anthropicShape checks a body against what Anthropic documents of its errors.
func anthropicShape(body []byte) error {
	var e struct {
		Type  string `json:"type"`
		Error struct {
			Type    string `json:"type"`
			Message string `json:"message"`
		} `json:"error"`
	}
	if err := json.Unmarshal(body, &e); err != nil {
		return errors.New("not an object with an error")
	}
	if e.Type != "error" || e.Error.Type == "" || e.Error.Message == "" {
		return errors.New("a key is missing")
	}
	return only(body, "type", "error", "request_id")
}

// googleShape checks a body against google.rpc.Status as JSON.
func googleShape(body []byte) error {
	var e struct {
		Error struct {
			Code    int    `json:"code"`
			Message string `json:"message"`
			Status  string `json:"status"`
		} `json:"error"`
	}
	if err := json.Unmarshal(body, &e); err != nil {
		return errors.New("not an object with an error")
	}
	if e.Error.Code < 400 || e.Error.Message == "" || e.Error.Status == "" {
		return errors.New("a key is missing")
	}
	return only(body, "error")
}

func only(body []byte, names ...string) error {
	var e map[string]json.RawMessage
	if err := json.Unmarshal(body, &e); err != nil {
		return errors.New("not an object")
	}
	for k := range e {
		if !slices.Contains(names, k) {
			return errors.New("a key that is not of the dialect")
		}
	}
	return nil
}

// code is the word by which a caller knows an error: the message's where the
// dialect has no place for it.
func code(dialect string, body []byte) string {
	var e struct {
		Error struct {
			Code    any    `json:"code"`
			Type    string `json:"type"`
			Status  string `json:"status"`
			Message string `json:"message"`
		} `json:"error"`
	}
	if json.Unmarshal(body, &e) != nil {
		return ""
	}
	switch dialect {
	case "anthropic":
		return e.Error.Type
	case "gemini":
		return e.Error.Status
	}
	word, _ := e.Error.Code.(string)
	return word
}
