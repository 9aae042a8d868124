package anthropic

import (
	"slices"
	"strconv"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// reader takes one request apart.
type reader struct {
	c      dialect.Chat
	unsaid []string
	fault  *fault.Error // the first
}

// read takes a request apart that Parse has taken.
func read(q *dialect.Request) (*dialect.Asking, *fault.Error) {
	r := reader{c: dialect.Chat{Stream: q.Stream, WantsUsage: true, Choices: 1, MaxOutput: q.MaxOutput}}
	for _, m := range q.Object.Members() {
		if name, _ := m.Key.Text(q.Body); m.Value.Kind != jsonedit.Null {
			r.field(name, m.Value, q.Body)
		}
	}
	r.messages(q.Messages, q.Body)
	if r.fault != nil {
		return nil, r.fault
	}
	return &dialect.Asking{Operation: genai.Chat, Chat: &r.c, Unsaid: r.unsaid}, nil
}

// field reads a field of the top level, apart from the messages.
func (r *reader) field(name string, v jsonedit.Value, doc []byte) {
	c := &r.c
	switch name {
	case "model", "messages", "stream", "max_tokens": // read before, or behind
	case "cache_control": // no difference to the answer
	case "system":
		r.system(v, doc)
	case "tools":
		r.tools(v, doc)
	case "temperature":
		c.Temperature = r.number(name, v, doc)
	case "top_p":
		c.TopP = r.number(name, v, doc)
	case "top_k":
		c.TopK = r.number(name, v, doc)
	case "stop_sequences":
		r.stop(v, doc)
	case "service_tier":
		c.Tier = r.string(name, v, doc)
	default:
		r.object(name, v, doc)
	}
}

// object reads a field of the top level that is an object.
func (r *reader) object(name string, v jsonedit.Value, doc []byte) {
	if !slices.Contains([]string{"metadata", "thinking", "output_config", "output_format", "tool_choice"}, name) {
		r.unsay(name)
		return
	}
	o, ok := jsonedit.Index(v.Raw(doc), nil)
	if !ok {
		r.refuse(name, "must be an object")
		return
	}
	switch name {
	case "metadata":
		r.c.User = text(&o, "user_id")
		r.others(&o, name, "user_id")
	case "thinking":
		r.thinking(&o)
	case "output_config":
		r.output(&o)
	case "output_format": // its name before it moved
		r.format(&o, name)
	case "tool_choice":
		r.toolChoice(&o)
	}
}

// thinking reads how the model is asked to think.
func (r *reader) thinking(o *jsonedit.Object) {
	t := &r.c.Reasoning
	switch string(text(o, "type")) {
	case "enabled":
		if v, ok := o.Get("budget_tokens"); ok {
			t.Budget, _ = v.Int(o.Doc())
		}
		if t.Budget < 1 {
			r.refuse("thinking.budget_tokens", "must be a number of tokens")
		}
	case "adaptive":
		if t.Effort == dialect.EffortDefault {
			t.Effort = dialect.EffortHigh // what most models take when no effort is named
		}
	case "disabled", "between_tools":
		t.Effort = dialect.EffortNone
	default:
		r.unsay("thinking")
	}
	switch string(text(o, "display")) {
	case "summarized":
		t.Show = dialect.On
	case "omitted":
		t.Show = dialect.Off
	}
	r.others(o, "thinking", "type", "budget_tokens", "display")
}

// output reads effort and form of the answer.
func (r *reader) output(o *jsonedit.Object) {
	if word := text(o, "effort"); len(word) > 0 {
		i := slices.Index(efforts[:], string(word))
		switch {
		case i < 0:
			r.unsay("output_config.effort")
		case r.c.Reasoning.Effort != dialect.EffortNone:
			r.c.Reasoning.Effort = dialect.Effort(i)
		}
	}
	if f, ok := o.Child("format", nil); ok {
		r.format(&f, "output_config.format")
	}
	r.others(o, "output_config", "effort", "format")
}

// format reads the form of the answer.
func (r *reader) format(o *jsonedit.Object, path string) {
	schema, ok := o.Get("schema")
	if string(text(o, "type")) != "json_schema" || !ok || schema.Kind != jsonedit.ObjectKind {
		r.unsay(path)
		return
	}
	r.c.Format = dialect.Format{Kind: dialect.FormatSchema, Schema: schema.Raw(o.Doc())}
	r.others(o, path, "type", "schema")
}

func (r *reader) stop(v jsonedit.Value, doc []byte) {
	if v.Kind != jsonedit.Array {
		r.refuse("stop_sequences", "must be an array of strings")
	}
	for s := range v.Items(doc) {
		r.c.Stop = append(r.c.Stop, r.string("stop_sequences", s, doc))
	}
}

func (r *reader) number(path string, v jsonedit.Value, doc []byte) []byte {
	if v.Kind != jsonedit.Number {
		r.refuse(path, "must be a number")
		return nil
	}
	return v.Raw(doc)
}

func (r *reader) string(path string, v jsonedit.Value, doc []byte) dialect.Text {
	if v.Kind != jsonedit.String {
		r.refuse(path, "must be a string")
		return nil
	}
	return inner(v, doc)
}

// unsay names what cannot be said.
func (r *reader) unsay(path string) {
	if !slices.Contains(r.unsaid, path) {
		r.unsaid = append(r.unsaid, path)
	}
}

// others names the members of o that nobody reads. What is null or false asks
// for nothing.
func (r *reader) others(o *jsonedit.Object, path string, known ...string) {
	for _, m := range o.Members() {
		name, _ := m.Key.Text(o.Doc())
		if m.Value.Kind != jsonedit.Null && m.Value.Kind != jsonedit.False && !slices.Contains(known, name) {
			r.unsay(path + "." + name)
		}
	}
}

// refuse keeps the first fault.
func (r *reader) refuse(path, what string) {
	if r.fault == nil {
		r.fault = invalid(path, "The field \""+path+"\" "+what+".")
	}
}

// item is the path of an element.
func item(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }
