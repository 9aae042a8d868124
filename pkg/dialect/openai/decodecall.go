package openai

import (
	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// calls reads tool_calls: whole calls or pieces of them.
func (d *decoder) calls(n int, list jsonedit.Value, doc []byte) {
	for v := range list.Items(doc) {
		var buf [12]jsonedit.Member
		text := v.Raw(doc)
		c, ok := jsonedit.Index(text, buf[:0])
		if !ok {
			continue
		}
		function, _ := c.Get("function")
		if function.Kind != jsonedit.ObjectKind {
			continue
		}
		index := int64(-1)
		if v, ok := c.Get("index"); ok {
			if i, ok := v.Int(text); ok {
				index = i
			}
		}
		id := textOf(&c, text, "id")
		name, named := function.Find(text, "name")
		named = named && name.Kind == jsonedit.String && name.End-name.Start > 2
		tool := d.number(n, index, id, named)
		d.called(n, tool, id, function.Raw(text))
		if s, ok := c.Find("extra_content", "google", "thought_signature"); ok && s.Kind == jsonedit.String && tool >= 0 {
			d.send(dialect.Event{Kind: dialect.EventSignature, Choice: n, Tool: tool, Text: textAt(s, text)})
		}
	}
}

// number finds the call that a piece belongs to, or counts a new one; it is -1
// when there are too many. A new call has an index that was not there before,
// an id that is another's with a name beside it, or, without index, an id or a
// name at all: some providers leave the index out, and some give the same one
// to all calls.
func (d *decoder) number(n int, index int64, id dialect.Text, named bool) int {
	calls := d.lanes[n].calls
	id = id[:min(len(id), maxText)]
	for i := len(calls) - 1; i >= 0; i-- {
		k := &calls[i]
		switch {
		case len(id) > 0 && k.id == string(id) && (index < 0 || k.index == index):
			return i
		case index >= 0 && k.index == index && (len(id) == 0 || k.id == "" || !named):
			return i
		case index < 0 && len(id) == 0 && !named:
			return i
		}
	}
	if len(calls) >= maxLane {
		return -1
	}
	d.lanes[n].calls = append(calls, callKey{index, string(id)})
	return len(calls)
}

// called emits what the function of a call holds. A new call is one whose
// beginning was not emitted.
func (d *decoder) called(n, tool int, id dialect.Text, doc []byte) {
	if tool < 0 {
		return
	}
	var buf [8]jsonedit.Member
	f, ok := jsonedit.Index(doc, buf[:0])
	if !ok {
		return
	}
	if l := &d.lanes[n]; tool >= l.begun {
		l.begun = tool + 1
		d.send(dialect.Event{Kind: dialect.EventToolCall, Choice: n, Tool: tool, ID: id, Name: textOf(&f, doc, "name")})
	}
	args, ok := f.Get("arguments")
	if !ok {
		return
	}
	var t dialect.Text
	switch args.Kind {
	case jsonedit.String:
		t = textAt(args, doc)
	case jsonedit.ObjectKind: // some servers write them out
		t = dialect.Escape(string(args.Raw(doc)))
	}
	if len(t) > 0 {
		d.send(dialect.Event{Kind: dialect.EventArguments, Choice: n, Tool: tool, Text: t})
	}
}

// says reports whether a function_call says anything: some servers send one of
// empty texts with every answer.
func says(call jsonedit.Value, doc []byte) bool {
	for _, name := range []string{"name", "arguments"} {
		if v, ok := call.Find(doc, name); ok && v.Kind != jsonedit.Null && string(v.Raw(doc)) != `""` {
			return true
		}
	}
	return false
}
