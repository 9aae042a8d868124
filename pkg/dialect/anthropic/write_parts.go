package anthropic

import (
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/fault"
)

// place is where in a request a part stands.
type place uint8

const (
	ofSystem place = iota
	ofAssistant
	ofUser
	ofTools  // the results among a user's parts
	ofResult // within one
)

// at is a part's place, for naming it.
type at struct {
	turn, part int
	in         place
}

func (a at) String() string {
	return turnPath(a.turn) + ".content[" + strconv.Itoa(a.part) + "]"
}

// part writes one part as a block; what cannot stand in its place is lost.
func (w *writer) part(p *dialect.Part, a at) {
	switch p.Kind {
	case dialect.PartText, dialect.PartRefusal:
		w.say(p)
	case dialect.PartReasoning:
		w.reasoning(p, a)
	case dialect.PartToolCall:
		w.call(p, a)
	case dialect.PartToolResult:
		w.result(p, a)
	case dialect.PartImage, dialect.PartDocument:
		if a.in != ofUser && a.in != ofResult {
			w.lose(a.String())
			return
		}
		w.media(p, a)
	case dialect.PartAudio:
		w.audio(a)
	}
}

// audio leaves out what the model said before. What the user says is the
// question: without it another one is asked.
func (w *writer) audio(a at) {
	if a.in == ofAssistant {
		w.lose(a.String())
		return
	}
	w.refuse(fault.NotTranslatable, a.String(), "The provider takes no recordings: send text, pictures or documents.")
}

// begin starts a block of a type.
func (w *writer) begin(typ string) {
	w.next()
	w.raw(`{"type":"` + typ + `"`)
}

// end ends a block, with its mark for the cache.
func (w *writer) end(cache dialect.Text) {
	w.cache(cache)
	w.raw(`}`)
}

func (w *writer) cache(mark dialect.Text) {
	switch string(mark) {
	case "":
	case "1h":
		w.raw(`,"cache_control":{"type":"ephemeral","ttl":"1h"}`)
	default:
		w.raw(`,"cache_control":{"type":"ephemeral"}`)
	}
}

// say writes text; the provider refuses blocks without any.
func (w *writer) say(p *dialect.Part) {
	if blank(p.Text) {
		return
	}
	w.begin("text")
	w.raw(`,"text":`)
	w.text(p.Text)
	w.end(p.Cache)
}

// reasoning writes thinking that its provider has signed, or keeps secret.
func (w *writer) reasoning(p *dialect.Part, a at) {
	switch {
	case a.in == ofAssistant && len(p.Opaque) > 0:
		w.begin("redacted_thinking")
		w.raw(`,"data":`)
		w.text(p.Opaque)
		w.raw(`}`)
	case a.in == ofAssistant && len(p.Signature) > 0:
		w.begin("thinking")
		w.raw(`,"thinking":`)
		w.text(p.Text)
		w.raw(`,"signature":`)
		w.text(p.Signature)
		w.raw(`}`)
	default:
		w.lose(turnPath(a.turn) + ".reasoning_content")
	}
}

// call writes a tool call.
func (w *writer) call(p *dialect.Part, a at) {
	if a.in != ofAssistant {
		w.lose(a.String())
		return
	}
	w.begin("tool_use")
	w.raw(`,"id":"`)
	w.raw(w.ids.call(p.ID, p.Name))
	w.raw(`","name":`)
	w.text(p.Name)
	w.raw(`,"input":`)
	if len(p.Arguments) == 0 {
		w.raw(`{}`)
	}
	w.dst = append(w.dst, p.Arguments...)
	w.end(p.Cache)
}

// result writes what a tool call gave.
func (w *writer) result(p *dialect.Part, a at) {
	if a.in != ofTools {
		w.lose(a.String())
		return
	}
	w.begin("tool_result")
	w.raw(`,"tool_use_id":"`)
	w.raw(w.ids.result(p.ID, p.Name))
	w.raw(`","content":[`)
	a.in = ofResult
	for i := range p.Parts {
		w.part(&p.Parts[i], a)
	}
	w.raw(`]`)
	if p.Failed {
		w.raw(`,"is_error":true`)
	}
	w.end(p.Cache)
}

// media writes a picture or a document.
func (w *writer) media(p *dialect.Part, a at) {
	m := &p.Media
	if d := string(m.Detail); d != "" && d != "auto" {
		w.lose(a.String() + ".image_url.detail")
	}
	document := p.Kind == dialect.PartDocument
	if document {
		w.begin("document")
	} else {
		w.begin("image")
	}
	w.raw(`,"source":`)
	switch {
	case len(m.URL) > 0:
		w.source("url", nil, "url", m.URL)
	case len(m.ID) > 0:
		w.source("file", nil, "file_id", m.ID)
	case len(m.Data) == 0:
		w.source("text", dialect.Text("text/plain"), "data", p.Text)
	case document && strings.HasPrefix(string(m.Type), "text/"):
		w.source("text", dialect.Text("text/plain"), "data", decoded(m.Data))
	default:
		w.source("base64", typeOfMedia(m, document), "data", m.Data)
	}
	if document && len(m.Name) > 0 {
		w.raw(`,"title":`)
		w.text(m.Name)
	}
	w.end(p.Cache)
}

// source writes where media come from.
func (w *writer) source(typ string, mediaType dialect.Text, name string, value dialect.Text) {
	w.raw(`{"type":"` + typ + `"`)
	if len(mediaType) > 0 {
		w.raw(`,"media_type":`)
		w.text(mediaType)
	}
	w.raw(`,"` + name + `":`)
	w.text(value)
	w.raw(`}`)
}

// typeOfMedia is the media type, which the first bytes tell where nobody says.
func typeOfMedia(m *dialect.Media, document bool) dialect.Text {
	switch {
	case len(m.Type) > 0:
		return m.Type
	case document:
		return dialect.Text("application/pdf")
	case strings.HasPrefix(string(m.Data), "/9j/"):
		return dialect.Text("image/jpeg")
	case strings.HasPrefix(string(m.Data), "R0lG"):
		return dialect.Text("image/gif")
	case strings.HasPrefix(string(m.Data), "UklG"):
		return dialect.Text("image/webp")
	}
	return dialect.Text("image/png")
}

// decoded is the text that base64 stands for; data that is none stays.
func decoded(data dialect.Text) dialect.Text {
	s, ok := data.Decode()
	if !ok {
		return data
	}
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return data
	}
	return dialect.Escape(string(b))
}
