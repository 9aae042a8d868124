package gemini

import (
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// snake is the other spelling of a member's name: function_call for
// functionCall. Google's servers take both (ProtoJSON).
func snake(camel string) string {
	b := make([]byte, 0, len(camel)+4)
	for i := range len(camel) {
		if c := camel[i]; 'A' <= c && c <= 'Z' {
			b = append(b, '_', c|0x20)
		} else {
			b = append(b, c)
		}
	}
	return string(b)
}

// get returns the first member of that name in either spelling.
func get(o *jsonedit.Object, camel string) (jsonedit.Value, bool) {
	if v, ok := o.Get(camel); ok {
		return v, true
	}
	return o.Get(snake(camel))
}

// doubled returns the first of the names that is there more than once, whatever
// the spellings.
func doubled(o *jsonedit.Object, names ...string) string {
	for _, name := range names {
		n, other := 0, snake(name)
		for _, m := range o.Members() {
			if m.Key.Is(o.Doc(), name) || m.Key.Is(o.Doc(), other) {
				n++
			}
		}
		if n > 1 {
			return name
		}
	}
	return ""
}

// child indexes the first member of that name in either spelling; false when
// it is no object.
func child(o *jsonedit.Object, camel string, buf []jsonedit.Member) (jsonedit.Object, bool) {
	if c, ok := o.Child(camel, buf); ok {
		return c, true
	}
	return o.Child(snake(camel), buf)
}
