package openai

import (
	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// parseEmbeddings reads a request for vectors. Messages stays empty: texts to
// embed are no conversation.
func parseEmbeddings(e dialect.Endpoint, body []byte, members []jsonedit.Member) (dialect.Request, *fault.Error) {
	r, f := open(e, body, members, "model", "input", "dimensions", "encoding_format")
	if f != nil {
		return r, f
	}
	r.Choices = 1
	if f := readModel(&r); f != nil {
		return r, f
	}
	v, ok := r.Object.Get("input")
	switch {
	case !ok:
		return r, invalid("input", "The field \"input\" is missing: send the text, or an array of texts.")
	case v.Kind != jsonedit.String && v.Kind != jsonedit.Array:
		return r, invalid("input", "The field \"input\" must be a string or an array.")
	}
	v, _ = r.Object.Get("encoding_format")
	r.Base64 = v.Is(body, "base64")
	return r, nil
}
