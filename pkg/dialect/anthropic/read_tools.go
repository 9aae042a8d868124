package anthropic

import (
	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// tools reads the tools that a caller has itself; the provider's own cannot be
// said.
func (r *reader) tools(v jsonedit.Value, doc []byte) {
	if v.Kind != jsonedit.Array {
		r.refuse("tools", "must be an array")
		return
	}
	i := 0
	for t := range v.Items(doc) {
		path := item("tools", i)
		i++
		o, ok := jsonedit.Index(t.Raw(doc), nil)
		if !ok {
			r.refuse(path, "must be an object")
			return
		}
		r.tool(&o, path)
	}
}

func (r *reader) tool(o *jsonedit.Object, path string) {
	if typ := string(text(o, "type")); typ != "" && typ != "custom" {
		r.unsay(path)
		return
	}
	t := dialect.Tool{Name: text(o, "name"), Description: text(o, "description"), Strict: switchOf(o, "strict"), Cache: cacheOf(o)}
	if v, ok := o.Get("input_schema"); ok && v.Kind == jsonedit.ObjectKind {
		t.Parameters = v.Raw(o.Doc())
	}
	r.others(o, path, "type", "name", "description", "input_schema", "strict", "cache_control")
	r.c.Tools = append(r.c.Tools, t)
}

// toolChoice reads how free the model is in calling tools.
func (r *reader) toolChoice(o *jsonedit.Object) {
	c := &r.c.ToolChoice
	switch string(text(o, "type")) {
	case "auto":
		c.Mode = dialect.ToolAuto
	case "none":
		c.Mode = dialect.ToolNone
	case "any":
		c.Mode = dialect.ToolRequired
	case "tool":
		c.Mode, c.Name = dialect.ToolNamed, text(o, "name")
	default:
		r.refuse("tool_choice.type", "must be \"auto\", \"any\", \"tool\" or \"none\"")
	}
	switch switchOf(o, "disable_parallel_tool_use") {
	case dialect.On:
		r.c.Parallel = dialect.Off
	case dialect.Off:
		r.c.Parallel = dialect.On
	case dialect.Unset:
	}
	r.others(o, "tool_choice", "type", "name", "disable_parallel_tool_use")
}

// switchOf reads a setting that may be left to the provider.
func switchOf(o *jsonedit.Object, name string) dialect.Switch {
	v, _ := o.Get(name)
	switch on, ok := v.Bool(); {
	case !ok:
		return dialect.Unset
	case on:
		return dialect.On
	}
	return dialect.Off
}
