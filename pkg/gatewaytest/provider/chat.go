package provider

import (
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
	Logs    *logprobs     `json:"logprobs"`
	Finish  *string       `json:"finish_reason"`
}

type answerMessage struct {
	Role        string     `json:"role"`
	Content     *string    `json:"content"`
	Reasoning   string     `json:"reasoning_content,omitempty"`
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

type logprobs struct {
	Content []logprob `json:"content"`
	Refusal []logprob `json:"refusal"`
}

type logprob struct {
	Token   string     `json:"token"`
	Logprob float64    `json:"logprob"`
	Bytes   []int      `json:"bytes"`
	Top     *[]logprob `json:"top_logprobs,omitempty"`
}

// wholeChat is a chat completion: pretty-printed, as OpenAI does.
func wholeChat(c *composed) []byte {
	v := completion{ID: "chatcmpl-" + c.token("id", 29), Object: "chat.completion", Created: c.created, Model: c.model, Tier: c.served, Fingerprint: c.fingerprint}
	if !c.f.NoUsage && !c.f.NoFinish {
		v.Usage = &c.usage
	}
	for i := range c.n {
		one := choice{Index: i, Message: c.message(), Logs: c.chatLogprobs(c.words)}
		if !c.f.NoFinish {
			one.Finish = &c.finish
		}
		v.Choices = append(v.Choices, one)
	}
	return encode(v, "  ")
}

func (c *composed) message() answerMessage {
	m := answerMessage{Role: "assistant", Reasoning: c.reasoning(), Annotations: []string{}}
	if len(c.calls) == 0 && (len(c.words) > 0 || !c.f.Filter) {
		m.Content = new(c.text())
	}
	for _, k := range c.calls {
		m.Calls = append(m.Calls, toolCall{ID: "call_" + k.ID, Type: "function", Function: toolFunction{k.Name, k.Args}})
	}
	return m
}

// chatLogprobs are made-up probabilities of the words; nil unless asked for.
func (c *composed) chatLogprobs(words []string) *logprobs {
	if !c.logprobs || len(c.calls) > 0 || len(words) == 0 {
		return nil
	}
	var out logprobs
	for i, w := range words {
		one := newLogprob(w, probability(i))
		top := []logprob{}
		for k := range c.top {
			other := w
			if k > 0 {
				other = w + strconv.Itoa(k)
			}
			top = append(top, newLogprob(other, probability(i)-float64(k)))
		}
		one.Top = &top
		out.Content = append(out.Content, one)
	}
	return &out
}

func newLogprob(token string, p float64) logprob {
	l := logprob{Token: token, Logprob: p, Bytes: []int{}}
	for _, b := range []byte(token) {
		l.Bytes = append(l.Bytes, int(b))
	}
	return l
}

// probability is the logarithm that belongs to the i-th token.
func probability(i int) float64 { return -float64(i%7+1) / 16 }

// openAIHeaders are those of a real answer: the account's too, which a gateway
// has to keep to itself.
func (p *Provider) openAIHeaders(x *Exchange) [][2]string {
	return [][2]string{
		{"x-request-id", p.requestID(x)},
		{"openai-organization", "org-simulated0123456789"},
		{"openai-project", "proj_" + p.token(0, "project", 24)},
		{"openai-processing-ms", strconv.FormatUint(20+x.N%200, 10)},
		{"openai-version", "2020-10-01"},
		{"x-ratelimit-limit-requests", "10000"},
		{"x-ratelimit-remaining-requests", "9999"},
	}
}

func (p *Provider) requestID(x *Exchange) string { return "req_" + p.token(x.N, "request", 32) }
