package openai

import (
	"bytes"
	"slices"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// toolbox collects what the newer and the older fields say about tools.
type toolbox struct {
	given     dialect.ToolChoice
	functions []dialect.Tool
	only      []dialect.Text // the tools that may be called, of those there are
	limited   bool
}

// read reads a field that is about tools; false when it is none.
func (c *toolbox) read(r *reader, to *dialect.Chat, name []byte, v jsonedit.Value) bool {
	switch string(name) {
	case "tools":
		to.Tools = nil
		r.items(v, func(v jsonedit.Value) {
			if t, ok := r.tool(v); ok {
				to.Tools = append(to.Tools, t)
			}
		})
	case "tool_choice":
		c.given = r.toolChoice(c, v)
	case "parallel_tool_calls":
		to.Parallel = r.toggle(v)
	case "functions":
		r.items(v, func(v jsonedit.Value) { c.functions = append(c.functions, r.function(v)) })
		r.unsay(v) // what is lost: the answer will hold tool_calls in place of function_call
	case "function_call":
		c.given = r.functionCall(v)
	default:
		return false
	}
	return true
}

// settle writes what was collected into to.
func (c *toolbox) settle(to *dialect.Chat) {
	to.Tools = append(to.Tools, c.functions...)
	if len(to.Tools) == 0 { // nothing to choose from
		to.Parallel = dialect.Unset
		return
	}
	to.ToolChoice = c.given
	if c.limited { // the same as not to offer the others
		to.Tools = slices.DeleteFunc(to.Tools, func(t dialect.Tool) bool {
			return !slices.ContainsFunc(c.only, func(name dialect.Text) bool {
				return bytes.Equal(unescaped(name), unescaped(t.Name))
			})
		})
	}
}

// tool reads an element of tools; false when it is no function.
func (r *reader) tool(v jsonedit.Value) (t dialect.Tool, ok bool) {
	var kind, function, cache jsonedit.Value
	r.members(v, func(name []byte, v jsonedit.Value) {
		switch string(name) {
		case "type":
			kind = v
		case "function":
			function = v
		case "cache_control":
			cache = v
		default:
			if kind.Kind == jsonedit.Null || kind.Is(r.doc, "function") {
				r.unsay(v)
			}
		}
	})
	switch {
	case kind.Is(r.doc, "function"), kind.Kind == jsonedit.Null && function.Kind == jsonedit.ObjectKind:
		r.member("function", func() { t = r.function(function) })
		t.Cache = r.cache(cache)
		return t, true
	case kind.Kind == jsonedit.String: // custom tools and those that providers run themselves
		r.unsay(v)
	case kind.Kind == jsonedit.Null:
		r.missing("type", "send \"function\"")
	default:
		r.member("type", func() { r.wrong("must be a string") })
	}
	return t, false
}

// function reads the definition of a function.
func (r *reader) function(v jsonedit.Value) (t dialect.Tool) {
	r.members(v, func(name []byte, v jsonedit.Value) {
		switch string(name) {
		case "name":
			t.Name = r.text(v)
		case "description":
			t.Description = r.text(v)
		case "parameters":
			t.Parameters = r.object(v)
		case "strict":
			t.Strict = r.toggle(v)
		default:
			r.unsay(v)
		}
	})
	if len(t.Name) == 0 {
		r.missing("name", "name the function")
	}
	return t
}

// toolChoice reads tool_choice.
func (r *reader) toolChoice(c *toolbox, v jsonedit.Value) dialect.ToolChoice {
	switch {
	case v.Is(r.doc, "auto"):
		return dialect.ToolChoice{Mode: dialect.ToolAuto}
	case v.Is(r.doc, "none"):
		return dialect.ToolChoice{Mode: dialect.ToolNone}
	case v.Is(r.doc, "required"), v.Is(r.doc, "any"): // Mistral's word
		return dialect.ToolChoice{Mode: dialect.ToolRequired}
	case v.Kind != jsonedit.ObjectKind:
		r.wrong("must be none, auto, required or an object")
		return dialect.ToolChoice{}
	}
	var kind, function, allowed jsonedit.Value
	r.members(v, func(name []byte, v jsonedit.Value) {
		switch string(name) {
		case "type":
			kind = v
		case "function":
			function = v
		case "allowed_tools":
			allowed = v
		}
	})
	var t dialect.ToolChoice
	switch {
	case kind.Is(r.doc, "function"), kind.Kind == jsonedit.Null && function.Kind == jsonedit.ObjectKind:
		r.member("function", func() { t = r.named(function) })
	case kind.Is(r.doc, "allowed_tools"):
		r.member("allowed_tools", func() { t = r.allowed(c, allowed) })
	case kind.Kind == jsonedit.String: // a custom tool
		r.unsay(v)
	default:
		r.member("type", func() { r.wrong("must be function or allowed_tools") })
	}
	return t
}

// named reads an object that names a function.
func (r *reader) named(v jsonedit.Value) dialect.ToolChoice {
	t := dialect.ToolChoice{Mode: dialect.ToolNamed}
	r.members(v, func(name []byte, v jsonedit.Value) {
		if string(name) == "name" {
			t.Name = r.text(v)
		}
	})
	if len(t.Name) == 0 {
		r.missing("name", "name the function")
	}
	return t
}

// allowed reads which tools may be called.
func (r *reader) allowed(c *toolbox, v jsonedit.Value) dialect.ToolChoice {
	t := dialect.ToolChoice{Mode: dialect.ToolAuto}
	c.limited, c.only = true, nil
	r.members(v, func(name []byte, v jsonedit.Value) {
		switch string(name) {
		case "mode":
			switch {
			case v.Is(r.doc, "required"):
				t.Mode = dialect.ToolRequired
			case !v.Is(r.doc, "auto"):
				r.wrong("must be auto or required")
			}
		case "tools":
			r.items(v, func(v jsonedit.Value) {
				name, _ := v.Find(r.doc, "function", "name")
				if name.Kind == jsonedit.String {
					c.only = append(c.only, textAt(name, r.doc))
				}
			})
		default:
			r.unsay(v)
		}
	})
	return t
}

// functionCall reads the older form of tool_choice.
func (r *reader) functionCall(v jsonedit.Value) dialect.ToolChoice {
	switch {
	case v.Is(r.doc, "auto"):
		return dialect.ToolChoice{Mode: dialect.ToolAuto}
	case v.Is(r.doc, "none"):
		return dialect.ToolChoice{Mode: dialect.ToolNone}
	case v.Kind == jsonedit.ObjectKind:
		return r.named(v)
	}
	r.wrong("must be none, auto or an object")
	return dialect.ToolChoice{}
}

// cache reads a mark that the prompt is to be kept up to here, which is
// Anthropic's and understood by gateways in OpenAI's dialect.
func (r *reader) cache(v jsonedit.Value) dialect.Text {
	if v.Kind == jsonedit.Null {
		return nil
	}
	if ttl, ok := v.Find(r.doc, "ttl"); ok && ttl.Is(r.doc, "1h") {
		return dialect.Text("1h")
	}
	return dialect.Text("5m")
}
