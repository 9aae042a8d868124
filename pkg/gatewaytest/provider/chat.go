package provider

import (
	"net/http"
	"strconv"
)

type completion struct {
	ID          string   `json:"id"`
	Object      string   `json:"object"`
	Created     int64    `json:"created"`
	Model       string   `json:"model"`
	Choices     []choice `json:"choices"`
	Usage       *Usage   `json:"usage,omitempty"`
	Tier        string   `json:"service_tier"`
	Fingerprint string   `json:"system_fingerprint"`
}

type choice struct {
	Index   int           `json:"index"`
	Message answerMessage `json:"message"`
	Logs    *struct{}     `json:"logprobs"`
	Finish  string        `json:"finish_reason"`
}

type answerMessage struct {
	Role        string     `json:"role"`
	Content     *string    `json:"content"`
	Calls       []toolCall `json:"tool_calls,omitempty"`
	Refusal     *string    `json:"refusal"`
	Annotations []string   `json:"annotations"`
}

type toolCall struct {
	Index    *int         `json:"index,omitempty"`
	ID       string       `json:"id,omitempty"`
	Type     string       `json:"type,omitempty"`
	Function toolFunction `json:"function"`
}

type toolFunction struct {
	Name string `json:"name,omitempty"`
	Args string `json:"arguments"`
}

// whole answers unary: pretty-printed and with a length, as OpenAI does.
func (p *Provider) whole(out *wire, x *Exchange, a composed) error {
	if a.f.Error200 {
		return out.send(reply{status: http.StatusOK, typ: "application/json", body: problemBody(overloaded, "server_error", "overloaded")})
	}
	c := completion{ID: a.id, Object: "chat.completion", Created: a.created, Model: a.model, Tier: a.tier, Fingerprint: a.fingerprint}
	if !a.f.NoUsage {
		c.Usage = &a.usage
	}
	for i := range a.n {
		c.Choices = append(c.Choices, choice{Index: i, Message: a.message(), Finish: a.finish})
	}
	err := out.send(reply{status: http.StatusOK, typ: "application/json", headers: p.headers(x), body: encode(c, "  ")})
	if err == nil && c.Usage != nil {
		x.Delivered.Usage = c.Usage
	}
	return err
}

const overloaded = "The server is overloaded or not ready yet."

func (c *composed) message() answerMessage {
	m := answerMessage{Role: "assistant", Annotations: []string{}}
	if len(c.calls) == 0 {
		m.Content = new(c.text())
	}
	for _, k := range c.calls {
		m.Calls = append(m.Calls, toolCall{ID: k.ID, Type: "function", Function: toolFunction{k.Name, k.Args}})
	}
	return m
}

// headers are those of a real answer: the account's too, which a gateway has
// to keep to itself.
func (p *Provider) headers(x *Exchange) [][2]string {
	return [][2]string{
		{"x-request-id", "req_" + p.token(x.N, "request", 32)},
		{"openai-organization", "org-simulated0123456789"},
		{"openai-project", "proj_" + p.token(0, "project", 24)},
		{"openai-processing-ms", strconv.FormatUint(20+x.N%200, 10)},
		{"openai-version", "2020-10-01"},
		{"x-ratelimit-limit-requests", "10000"},
		{"x-ratelimit-remaining-requests", "9999"},
	}
}
