package dialect

import (
	"strings"

	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// CountIn is the count at a dotted path of o, as Fields has it. Given to a
// function that only calls it, in place of a Fields, it costs no allocation.
func CountIn(o *jsonedit.Object, path string) (int64, bool) {
	outer, inner, nested := strings.Cut(path, ".")
	v, ok := o.Get(outer)
	if ok && nested {
		v, ok = v.Find(o.Doc(), inner)
	}
	if !ok {
		return 0, false
	}
	return v.Int(o.Doc())
}
