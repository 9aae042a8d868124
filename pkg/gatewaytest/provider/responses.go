package provider

import (
	"encoding/json"
	"strconv"
)

// response is the object of OpenAI's responses API.
type response struct {
	ID           string          `json:"id"`
	Object       string          `json:"object"`
	Created      int64           `json:"created_at"`
	Status       string          `json:"status"`
	Background   bool            `json:"background"`
	Error        *responseError  `json:"error"`
	Incomplete   *incomplete     `json:"incomplete_details"`
	Instructions *string         `json:"instructions"`
	MaxOutput    *int            `json:"max_output_tokens"`
	Model        string          `json:"model"`
	Output       []responseItem  `json:"output"`
	Parallel     bool            `json:"parallel_tool_calls"`
	Previous     *string         `json:"previous_response_id"`
	Reasoning    responsesEffort `json:"reasoning"`
	Tier         string          `json:"service_tier"`
	Store        bool            `json:"store"`
	Temperature  float64         `json:"temperature"`
	Text         responsesText   `json:"text"`
	ToolChoice   json.RawMessage `json:"tool_choice"`
	Tools        []responsesTool `json:"tools"`
	TopP         float64         `json:"top_p"`
	Truncation   string          `json:"truncation"`
	Usage        *responsesUsage `json:"usage"`
	User         *string         `json:"user"`
	Metadata     json.RawMessage `json:"metadata"`
}

type incomplete struct {
	Reason string `json:"reason"`
}

type responseError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// responseItem is a piece of the output; only the fields of its type are there.
type responseItem struct {
	ID      string          `json:"id"`
	Type    string          `json:"type"`
	Status  string          `json:"status,omitempty"`
	Content *[]responsePart `json:"content,omitempty"`
	Role    string          `json:"role,omitempty"`
	Summary *[]responsePart `json:"summary,omitempty"`
	Args    *string         `json:"arguments,omitempty"`
	CallID  string          `json:"call_id,omitempty"`
	Name    string          `json:"name,omitempty"`
}

type responsePart struct {
	Type        string    `json:"type"`
	Annotations *[]string `json:"annotations,omitempty"`
	Logprobs    *[]string `json:"logprobs,omitempty"`
	Text        string    `json:"text"`
}

func outputText(text string) responsePart {
	return responsePart{Type: "output_text", Annotations: &[]string{}, Logprobs: &[]string{}, Text: text}
}

func summaryText(text string) responsePart { return responsePart{Type: "summary_text", Text: text} }

// responseBase is the response before anything was written.
func (c *composed) responseBase() response {
	r := c.response
	v := response{
		ID: "resp_" + c.token("id", 40), Object: "response", Created: c.created, Status: "in_progress",
		Instructions: r.Instructions, MaxOutput: r.MaxOutput, Model: c.model, Output: []responseItem{}, Parallel: true,
		Previous: r.Previous, Reasoning: r.Reasoning, Tier: "auto", Store: true, Temperature: 1, TopP: 1,
		Text: responsesText{Format: &responsesFormat{Type: "text"}, Verbosity: "medium"}, ToolChoice: json.RawMessage(`"auto"`),
		Tools: []responsesTool{}, Truncation: "disabled", User: r.User, Metadata: json.RawMessage("{}"),
	}
	for _, b := range []struct{ from, to *bool }{{r.Parallel, &v.Parallel}, {r.Store, &v.Store}} {
		if b.from != nil {
			*b.to = *b.from
		}
	}
	for _, f := range []struct{ from, to *float64 }{{r.Temperature, &v.Temperature}, {r.TopP, &v.TopP}} {
		if f.from != nil {
			*f.to = *f.from
		}
	}
	if r.Text != nil && r.Text.Format != nil {
		v.Text.Format = r.Text.Format
	}
	if present(r.ToolChoice) {
		v.ToolChoice = r.ToolChoice
	}
	if present(r.Metadata) {
		v.Metadata = r.Metadata
	}
	if r.Tools != nil {
		v.Tools = r.Tools
	}
	return v
}

// items are the output, complete.
func (c *composed) items() []responseItem {
	out := []responseItem{}
	if c.thinks {
		summary := []responsePart{}
		if len(c.thoughts) > 0 {
			summary = append(summary, summaryText(c.reasoning()))
		}
		out = append(out, responseItem{ID: "rs_" + c.token("reasoning", 40), Type: "reasoning", Summary: &summary})
	}
	if len(c.words) > 0 {
		out = append(out, responseItem{
			ID: "msg_" + c.token("message", 40), Type: "message", Status: "completed", Role: "assistant",
			Content: &[]responsePart{outputText(c.text())},
		})
	}
	for i, k := range c.calls {
		out = append(out, responseItem{
			ID: "fc_" + c.token("item"+strconv.Itoa(i), 40), Type: "function_call", Status: "completed",
			Args: &k.Args, CallID: "call_" + k.ID, Name: k.Name,
		})
	}
	return out
}

// responseDone is the response at its end.
func (c *composed) responseDone() response {
	v := c.responseBase()
	v.Status, v.Tier, v.Output = "completed", c.served, c.items()
	switch c.finish {
	case "length":
		v.Status, v.Incomplete = "incomplete", &incomplete{"max_output_tokens"}
	case "content_filter":
		v.Status, v.Incomplete = "incomplete", &incomplete{"content_filter"}
	}
	if !c.f.NoUsage {
		v.Usage = c.responsesUsage()
	}
	return v
}

func wholeResponse(c *composed) []byte {
	v := c.responseDone()
	if c.f.NoFinish {
		v.Status, v.Usage = "in_progress", nil
	}
	return encode(v, "  ")
}

// responseEvent is any event of a response's stream.
type responseEvent struct {
	Type     string        `json:"type"`
	Number   int           `json:"sequence_number"`
	Response *response     `json:"response,omitempty"`
	ItemID   string        `json:"item_id,omitempty"`
	Output   *int          `json:"output_index,omitempty"`
	Content  *int          `json:"content_index,omitempty"`
	Summary  *int          `json:"summary_index,omitempty"`
	Item     *responseItem `json:"item,omitempty"`
	Part     *responsePart `json:"part,omitempty"`
	Delta    *string       `json:"delta,omitempty"`
	Text     *string       `json:"text,omitempty"`
	Args     *string       `json:"arguments,omitempty"`
	Logprobs *[]string     `json:"logprobs,omitempty"`
	Padding  string        `json:"obfuscation,omitempty"`
	Code     *string       `json:"code,omitempty"`
	Message  string        `json:"message,omitempty"`
}

// responseStream renders the events of one response.
type responseStream struct {
	*composed
	out  []frame
	step int
}

// streamResponse is a response as server-sent events.
func streamResponse(c *composed) []frame {
	s := &responseStream{composed: c}
	for _, name := range []string{"response.created", "response.in_progress"} {
		s.event(frame{step: unpaced, opening: true}, responseEvent{Type: name, Response: new(c.responseBase())})
	}
	for i, item := range c.items() {
		s.item(i, item)
	}
	if c.f.NoFinish {
		return s.out
	}
	end := c.responseDone()
	s.event(frame{step: unpaced, usage: !c.f.NoUsage, mark: true}, responseEvent{Type: "response." + end.Status, Response: &end})
	return s.out
}

func (s *responseStream) item(i int, item responseItem) {
	begin := item
	if item.Status != "" {
		begin.Status = "in_progress"
	}
	switch item.Type {
	case "reasoning":
		begin.Summary = &[]responsePart{}
	case "message":
		begin.Content = &[]responsePart{}
	default:
		begin.Args = new("")
	}
	s.event(frame{step: unpaced, opening: i == 0}, responseEvent{Type: "response.output_item.added", Output: &i, Item: &begin})
	at := responseEvent{ItemID: item.ID, Output: &i}
	switch {
	case item.Type == "reasoning" && len(*item.Summary) > 0:
		s.summary(at)
	case item.Type == "message":
		s.message(at)
	case item.Type == "function_call":
		s.pieces(at, "response.function_call_arguments", pieces(*item.Args, 4))
		done := at
		done.Type, done.Args = "response.function_call_arguments.done", item.Args
		s.event(frame{step: unpaced}, done)
	}
	s.event(frame{step: unpaced}, responseEvent{Type: "response.output_item.done", Output: &i, Item: &item})
}

func (s *responseStream) summary(at responseEvent) {
	at.Summary = new(0)
	s.part(at, "response.reasoning_summary_part", "response.reasoning_summary_text", s.thoughts, summaryText)
}

func (s *responseStream) message(at responseEvent) {
	at.Content = new(0)
	s.part(at, "response.content_part", "response.output_text", s.words, outputText)
}

// part is a text with its frame.
func (s *responseStream) part(at responseEvent, outer, inner string, words []string, part func(string) responsePart) {
	begin, done, end := at, at, at
	begin.Type, begin.Part = outer+".added", new(part(""))
	s.event(frame{step: unpaced, opening: s.step == 0}, begin)
	s.pieces(at, inner, words)
	whole := join(words)[0]
	done.Type, done.Text = inner+".done", &whole
	end.Type, end.Part = outer+".done", new(part(whole))
	if inner == "response.output_text" {
		done.Logprobs = &[]string{}
	}
	s.event(frame{step: unpaced}, done)
	s.event(frame{step: unpaced}, end)
}

func (s *responseStream) pieces(at responseEvent, inner string, words []string) {
	at.Type = inner + ".delta"
	for _, w := range words {
		at.Delta = &w
		if s.padded {
			at.Padding = "aZ3kQ9xW"[:len(s.out)%8+1]
		}
		if inner == "response.output_text" {
			at.Logprobs = &[]string{}
		}
		s.event(frame{step: s.step}, at)
		s.step++
	}
}

func (s *responseStream) event(f frame, e responseEvent) {
	e.Number = len(s.out)
	f.name, f.data = e.Type, line(e)
	s.out = append(s.out, f)
}

// failResponse is the error event and the end of a failed response.
func failResponse(_ *Provider, c *composed, _ *Exchange, n int) []frame {
	t := overload(OpenAI)
	v := c.responseBase()
	v.Status, v.Error = "failed", &responseError{t.typ, t.text}
	var out []frame
	for i, e := range []responseEvent{{Type: "error", Code: &t.typ, Message: t.text}, {Type: "response.failed", Response: &v}} {
		e.Number = n + i
		out = append(out, frame{name: e.Type, data: line(e)})
	}
	return out
}

// failChat is the error event of a chat.
func failChat(*Provider, *composed, *Exchange, int) []frame {
	return []frame{{data: line(openAIError(overload(OpenAI)))}}
}
