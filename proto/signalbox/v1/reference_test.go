package signalboxv1_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

var update = flag.Bool("update", false, "rewrite docs/configuration.md")

// TestReference compares the reference manual with what the schema says.
func TestReference(t *testing.T) {
	const file = "../../../docs/configuration.md"
	m := &manual{t: t, comments: comments(t, "config.proto")}
	m.out.WriteString(preface)
	config := (&signalboxv1.Config{}).ProtoReflect().Descriptor()
	m.message(config, "", "## The file")
	want := m.out.String()
	if *update {
		if err := os.MkdirAll("../../../docs", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; write it with go test ./proto/... -update", err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("the manual is not that of the schema; rewrite it with go test ./proto/... -update: -want +got\n%s", diff)
	}
}

// manual writes the reference.
type manual struct {
	t        *testing.T
	comments map[string]string
	out      strings.Builder
}

func (m *manual) comment(d protoreflect.Descriptor) string {
	name := d.FullName()
	if _, ok := d.(protoreflect.EnumValueDescriptor); ok { // their names leave the enum's out
		name = d.Parent().FullName().Append(d.Name())
	}
	text := m.comments[string(name)]
	if text == "" {
		m.t.Errorf("%s has no comment", d.FullName())
	}
	return text
}

// message describes the fields at a place of the file, then what is in them.
func (m *manual) message(d protoreflect.MessageDescriptor, place, heading string) {
	fmt.Fprintf(&m.out, "\n%s\n\n%s\n\n| field | value | default | meaning |\n|---|---|---|---|\n", heading, m.comment(d))
	for i := range d.Fields().Len() {
		f := d.Fields().Get(i)
		fmt.Fprintf(&m.out, "| `%s` | %s | %s | %s |\n", f.Name(), cell(value(f)), cell(standard(f)), cell(m.meaning(f)))
	}
	for i := range d.Fields().Len() {
		f := d.Fields().Get(i)
		if !nested(f) {
			continue
		}
		at := place + string(f.Name())
		if f.IsList() {
			at += "[]"
		}
		m.message(f.Message(), at+".", "## `"+at+"`")
	}
}

// cell is text within a table.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

func (m *manual) meaning(f protoreflect.FieldDescriptor) string {
	text := m.comment(f)
	if f.Enum() == nil {
		return text
	}
	m.comment(f.Enum())
	for i := range f.Enum().Values().Len() {
		v := f.Enum().Values().Get(i)
		if m.comment(v); v.Number() != 0 {
			text += fmt.Sprintf(" `%s`: %s.", word(v), m.comment(v))
		}
	}
	return text
}

func nested(f protoreflect.FieldDescriptor) bool {
	return f.Message() != nil && f.Message().FullName() != "google.protobuf.Duration"
}

func setting(f protoreflect.FieldDescriptor) *signalboxv1.Setting {
	s, _ := proto.GetExtension(f.Options(), signalboxv1.E_Setting).(*signalboxv1.Setting)
	return s
}

// standard is the default of a field.
func standard(f protoreflect.FieldDescriptor) string {
	s := setting(f)
	switch {
	case s.GetRequired():
		return "must be given"
	case s.GetDefault() == "{}":
		return "all defaults"
	case s.GetDefault() != "":
		return "`" + s.GetDefault() + "`"
	case f.IsList():
		return "empty"
	case f.Kind() == protoreflect.BoolKind:
		return "`false`"
	case f.Kind() == protoreflect.Uint32Kind:
		return "`0`"
	case f.Kind() == protoreflect.MessageKind && !nested(f):
		return "`0s`"
	case f.Kind() == protoreflect.StringKind && !f.HasPresence():
		return "empty"
	}
	return "absent"
}

// value says how a field is written.
func value(f protoreflect.FieldDescriptor) string {
	text := single(f)
	if f.IsList() {
		text = "list: " + text
	}
	if s := setting(f); s.GetMin() != "" && s.GetMax() != "" {
		text += ", " + s.GetMin() + " to " + s.GetMax()
	} else if s.GetMax() != "" {
		text += ", at most " + s.GetMax()
	}
	return text
}

func single(f protoreflect.FieldDescriptor) string {
	switch f.Kind() {
	case protoreflect.BoolKind:
		return "`true` or `false`"
	case protoreflect.EnumKind:
		var words []string
		for i := range f.Enum().Values().Len() {
			if v := f.Enum().Values().Get(i); v.Number() != 0 {
				words = append(words, "`"+word(v)+"`")
			}
		}
		return strings.Join(words, ", ")
	case protoreflect.MessageKind:
		if nested(f) {
			return "mapping"
		}
		return "time"
	case protoreflect.Uint64Kind:
		return "size"
	case protoreflect.Uint32Kind:
		return "whole number"
	case protoreflect.DoubleKind:
		return "number"
	}
	if words := setting(f).GetWords(); len(words) > 0 {
		return "`" + strings.Join(words, "`, `") + "`"
	}
	if form := setting(f).GetForm(); form != "" {
		return "text: " + form
	}
	return "text"
}

func word(v protoreflect.EnumValueDescriptor) string {
	return strings.TrimPrefix(strings.ToLower(string(v.Name())), strings.ToLower(string(v.Parent().Name()))+"_")
}

const preface = `# Configuration

<!-- Generated from proto/signalbox/v1/config.proto by go test ./proto/... -update. Change it there. -->

One YAML file holds the whole configuration. The smallest one that serves:

` + "```yaml" + `
providers:
  - name: openai
    backends:
      - name: openai
        base_url: https://api.openai.com/v1
        credential: {env: OPENAI_API_KEY}
models:
  - name: gpt-4o
    candidates: [{backend: openai}]
` + "```" + `

The reader is strict: an unknown field, a wrong type, a name that refers to nothing and settings that contradict each other
are errors, and all of them are reported at once, as ` + "`file:line:column: place: what is wrong`" + `. ` + "`signalbox check`" + ` reads a file
without using it.

- A **size** is a whole number with a unit: B, KiB, MiB, GiB, TiB, or KB, MB, GB, TB for powers of ten. ` + "`20MiB`" + `
- A **time** is one or more numbers with units: ms, s, m, h. ` + "`100ms`, `20s`, `1h30m`" + `
- A **text** that YAML would read as a number, a boolean or nothing stands in quotes. ` + "`\"4.10\"`" + `
- **Secrets** are never in the file. It says where they are: a variable of the environment, a file, or a command that prints them.
- YAML anchors and aliases stand for whole values. There are no merge keys, no tags and no second document.

A change of the file takes effect while Signalbox runs, for requests that begin after it. A file with errors changes nothing.
Most settings of ` + "`envoy`, `state`, `admin` and `telemetry`" + ` need a restart; until then the old values stay in force, and the log says so.
` + "`signalbox check -against OLD` lists those in which a file differs from another." + `
`
