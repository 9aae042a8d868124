package gemini

import (
	"strings"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// Rewrite implements dialect.RequestCodec. The model is in the path, so bodies
// leave as they came, but for those that name the model once more, as the
// embedding methods do: Google refuses a name that is not the path's. Usage is
// always stated and so never injected.
func (requests) Rewrite(dst []byte, r *dialect.Request, t dialect.Target) (out []byte, injected bool) {
	var edits []jsonedit.Edit
	name := jsonedit.AppendString(nil, resourceName(t.Model))
	edits = rename(edits, r.Body, &r.Object, name)
	if methodOf(r.Endpoint) == batchEmbed {
		for v := range r.Messages.Items(r.Body) {
			edits = renameIn(edits, r.Body, v, name)
		}
	}
	if len(edits) == 0 {
		return nil, false
	}
	return jsonedit.Splice(dst, r.Body, edits...), false
}

// rename appends the edit that gives the member "model" the name; none when it
// is absent or has it.
func rename(edits []jsonedit.Edit, body []byte, o *jsonedit.Object, name []byte) []jsonedit.Edit {
	v, ok := o.Get("model")
	if !ok || v.Kind != jsonedit.String || string(v.Raw(body)) == string(name) {
		return edits
	}
	return append(edits, jsonedit.Edit{Start: v.Start, End: v.End, Text: name})
}

func renameIn(edits []jsonedit.Edit, body []byte, v jsonedit.Value, name []byte) []jsonedit.Edit {
	if m, ok := v.Find(body, "model"); ok && m.Kind == jsonedit.String && string(m.Raw(body)) != string(name) {
		edits = append(edits, jsonedit.Edit{Start: m.Start, End: m.End, Text: name})
	}
	return edits
}

// resourceName is a model's name with its collection; tuned models have one of
// their own.
func resourceName(model string) string {
	if strings.HasPrefix(model, "models/") || strings.HasPrefix(model, "tunedModels/") {
		return model
	}
	return "models/" + model
}
