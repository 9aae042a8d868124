package anthropic

import (
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// maxUsage bounds a usage object, which may list many passes.
const maxUsage = 256 << 10

// merge returns the usage that two objects state one after the other: of each
// field the later value that is not null. Nulls and absent fields keep what was
// there, a zero is a value. The result borrows from neither.
func merge(start, delta []byte) []byte {
	var a, b [12]jsonedit.Member
	from, ok := jsonedit.Index(delta, a[:0])
	if len(delta) > maxUsage || !ok {
		return start
	}
	to, ok := jsonedit.Index(start, b[:0])
	if !ok {
		return append([]byte(nil), delta...)
	}
	var changes []jsonedit.Change
	for _, m := range from.Members() {
		name, _ := m.Key.Text(delta)
		if m.Value.Kind == jsonedit.Null || !last(&from, m) {
			continue
		}
		changes = append(changes, jsonedit.Change{Name: name, Raw: m.Value.Raw(delta)})
	}
	if len(changes) == 0 {
		return start
	}
	return jsonedit.Splice(nil, start, to.Changes(nil, changes...)...)
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

// united returns the one usage object that the two objects of a stream stand
// for, which o may hold: both merged; nil without the second. It is false where
// o is no such pair.
func united(o *jsonedit.Object) (usage []byte, two bool) {
	start, _ := o.Get("start")
	delta, _ := o.Get("delta")
	begun, ended := start.Kind == jsonedit.ObjectKind, delta.Kind == jsonedit.ObjectKind
	switch {
	case begun && ended:
		return merge(start.Raw(o.Doc()), delta.Raw(o.Doc())), true
	case ended:
		return delta.Raw(o.Doc()), true
	}
	return nil, begun
}
