package gemini

import (
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

// Decoder implements dialect.Back.
func (back) Decoder(op genai.Operation, stream bool, _ string) dialect.Decoder {
	return newDecoder(op, stream)
}

// Write implements dialect.Back.
func (back) Write(dst []byte, a *dialect.Asking, t dialect.Target) (body []byte, lost []string, f *fault.Error) {
	w := writer{dst: dst, t: t, q: quirkOf(t.Model)}
	if a.Embed != nil {
		w.embed(a.Embed)
		return w.dst, w.lost, nil
	}
	if a.Chat == nil {
		return dst, nil, fault.New(fault.NotTranslatable, "This kind of request cannot be sent to the models behind this name.")
	}
	w.chat = a.Chat
	w.body()
	return w.dst, w.lost, w.fault
}

// writer writes one request.
type writer struct {
	dst   []byte
	t     dialect.Target
	q     quirk
	chat  *dialect.Chat
	lost  []string
	fault *fault.Error

	role   string                  // of the content that is open
	called bool                    // it holds a call
	names  map[string]dialect.Text // of functions, by the ids of their calls
}

// lose notes what is not carried, in the caller's words.
func (w *writer) lose(path string) { w.lost = append(w.lost, path) }

// add appends text.
func (w *writer) add(text string) { w.dst = append(w.dst, text...) }

// next appends a comma where another value or member stands before.
func (w *writer) next() {
	if n := len(w.dst); n > 0 && w.dst[n-1] != '{' && w.dst[n-1] != '[' {
		w.dst = append(w.dst, ',')
	}
}

// name begins a member.
func (w *writer) name(name string) {
	w.next()
	w.dst = append(append(append(w.dst, '"'), name...), '"', ':')
}

// word writes a member that is a word of ours.
func (w *writer) word(name, value string) {
	w.name(name)
	w.dst = jsonedit.AppendString(w.dst, value)
}

// text writes a member that is a string.
func (w *writer) text(name string, t dialect.Text) {
	w.name(name)
	w.dst = t.Append(w.dst)
}

// raw writes a member that is JSON already.
func (w *writer) raw(name string, value []byte) {
	w.name(name)
	w.dst = append(w.dst, value...)
}

// integer writes a member that is a number.
func (w *writer) integer(name string, n int64) {
	w.name(name)
	w.dst = strconv.AppendInt(w.dst, n, 10)
}

// drops reports whether the model refuses a field, in either spelling, and
// notes what the caller loses by it.
func (w *writer) drops(name, asked string) bool {
	for _, d := range w.t.Drop {
		if d == name || d == snake(name) {
			w.lose(asked)
			return true
		}
	}
	return false
}

// body writes a GenerateContentRequest.
func (w *writer) body() {
	w.add("{")
	leading := w.leading()
	if leading > 0 {
		w.system(w.chat.Turns[:leading])
	}
	w.contents(leading)
	w.tools()
	w.config()
	w.tier()
	w.add("}")
	if w.chat.MinP != nil {
		w.lose("min_p")
	}
	if w.chat.Parallel == dialect.Off && len(w.chat.Tools) > 0 {
		w.lose("parallel_tool_calls")
	}
}

// tier asks for a service tier. Vertex AI takes it in a header and refuses the
// field.
func (w *writer) tier() {
	tier := string(w.chat.Tier)
	switch tier {
	case "", "auto", "default", "standard_only":
		return
	case "flex", "priority", "standard":
		if w.t.Kind != vertex {
			if !w.drops("serviceTier", "service_tier") {
				w.word("serviceTier", tier)
			}
			return
		}
	}
	w.lose("service_tier")
}

// vertex is the kind of provider that is Google's other service.
const vertex = "vertex"

// embed writes a BatchEmbedContentsRequest.
func (w *writer) embed(e *dialect.Embedding) {
	sized := e.Dimensions > 0 && !w.drops("outputDimensionality", "dimensions")
	w.add(`{"requests":[`)
	for _, in := range e.Inputs {
		w.next()
		w.add("{")
		w.word("model", resourceName(w.t.Model))
		w.name("content")
		w.add(`{"parts":[{`)
		w.text("text", in)
		w.add("}]}")
		if sized {
			w.integer("outputDimensionality", e.Dimensions)
		}
		w.add("}")
	}
	w.add("]}")
}
