package anthropic

import (
	"strconv"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
)

// mind is how the model is asked to think.
type mind struct {
	word    string // thinking.type, empty to leave it out
	budget  int64
	effort  dialect.Effort // EffortDefault to leave it out
	display string         // thinking.display, empty to leave it out
}

// on reports whether the model is asked to think, as the rules of sampling
// have it.
func (m mind) on() bool { return m.word == "enabled" || m.word == "adaptive" }

// think decides on thinking.
func (w *writer) think() mind {
	r := w.c.Reasoning
	switch {
	case r.Effort == dialect.EffortDefault && r.Budget == 0:
		return w.unasked()
	case r.Effort == dialect.EffortNone:
		return w.calm()
	case w.q.think == noThinking:
		w.lose("reasoning_effort")
		return mind{}
	case w.q.forced == forcedAtRest && w.forced():
		w.lose("reasoning_effort")
		return w.calm()
	case w.q.think == byBudget, w.q.think == byEither && r.Budget > 0:
		return w.budget()
	}
	return w.adaptive()
}

// unasked leaves thinking to the provider, and says at most whether it is to be
// seen.
func (w *writer) unasked() mind {
	if w.q.rest != unasked && w.q.display && w.c.Reasoning.Show != dialect.Unset {
		return mind{word: "adaptive", display: w.display()}
	}
	return mind{}
}

// calm keeps the model from thinking.
func (w *writer) calm() mind {
	switch {
	case w.q.think == noThinking:
		return mind{}
	case w.q.rest == between:
		return mind{word: "between_tools"}
	case w.q.rest == never:
		w.lose("reasoning_effort")
		return mind{effort: dialect.EffortLow}
	}
	return mind{word: "disabled"}
}

// budget has the model think with so many tokens, of which the answer's limit
// must leave some.
func (w *writer) budget() mind {
	r := w.c.Reasoning
	n := r.Budget
	if n == 0 {
		n = budgets[r.Effort]
	}
	if w.limit <= leastBudget || !w.proven() {
		w.lose("reasoning_effort")
		return w.calm()
	}
	if r.Budget == 0 {
		n = min(n, w.limit/4*3)
	}
	n = max(min(n, w.limit-1), leastBudget)
	if r.Budget > 0 && n != r.Budget {
		w.lose("thinking_budget")
	}
	return mind{word: "enabled", budget: n, display: w.display()}
}

// adaptive has the model choose by a level of effort.
func (w *writer) adaptive() mind {
	e, n := w.c.Reasoning.Effort, w.c.Reasoning.Budget
	if n > 0 {
		w.lose("thinking_budget")
	}
	if e == dialect.EffortDefault {
		e = effortOf(n)
	}
	level, same := w.q.level(e)
	if !same && w.c.Reasoning.Effort == e {
		w.lose("reasoning_effort")
	}
	return mind{word: "adaptive", effort: level, display: w.display()}
}

// display says whether the text of the thinking is sent. Who asks for thinking
// and leaves that open gets it: other providers send it, too.
func (w *writer) display() string {
	switch {
	case !w.q.display:
		return ""
	case w.c.Reasoning.Show == dialect.Off:
		return "omitted"
	}
	return "summarized"
}

// proven reports whether the history allows to think within a budget: where it
// ends with results of tools, the turn that called them must begin with
// thinking that bears its provider's signature.
func (w *writer) proven() bool {
	turns := w.c.Turns
	end := len(turns)
	for end > 0 && turns[end-1].Role != dialect.Assistant {
		end--
	}
	begin := end
	for begin > 0 && turns[begin-1].Role == dialect.Assistant {
		begin--
	}
	for _, t := range turns[begin:end] {
		for i := range t.Parts {
			switch p := &t.Parts[i]; p.Kind {
			case dialect.PartReasoning:
				if len(p.Signature)+len(p.Opaque) > 0 {
					return true
				}
			case dialect.PartToolCall:
				return false
			}
		}
	}
	return true
}

// thinking writes what was decided on thinking.
func (w *writer) thinking() {
	m := &w.mind
	if m.word == "" || !w.field("thinking", "reasoning_effort") {
		return
	}
	w.raw(`{"type":"` + m.word + `"`)
	if m.budget > 0 {
		w.dst = strconv.AppendInt(append(w.dst, `,"budget_tokens":`...), m.budget, 10)
	}
	if m.display != "" {
		w.raw(`,"display":"` + m.display + `"`)
	}
	w.raw(`}`)
}

// output writes the effort and the form of the answer.
func (w *writer) output() {
	f := &w.c.Format
	schema := f.Kind == dialect.FormatSchema && len(f.Schema) > 0 && w.q.schema
	if f.Kind != dialect.FormatText && !schema {
		w.lose("response_format")
	}
	callers := "response_format"
	if !schema {
		callers = "reasoning_effort"
	}
	if !schema && w.mind.effort == dialect.EffortDefault || !w.field("output_config", callers) {
		return
	}
	w.raw(`{`)
	if w.mind.effort != dialect.EffortDefault {
		w.raw(`"effort":"` + efforts[w.mind.effort] + `"`)
	}
	if schema {
		w.next()
		w.raw(`"format":{"type":"json_schema","schema":`)
		w.dst = append(w.dst, f.Schema...)
		w.raw(`}`)
	}
	w.raw(`}`)
}

// sampling writes temperature, top_p and top_k, as far as the model takes them.
func (w *writer) sampling() {
	c := w.c
	temperature, topP, topK := c.Temperature, c.TopP, c.TopK
	t, hasT := number(temperature)
	p, hasP := number(topP)
	switch {
	case w.q.sampling == noSampling:
		temperature, topP, topK = nil, nil, nil
	case w.mind.on():
		temperature, topK = nil, nil
		if p < 0.95 {
			topP = nil
		}
	case t > 1:
		temperature = []byte("1")
		w.lose("temperature")
	}
	if w.q.sampling == oneSampling && temperature != nil {
		topP = nil
	}
	w.sample("temperature", temperature, hasT && t != 1)
	w.sample("top_p", topP, hasP && p != 1)
	w.sample("top_k", topK, len(c.TopK) > 0)
}

// sample writes one of them. A value that is left out is lost where it says
// anything.
func (w *writer) sample(name string, value []byte, says bool) {
	switch {
	case len(value) > 0 && w.field(name, name):
		w.dst = append(w.dst, value...)
	case len(value) == 0 && says:
		w.lose(name)
	}
}
