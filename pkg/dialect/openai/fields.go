package openai

import (
	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// object is a usage object that is read again and again. It borrows the text.
type object struct {
	top     jsonedit.Object
	members [16]jsonedit.Member
}

// read indexes raw; false when it is not one JSON object.
func (o *object) read(raw []byte) bool {
	var ok bool
	o.top, ok = jsonedit.Index(raw, o.members[:0])
	return ok
}

// Int implements dialect.Fields.
func (o *object) Int(path string) (int64, bool) { return dialect.CountIn(&o.top, path) }
