package openai

import (
	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// Rewrite implements dialect.RequestCodec.
func (requests) Rewrite(dst []byte, r *dialect.Request, t dialect.Target) (out []byte, injected bool) {
	var buf [2]jsonedit.Edit
	edits := buf[:0]
	if t.Model != "" && t.Model != r.Model {
		edits = append(edits, r.Object.Set("model", jsonedit.AppendString(nil, t.Model)))
	}
	if t.InjectUsage && r.Stream && !r.WantsUsage {
		edits = append(edits, wishForUsage(&r.Object))
		injected = true
	}
	if len(edits) == 0 {
		return nil, false
	}
	return jsonedit.Splice(dst, r.Body, edits...), injected
}

// wishForUsage sets stream_options.include_usage and leaves other options as
// they are.
func wishForUsage(o *jsonedit.Object) jsonedit.Edit {
	var buf [8]jsonedit.Member
	if options, ok := o.Child("stream_options", buf[:0]); ok {
		return options.Set("include_usage", []byte("true"))
	}
	return o.Set("stream_options", []byte(`{"include_usage":true}`)) // absent or null
}
