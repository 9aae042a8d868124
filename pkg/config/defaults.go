package config

import (
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// section is the default of a field whose message stands for itself when it is
// absent.
const section = "{}"

// WithDefaults returns a copy of m, which is a message of the configuration,
// in which every absent field has its default.
func WithDefaults[M proto.Message](m M) M {
	c := proto.CloneOf(m)
	fill(c.ProtoReflect())
	return c
}

func fill(m protoreflect.Message) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		switch {
		case f.IsList():
			fillList(m, f)
		case f.Message() != nil && f.Message().FullName() != durationName:
			if m.Has(f) || settingOf(f).GetDefault() == section {
				fill(m.Mutable(f).Message())
			}
		case !m.Has(f):
			fillScalar(m, f)
		}
	}
}

func fillList(m protoreflect.Message, f protoreflect.FieldDescriptor) {
	if f.Message() == nil {
		return
	}
	l := m.Get(f).List()
	for i := range l.Len() {
		fill(l.Get(i).Message())
	}
}

func fillScalar(m protoreflect.Message, f protoreflect.FieldDescriptor) {
	text := settingOf(f).GetDefault()
	if text == "" {
		return
	}
	v, err := parseScalar(f, text)
	if err != nil {
		panic("config: default of " + string(f.FullName()) + " " + err.Error()) // cannot happen: a test reads every default
	}
	m.Set(f, v)
}

// settingOf is what the schema says about a field; nil when it says nothing.
func settingOf(f protoreflect.FieldDescriptor) *signalboxv1.Setting {
	s, ok := proto.GetExtension(f.Options(), signalboxv1.E_Setting).(*signalboxv1.Setting)
	if !ok {
		return nil
	}
	return s
}
