package main

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/genai"
)

// cross reports whether a caller of OpenAI's can be answered by the subject's
// provider, which speaks another dialect.
func (t *translator) cross(s *subject) bool {
	return t.takes(s) && s.d.Family != "openai" && (s.op == genai.Chat || s.refused() || vectorsOf(s.Response.Body) != nil)
}

// crossing is what the caller of another dialect asks.
func (s *subject) crossing() *ask {
	a := &ask{api: apis()["chat_completions"]}
	if s.op == genai.Embeddings {
		a.api = apis()["embeddings"]
		inputs := strings.Repeat(`,"hello"`, max(len(vectorsOf(s.Response.Body)), 1))[1:]
		a.body = fmt.Appendf(nil, `{"model":"m","input":[%s]}`, inputs)
		return a
	}
	a.body = a.api.request("m", s.Streaming)
	return a
}

// crossed is the path and query on which a translated request arrives.
func (x *exchange) crossed() string {
	base := x.base("/" + x.backend)
	if x.api.dialect == "anthropic" {
		return base + x.below()
	}
	p, query := place{version: "v1beta", method: "generateContent"}, ""
	switch {
	case x.op == genai.Embeddings:
		p.method = "batchEmbedContents"
	case x.Streaming:
		p.method, query = "streamGenerateContent", "?alt=sse"
	}
	return base + p.fill(x.below(), x.ask.model) + query
}

// translated judges an answer in another dialect than the provider's.
func (x *exchange) translated(resp *http.Response, body []byte) {
	want, meaning, validity := x.Response.Status, []string(nil), []string(nil)
	contentType := "application/json"
	switch {
	case x.rejected():
		x.replaced(resp, body)
		return
	case x.refused():
		meaning, validity = x.by.refusal(x.subject, body)
	case x.op == genai.Embeddings:
		meaning, validity = x.by.judgeVectors(x.subject, body)
	default:
		if x.Streaming {
			contentType = "text/event-stream"
		}
		says, err := says(x.subject)
		if err != nil {
			return // told by the mode in process
		}
		if says.Failed && !x.Streaming {
			want = fault.AnswerFailed.Status()
		}
		meaning, validity = x.by.judge(&translation{stream: x.Streaming, body: body, want: says, truth: x.Truth})
	}
	for _, d := range append(meaning, validity...) {
		x.fault("%s", d)
	}
	if resp.StatusCode != want {
		x.fault("status %d, want %d", resp.StatusCode, want)
	}
	if got := resp.Header.Get("content-type"); !strings.HasPrefix(got, contentType) {
		x.fault("the content type is %q", got)
	}
}
