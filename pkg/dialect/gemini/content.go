package gemini

import (
	"bytes"
	"strconv"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// bypass stands where a call needs a signature and has none, because another
// provider made it or the caller's API has no place for one. Google documents
// the value for histories that were not made by Gemini 3.
const bypass = "skip_thought_signature_validator"

// leading is how many turns at the start are the system instruction. A
// conversation that is nothing else needs something to answer.
func (w *writer) leading() int {
	if w.q.noSystem {
		return 0
	}
	for i, t := range w.chat.Turns {
		if t.Role != dialect.System && t.Role != dialect.Developer {
			return i
		}
	}
	return 0
}

// system writes the system instruction.
func (w *writer) system(turns []dialect.Turn) {
	w.name("systemInstruction")
	w.add(`{"parts":[`)
	for i := range turns {
		for j := range turns[i].Parts {
			if p := &turns[i].Parts[j]; p.Kind == dialect.PartText {
				w.textPart(p.Text)
			} else {
				w.lose(at(i, j))
			}
		}
	}
	w.add("]}")
}

// at is the path of a part in the caller's words.
func at(turn, part int) string {
	return "messages[" + strconv.Itoa(turn) + "].content[" + strconv.Itoa(part) + "]"
}

// contents writes the conversation from the given turn on. Google wants the
// roles to alternate, so turns of one role become one content.
func (w *writer) contents(from int) {
	w.name("contents")
	w.add("[")
	for i := from; i < len(w.chat.Turns); i++ {
		t := &w.chat.Turns[i]
		role := "user"
		if t.Role == dialect.Assistant {
			role = "model"
		}
		if len(t.Name) > 0 {
			w.lose("messages[" + strconv.Itoa(i) + "].name")
		}
		for j := range t.Parts {
			w.part(&t.Parts[j], role, at(i, j))
		}
	}
	w.closeContent()
	w.add("]")
}

// open begins a content of the role unless one is open.
func (w *writer) open(role string) {
	if w.role == role {
		return
	}
	w.closeContent()
	w.next()
	w.add("{")
	w.word("role", role)
	w.name("parts")
	w.add("[")
	w.role, w.called = role, false
}

func (w *writer) closeContent() {
	if w.role != "" {
		w.add("]}")
	}
	w.role = ""
}

// part writes a part of a turn. What the model thought before is not said
// again: other providers' signatures of it would be refused.
func (w *writer) part(p *dialect.Part, role, path string) {
	switch p.Kind {
	case dialect.PartText, dialect.PartRefusal:
		if len(p.Text) > 0 {
			w.open(role)
			w.textPart(p.Text)
		}
	case dialect.PartImage, dialect.PartDocument, dialect.PartAudio:
		w.media(p, role, path)
	case dialect.PartToolCall:
		w.open(role)
		w.call(p, path)
	case dialect.PartToolResult:
		w.open(role)
		w.result(p, path)
	case dialect.PartReasoning:
	}
}

func (w *writer) textPart(t dialect.Text) {
	w.next()
	w.add("{")
	w.text("text", t)
	w.add("}")
}

// media writes a picture, document or recording.
func (w *writer) media(p *dialect.Part, role, path string) {
	m := &p.Media
	switch {
	case p.Kind == dialect.PartDocument && len(p.Text) > 0:
		w.open(role)
		w.textPart(p.Text)
		return
	case len(m.Data) == 0 && len(m.URL) == 0:
		w.lose(path)
		return
	}
	w.open(role)
	w.next()
	kind := mediaType(p)
	if len(m.Data) > 0 {
		w.add(`{"inlineData":{`)
		w.text("mimeType", kind)
		w.text("data", m.Data)
	} else {
		w.add(`{"fileData":{`)
		if len(kind) > 0 {
			w.text("mimeType", kind)
		}
		w.text("fileUri", m.URL)
	}
	w.add("}}")
	if d := string(m.Detail); d != "" && d != "auto" {
		w.lose(path + ".image_url.detail")
	}
}

// call writes a function call of an earlier turn.
func (w *writer) call(p *dialect.Part, path string) {
	if len(p.ID) > 0 {
		if w.names == nil {
			w.names = make(map[string]dialect.Text)
		}
		w.names[string(p.ID)] = p.Name
	}
	w.next()
	w.add(`{"functionCall":{`)
	w.id(p.ID)
	w.text("name", p.Name)
	w.raw("args", w.arguments(p.Arguments, path))
	w.add("}")
	switch {
	case len(p.Signature) > 0:
		w.text("thoughtSignature", p.Signature)
	case w.q.signed && !w.called:
		w.word("thoughtSignature", bypass)
	}
	w.called = true
	w.add("}")
}

// id writes the id of a call; older models of Vertex AI refuse it.
func (w *writer) id(id dialect.Text) {
	if len(id) > 0 && (w.t.Kind != vertex || w.q.signed) {
		w.text("id", id)
	}
}

// arguments are those of a call, which must be an object.
func (w *writer) arguments(raw []byte, path string) []byte {
	if v, ok := jsonedit.Find(raw); ok && v.Kind == jsonedit.ObjectKind {
		return v.Raw(raw)
	}
	if len(bytes.TrimSpace(raw)) > 0 {
		w.lose(path + ".function.arguments")
	}
	return []byte("{}")
}

// result writes what a function gave. Google knows it by the function's name
// and wants an object; its documentation names the members for other results.
func (w *writer) result(p *dialect.Part, path string) {
	name := p.Name
	if len(name) == 0 {
		name = w.names[string(p.ID)]
	}
	if len(name) == 0 && w.fault == nil {
		w.fault = invalid(path, "This result of a tool names no call that stands before it in the conversation.")
	}
	w.next()
	w.add(`{"functionResponse":{`)
	w.id(p.ID)
	w.text("name", name)
	w.name("response")
	w.response(p)
	w.add("}}")
	for i := range p.Parts {
		if p.Parts[i].Kind != dialect.PartText {
			w.part(&p.Parts[i], w.role, path)
		}
	}
}

func (w *writer) response(p *dialect.Part) {
	var text dialect.Text
	for i := range p.Parts {
		if p.Parts[i].Kind == dialect.PartText {
			text = append(text, p.Parts[i].Text...)
		}
	}
	if !p.Failed && bytes.HasPrefix(bytes.TrimLeft(text, " "), []byte("{")) {
		s, _ := text.Decode()
		if v, ok := jsonedit.Find([]byte(s)); ok && v.Kind == jsonedit.ObjectKind {
			w.add(s)
			return
		}
	}
	w.add("{")
	if p.Failed {
		w.text("error", text)
	} else {
		w.text("result", text)
	}
	w.add("}")
}
