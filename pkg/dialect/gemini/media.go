package gemini

import (
	"bytes"
	"strings"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
)

// mediaType is the media type of a part. Google wants one with every value;
// where the caller gave none it is told by the first bytes or the address.
func mediaType(p *dialect.Part) dialect.Text {
	m := &p.Media
	if len(m.Type) > 0 {
		return m.Type
	}
	if len(m.Data) > 0 {
		return dialect.Text(byMagic(p.Kind, m.Data))
	}
	return dialect.Text(byAddress(m.URL))
}

// byMagic tells a type from the base64 of a file's first bytes.
func byMagic(kind dialect.PartKind, data dialect.Text) string {
	for _, m := range [...]struct{ start, kind string }{
		{"iVBORw", "image/png"},
		{"/9j/", "image/jpeg"},
		{"R0lGOD", "image/gif"},
		{"UklGR", "image/webp"},
		{"JVBERi", "application/pdf"},
	} {
		if bytes.HasPrefix(data, []byte(m.start)) && (m.kind != "image/webp" || kind == dialect.PartImage) {
			return m.kind
		}
	}
	switch kind {
	case dialect.PartImage:
		return "image/jpeg"
	case dialect.PartAudio:
		return "audio/wav"
	}
	return "application/pdf"
}

// byAddress tells a type from the end of an address; empty when it cannot.
func byAddress(address dialect.Text) string {
	path, _, _ := strings.Cut(string(address), "?")
	switch strings.ToLower(path[strings.LastIndexByte(path, '.')+1:]) {
	case "png":
		return "image/png"
	case "jpg", "jpeg":
		return "image/jpeg"
	case "webp":
		return "image/webp"
	case "gif":
		return "image/gif"
	case "heic":
		return "image/heic"
	case "pdf":
		return "application/pdf"
	case "wav":
		return "audio/wav"
	case "mp3":
		return "audio/mp3"
	case "mp4":
		return "video/mp4"
	}
	return ""
}
