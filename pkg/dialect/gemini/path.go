package gemini

import (
	"strings"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/genai"
)

// path is where a backend takes a call. A caller of the dialect keeps its
// version and method; a translated request takes the base's version.
func path(base string, c dialect.Call) string {
	base, version := cutBase(base)
	method := translated(c)
	if c.Own != nil {
		own, _, _ := strings.Cut(c.Own.Path, ":")
		method = methodOf(*c.Own)
		if version != within {
			version = own
		}
	}
	return base + version + "/" + escape(resourceName(c.Model)) + ":" + method
}

// within stands for a version that is inside of the base.
const within = ""

// cutBase returns a base path without the version that it may end in, and that
// version. Vertex AI's names a project and publisher behind the version, so
// that nothing may come between it and the models.
func cutBase(base string) (rest, version string) {
	base = strings.TrimSuffix(base, "/")
	if strings.Contains(base, "/publishers/") {
		return base, within
	}
	for _, version := range []string{"/v1beta", "/v1"} {
		if rest, ok := strings.CutSuffix(base, version); ok {
			return rest, version
		}
	}
	return base, "/v1beta"
}

// translated is the method for a request of another dialect.
func translated(c dialect.Call) string {
	switch {
	case c.Operation == genai.Embeddings:
		return batchEmbed
	case c.Stream:
		return stream + "?alt=sse"
	}
	return generate
}

const hexDigits = "0123456789ABCDEF"

// escape escapes what may not stand in a path, and a colon, which would start
// a method; slashes stay.
func escape(s string) string {
	var b []byte
	for i := range len(s) {
		c := s[i]
		if plain(c) {
			b = append(b, c)
		} else {
			b = append(b, '%', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return string(b)
}

func plain(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~/@", c) >= 0
}
