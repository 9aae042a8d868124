package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// rules checks every field of m by what the schema says of it alone.
func (k *checker) rules(m protoreflect.Message, p path) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		k.fieldRules(m, f, p.field(string(f.Name())))
	}
}

func (k *checker) fieldRules(m protoreflect.Message, f protoreflect.FieldDescriptor, p path) {
	if settingOf(f).GetRequired() && !m.Has(f) {
		k.missing(p)
		return
	}
	switch {
	case f.IsList():
		l := m.Get(f).List()
		for i := range l.Len() {
			k.valueRules(f, l.Get(i), p.item(i))
		}
	case m.Has(f):
		k.valueRules(f, m.Get(f), p)
	}
}

func (k *checker) valueRules(f protoreflect.FieldDescriptor, v protoreflect.Value, p path) {
	if isMessage(f) {
		k.rules(v.Message(), p)
		return
	}
	s := settingOf(f)
	switch f.Kind() {
	case protoreflect.StringKind:
		k.textRules(s, v.String(), p)
	case protoreflect.EnumKind:
		if f.Enum().Values().ByNumber(v.Enum()) == nil {
			k.fail(p, "must be %s", either(enumWords(f.Enum())))
		}
	case protoreflect.BoolKind:
	default:
		k.rangeRules(f, v, p)
	}
}

func (k *checker) textRules(s *signalboxv1.Setting, text string, p path) {
	switch {
	case !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl):
		k.fail(p, "must be text without control characters")
	case len(s.GetWords()) > 0 && !slices.Contains(s.GetWords(), text):
		k.fail(p, "%v", wordError(text, s.GetWords()))
	case text == "" && (s.GetRequired() || strings.HasSuffix(string(p), "]")):
		k.fail(p, "must not be empty")
	case text != "" && s.GetPattern() != "" && !k.fits(s.GetPattern(), text):
		k.fail(p, "must be %s%s", s.GetForm(), unlessSecret(s, text))
	case len(text) > maxText:
		k.fail(p, "must be at most %d bytes long", maxText)
	}
}

// maxText is the greatest length of a text, in bytes.
const maxText = 4096

func unlessSecret(s *signalboxv1.Setting, text string) string {
	if s.GetSecret() {
		return ""
	}
	return "; it is " + quote(text)
}

func (k *checker) fits(pattern, text string) bool {
	re := k.patternCache[pattern]
	if re == nil {
		re = regexp.MustCompile(`\A(?:` + pattern + `)\z`) // cannot panic: a test compiles every pattern
		k.patternCache[pattern] = re
	}
	return re.MatchString(text)
}

func (k *checker) rangeRules(f protoreflect.FieldDescriptor, v protoreflect.Value, p path) {
	s := settingOf(f)
	if low, ok := bound(f, s.GetMin()); ok && measure(f, v) < low {
		k.fail(p, "must be at least %s", s.GetMin())
	}
	if high, ok := bound(f, s.GetMax()); ok && measure(f, v) > high {
		k.fail(p, "must be at most %s", s.GetMax())
	}
}

func bound(f protoreflect.FieldDescriptor, text string) (float64, bool) {
	if text == "" {
		return 0, false
	}
	v, err := parseScalar(f, text)
	return measure(f, v), err == nil // a test reads every bound
}

// measure is a value as a number to compare; sizes and times of a
// configuration are far below what a float64 holds exactly.
func measure(f protoreflect.FieldDescriptor, v protoreflect.Value) float64 {
	switch x := v.Interface().(type) {
	case float64:
		return x
	case uint32:
		return float64(x)
	case uint64:
		return float64(x)
	case protoreflect.Message:
		if d, ok := x.Interface().(*durationpb.Duration); ok {
			return d.AsDuration().Seconds()
		}
	}
	panic(fmt.Sprintf("config: %s cannot be compared", f.FullName())) // cannot happen: a test walks all fields
}
