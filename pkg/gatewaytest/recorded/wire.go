package recorded

import (
	"encoding/base64"
	"encoding/json"
	"strings"
)

// wire is a row as the file holds it.
type wire struct {
	ID        string   `json:"id"`
	Provider  string   `json:"provider"`
	Endpoint  string   `json:"endpoint"`
	Model     string   `json:"model"`
	Streaming bool     `json:"streaming"`
	Features  []string `json:"features"`
	Fidelity  string   `json:"fidelity"`
	Elided    int      `json:"elided"`
	Suspect   *string  `json:"suspect"`
	Truth     *Truth   `json:"usage_truth"`
	Request   *struct {
		Method string            `json:"method"`
		URL    string            `json:"url"`
		Header map[string]string `json:"headers"`
		Body   wireBody          `json:"body"`
	} `json:"request"`
	Response struct {
		Status int               `json:"status"`
		Header map[string]string `json:"headers"`
		Body   wireBody          `json:"body"`
	} `json:"response"`
}

// wireBody is a body in the form in which it could be stored.
type wireBody struct {
	JSON   json.RawMessage `json:"json"`
	Text   *string         `json:"text"`
	Base64 *string         `json:"base64"`
}

func (b wireBody) bytes() ([]byte, error) {
	switch {
	case b.Text != nil:
		return []byte(*b.Text), nil
	case b.Base64 != nil:
		return base64.StdEncoding.DecodeString(*b.Base64)
	case string(b.JSON) == "null":
		return nil, nil
	}
	return b.JSON, nil
}

func (w *wire) row() (*Row, error) {
	r := &Row{
		ID: w.ID, Provider: w.Provider, Endpoint: w.Endpoint, Model: w.Model,
		Streaming: w.Streaming, Features: w.Features, Fidelity: w.Fidelity,
		Truth: w.Truth, Elided: w.Elided,
		Response: Response{Status: w.Response.Status, Header: w.Response.Header},
	}
	if w.Suspect != nil {
		r.Suspect = *w.Suspect
	}
	var err error
	if r.Response.Body, err = w.Response.Body.bytes(); err != nil {
		return nil, err
	}
	if r.Fidelity == "events" {
		r.Response.Body = frame(r.Response.Body, r.Endpoint)
	}
	if w.Request == nil {
		return r, nil
	}
	r.Request = &Request{Method: w.Request.Method, URL: w.Request.URL, Header: w.Request.Header}
	r.Request.Body, err = w.Request.Body.bytes()
	return r, err
}

// frame makes an event stream of lines that hold one event's JSON each, as the
// endpoint frames its events. Chat streams end with their marker.
func frame(lines []byte, endpoint string) []byte {
	var b []byte
	for line := range strings.Lines(string(lines)) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		end := "\n"
		switch endpoint {
		case "messages", "responses":
			b = append(append(append(b, "event: "...), eventType(line)...), '\n')
		case "streamGenerateContent":
			end = "\r\n"
		}
		b = append(append(append(append(b, "data: "...), line...), end...), end...)
	}
	if endpoint == "chat_completions" || endpoint == "completions" {
		b = append(b, "data: [DONE]\n\n"...)
	}
	return b
}

// eventType is the type that an event states of itself, which its line repeats.
func eventType(line string) string {
	var e struct {
		Type string `json:"type"`
	}
	if json.Unmarshal([]byte(line), &e) != nil || e.Type == "" {
		return "message"
	}
	return e.Type
}
