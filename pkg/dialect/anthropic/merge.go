package anthropic

import (
	"strings"

	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// maxUsage bounds a usage object, which may list many passes.
const maxUsage = 256 << 10

// object gives the counts of a usage object by path. It borrows the text.
type object struct {
	top     jsonedit.Object
	members [12]jsonedit.Member
}

// read indexes raw; false when it is not one JSON object.
func (o *object) read(raw []byte) bool {
	var ok bool
	o.top, ok = jsonedit.Index(raw, o.members[:0])
	return ok
}

// Int implements dialect.Fields.
func (o *object) Int(path string) (int64, bool) {
	outer, inner, nested := strings.Cut(path, ".")
	v, ok := o.top.Get(outer)
	if ok && nested {
		v, ok = v.Find(o.top.Doc(), inner)
	}
	if !ok {
		return 0, false
	}
	return v.Int(o.top.Doc())
}

// merge returns the usage that two objects state one after the other: of each
// field the later value that is not null. Nulls and absent fields keep what was
// there, a zero is a value. The result borrows from neither.
func merge(start, delta []byte) []byte {
	var from, to object
	if len(delta) > maxUsage || !from.read(delta) {
		return start
	}
	if len(start) == 0 || !to.read(start) {
		return append([]byte(nil), delta...)
	}
	var changes []jsonedit.Change
	for _, m := range from.top.Members() {
		name, _ := m.Key.Text(delta)
		if m.Value.Kind == jsonedit.Null || !last(&from.top, m) {
			continue
		}
		changes = append(changes, jsonedit.Change{Name: name, Raw: m.Value.Raw(delta)})
	}
	if len(changes) == 0 {
		return start
	}
	return jsonedit.Splice(nil, start, to.top.Changes(nil, changes...)...)
}

// last reports whether m is the last member with its name.
func last(o *jsonedit.Object, m jsonedit.Member) bool {
	name, _ := m.Key.Text(o.Doc())
	all := o.Members()
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].Key.Is(o.Doc(), name) {
			return all[i].Key.Start == m.Key.Start
		}
	}
	return false
}

// united returns the one usage object that raw stands for: itself, or, where it
// holds the two objects of a stream, both merged; nil without the second.
func united(raw []byte) []byte {
	var both object
	if !both.read(raw) {
		return raw
	}
	start, _ := both.top.Get("start")
	delta, ok := both.top.Get("delta")
	switch {
	case ok && delta.Kind == jsonedit.ObjectKind && start.Kind == jsonedit.ObjectKind:
		return merge(start.Raw(raw), delta.Raw(raw))
	case ok && delta.Kind == jsonedit.ObjectKind:
		return delta.Raw(raw)
	case start.Kind == jsonedit.ObjectKind:
		return nil
	}
	return raw
}
