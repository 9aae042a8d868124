package openai

import (
	"strings"

	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// object gives the counts of a usage object by path. It borrows the text.
type object struct {
	raw      []byte
	top      jsonedit.Object
	members  [16]jsonedit.Member
	children [2]child
	n        int
}

// child is the index of a nested object, kept because several paths share it.
type child struct {
	name    string
	index   jsonedit.Object
	members [8]jsonedit.Member
}

// read indexes raw; false when it is not one JSON object.
func (o *object) read(raw []byte) bool {
	var ok bool
	o.raw, o.n = raw, 0
	o.top, ok = jsonedit.Index(raw, o.members[:0])
	return ok
}

// Int implements dialect.Fields.
func (o *object) Int(path string) (int64, bool) {
	outer, inner, nested := strings.Cut(path, ".")
	v, ok := o.top.Get(outer)
	if ok && nested {
		v, ok = o.nested(outer, v, inner)
	}
	if !ok {
		return 0, false
	}
	return v.Int(o.raw)
}

// nested returns a member of the nested object v, whose name is outer.
func (o *object) nested(outer string, v jsonedit.Value, inner string) (jsonedit.Value, bool) {
	if v.Kind != jsonedit.ObjectKind {
		return jsonedit.Value{}, false
	}
	for i := range o.children[:o.n] {
		if o.children[i].name == outer {
			return o.children[i].index.Get(inner)
		}
	}
	if o.n == len(o.children) { // more objects than places: the last one is reused
		o.n--
	}
	c := &o.children[o.n]
	o.n++
	c.name = outer
	c.index, _ = o.top.Child(outer, c.members[:0])
	return c.index.Get(inner)
}
