package anthropic

import (
	"slices"
	"strconv"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// back implements dialect.Back.
type back struct{}

// Takes implements dialect.Back.
func (back) Takes(op genai.Operation) bool { return op == genai.Chat }

// Decoder implements dialect.Back.
func (back) Decoder(_ genai.Operation, _ bool, kind string) dialect.Decoder { return newDecoder(kind) }

// Write implements dialect.Back. What is lost is named in the words of OpenAI's
// chat completions, which nearly all callers of other dialects know.
func (back) Write(dst []byte, a *dialect.Asking, t dialect.Target) (body []byte, lost []string, f *fault.Error) {
	w := writer{dst: dst, c: a.Chat, t: t, q: quirkOf(t.Model)}
	if w.c == nil {
		return dst, nil, fault.New(fault.NotTranslatable, "The provider takes chats alone.")
	}
	w.decide()
	w.dst = jsonedit.AppendString(append(w.dst, `{"model":`...), t.Model)
	w.dst = strconv.AppendInt(append(w.dst, `,"max_tokens":`...), w.limit, 10)
	w.conversation()
	w.tools()
	w.thinking()
	w.output()
	w.sampling()
	w.rest()
	w.nameLost()
	if w.fault != nil {
		return dst, nil, w.fault
	}
	return append(w.dst, '}'), w.lost, nil
}

// writer writes one request.
type writer struct {
	dst   []byte
	c     *dialect.Chat
	t     dialect.Target
	q     *quirk
	lost  []string
	fault *fault.Error // the first

	limit  int64
	mind   mind
	choice dialect.ToolMode
	ids    ids
}

// lose names what is not carried, each once.
func (w *writer) lose(path string) {
	if !slices.Contains(w.lost, path) {
		w.lost = append(w.lost, path)
	}
}

// refuse ends the writing: a request without this would ask something else.
func (w *writer) refuse(k fault.Kind, path, text string) {
	if w.fault == nil {
		w.fault = fault.New(k, text).With(path)
	}
}

// field starts a field of the top level; false when the model refuses it by
// the configuration. Then it is lost under the name that callers know.
func (w *writer) field(name, callers string) bool {
	if slices.Contains(w.t.Drop, name) {
		w.lose(callers)
		return false
	}
	w.dst = append(append(append(w.dst, `,"`...), name...), `":`...)
	return true
}

// next separates values: nothing stands behind an opening bracket.
func (w *writer) next() {
	if c := w.dst[len(w.dst)-1]; c != '[' && c != '{' {
		w.dst = append(w.dst, ',')
	}
}

func (w *writer) raw(s string) { w.dst = append(w.dst, s...) }

func (w *writer) text(t dialect.Text) { w.dst = t.Append(w.dst) }

// decide settles what other fields depend on.
func (w *writer) decide() {
	c := w.c
	switch {
	case c.MaxOutput > 0:
		w.limit = c.MaxOutput
		if w.q.output > 0 && w.limit > w.q.output {
			w.limit = w.q.output
			w.lose("max_tokens")
		}
	case w.t.MaxOutput > 0:
		w.limit = w.t.MaxOutput
	default:
		w.limit = w.q.limit()
	}
	w.choice = c.ToolChoice.Mode
	if w.forced() && w.q.forced == forcedNever {
		w.choice = dialect.ToolAuto
		w.lose("tool_choice")
	}
	w.mind = w.think()
}

// forced reports whether a tool must be called.
func (w *writer) forced() bool {
	return len(w.c.Tools) > 0 && (w.choice == dialect.ToolRequired || w.choice == dialect.ToolNamed)
}

// rest writes the fields that nothing depends on.
func (w *writer) rest() {
	c := w.c
	w.stop()
	if len(c.User) > 0 && w.field("metadata", "user") {
		w.raw(`{"user_id":`)
		w.text(c.User)
		w.raw(`}`)
	}
	switch string(c.Tier) {
	case "":
	case "auto", "standard_only":
		if w.field("service_tier", "service_tier") {
			w.text(c.Tier)
		}
	case "default", "standard":
		if w.field("service_tier", "service_tier") {
			w.raw(`"standard_only"`)
		}
	default:
		w.lose("service_tier")
	}
	if c.Stream {
		w.raw(`,"stream":true`)
	}
}

// stop writes the stop sequences; of nothing but space there may be none.
func (w *writer) stop() {
	var list []dialect.Text
	for _, s := range w.c.Stop {
		if blank(s) {
			w.lose("stop")
			continue
		}
		list = append(list, s)
	}
	if len(list) == 0 || !w.field("stop_sequences", "stop") {
		return
	}
	w.raw(`[`)
	for _, s := range list {
		w.next()
		w.text(s)
	}
	w.raw(`]`)
}

// nameLost names what the dialect has no word for.
func (w *writer) nameLost() {
	c := w.c
	if c.Choices > 1 {
		w.lose("n")
	}
	for _, f := range []struct {
		name   string
		value  []byte
		common float64 // the value that makes no difference
	}{
		{"seed", c.Seed, -1},
		{"min_p", c.MinP, 0},
		{"frequency_penalty", c.FrequencyPenalty, 0},
		{"presence_penalty", c.PresencePenalty, 0},
	} {
		if n, ok := number(f.value); ok && n != f.common {
			w.lose(f.name)
		}
	}
	if c.Logprobs {
		w.lose("logprobs")
	}
	if c.TopLogprobs > 0 {
		w.lose("top_logprobs")
	}
	if c.Store == dialect.On {
		w.lose("store")
	}
}

// number reads JSON text; false when there is none.
func number(raw []byte) (float64, bool) {
	n, err := strconv.ParseFloat(string(raw), 64)
	return n, err == nil
}
