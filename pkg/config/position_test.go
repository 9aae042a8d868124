package config

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// TestEveryFieldHasAPosition gives each field of the schema what cannot be its
// value, alone in a file, and wants the error there.
func TestEveryFieldHasAPosition(t *testing.T) {
	seen := 0
	eachField((&signalboxv1.Config{}).ProtoReflect().Descriptor(), nil, func(at []protoreflect.FieldDescriptor) {
		seen++
		var doc strings.Builder
		var p path
		indent := ""
		for i, f := range at {
			doc.WriteString(indent + string(f.Name()) + ":")
			p = p.field(string(f.Name()))
			indent += "  "
			if i == len(at)-1 {
				break
			}
			if f.IsList() {
				doc.WriteString("\n" + indent + "-\n")
				p = p.item(0)
				indent += "  "
				continue
			}
			doc.WriteByte('\n')
		}
		doc.WriteString(" ")
		line := 1 + strings.Count(doc.String(), "\n")
		column := 1 + len(doc.String()) - 1 - strings.LastIndexByte(doc.String(), '\n')
		doc.WriteString(wrong(at[len(at)-1]) + "\n")
		_, err := Parse("config.yaml", []byte(doc.String()))
		var errs Errors
		if !errors.As(err, &errs) || !slices.ContainsFunc(errs, func(e Error) bool { return e.Path == string(p) && e.Line == line && e.Column == column && e.Text != "" }) {
			t.Errorf("no error at %d:%d of %s: %v\n%s", line, column, p, err, doc.String())
		}
	})
	if seen < 150 {
		t.Errorf("only %d fields", seen)
	}
}

// wrong is what no field of the kind of f can be.
func wrong(f protoreflect.FieldDescriptor) string {
	if f.IsList() || isMessage(f) {
		return "7"
	}
	return "[7]"
}

// eachField calls do with the way to each field below a message.
func eachField(d protoreflect.MessageDescriptor, above []protoreflect.FieldDescriptor, do func([]protoreflect.FieldDescriptor)) {
	for i := range d.Fields().Len() {
		at := append(slices.Clone(above), d.Fields().Get(i))
		do(at)
		if isMessage(d.Fields().Get(i)) {
			eachField(d.Fields().Get(i).Message(), at, do)
		}
	}
}
