package openai

import (
	"bytes"
	"strconv"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// spoken is one message before its role is known to decide what its fields
// mean.
type spoken struct {
	role, name, content, refusal, thought jsonedit.Value
	calls, call, answers                  jsonedit.Value // tool_calls, function_call, tool_call_id
}

// turn reads a message.
func (r *reader) turn(v jsonedit.Value) dialect.Turn {
	var m spoken
	r.members(v, func(name []byte, v jsonedit.Value) {
		if to := m.field(string(name)); to != nil {
			*to = v
		} else if !echo(string(name)) {
			r.unsay(v)
		}
	})
	t := dialect.Turn{Role: r.role(m.role)}
	if m.name.Kind != jsonedit.Null && t.Role != dialect.ToolRole {
		r.member("name", func() { t.Name = r.text(m.name) })
	}
	switch t.Role {
	case dialect.ToolRole:
		t.Parts = []dialect.Part{r.result(&m)}
	case dialect.Assistant:
		t.Parts = r.said(&m)
	default:
		t.Parts = r.content(m.content, false)
	}
	return t
}

// field is where a member of a message goes.
func (m *spoken) field(name string) *jsonedit.Value {
	switch name {
	case "role":
		return &m.role
	case "name":
		return &m.name
	case "content":
		return &m.content
	case "refusal":
		return &m.refusal
	case "reasoning_content", "reasoning":
		return &m.thought
	case "tool_calls":
		return &m.calls
	case "function_call":
		return &m.call
	case "tool_call_id":
		return &m.answers
	}
	return nil
}

// echo reports whether a field is only there because callers send messages
// back as they got them; it tells a model nothing.
func echo(name string) bool { return name == "annotations" || name == "parsed" }

func (r *reader) role(v jsonedit.Value) dialect.Role {
	switch {
	case v.Is(r.doc, "user"):
		return dialect.User
	case v.Is(r.doc, "assistant"):
		return dialect.Assistant
	case v.Is(r.doc, "system"):
		return dialect.System
	case v.Is(r.doc, "tool"), v.Is(r.doc, "function"):
		return dialect.ToolRole
	case v.Is(r.doc, "developer"):
		return dialect.Developer
	}
	r.member("role", func() { r.wrong("must be system, developer, user, assistant or tool") })
	return dialect.User
}

// said reads what the model said before.
func (r *reader) said(m *spoken) []dialect.Part {
	var parts []dialect.Part
	if m.thought.Kind == jsonedit.String {
		if t := textAt(m.thought, r.doc); len(t) > 0 {
			parts = append(parts, dialect.Part{Kind: dialect.PartReasoning, Text: t})
		}
	}
	parts = append(parts, r.content(m.content, true)...)
	if m.refusal.Kind != jsonedit.Null {
		r.member("refusal", func() {
			parts = append(parts, dialect.Part{Kind: dialect.PartRefusal, Text: r.text(m.refusal)})
		})
	}
	if m.calls.Kind != jsonedit.Null {
		r.member("tool_calls", func() {
			r.items(m.calls, func(v jsonedit.Value) { parts = append(parts, r.call(v)) })
		})
	}
	if m.call.Kind != jsonedit.Null {
		r.member("function_call", func() { parts = append(parts, r.oldCall(m.call)) })
	}
	return parts
}

// call reads an element of tool_calls.
func (r *reader) call(v jsonedit.Value) dialect.Part {
	p := dialect.Part{Kind: dialect.PartToolCall}
	var function bool
	r.members(v, func(name []byte, v jsonedit.Value) {
		switch string(name) {
		case "id":
			p.ID = r.text(v)
		case "function":
			function = true
			r.called(&p, v)
		case "extra_content": // Google's proof that it made the call, as its own compatible endpoint writes it
			if s, ok := v.Find(r.doc, "google", "thought_signature"); ok && s.Kind == jsonedit.String {
				p.Signature = textAt(s, r.doc)
			}
		case "type":
			if !v.Is(r.doc, "function") {
				r.wrong("must be \"function\": calls of other tools cannot be carried to this model")
			}
		case "index": // left from putting chunks together
		default:
			r.unsay(v)
		}
	})
	if !function {
		r.missing("function", "send the call's name and arguments")
	}
	r.remember(p)
	return p
}

// oldCall reads function_call, which has no id: it gets one.
func (r *reader) oldCall(v jsonedit.Value) dialect.Part {
	p := dialect.Part{Kind: dialect.PartToolCall}
	r.called(&p, v)
	r.last++
	p.ID = oldID(r.last)
	r.remember(p)
	return p
}

func oldID(n int) dialect.Text { return strconv.AppendInt([]byte("call_function_"), int64(n), 10) }

func (r *reader) remember(p dialect.Part) {
	if r.calls == nil {
		r.calls = map[string]dialect.Text{}
	}
	r.calls[string(p.ID)] = p.Name
}

// called reads the function of a call.
func (r *reader) called(p *dialect.Part, v jsonedit.Value) {
	p.Arguments = []byte("{}")
	r.members(v, func(name []byte, v jsonedit.Value) {
		switch string(name) {
		case "name":
			p.Name = r.text(v)
		case "arguments":
			p.Arguments = r.arguments(v)
		case "parsed_arguments": // left from a client's own parsing
		default:
			r.unsay(v)
		}
	})
	if len(p.Name) == 0 {
		r.missing("name", "name the function that was called")
	}
}

// arguments reads the arguments of a call: a string that holds a JSON object,
// or nothing.
func (r *reader) arguments(v jsonedit.Value) []byte {
	text := bytes.TrimSpace(unescaped(r.text(v)))
	switch {
	case len(text) == 0:
		return []byte("{}")
	case !jsonObject(text):
		r.wrong("must be a string that holds a JSON object, as the model wrote it: send \"{}\" for a call without arguments")
	}
	return text
}

// result reads what a tool answered. The name of the function is that of the
// call; some callers send it in place of the call's id, or beside it.
func (r *reader) result(m *spoken) dialect.Part {
	p := dialect.Part{Kind: dialect.PartToolResult, Parts: r.content(m.content, false)}
	if m.name.Kind != jsonedit.Null {
		r.member("name", func() { p.Name = r.text(m.name) })
	}
	switch {
	case m.answers.Kind != jsonedit.Null:
		r.member("tool_call_id", func() { p.ID = r.text(m.answers) })
		if name, ok := r.calls[string(p.ID)]; ok {
			p.Name = name
		}
	case len(p.Name) == 0:
		r.missing("tool_call_id", "send the id of the call that this is the result of")
	case m.role.Is(r.doc, "function"):
		p.ID = r.oldest(p.Name)
	}
	return p
}

// oldest is the id of the last call of a function that came without one.
func (r *reader) oldest(name dialect.Text) dialect.Text {
	for n := r.last; n > 0; n-- {
		if id := oldID(n); bytes.Equal(r.calls[string(id)], name) {
			return id
		}
	}
	return oldID(r.last)
}
