package gemini

import (
	"math"
	"strconv"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
)

// maxStops is how many stop sequences Google takes.
const maxStops = 5

// config writes generationConfig, when there is something to set.
func (w *writer) config() {
	before := len(w.dst)
	w.name(config)
	w.add("{")
	empty := len(w.dst)
	w.sampling()
	w.lengths()
	w.format()
	w.thinking()
	if len(w.dst) == empty {
		w.dst = w.dst[:before]
		return
	}
	w.add("}")
}

// number writes a number as the caller wrote it.
func (w *writer) number(name, asked string, raw []byte) {
	if raw != nil && !w.drops(name, asked) {
		w.raw(name, raw)
	}
}

func (w *writer) sampling() {
	c := w.chat
	w.number("temperature", "temperature", c.Temperature)
	w.number("topP", "top_p", c.TopP)
	w.number("topK", "top_k", c.TopK)
	w.number("presencePenalty", "presence_penalty", c.PresencePenalty)
	w.number("frequencyPenalty", "frequency_penalty", c.FrequencyPenalty)
	if n, err := strconv.ParseInt(string(c.Seed), 10, 64); err == nil && (n < math.MinInt32 || n > math.MaxInt32) {
		w.lose("seed") // Google's has 32 bits
	} else {
		w.number("seed", "seed", c.Seed)
	}
	if !c.Logprobs || w.drops("responseLogprobs", "logprobs") {
		return
	}
	w.raw("responseLogprobs", []byte("true"))
	if c.TopLogprobs > 0 {
		w.integer("logprobs", int64(c.TopLogprobs))
	}
}

func (w *writer) lengths() {
	c := w.chat
	limit := c.MaxOutput
	if limit == 0 {
		limit = w.t.MaxOutput
	}
	if limit > 0 && !w.drops("maxOutputTokens", "max_tokens") {
		w.integer("maxOutputTokens", limit)
	}
	if c.Choices > 1 && !w.drops("candidateCount", "n") {
		w.integer("candidateCount", int64(c.Choices))
	}
	if len(c.Stop) == 0 || w.drops("stopSequences", "stop") {
		return
	}
	w.name("stopSequences")
	w.add("[")
	for i, s := range c.Stop {
		if i == maxStops {
			w.lose("stop[" + strconv.Itoa(i) + "]")
			break
		}
		w.next()
		w.dst = s.Append(w.dst)
	}
	w.add("]")
}

// format asks for JSON.
func (w *writer) format() {
	f := &w.chat.Format
	if f.Kind == dialect.FormatText || w.drops("responseMimeType", "response_format") {
		return
	}
	if w.q.loose && len(w.chat.Tools) > 0 {
		w.lose("response_format")
		return
	}
	w.word("responseMimeType", "application/json")
	if f.Kind == dialect.FormatSchema && len(f.Schema) > 0 {
		w.raw("responseJsonSchema", f.Schema)
	}
}

// thinking writes thinkingConfig.
func (w *writer) thinking() {
	r := &w.chat.Reasoning
	wanted := r.Effort != dialect.EffortDefault || r.Budget > 0
	if !wanted && r.Show == dialect.Unset || w.drops("thinkingConfig", "reasoning_effort") {
		return
	}
	if w.q.thinking == noThinking {
		if r.Budget > 0 || r.Effort > dialect.EffortNone {
			w.lose("reasoning_effort")
		}
		return
	}
	w.name("thinkingConfig")
	w.add("{")
	if wanted {
		w.effort(r)
	}
	if r.Show != dialect.Unset {
		w.raw("includeThoughts", strconv.AppendBool(nil, r.Show == dialect.On))
	}
	w.add("}")
}

// effort says how much to think.
func (w *writer) effort(r *dialect.Reasoning) {
	if r.Effort == dialect.EffortNone && w.q.alwaysThinks() {
		w.lose("reasoning_effort")
	}
	switch {
	case w.q.thinking == byBudget && r.Budget > 0:
		w.integer("thinkingBudget", r.Budget)
	case w.q.thinking == byBudget:
		w.integer("thinkingBudget", w.q.budget(r.Effort))
	case r.Effort == dialect.EffortDefault:
		w.word("thinkingLevel", w.q.level(effort(r.Budget)))
	default:
		w.word("thinkingLevel", w.q.level(r.Effort))
	}
}

// tools writes the functions that the model may call and whether it must.
func (w *writer) tools() {
	if len(w.chat.Tools) == 0 || w.drops("tools", "tools") {
		return
	}
	w.name("tools")
	w.add(`[{"functionDeclarations":[`)
	for i := range w.chat.Tools {
		t := &w.chat.Tools[i]
		w.next()
		w.add("{")
		w.text("name", t.Name)
		if len(t.Description) > 0 {
			w.text("description", t.Description)
		}
		if len(t.Parameters) > 0 {
			w.raw("parametersJsonSchema", t.Parameters)
		}
		w.add("}")
		if t.Strict == dialect.On {
			w.lose("tools[" + strconv.Itoa(i) + "].function.strict")
		}
	}
	w.add("]}]")
	w.choice()
}

// choice writes whether functions are called (FunctionCallingConfig).
func (w *writer) choice() {
	c := &w.chat.ToolChoice
	mode := ""
	switch c.Mode {
	case dialect.ToolDefault:
		return
	case dialect.ToolAuto:
		mode = "AUTO"
	case dialect.ToolNone:
		mode = "NONE"
	case dialect.ToolRequired, dialect.ToolNamed:
		mode = "ANY"
	}
	if w.drops("toolConfig", "tool_choice") {
		return
	}
	w.name("toolConfig")
	w.add(`{"functionCallingConfig":{`)
	w.word("mode", mode)
	if c.Mode == dialect.ToolNamed {
		w.name("allowedFunctionNames")
		w.dst = append(c.Name.Append(append(w.dst, '[')), ']')
	}
	w.add("}}")
}
