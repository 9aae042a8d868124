package openai

import (
	"bytes"
	"slices"
	"strconv"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// messages writes the turns of a conversation. Results of tools are messages
// of their own here, which must follow the calls at once and hold text alone;
// what else stands among them comes behind the last one, as the user's.
type messages struct {
	*writer
	turn int
	made []made // calls that got their ids here and were not answered yet
	late []dialect.Part
}

// made is a call that came without an id, and the one that it got.
type made struct{ id, name dialect.Text }

func (m *messages) write(turns []dialect.Turn) {
	m.name("messages")
	m.dst = append(m.dst, '[')
	for i := range turns {
		m.turn = i
		if t := &turns[i]; slices.ContainsFunc(t.Parts, isResult) {
			m.results(t)
		} else {
			m.flush()
			m.message(t)
		}
	}
	m.flush()
	m.dst = append(m.dst, ']')
}

func isResult(p dialect.Part) bool { return p.Kind == dialect.PartToolResult }

// lose notes that part i of the turn, or its field, cannot be carried.
func (m *messages) lose(i int, field string) {
	path := "messages[" + strconv.Itoa(m.turn) + "].content[" + strconv.Itoa(i) + "]"
	m.lost = named(m.lost, path+field)
}

// results writes a turn that holds results.
func (m *messages) results(t *dialect.Turn) {
	for i := range t.Parts {
		if isResult(t.Parts[i]) {
			m.result(i, &t.Parts[i])
		} else {
			m.late = append(m.late, t.Parts[i])
		}
	}
}

func (m *messages) result(i int, p *dialect.Part) {
	var texts []dialect.Part
	for _, in := range p.Parts {
		if in.Kind == dialect.PartText {
			texts = append(texts, in)
		} else {
			m.late = append(m.late, in)
		}
	}
	if p.Failed {
		m.lose(i, ".is_error")
	}
	m.begin("tool")
	m.inside("tool_call_id", m.answered(p))
	m.content(texts)
	m.dst = append(m.dst, '}')
}

// answered is the id of the call that p is the result of.
func (m *messages) answered(p *dialect.Part) dialect.Text {
	if len(p.ID) > 0 {
		return p.ID
	}
	i := max(0, slices.IndexFunc(m.made, func(c made) bool { return bytes.Equal(c.name, p.Name) }))
	if i >= len(m.made) {
		return dialect.Text("call_0")
	}
	id := m.made[i].id
	m.made = slices.Delete(m.made, i, i+1)
	return id
}

// flush writes what stood among results and is none.
func (m *messages) flush() {
	if len(m.late) == 0 {
		return
	}
	t := dialect.Turn{Role: dialect.User, Parts: m.late}
	m.late = nil
	m.message(&t)
}

func (m *messages) begin(role string) {
	m.comma()
	m.dst = append(append(append(m.dst, `{"role":"`...), role...), '"')
}

// message writes a turn without results.
func (m *messages) message(t *dialect.Turn) {
	m.begin(m.role(t.Role))
	m.inside("name", t.Name)
	shown := make([]dialect.Part, 0, len(t.Parts))
	var thought dialect.Text
	calls := false
	for i, p := range t.Parts {
		switch {
		case p.Kind == dialect.PartToolCall:
			calls = true
		case p.Kind == dialect.PartReasoning && m.quirk.thoughts != "":
			thought = append(thought, p.Text...)
		case m.carries(t.Role, &p):
			shown = append(shown, p)
		default:
			m.lose(i, "")
		}
	}
	if len(shown) == 0 && calls {
		m.name("content")
		m.dst = append(m.dst, "null"...)
	} else {
		m.content(shown)
	}
	m.inside(m.quirk.thoughts, thought)
	if calls {
		m.toolCalls(t.Parts)
	}
	m.dst = append(m.dst, '}')
}

func (m *messages) role(r dialect.Role) string {
	switch r {
	case dialect.System:
		return "system"
	case dialect.Developer:
		if m.quirk.developer {
			return "developer"
		}
		return "system"
	case dialect.Assistant:
		return "assistant"
	case dialect.User, dialect.ToolRole:
	}
	return "user"
}

// carries reports whether a message of the role can hold the part.
func (m *messages) carries(r dialect.Role, p *dialect.Part) bool {
	byUser := r == dialect.User || r == dialect.ToolRole
	switch p.Kind {
	case dialect.PartText, dialect.PartRefusal:
		return true
	case dialect.PartImage:
		return byUser && len(p.Media.Data)+len(p.Media.URL) > 0
	case dialect.PartAudio:
		return byUser && len(p.Media.Data) > 0
	case dialect.PartDocument:
		return byUser && (len(p.Text)+len(p.Media.Data)+len(p.Media.ID) > 0 || m.quirk.documents && len(p.Media.URL) > 0)
	case dialect.PartToolCall, dialect.PartToolResult, dialect.PartReasoning:
	}
	return false
}

// content writes parts, one text as a string.
func (m *messages) content(parts []dialect.Part) {
	m.name("content")
	switch {
	case len(parts) == 0:
		m.dst = append(m.dst, `""`...)
		return
	case len(parts) == 1 && parts[0].Kind == dialect.PartText && !m.marks(&parts[0]):
		m.dst = parts[0].Text.Append(m.dst)
		return
	}
	m.dst = append(m.dst, '[')
	for i := range parts {
		m.comma()
		m.part(&parts[i])
	}
	m.dst = append(m.dst, ']')
}

// toolCalls writes the calls among parts.
func (m *messages) toolCalls(parts []dialect.Part) {
	m.name("tool_calls")
	m.dst = append(m.dst, '[')
	for i := range parts {
		if parts[i].Kind == dialect.PartToolCall {
			m.comma()
			m.toolCall(i, &parts[i])
		}
	}
	m.dst = append(m.dst, ']')
}

func (m *messages) toolCall(i int, p *dialect.Part) {
	id := p.ID
	if len(id) == 0 {
		id = strconv.AppendInt([]byte("call_"), int64(m.turn), 10)
		id = strconv.AppendInt(append(id, '_'), int64(i), 10)
		m.made = append(m.made, made{id, p.Name})
	}
	m.dst = append(m.dst, '{')
	m.inside("id", id)
	m.dst = append(m.dst, `,"type":"function","function":{`...)
	m.inside("name", p.Name)
	m.name("arguments")
	m.dst = append(jsonedit.AppendString(m.dst, string(p.Arguments)), '}')
	if m.quirk.signs && len(p.Signature) > 0 {
		m.dst = append(m.dst, `,"extra_content":{"google":{`...)
		m.inside("thought_signature", p.Signature)
		m.dst = append(m.dst, "}}"...)
	}
	m.dst = append(m.dst, '}')
}
