package config

import (
	"regexp"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// everyField calls f for each field of the schema.
func everyField(d protoreflect.MessageDescriptor, f func(protoreflect.FieldDescriptor)) {
	for i := range d.Fields().Len() {
		x := d.Fields().Get(i)
		f(x)
		if isMessage(x) {
			everyField(x.Message(), f)
		}
	}
}

func schema() protoreflect.MessageDescriptor {
	return (&signalboxv1.Config{}).ProtoReflect().Descriptor()
}

// TestSchema proves what the reader takes for granted: every setting of the
// schema can be read, and every field has a type that the reader knows.
func TestSchema(t *testing.T) {
	everyField(schema(), func(f protoreflect.FieldDescriptor) {
		s := settingOf(f)
		texts := []string{s.GetMin(), s.GetMax()}
		if s.GetDefault() != section {
			texts = append(texts, s.GetDefault())
		}
		for _, text := range texts {
			if text == "" {
				continue
			}
			v, err := parseScalar(f, text)
			if err != nil {
				t.Errorf("%s: %q %v", f.FullName(), text, err)
			} else if text != s.GetDefault() {
				measure(f, v)
			}
		}
		if _, err := regexp.Compile(s.GetPattern()); err != nil {
			t.Errorf("%s: %v", f.FullName(), err)
		}
		if (s.GetPattern() == "") != (s.GetForm() == "") {
			t.Errorf("%s: a pattern needs words, and words a pattern", f.FullName())
		}
		if f.IsMap() || f.ContainingOneof() != nil && !f.HasOptionalKeyword() {
			t.Errorf("%s: the reader knows no maps and no oneofs", f.FullName())
		}
		if sized := f.Kind() == protoreflect.Uint64Kind; sized != s.GetBytes() {
			t.Errorf("%s: 64 bits are for sizes, and sizes have 64 bits", f.FullName())
		}
		checkKind(t, f)
		checkZero(t, f, s)
	})
}

func checkKind(t *testing.T, f protoreflect.FieldDescriptor) {
	t.Helper()
	switch f.Kind() {
	case protoreflect.StringKind, protoreflect.BoolKind, protoreflect.EnumKind, protoreflect.MessageKind,
		protoreflect.DoubleKind, protoreflect.Uint32Kind, protoreflect.Uint64Kind:
	default:
		t.Errorf("%s: the reader does not know %v", f.FullName(), f.Kind())
	}
}

// checkZero asks that a zero which means something can be told from absence.
func checkZero(t *testing.T, f protoreflect.FieldDescriptor, s *signalboxv1.Setting) {
	t.Helper()
	if s.GetDefault() == "" || s.GetDefault() == section || f.HasPresence() {
		return
	}
	switch f.Kind() {
	case protoreflect.StringKind, protoreflect.EnumKind, protoreflect.Uint64Kind:
	default:
		t.Errorf("%s: zero means its default; make it optional", f.FullName())
	}
}

func TestWithDefaults(t *testing.T) {
	t.Run("fills_sections", func(t *testing.T) {
		c := WithDefaults(&signalboxv1.Config{})
		if got := c.GetEnvoy().GetBodyLimit(); got != 20<<20 {
			t.Errorf("body_limit is %d", got)
		}
		if !c.GetEnvoy().GetLua() || c.GetTelemetry().GetLog().GetLevel() != signalboxv1.LogSettings_LEVEL_INFO {
			t.Errorf("got %v", c)
		}
		if c.GetAdmin().GetToken() != nil {
			t.Error("a token came from nowhere")
		}
	})
	t.Run("keeps_what_is_given", func(t *testing.T) {
		given := &signalboxv1.Config{
			Envoy:     &signalboxv1.EnvoySettings{Lua: new(bool)},
			Telemetry: &signalboxv1.TelemetrySettings{Sample: new(float64)},
			Models:    []*signalboxv1.Model{{Candidates: []*signalboxv1.ModelCandidate{{Weight: new(uint32)}, {}}}},
		}
		before := proto.CloneOf(given)
		c := WithDefaults(given)
		if c.GetEnvoy().GetLua() || c.GetTelemetry().GetSample() != 0 {
			t.Errorf("got %v", c)
		}
		if w := c.GetModels()[0].GetCandidates(); w[0].GetWeight() != 0 || w[1].GetWeight() != 1 {
			t.Errorf("weights are %d and %d", w[0].GetWeight(), w[1].GetWeight())
		}
		if !proto.Equal(before, given) {
			t.Error("what was given has changed")
		}
	})
	t.Run("twice_is_once", func(t *testing.T) {
		once := WithDefaults(&signalboxv1.Config{Routes: []*signalboxv1.Route{{}}})
		if !proto.Equal(once, WithDefaults(once)) {
			t.Error("the second time made a difference")
		}
	})
}
