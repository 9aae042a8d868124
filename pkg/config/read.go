package config

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// maxValues is how many values a file may have, those behind aliases counted
// wherever they are used.
const maxValues = 100_000

// reader walks a YAML document and the schema side by side.
type reader struct {
	errs    Errors
	at      map[path]*yaml.Node // what was read, by place
	unsure  []path              // places whose value could not be read
	values  int
	tooMuch bool
}

func (r *reader) fail(n *yaml.Node, p path, format string, args ...any) {
	line, column := position(n)
	r.errs = append(r.errs, Error{Line: line, Column: column, Path: string(p), Text: fmt.Sprintf(format, args...)})
}

// bad is fail for a value that is lost thereby.
func (r *reader) bad(n *yaml.Node, p path, format string, args ...any) {
	r.fail(n, p, format, args...)
	r.unsure = append(r.unsure, p)
}

// nearest is the node of a place or, where the file has none, of what it would
// be in.
func (r *reader) nearest(p path) *yaml.Node {
	for {
		if n := r.at[p]; n != nil {
			return n
		}
		up, ok := p.parent()
		if !ok {
			return nil
		}
		p = up
	}
}

func position(n *yaml.Node) (line, column int) {
	if n == nil {
		return 1, 1
	}
	return n.Line, n.Column
}

// follow counts a value and returns what it stands for. It is nil when there
// is nothing to read.
func (r *reader) follow(n *yaml.Node, p path) *yaml.Node {
	r.at[p] = n
	if r.values++; r.values > maxValues {
		if !r.tooMuch {
			r.fail(n, p, "the file has more than %d values with its aliases followed; use fewer", maxValues)
		}
		r.tooMuch = true
		return nil
	}
	use := n
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" {
		r.bad(use, p, "has no value; give it one or remove it")
		return nil
	}
	if n.Style&yaml.TaggedStyle != 0 {
		r.bad(use, p, "has a YAML tag (%s); write the value without one", n.Tag)
		return nil
	}
	return n
}

func (r *reader) message(n *yaml.Node, m protoreflect.Message, p path) {
	use := n
	if n = r.follow(n, p); n == nil {
		return
	}
	if n.Kind != yaml.MappingNode {
		r.bad(use, p, "must be a mapping with the fields %s", fieldNames(m.Descriptor()))
		return
	}
	seen := make(map[string]int)
	for i := 0; i+1 < len(n.Content) && !r.tooMuch; i += 2 {
		key := n.Content[i]
		f := r.fieldOf(key, m.Descriptor(), p)
		if f == nil {
			continue
		}
		if line, again := seen[key.Value]; again {
			r.fail(key, p, "field %q stands here twice, first in line %d; keep one", key.Value, line)
			continue
		}
		seen[key.Value] = key.Line
		r.field(n.Content[i+1], m, f, p.field(key.Value))
	}
}

// fieldOf is the field that a key names, nil when there is none.
func (r *reader) fieldOf(key *yaml.Node, d protoreflect.MessageDescriptor, p path) protoreflect.FieldDescriptor {
	switch {
	case key.Kind != yaml.ScalarNode:
		r.fail(key, p, "a field's name must be plain text")
		return nil
	case key.Value == "<<":
		r.bad(key, p, "merging with << is not supported; write the fields out, or use an alias for a whole value")
		return nil
	}
	if f := d.Fields().ByName(protoreflect.Name(key.Value)); f != nil {
		return f
	}
	near := Near(key.Value, names(d))
	if len(near) == 0 {
		r.fail(key, p, "unknown field %s; the fields are %s", quote(key.Value), fieldNames(d))
		return nil
	}
	r.fail(key, p, "unknown field %s; did you mean %q?", quote(key.Value), near[0])
	r.unsure = append(r.unsure, p.field(near[0]))
	return nil
}

func (r *reader) field(n *yaml.Node, m protoreflect.Message, f protoreflect.FieldDescriptor, p path) {
	switch {
	case f.IsList():
		r.list(n, m, f, p)
	case isMessage(f):
		r.message(n, m.Mutable(f).Message(), p)
	default:
		if v, ok := r.scalar(n, f, p); ok {
			m.Set(f, v)
		}
	}
}

func (r *reader) list(n *yaml.Node, m protoreflect.Message, f protoreflect.FieldDescriptor, p path) {
	use := n
	if n = r.follow(n, p); n == nil {
		return
	}
	if n.Kind != yaml.SequenceNode {
		r.bad(use, p, "must be a list: put it in [ ], or begin each item with a dash")
		return
	}
	l := m.Mutable(f).List()
	for i, item := range n.Content {
		if r.tooMuch {
			return
		}
		if isMessage(f) {
			r.message(item, l.AppendMutable().Message(), p.item(i))
			continue
		}
		v, ok := r.scalar(item, f, p.item(i))
		if !ok {
			v = l.NewElement() // keeps the places of those behind it
		}
		l.Append(v)
	}
}

// scalar reads a single value. Texts must be texts in YAML too, so that 1.10
// and no keep their meaning or are refused.
func (r *reader) scalar(n *yaml.Node, f protoreflect.FieldDescriptor, p path) (v protoreflect.Value, ok bool) {
	use := n
	if n = r.follow(n, p); n == nil {
		return v, false
	}
	if n.Kind != yaml.ScalarNode {
		r.bad(use, p, "must be a single value")
		return v, false
	}
	if f.Kind() == protoreflect.StringKind && !isText(n, f) {
		r.bad(use, p, "must be text; put it in quotes")
		return v, false
	}
	v, err := parseScalar(f, n.Value)
	if err != nil {
		r.bad(use, p, "%v", err)
		return v, false
	}
	return v, true
}

// isText reports whether a value is a text, or a number where its digits are
// one.
func isText(n *yaml.Node, f protoreflect.FieldDescriptor) bool {
	tag := n.ShortTag()
	return tag == "!!str" || settingOf(f).GetDecimal() && (tag == "!!int" || tag == "!!float")
}

// isMessage reports whether a field is written as a mapping.
func isMessage(f protoreflect.FieldDescriptor) bool {
	return f.Message() != nil && f.Message().FullName() != durationName
}

func names(d protoreflect.MessageDescriptor) []string {
	list := make([]string, 0, d.Fields().Len())
	for i := range d.Fields().Len() {
		list = append(list, string(d.Fields().Get(i).Name()))
	}
	return list
}

func fieldNames(d protoreflect.MessageDescriptor) string {
	list := names(d)
	if len(list) == 1 {
		return list[0]
	}
	return strings.Join(list[:len(list)-1], ", ") + " and " + list[len(list)-1]
}
