package e2e

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// request is one request of a client; the zero value posts to the chat
// completions with the rig's key.
type request struct {
	method, path string
	body         string
	headers      []string // name, value, name, value
	key          string   // "none": no key
	h2           bool
	ctx          context.Context //nolint:containedctx // a bundle of arguments
}

// answer is what the client got.
type answer struct {
	status int
	header http.Header
	body   string
	err    error // of the connection or of the body
}

// code is the code of an OpenAI error body, "" when it is none. All four
// members must be there.
func (a answer) code() string {
	var v struct {
		Error map[string]any `json:"error"`
	}
	if json.Unmarshal([]byte(a.body), &v) != nil || len(v.Error) != 4 {
		return ""
	}
	for _, name := range []string{"message", "type", "param", "code"} {
		if _, ok := v.Error[name]; !ok {
			return ""
		}
	}
	s, _ := v.Error["code"].(string)
	return s
}

// transport speaks one protocol only and compresses nothing.
func transport(h2 bool) *http.Transport {
	tr := &http.Transport{DisableCompression: true, Protocols: new(http.Protocols), MaxIdleConnsPerHost: 256}
	tr.Protocols.SetHTTP1(!h2)
	tr.Protocols.SetUnencryptedHTTP2(h2)
	return tr
}

// do sends a request on a connection of its own and reads the answer.
func (r *rig) do(t *testing.T, q request) answer {
	t.Helper()
	tr := transport(q.h2)
	defer tr.CloseIdleConnections()
	resp, err := r.open(t, tr, q)
	if err != nil {
		return answer{err: err}
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, string(b), err}
}

// open sends a request and leaves the body to the caller.
func (r *rig) open(t *testing.T, tr http.RoundTripper, q request) (*http.Response, error) {
	t.Helper()
	if q.method == "" {
		q.method = http.MethodPost
	}
	if q.path == "" {
		q.path = "/v1/chat/completions"
	}
	if q.ctx == nil {
		q.ctx = t.Context()
	}
	req, err := http.NewRequestWithContext(q.ctx, q.method, r.API+q.path, strings.NewReader(q.body))
	if err != nil {
		t.Fatal(err)
	}
	if q.body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	switch q.key {
	case "":
		req.Header.Set("Authorization", "Bearer "+r.key)
	case "none":
	default:
		req.Header.Set("Authorization", "Bearer "+q.key)
	}
	for i := 0; i+1 < len(q.headers); i += 2 {
		req.Header.Set(q.headers[i], q.headers[i+1])
	}
	return tr.RoundTrip(req)
}

// chat is a request body for model "chat" with a last user message; extra is
// put before the messages (`"stream":true,`).
func chat(extra, text string) string {
	quoted, err := json.Marshal(text)
	if err != nil {
		return "" // strings always marshal
	}
	return `{"model":"chat",` + extra + `"messages":[{"role":"user","content":` + string(quoted) + `}]}`
}

const (
	streamed  = `"stream":true,`
	withUsage = `"stream":true,"stream_options":{"include_usage":true},`
)
