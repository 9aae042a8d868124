package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
)

// benchModel is served by a provider that speaks the callers' dialect,
// translatedModel by one that speaks another.
const (
	benchModel      = "bench-model"
	translatedModel = "bench-other"
)

// body is a chat request of about size bytes, in the order of members that
// SDKs use.
func body(model string, size int, stream bool, user string) []byte {
	type message struct {
		Role    string `json:"role"`
		Content string `json:"content"`
	}
	v := struct {
		Model    string    `json:"model"`
		Messages []message `json:"messages"`
		Stream   bool      `json:"stream,omitempty"`
		User     string    `json:"user,omitempty"`
	}{Model: model, Stream: stream, User: user}
	v.Messages = []message{{"system", "You are a helpful assistant."}, {"user", ""}}
	bare, err := json.Marshal(v)
	if err != nil {
		return nil // plain strings always marshal
	}
	const text = "The quick brown fox said \"jump\" and went over the lazy dog.\n"
	want := max(size-len(bare), 1)
	v.Messages[1].Content = strings.Repeat(text, want/len(text)+1)[:max(want*len(text)/(len(text)+3), 1)] // escapes make it longer
	out, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	return out
}

// recorded are the chat requests of a recording, with our model name; none
// when there is no recording in the folder.
func recorded(dir string) ([][]byte, error) {
	f, err := os.Open(filepath.Join(dir, "traffic", "recorded.jsonl.gz"))
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	var out [][]byte
	lines := bufio.NewReader(z)
	for {
		line, err := lines.ReadBytes('\n')
		if b := chatBody(line); b != nil {
			out = append(out, b)
		}
		if err != nil {
			return out, nil
		}
	}
}

// chatBody is the request of a recorded chat completion that was not streamed.
func chatBody(line []byte) []byte {
	var row struct {
		Streaming bool
		Request   *struct {
			URL  string
			Body struct{ JSON map[string]json.RawMessage }
		}
	}
	if json.Unmarshal(line, &row) != nil || row.Request == nil || row.Streaming || !strings.HasSuffix(row.Request.URL, "/chat/completions") {
		return nil
	}
	body := row.Request.Body.JSON
	if body["messages"] == nil || bytes.Equal(body["stream"], []byte("true")) {
		return nil
	}
	body["model"] = json.RawMessage(`"` + benchModel + `"`)
	out, err := json.Marshal(body)
	if err != nil {
		return nil
	}
	return out
}
