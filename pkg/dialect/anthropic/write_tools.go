package anthropic

import (
	"strconv"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// tools writes the tools and how free the model is in calling them.
func (w *writer) tools() {
	c := w.c
	if len(c.Tools) == 0 {
		if c.ToolChoice.Mode == dialect.ToolRequired || c.ToolChoice.Mode == dialect.ToolNamed {
			w.lose("tool_choice")
		}
		return
	}
	if !w.field("tools", "tools") {
		return
	}
	w.raw(`[`)
	for i := range c.Tools {
		w.tool(&c.Tools[i], i)
	}
	w.raw(`]`)
	w.toolChoice()
}

// tool writes one tool.
func (w *writer) tool(t *dialect.Tool, i int) {
	w.next()
	w.raw(`{"name":`)
	w.text(t.Name)
	if len(t.Description) > 0 {
		w.raw(`,"description":`)
		w.text(t.Description)
	}
	w.raw(`,"input_schema":`)
	w.dst = appendSchema(w.dst, t.Parameters)
	switch {
	case t.Strict != dialect.On:
	case w.q.schema:
		w.raw(`,"strict":true`)
	default:
		w.lose("tools[" + strconv.Itoa(i) + "].function.strict")
	}
	w.end(t.Cache)
}

// appendSchema appends the schema of a tool's arguments, which must say that
// they are an object.
func appendSchema(dst, schema []byte) []byte {
	var buf [16]jsonedit.Member
	o, ok := jsonedit.Index(schema, buf[:0])
	if !ok || len(o.Members()) == 0 {
		return append(dst, `{"type":"object","properties":{}}`...)
	}
	if _, ok := o.Get("type"); ok {
		return append(dst, schema...)
	}
	return jsonedit.Splice(dst, schema, o.Set("type", []byte(`"object"`)))
}

// toolChoice writes tool_choice where it says anything.
func (w *writer) toolChoice() {
	serial := w.c.Parallel == dialect.Off && w.choice != dialect.ToolNone
	if w.choice == dialect.ToolDefault && !serial || !w.field("tool_choice", "tool_choice") {
		return
	}
	w.raw(`{"type":`)
	switch w.choice {
	case dialect.ToolDefault, dialect.ToolAuto:
		w.raw(`"auto"`)
	case dialect.ToolNone:
		w.raw(`"none"`)
	case dialect.ToolRequired:
		w.raw(`"any"`)
	case dialect.ToolNamed:
		w.raw(`"tool","name":`)
		w.text(w.c.ToolChoice.Name)
	}
	if serial {
		w.raw(`,"disable_parallel_tool_use":true`)
	}
	w.raw(`}`)
}
