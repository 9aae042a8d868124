package anthropic

import (
	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// system reads the instructions before the conversation.
func (r *reader) system(v jsonedit.Value, doc []byte) {
	t := dialect.Turn{Role: dialect.System, Parts: r.content("system", v, doc)}
	r.c.Turns = append([]dialect.Turn{t}, r.c.Turns...)
}

// messages reads the conversation.
func (r *reader) messages(v jsonedit.Value, doc []byte) {
	i := 0
	for m := range v.Items(doc) {
		path := item("messages", i)
		if o, ok := jsonedit.Index(m.Raw(doc), nil); ok {
			r.message(&o, path)
		} else {
			r.refuse(path, "must be an object")
		}
		i++
	}
}

// message reads one message. Results of tools are turns of their own.
func (r *reader) message(o *jsonedit.Object, path string) {
	content, ok := o.Get("content")
	if !ok {
		r.refuse(path+".content", "is missing")
		return
	}
	parts := r.content(path+".content", content, o.Doc())
	r.others(o, path, "role", "content")
	switch string(text(o, "role")) {
	case "user":
		r.user(parts)
	case "assistant":
		r.c.Turns = append(r.c.Turns, dialect.Turn{Role: dialect.Assistant, Parts: parts})
	case "system":
		r.c.Turns = append(r.c.Turns, dialect.Turn{Role: dialect.System, Parts: parts})
	default:
		r.refuse(path+".role", "must be \"user\", \"assistant\" or \"system\"")
	}
}

// user splits what a user says from what tools gave.
func (r *reader) user(parts []dialect.Part) {
	for len(parts) > 0 {
		n, result := 1, parts[0].Kind == dialect.PartToolResult
		for n < len(parts) && (parts[n].Kind == dialect.PartToolResult) == result {
			n++
		}
		t := dialect.Turn{Role: dialect.User, Parts: parts[:n:n]}
		if result {
			t.Role = dialect.ToolRole
		}
		r.c.Turns = append(r.c.Turns, t)
		parts = parts[n:]
	}
}

// content reads text, or an array of blocks.
func (r *reader) content(path string, v jsonedit.Value, doc []byte) []dialect.Part {
	switch v.Kind {
	case jsonedit.String:
		return []dialect.Part{{Kind: dialect.PartText, Text: inner(v, doc)}}
	case jsonedit.Array:
	case jsonedit.Null, jsonedit.False, jsonedit.True, jsonedit.Number, jsonedit.ObjectKind:
		r.refuse(path, "must be a string or an array of blocks")
		return nil
	}
	var parts []dialect.Part
	i := 0
	for b := range v.Items(doc) {
		at := item(path, i)
		i++
		o, ok := jsonedit.Index(b.Raw(doc), nil)
		if !ok {
			r.refuse(at, "must be an object")
			return nil
		}
		if p, ok := r.block(&o, at); ok {
			parts = append(parts, p)
		}
	}
	return parts
}

// block reads one block; false when it cannot be said.
func (r *reader) block(o *jsonedit.Object, path string) (dialect.Part, bool) {
	p := dialect.Part{Cache: cacheOf(o)}
	switch string(text(o, "type")) {
	case "text":
		p.Text = text(o, "text")
	case "thinking":
		p.Kind, p.Text, p.Signature = dialect.PartReasoning, text(o, "thinking"), text(o, "signature")
	case "redacted_thinking":
		p.Kind, p.Opaque = dialect.PartReasoning, text(o, "data")
	case "tool_use":
		p.Kind, p.ID, p.Name = dialect.PartToolCall, text(o, "id"), text(o, "name")
		v, _ := o.Get("input")
		if v.Kind != jsonedit.ObjectKind {
			r.refuse(path+".input", "must be an object")
			return p, false
		}
		p.Arguments = v.Raw(o.Doc())
	case "tool_result":
		return r.result(o, path, p), true
	case "image":
		p.Kind = dialect.PartImage
		return p, r.source(o, path, &p)
	case "document":
		p.Kind, p.Media.Name = dialect.PartDocument, text(o, "title")
		r.others(o, path, "type", "source", "title", "cache_control")
		return p, r.source(o, path, &p)
	default:
		r.unsay(path)
		return p, false
	}
	return p, true
}

// result reads what a tool gave.
func (r *reader) result(o *jsonedit.Object, path string, p dialect.Part) dialect.Part {
	p.Kind, p.ID = dialect.PartToolResult, text(o, "tool_use_id")
	if v, ok := o.Get("content"); ok && v.Kind != jsonedit.Null {
		p.Parts = r.content(path+".content", v, o.Doc())
	}
	v, _ := o.Get("is_error")
	p.Failed, _ = v.Bool()
	return p
}

// source reads where a picture or a document comes from; false when it cannot
// be said.
func (r *reader) source(o *jsonedit.Object, path string, p *dialect.Part) bool {
	s, _ := o.Child("source", nil)
	m := &p.Media
	switch string(text(&s, "type")) {
	case "base64":
		m.Type, m.Data = text(&s, "media_type"), text(&s, "data")
	case "url":
		m.URL = text(&s, "url")
	case "file":
		m.ID = text(&s, "file_id")
	case "text":
		p.Text = text(&s, "data")
	default:
		r.unsay(path)
		return false
	}
	return true
}

// cacheOf is how long the prompt is to be kept up to here.
func cacheOf(o *jsonedit.Object) dialect.Text {
	c, ok := o.Child("cache_control", nil)
	if !ok {
		return nil
	}
	if ttl := text(&c, "ttl"); string(ttl) == "1h" {
		return ttl
	}
	return dialect.Text("5m")
}
