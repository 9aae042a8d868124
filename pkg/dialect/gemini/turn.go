package gemini

import (
	"bytes"
	"strconv"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
)

// content reads one Content as a turn, or as several where results of functions
// stand beside other parts.
func (r *reader) content(path string) {
	role := dialect.User
	var parts []dialect.Part
	r.object(path, func(name, path string) {
		switch name {
		case "role":
			switch word := r.c.str(); string(word) {
			case "model":
				role = dialect.Assistant
			case "user", "function", "tool", "":
			default:
				r.fault = invalid(path, "The field \""+path+"\" must be \"user\" or \"model\".")
			}
		case "parts":
			r.array(path, func(path string) {
				if p, ok := r.readPart(path); ok {
					parts = append(parts, p)
				}
			})
		default:
			r.unsaid(path)
		}
	})
	for i := range parts {
		r.addPart(role, parts[i])
	}
}

// addPart adds a part to the conversation.
func (r *reader) addPart(role dialect.Role, p dialect.Part) {
	if p.Kind == dialect.PartToolResult {
		role = dialect.ToolRole
	}
	r.match(&p)
	turns := r.chat.Turns
	if n := len(turns); n == 0 || turns[n-1].Role != role {
		r.chat.Turns = append(turns, dialect.Turn{Role: role})
	}
	t := &r.chat.Turns[len(r.chat.Turns)-1]
	if n := len(t.Parts); n > 0 && p.Kind == dialect.PartReasoning {
		if last := &t.Parts[n-1]; last.Kind == p.Kind && len(last.Signature) == 0 {
			last.Text = append(last.Text[:len(last.Text):len(last.Text)], p.Text...)
			last.Signature = p.Signature // a stream brings it behind the text
			return
		}
	}
	t.Parts = append(t.Parts, p)
}

// match gives calls and their results ids where the caller gave none: other
// dialects know results by them. Results answer the first call of their name.
func (r *reader) match(p *dialect.Part) {
	switch p.Kind {
	case dialect.PartToolCall:
		if len(p.ID) == 0 {
			p.ID = dialect.Text("call_" + strconv.Itoa(len(r.calls)))
		}
		r.calls = append(r.calls, pending{p.ID, p.Name})
	case dialect.PartToolResult:
		for i := range r.calls {
			c := &r.calls[i]
			if c.name != nil && bytes.Equal(c.name, p.Name) && (len(p.ID) == 0 || bytes.Equal(c.id, p.ID)) {
				p.ID, c.name = c.id, nil
				break
			}
		}
	case dialect.PartText, dialect.PartImage, dialect.PartDocument, dialect.PartAudio, dialect.PartReasoning, dialect.PartRefusal:
	}
}

// readPart reads a Part; false when it holds nothing that can be said.
func (r *reader) readPart(path string) (p dialect.Part, ok bool) {
	thought := false
	r.object(path, func(name, path string) {
		switch name {
		case "text":
			p.Text, ok = r.c.str(), true
		case "thought":
			thought = r.c.flag()
		case "thoughtSignature":
			p.Signature = r.c.str()
		case "inlineData", "fileData":
			p.Kind, ok = dialect.PartDocument, true
			r.object(path, r.blob(&p.Media))
			p.Kind = kindOf(mediaType(&p))
		case "functionCall":
			p.Kind, ok = dialect.PartToolCall, true
			p.Arguments = []byte("{}")
			r.object(path, r.readCall(&p))
		case "functionResponse":
			p.Kind, ok = dialect.PartToolResult, true
			r.object(path, r.readResult(&p))
		default:
			r.unsaid(path)
		}
	})
	if thought && p.Kind == dialect.PartText {
		p.Kind = dialect.PartReasoning
	}
	return p, ok
}

// blob reads a Blob or a FileData.
func (r *reader) blob(m *dialect.Media) func(name, path string) {
	return func(name, path string) {
		switch name {
		case "mimeType":
			m.Type = r.c.str()
		case "data":
			m.Data = r.c.str()
		case "fileUri":
			m.URL = r.c.str()
		case "displayName":
			m.Name = r.c.str()
		default:
			r.unsaid(path)
		}
	}
}

// kindOf is what kind of part a media type is.
func kindOf(mediaType dialect.Text) dialect.PartKind {
	switch {
	case bytes.HasPrefix(mediaType, []byte("image/")):
		return dialect.PartImage
	case bytes.HasPrefix(mediaType, []byte("audio/")):
		return dialect.PartAudio
	}
	return dialect.PartDocument
}

func (r *reader) readCall(p *dialect.Part) func(name, path string) {
	return func(name, path string) {
		switch name {
		case "id":
			p.ID = r.c.str()
		case "name":
			p.Name = r.c.str()
		case "args":
			if raw := r.c.raw(); len(raw) > 0 && raw[0] == '{' {
				p.Arguments = raw
			}
		default:
			r.unsaid(path)
		}
	}
}

func (r *reader) readResult(p *dialect.Part) func(name, path string) {
	return func(name, path string) {
		switch name {
		case "id":
			p.ID = r.c.str()
		case "name":
			p.Name = r.c.str()
		case "response":
			p.Parts, p.Failed = resultOf(r.c.raw())
		default:
			r.unsaid(path)
		}
	}
}

// resultOf reads the object that a function gave. The ones that Write makes of
// text are that text; others are passed on as JSON.
func resultOf(raw []byte) (parts []dialect.Part, failed bool) {
	text := dialect.Escape(string(raw))
	c := cursor{doc: raw}
	n := 0
	if c.at('{') {
		for c.enter('{'); c.more('}'); n++ {
			name := string(c.key())
			if n > 0 || c.peek() != '"' || name != "result" && name != "error" {
				c.skip()
				n++ // no longer the only one
				continue
			}
			text, failed = c.str(), name == "error"
		}
	}
	if n != 1 {
		text, failed = dialect.Escape(string(raw)), false
	}
	return []dialect.Part{{Text: text}}, failed
}
