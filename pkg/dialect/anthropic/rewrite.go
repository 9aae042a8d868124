package anthropic

import (
	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// Rewrite implements dialect.RequestCodec. Nothing is ever injected: streams
// carry usage unasked.
func (requests) Rewrite(dst []byte, r *dialect.Request, t dialect.Target) (out []byte, injected bool) {
	if t.Model == "" || t.Model == r.Model {
		return nil, false
	}
	return jsonedit.Splice(dst, r.Body, r.Object.Set("model", jsonedit.AppendString(nil, t.Model))), false
}
