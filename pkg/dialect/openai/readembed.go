package openai

import (
	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// embedding reads a request for vectors.
func (r *reader) embedding(q *dialect.Request) *dialect.Embedding {
	e := new(dialect.Embedding)
	r.each(&q.Object, 0, func(name []byte, v jsonedit.Value) {
		switch string(name) {
		case "input":
			e.Inputs = r.inputs(v)
		case "dimensions":
			e.Dimensions = r.whole(v, 1)
		case "encoding_format":
			e.Base64 = v.Is(r.doc, "base64")
			if !e.Base64 && !v.Is(r.doc, "float") {
				r.wrong("must be float or base64")
			}
		case "user":
			e.User = r.text(v)
		case "model":
		default:
			r.unsay(v)
		}
	})
	return e
}

// inputs reads the texts. Token numbers mean something to one family of models
// alone, so they cannot be carried to another.
func (r *reader) inputs(v jsonedit.Value) []dialect.Text {
	const tokens = "holds token numbers, which only the provider's own models understand: send text"
	switch v.Kind {
	case jsonedit.String:
		return []dialect.Text{textAt(v, r.doc)}
	case jsonedit.Array:
	default:
		r.wrong("must be a string or an array of strings")
		return nil
	}
	var list []dialect.Text
	r.items(v, func(v jsonedit.Value) {
		if v.Kind == jsonedit.Number || v.Kind == jsonedit.Array {
			r.wrong(tokens)
			return
		}
		list = append(list, r.text(v))
	})
	if len(list) == 0 {
		r.wrong("must hold at least one text")
	}
	return list
}
