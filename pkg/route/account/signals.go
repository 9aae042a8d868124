package account

import (
	"strconv"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/signal"
	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// found is all that may be known of a request's body.
type found struct {
	call  *dialect.Request
	shape *signal.Shape
	text  *signal.Text
}

// field is one of them, as a text: its place in a found.
type field struct {
	name string // as conditions name it
	put  func(dst []byte, f *found) []byte
	get  func(f *found, text string) error
}

// fields are all of them, in groups that are found together.
func fields() (call, shape, words []field) {
	call = []field{
		flagField("request.tools", func(f *found) *bool { return &f.call.HasTools }),
		intField("request.choices", func(f *found) *int { return &f.call.Choices }),
		intField("request.max_output", func(f *found) *int64 { return &f.call.MaxOutput }),
	}
	shape = []field{
		intField("request.tokens", func(f *found) *int64 { return &f.shape.Tokens }),
		intField("request.turns", func(f *found) *int64 { return &f.shape.Turns }),
		intField("request.images", func(f *found) *int64 { return &f.shape.Images }),
		flagField("request.schema", func(f *found) *bool { return &f.shape.Schema }),
	}
	words = []field{
		wordField("request.language", func(f *found) *string { return &f.text.Language }),
		flagField("request.code", func(f *found) *bool { return &f.text.Code }),
		flagField("request.maths", func(f *found) *bool { return &f.text.Maths }),
		wordField("request.question", func(f *found) *string { return &f.text.Question }),
		wordField("request.task", func(f *found) *string { return &f.text.Task }),
		scoreField("request.difficulty", func(f *found) *float64 { return &f.text.Difficulty }),
	}
	return call, shape, words
}

func intField[T int | int64](name string, of func(*found) *T) field {
	return field{name, func(dst []byte, f *found) []byte { return strconv.AppendInt(dst, int64(*of(f)), 10) }, func(f *found, text string) error {
		n, err := strconv.ParseInt(text, 10, 64)
		*of(f) = T(n)
		return err
	}}
}

func flagField(name string, of func(*found) *bool) field {
	return field{name, func(dst []byte, f *found) []byte { return strconv.AppendBool(dst, *of(f)) }, func(f *found, text string) (err error) {
		*of(f), err = strconv.ParseBool(text)
		return err
	}}
}

func scoreField(name string, of func(*found) *float64) field {
	return field{name, func(dst []byte, f *found) []byte { return strconv.AppendFloat(dst, *of(f), 'g', -1, 64) }, func(f *found, text string) (err error) {
		*of(f), err = strconv.ParseFloat(text, 64)
		return err
	}}
}

func wordField(name string, of func(*found) *string) field {
	return field{name, func(dst []byte, f *found) []byte { return append(dst, *of(f)...) }, func(f *found, text string) error {
		*of(f) = text
		return nil
	}}
}

var callFields, shapeFields, textFields = fields() //nolint:gochecknoglobals // tables that nothing changes

// signals writes what was found out of a request's body. A group that nothing
// asked for was not looked at and is not there.
func (e *encoder) signals(f *signal.Facts) {
	all := found{call: f.Call}
	all.shape, all.text = f.Found()
	if all.call != nil {
		e.group(callFields, &all)
	}
	if all.shape != nil {
		e.group(shapeFields, &all)
	}
	if all.text != nil {
		e.group(textFields, &all)
	}
}

func (e *encoder) group(fields []field, f *found) {
	for i := range fields {
		start := e.open(8)
		e.text(1, fields[i].name)
		value := e.open(2)
		if *e = fields[i].put(*e, f); len(*e) == value {
			*e = (*e)[:value-2] // an empty field is none
		} else {
			e.close(value)
		}
		e.close(start)
	}
}

// recall reads what signals wrote. Names of later versions are skipped.
func recall(list []*signalboxv1.Decision_Signal) (*found, error) {
	f := &found{call: &dialect.Request{}}
	for _, s := range list {
		for i, group := range [...][]field{callFields, shapeFields, textFields} {
			for _, x := range group {
				if x.name != s.GetName() {
					continue
				}
				if i == 1 && f.shape == nil {
					f.shape = &signal.Shape{}
				}
				if i == 2 && f.text == nil {
					f.text = &signal.Text{}
				}
				if err := x.get(f, s.GetValue()); err != nil {
					return nil, err
				}
			}
		}
	}
	return f, nil
}
