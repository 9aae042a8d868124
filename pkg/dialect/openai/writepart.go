package openai

import (
	"encoding/base64"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
)

// part writes an element of a content array.
func (m *messages) part(p *dialect.Part) {
	switch p.Kind {
	case dialect.PartImage:
		m.dst = append(m.dst, `{"type":"image_url","image_url":{`...)
		m.address(p)
		m.inside("detail", p.Media.Detail)
	case dialect.PartAudio:
		m.dst = append(m.dst, `{"type":"input_audio","input_audio":{`...)
		m.inside("data", p.Media.Data)
		m.inside("format", formatOf(p.Media.Type))
	case dialect.PartDocument:
		if len(p.Text)+len(p.Media.Data)+len(p.Media.ID) == 0 {
			m.dst = append(m.dst, `{"type":"document_url"`...)
			m.inside("document_url", p.Media.URL)
			m.inside("document_name", p.Media.Name)
			m.dst = append(m.dst, '}')
			return
		}
		m.dst = append(m.dst, `{"type":"file","file":{`...)
		m.file(p)
	case dialect.PartRefusal:
		if m.quirk.refusals {
			m.words("refusal", p)
			return
		}
		m.words("text", p)
		return
	default:
		m.words("text", p)
		return
	}
	m.dst = append(m.dst, '}')
	m.mark(p.Cache)
	m.dst = append(m.dst, '}')
}

// words writes a part whose text stands in a field named as its kind.
func (m *messages) words(kind string, p *dialect.Part) {
	m.dst = append(append(append(m.dst, `{"type":"`...), kind...), '"')
	m.name(kind)
	m.dst = p.Text.Append(m.dst)
	m.mark(p.Cache)
	m.dst = append(m.dst, '}')
}

// mark writes where the prompt is kept, for those who take it. Others keep
// prompts by themselves, so that nothing is lost.
func (w *writer) mark(cache dialect.Text) {
	switch {
	case !w.quirk.budget || len(cache) == 0:
	case string(cache) == "1h":
		w.dst = append(w.dst, `,"cache_control":{"type":"ephemeral","ttl":"1h"}`...)
	default:
		w.dst = append(w.dst, `,"cache_control":{"type":"ephemeral"}`...)
	}
}

func (m *messages) marks(p *dialect.Part) bool { return m.quirk.budget && len(p.Cache) > 0 }

// address writes where a picture is.
func (m *messages) address(p *dialect.Part) {
	if len(p.Media.Data) == 0 {
		m.inside("url", p.Media.URL)
		return
	}
	m.name("url")
	m.data(p.Media.Type, p.Media.Data)
}

// data writes a data: URL.
func (m *messages) data(kind, data dialect.Text) {
	m.dst = append(append(m.dst, `"data:`...), kind...)
	m.dst = append(append(m.dst, ";base64,"...), data...)
	m.dst = append(m.dst, '"')
}

// file writes a document.
func (m *messages) file(p *dialect.Part) {
	kind, data, name := p.Media.Type, p.Media.Data, p.Media.Name
	fallback := "document.pdf"
	if len(p.Text) > 0 {
		s, _ := p.Text.Decode()
		kind, data = dialect.Text("text/plain"), base64.StdEncoding.AppendEncode(nil, []byte(s))
		fallback = "document.txt"
	}
	if len(data) == 0 {
		m.inside("file_id", p.Media.ID)
		m.inside("filename", name)
		return
	}
	m.name("file_data")
	m.data(kind, data)
	if len(name) == 0 { // data without a name is refused
		name = dialect.Text(fallback)
	}
	m.inside("filename", name)
}
