package gemini

import (
	"strconv"
	"strings"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/genai"
)

// read takes a request apart that Parse has taken, as dialect.Front.Read does.
func read(r *dialect.Request) (*dialect.Asking, *fault.Error) {
	in := reader{c: cursor{doc: r.Body}, a: &dialect.Asking{Operation: r.Endpoint.Operation}}
	if r.Endpoint.Operation == genai.Embeddings {
		in.embeddings(methodOf(r.Endpoint))
		return in.a, in.end()
	}
	in.chat = &dialect.Chat{Stream: r.Stream, WantsUsage: r.Stream, Choices: 1}
	in.a.Chat = in.chat
	in.top()
	if in.system != nil {
		in.chat.Turns = append([]dialect.Turn{{Role: dialect.System, Parts: in.system}}, in.chat.Turns...)
	}
	return in.a, in.end()
}

// reader reads one request.
type reader struct {
	c      cursor
	a      *dialect.Asking
	chat   *dialect.Chat
	system []dialect.Part
	fault  *fault.Error
	calls  []pending
}

// pending is a call whose result did not come yet.
type pending struct{ id, name dialect.Text }

// end is what is wrong with the request; Parse let pass what is nested deeper
// than is read here.
func (r *reader) end() *fault.Error {
	if r.fault == nil && !r.c.done() {
		return invalid("", "The request is nested too deep.")
	}
	return r.fault
}

// unsaid passes over a value that the neutral form cannot say.
func (r *reader) unsaid(path string) {
	r.c.skip()
	r.a.Unsaid = append(r.a.Unsaid, path)
}

// wrong passes over a value of the wrong type and notes the fault.
func (r *reader) wrong(path, want string) {
	r.c.skip()
	if r.fault == nil {
		r.fault = invalid(path, "The field \""+path+"\" must be "+want+".")
	}
}

// object calls member for each member of an object, with its name in camel
// case; member reads the value.
func (r *reader) object(path string, member func(name, path string)) {
	if r.c.peek() != '{' {
		r.wrong(path, "an object")
		return
	}
	for r.c.enter('{'); r.c.more('}'); {
		name := camel(r.c.key())
		below := name
		if path != "" {
			below = path + "." + name
		}
		member(name, below)
	}
}

// array calls item for each element of an array; item reads it.
func (r *reader) array(path string, item func(path string)) {
	if r.c.peek() != '[' {
		r.wrong(path, "an array")
		return
	}
	n := 0
	for r.c.enter('['); r.c.more(']'); n++ {
		item(path + "[" + strconv.Itoa(n) + "]")
	}
}

// camel is a name in the spelling without underscores.
func camel(name []byte) string {
	head, rest, found := strings.Cut(string(name), "_")
	if !found || head == "" {
		return string(name)
	}
	var b strings.Builder
	b.WriteString(head)
	for word := range strings.SplitSeq(rest, "_") {
		if word != "" {
			b.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	return b.String()
}

// top reads a GenerateContentRequest.
func (r *reader) top() {
	r.object("", func(name, path string) {
		switch name {
		case "contents":
			r.array(path, r.content)
		case "systemInstruction":
			r.system = r.instruction(path)
		case "tools":
			r.array(path, r.tool)
		case "toolConfig":
			r.object(path, r.toolConfig)
		case config:
			r.object(path, r.config)
		case "serviceTier":
			r.chat.Tier = r.c.str()
		case "model", "labels":
			r.c.skip() // said by the path; makes no difference
		default:
			r.unsaid(path)
		}
	})
}

// instruction reads the text of a Content.
func (r *reader) instruction(path string) (parts []dialect.Part) {
	r.object(path, func(name, path string) {
		if name != "parts" {
			r.c.skip() // role
			return
		}
		r.array(path, func(path string) {
			r.object(path, func(name, path string) {
				if name != "text" {
					r.unsaid(path)
				} else {
					parts = append(parts, dialect.Part{Text: r.c.str()})
				}
			})
		})
	})
	return parts
}

// embeddings reads what is to be embedded.
func (r *reader) embeddings(method string) {
	e := &dialect.Embedding{}
	r.a.Embed = e
	request := func(name, path string) {
		switch name {
		case "content":
			var all dialect.Text
			for _, p := range r.instruction(path) {
				all = append(all, p.Text...)
			}
			e.Inputs = append(e.Inputs, all)
		case "outputDimensionality":
			e.Dimensions, _ = r.c.integer()
		case "model":
			r.c.skip()
		default:
			r.unsaid(path)
		}
	}
	if method == embed {
		r.object("", request)
		return
	}
	r.object("", func(name, path string) {
		if name != "requests" {
			r.unsaid(path)
			return
		}
		r.array(path, func(path string) { r.object(path, request) })
	})
}
