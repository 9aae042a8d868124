package openai

import (
	"slices"
	"strconv"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// back is the dialect as providers speak it.
type back struct{}

// Takes implements dialect.Back.
func (back) Takes(op genai.Operation) bool { return op == genai.Chat || op == genai.Embeddings }

// Write implements dialect.Back.
func (back) Write(dst []byte, a *dialect.Asking, t dialect.Target) (body []byte, lost []string, f *fault.Error) {
	w := &writer{dst: append(slices.Grow(dst, size(a)), '{')}
	w.name("model")
	w.dst = jsonedit.AppendString(w.dst, t.Model)
	switch {
	case a.Chat != nil:
		w.quirk = quirkOf(&t, a.Chat)
		w.chat(a.Chat, &t)
	case a.Embed != nil:
		w.quirk = quirk{refuses: t.Drop}
		w.embedding(a.Embed)
	}
	return append(w.dst, '}'), w.lost, nil
}

// size is about how long the body will be: what is large is counted.
func size(a *dialect.Asking) int {
	n := 512
	if a.Embed != nil {
		for _, t := range a.Embed.Inputs {
			n += len(t) + 3
		}
		return n
	}
	for i := range a.Chat.Turns {
		n += 32 + sizeOf(a.Chat.Turns[i].Parts)
	}
	for i := range a.Chat.Tools {
		t := &a.Chat.Tools[i]
		n += 128 + len(t.Description) + len(t.Parameters)
	}
	return n
}

func sizeOf(parts []dialect.Part) int {
	n := 0
	for i := range parts {
		p := &parts[i]
		n += 64 + len(p.Text) + len(p.Media.Data) + len(p.Media.URL) + len(p.Arguments)*9/8 + sizeOf(p.Parts)
	}
	return n
}

// writer builds the body of a request.
type writer struct {
	dst   []byte
	lost  []string
	quirk quirk
}

// name appends a member's name, and a comma where one is due.
func (w *writer) name(name string) {
	w.comma()
	w.dst = append(append(append(w.dst, '"'), name...), `":`...)
}

func (w *writer) comma() {
	switch w.dst[len(w.dst)-1] {
	case '{', '[':
	default:
		w.dst = append(w.dst, ',')
	}
}

// field starts a top-level field; false when the target refuses it, which is a
// loss.
func (w *writer) field(name string) bool {
	if slices.Contains(w.quirk.refuses, name) {
		w.lost = named(w.lost, name)
		return false
	}
	w.name(name)
	return true
}

func (w *writer) raw(name string, raw []byte) {
	if len(raw) > 0 && w.field(name) {
		w.dst = append(w.dst, raw...)
	}
}

func (w *writer) text(name string, t dialect.Text) {
	if len(t) > 0 && w.field(name) {
		w.dst = t.Append(w.dst)
	}
}

func (w *writer) count(name string, n int64) {
	if n > 0 && w.field(name) {
		w.dst = strconv.AppendInt(w.dst, n, 10)
	}
}

func (w *writer) toggle(name string, s dialect.Switch) {
	if s != dialect.Unset && w.field(name) {
		w.dst = strconv.AppendBool(w.dst, s == dialect.On)
	}
}

// inside writes a member of an inner object, which no target refuses by name.
func (w *writer) inside(name string, t dialect.Text) {
	if len(t) > 0 {
		w.name(name)
		w.dst = t.Append(w.dst)
	}
}

// chat writes a conversation.
func (w *writer) chat(c *dialect.Chat, t *dialect.Target) {
	if c.Stream {
		w.name("stream")
		w.dst = append(w.dst, "true"...)
		if c.WantsUsage || t.InjectUsage {
			w.raw("stream_options", []byte(`{"include_usage":true}`))
		}
	}
	m := messages{writer: w}
	m.write(c.Turns)
	w.tools(c)
	w.format(&c.Format)
	w.reasoning(&c.Reasoning)
	w.sampling(c)
	w.raw(w.quirk.seed, c.Seed)
	w.stops(c.Stop)
	w.count(w.quirk.limit, c.MaxOutput)
	if c.Choices > 1 {
		w.count("n", int64(c.Choices))
	}
	w.text("user", c.User)
	w.text("service_tier", c.Tier)
	w.toggle("store", c.Store)
}

// sampling writes how tokens are drawn.
func (w *writer) sampling(c *dialect.Chat) {
	w.raw("temperature", c.Temperature)
	w.raw("top_p", c.TopP)
	w.raw("top_k", c.TopK)
	w.raw("min_p", c.MinP)
	w.raw("frequency_penalty", c.FrequencyPenalty)
	w.raw("presence_penalty", c.PresencePenalty)
	if c.Logprobs {
		w.raw("logprobs", []byte("true"))
		w.count("top_logprobs", int64(c.TopLogprobs))
	}
}

func (w *writer) stops(list []dialect.Text) {
	if len(list) == 0 || !w.field("stop") {
		return
	}
	w.dst = append(w.dst, '[')
	for _, t := range list {
		w.comma()
		w.dst = t.Append(w.dst)
	}
	w.dst = append(w.dst, ']')
}

// format writes response_format.
func (w *writer) format(f *dialect.Format) {
	switch f.Kind {
	case dialect.FormatText:
	case dialect.FormatJSON:
		w.raw("response_format", []byte(`{"type":"json_object"}`))
	case dialect.FormatSchema:
		if !w.field("response_format") {
			return
		}
		w.dst = append(w.dst, `{"type":"json_schema","json_schema":{`...)
		name := f.Name
		if len(name) == 0 { // other dialects have none, and here it is required
			name = dialect.Text("answer")
		}
		w.inside("name", name)
		w.inside("description", f.Description)
		if len(f.Schema) > 0 {
			w.name("schema")
			w.dst = append(w.dst, f.Schema...)
		}
		w.strict(f.Strict)
		w.dst = append(w.dst, "}}"...)
	}
}

func (w *writer) strict(s dialect.Switch) {
	if s != dialect.Unset {
		w.name("strict")
		w.dst = strconv.AppendBool(w.dst, s == dialect.On)
	}
}

// reasoning writes how much is to be thought. A budget has no field here apart
// from OpenRouter's; it becomes the effort that such a budget mostly stands for.
func (w *writer) reasoning(r *dialect.Reasoning) {
	if w.quirk.budget && r.Budget > 0 {
		w.raw("reasoning", append(strconv.AppendInt([]byte(`{"max_tokens":`), r.Budget, 10), '}'))
		return
	}
	effort := r.Effort
	if effort == dialect.EffortDefault && r.Budget > 0 {
		w.lost = named(w.lost, "reasoning.max_tokens")
		effort = effortOf(r.Budget)
	}
	w.text("reasoning_effort", dialect.Text(efforts[effort]))
}

// effortOf is the level that a budget of tokens is nearest to.
func effortOf(budget int64) dialect.Effort {
	switch {
	case budget <= 2048:
		return dialect.EffortLow
	case budget <= 8192:
		return dialect.EffortMedium
	}
	return dialect.EffortHigh
}

// tools writes the functions and whether they are called.
func (w *writer) tools(c *dialect.Chat) {
	if len(c.Tools) == 0 || !w.field("tools") {
		return
	}
	w.dst = append(w.dst, '[')
	for i := range c.Tools {
		w.comma()
		w.tool(&c.Tools[i])
	}
	w.dst = append(w.dst, ']')
	w.toolChoice(c.ToolChoice)
	w.toggle("parallel_tool_calls", c.Parallel)
}

func (w *writer) tool(t *dialect.Tool) {
	w.dst = append(w.dst, `{"type":"function","function":{`...)
	w.inside("name", t.Name)
	w.inside("description", t.Description)
	if len(t.Parameters) > 0 {
		w.name("parameters")
		w.dst = append(w.dst, t.Parameters...)
	}
	w.strict(t.Strict)
	w.dst = append(w.dst, '}')
	w.mark(t.Cache)
	w.dst = append(w.dst, '}')
}

func (w *writer) toolChoice(t dialect.ToolChoice) {
	switch t.Mode {
	case dialect.ToolDefault:
	case dialect.ToolAuto:
		w.raw("tool_choice", []byte(`"auto"`))
	case dialect.ToolNone:
		w.raw("tool_choice", []byte(`"none"`))
	case dialect.ToolRequired:
		w.raw("tool_choice", []byte(`"required"`))
	case dialect.ToolNamed:
		if w.field("tool_choice") {
			w.dst = append(w.dst, `{"type":"function","function":{`...)
			w.inside("name", t.Name)
			w.dst = append(w.dst, "}}"...)
		}
	}
}

// embedding writes a request for vectors.
func (w *writer) embedding(e *dialect.Embedding) {
	w.name("input")
	w.dst = append(w.dst, '[')
	for _, t := range e.Inputs {
		w.comma()
		w.dst = t.Append(w.dst)
	}
	w.dst = append(w.dst, ']')
	w.count("dimensions", e.Dimensions)
	if e.Base64 {
		w.text("encoding_format", dialect.Text("base64"))
	}
	w.text("user", e.User)
}
