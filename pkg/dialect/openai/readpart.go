package openai

import (
	"bytes"
	"encoding/base64"
	"unicode/utf8"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// content reads the content of a message. Of the model's own words empty text
// is left out: it stands where a message holds only calls.
func (r *reader) content(v jsonedit.Value, said bool) []dialect.Part {
	var parts []dialect.Part
	r.member("content", func() {
		switch v.Kind {
		case jsonedit.Null:
			if !said {
				r.wrong("is missing: send a string or an array of parts")
			}
		case jsonedit.String:
			if t := textAt(v, r.doc); len(t) > 0 || !said {
				parts = []dialect.Part{{Kind: dialect.PartText, Text: t}}
			}
		case jsonedit.Array:
			r.items(v, func(v jsonedit.Value) { parts = append(parts, r.part(v)) })
		default:
			r.wrong("must be a string or an array of parts")
		}
	})
	return parts
}

// part reads an element of a content array.
func (r *reader) part(v jsonedit.Value) dialect.Part {
	var kind, cache jsonedit.Value
	r.members(v, func(name []byte, v jsonedit.Value) {
		switch string(name) {
		case "type":
			kind = v
		case "cache_control":
			cache = v
		case "text", "refusal", "image_url", "input_audio", "file", "thinking", "document_url", "document_name": // read below
		case "prompt_cache_breakpoint": // steers the provider's caching only
		default:
			r.unsay(v)
		}
	})
	p := r.partOf(kind, v)
	p.Cache = r.cache(cache)
	return p
}

// partOf reads what is in the part v of a kind.
func (r *reader) partOf(kind, v jsonedit.Value) (p dialect.Part) {
	read := func(name string, to func(v jsonedit.Value)) {
		in, _ := v.Find(r.doc, name)
		r.member(name, func() { to(in) })
	}
	switch {
	case kind.Is(r.doc, "text"):
		read("text", func(v jsonedit.Value) { p.Text = r.text(v) })
	case kind.Is(r.doc, "refusal"):
		p.Kind = dialect.PartRefusal
		read("refusal", func(v jsonedit.Value) { p.Text = r.text(v) })
	case kind.Is(r.doc, "thinking"): // Mistral's, sent back
		p.Kind = dialect.PartReasoning
		read("thinking", func(v jsonedit.Value) { p.Text = r.thinking(v) })
	case kind.Is(r.doc, "image_url"):
		p.Kind = dialect.PartImage
		read("image_url", func(v jsonedit.Value) { p.Media = r.image(v) })
	case kind.Is(r.doc, "input_audio"):
		p.Kind = dialect.PartAudio
		read("input_audio", func(v jsonedit.Value) { p.Media = r.audio(v) })
	case kind.Is(r.doc, "document_url"): // Mistral's
		p.Kind = dialect.PartDocument
		read("document_url", func(v jsonedit.Value) { p.Media.URL = r.text(v) })
		if name, ok := v.Find(r.doc, "document_name"); ok && name.Kind == jsonedit.String {
			p.Media.Name = textAt(name, r.doc)
		}
	case kind.Is(r.doc, "file"):
		p.Kind = dialect.PartDocument
		read("file", func(v jsonedit.Value) { p.Text, p.Media = r.file(v) })
	default:
		r.member("type", func() { r.wrong("must be text, image_url, input_audio, file or refusal") })
	}
	return p
}

// thinking reads a text, or an array of parts with texts.
func (r *reader) thinking(v jsonedit.Value) dialect.Text {
	if v.Kind == jsonedit.String {
		return textAt(v, r.doc)
	}
	var all dialect.Text
	r.items(v, func(v jsonedit.Value) {
		if t, ok := v.Find(r.doc, "text"); ok && t.Kind == jsonedit.String {
			all = append(all, textAt(t, r.doc)...)
		}
	})
	return all
}

// image reads an address of a picture, which may hold the picture itself.
func (r *reader) image(v jsonedit.Value) (m dialect.Media) {
	if v.Kind == jsonedit.String { // Mistral's
		r.source(&m, v)
		return m
	}
	r.members(v, func(name []byte, v jsonedit.Value) {
		switch string(name) {
		case "url":
			r.source(&m, v)
		case "detail":
			m.Detail = r.text(v)
		default:
			r.unsay(v)
		}
	})
	if len(m.URL) == 0 && len(m.Data) == 0 {
		r.missing("url", "send an https: or a data: URL")
	}
	return m
}

// source reads the address of a picture or the picture in it.
func (r *reader) source(m *dialect.Media, v jsonedit.Value) {
	url := r.text(v)
	var ok bool
	if m.Type, m.Data, ok = splitData(url); !ok {
		m.URL = url
	} else if len(m.Data) == 0 {
		r.wrong("must hold base64 when it is a data: URL, as in data:image/png;base64,iVBORw0K")
	}
}

// splitData takes a data: URL apart without decoding its data; false when url
// is none. Without base64 there is no data.
func splitData(url dialect.Text) (kind, data dialect.Text, ok bool) {
	const scheme = "data:"
	if len(url) < len(scheme) || !bytes.EqualFold(url[:len(scheme)], []byte(scheme)) {
		return nil, nil, false
	}
	head, data, _ := bytes.Cut(url[len(scheme):], []byte{','})
	if bytes.IndexByte(head, '\\') >= 0 { // some encoders escape the slash
		s, _ := dialect.Text(head).Decode()
		head = dialect.Escape(s)
	}
	head, isBase64 := bytes.CutSuffix(head, []byte(";base64"))
	if !isBase64 {
		data = nil
	}
	kind, _, _ = bytes.Cut(head, []byte{';'})
	return kind, data, true
}

// audio reads a recording.
func (r *reader) audio(v jsonedit.Value) (m dialect.Media) {
	r.members(v, func(name []byte, v jsonedit.Value) {
		switch string(name) {
		case "data":
			m.Data = r.text(v)
		case "format":
			m.Type = mediaOf(r.text(v))
		default:
			r.unsay(v)
		}
	})
	if len(m.Data) == 0 {
		r.missing("data", "send the recording as base64")
	}
	if len(m.Type) == 0 {
		r.missing("format", "send wav or mp3")
	}
	return m
}

// mediaOf is the media type of a format of recordings, formatOf the reverse.
func mediaOf(format dialect.Text) dialect.Text {
	if string(format) == "mp3" {
		return dialect.Text("audio/mpeg")
	}
	if len(format) == 0 {
		return nil
	}
	return append(dialect.Text("audio/"), format...)
}

func formatOf(media dialect.Text) dialect.Text {
	switch string(media) {
	case "audio/mpeg", "audio/mp3":
		return dialect.Text("mp3")
	case "audio/x-wav", "audio/wave", "audio/vnd.wave":
		return dialect.Text("wav")
	}
	return bytes.TrimPrefix(media, []byte("audio/"))
}

// file reads a document: its data, as a data: URL or bare, or its id.
func (r *reader) file(v jsonedit.Value) (text dialect.Text, m dialect.Media) {
	r.members(v, func(name []byte, v jsonedit.Value) {
		switch string(name) {
		case "file_data":
			data := r.text(v)
			var ok bool
			if m.Type, m.Data, ok = splitData(data); !ok {
				m.Type, m.Data = dialect.Text("application/pdf"), data // the only kind that may come without its type
			}
		case "file_id":
			m.ID = r.text(v)
		case "filename":
			m.Name = r.text(v)
		default:
			r.unsay(v)
		}
	})
	if len(m.Data) == 0 && len(m.ID) == 0 {
		r.missing("file_data", "send the document as base64 in a data: URL, or its file_id")
	}
	if string(m.Type) == "text/plain" {
		if s, ok := plainText(m.Data); ok {
			return s, dialect.Media{Type: m.Type, Name: m.Name}
		}
	}
	return nil, m
}

// plainText is a plain text document that was sent as base64.
func plainText(data dialect.Text) (dialect.Text, bool) {
	text, err := base64.StdEncoding.AppendDecode(nil, unescaped(data))
	if err != nil || len(text) == 0 || !utf8.Valid(text) {
		return nil, false
	}
	return dialect.Escape(string(text)), true
}
