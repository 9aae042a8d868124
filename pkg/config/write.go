package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// Write is c as a configuration file: what Parse reads as c again.
func Write(c *signalboxv1.Config) ([]byte, error) { return encode(mapping(c.ProtoReflect())) }

// WriteKey is the entry of a key as it stands in keys.
func WriteKey(k *signalboxv1.VirtualKey) ([]byte, error) {
	return encode(&yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{mapping(k.ProtoReflect())}})
}

func encode(n *yaml.Node) ([]byte, error) {
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := errors.Join(e.Encode(n), e.Close()); err != nil {
		return nil, fmt.Errorf("configuration as YAML: %w", err)
	}
	return b.Bytes(), nil
}

// maxFlow is how many fields a mapping may have that is written in one line.
const maxFlow = 3

func mapping(m protoreflect.Message) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode}
	flat := true
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		if !m.Has(f) {
			continue
		}
		flat = flat && !isMessage(f)
		n.Content = append(n.Content, scalarNode("!!str", string(f.Name())), valueNode(f, m.Get(f)))
	}
	if flat && len(n.Content) <= 2*maxFlow {
		n.Style = yaml.FlowStyle
	}
	return n
}

func valueNode(f protoreflect.FieldDescriptor, v protoreflect.Value) *yaml.Node {
	if !f.IsList() {
		return single(f, v)
	}
	n := &yaml.Node{Kind: yaml.SequenceNode}
	if !isMessage(f) {
		n.Style = yaml.FlowStyle
	}
	for i := range v.List().Len() {
		n.Content = append(n.Content, single(f, v.List().Get(i)))
	}
	return n
}

func single(f protoreflect.FieldDescriptor, v protoreflect.Value) *yaml.Node {
	switch x := v.Interface().(type) {
	case protoreflect.Message:
		if d, ok := x.Interface().(*durationpb.Duration); ok {
			return scalarNode("!!str", durationText(d.AsDuration().String()))
		}
		return mapping(x)
	case protoreflect.EnumNumber:
		return scalarNode("!!str", enumWord(f.Enum().Values().ByNumber(x)))
	case string:
		return scalarNode("!!str", x)
	case bool:
		return scalarNode("!!bool", strconv.FormatBool(x))
	case float64:
		return scalarNode("", strconv.FormatFloat(x, 'g', -1, 64))
	case uint64:
		return scalarNode("!!str", sizeText(x))
	}
	return scalarNode("", v.String())
}

func scalarNode(tag, text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: text}
}

// durationText drops the units that are zero: 1m for 1m0s.
func durationText(text string) string {
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

func sizeText(n uint64) string {
	for i, unit := range []string{"TiB", "GiB", "MiB", "KiB"} {
		if size := uint64(1) << (40 - 10*i); n >= size && n%size == 0 {
			return strconv.FormatUint(n/size, 10) + unit
		}
	}
	return strconv.FormatUint(n, 10) + "B"
}

// Documents reads the YAML documents of another program's file, JSON included,
// as maps by text, lists and single values. Empty ones are left out.
func Documents(data []byte) ([]any, error) {
	if len(data) > maxFile {
		return nil, fmt.Errorf("the file is longer than %d MiB", maxFile>>20)
	}
	var list []any
	d := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var doc any
		err := d.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if err != nil {
			e := syntaxError(err)
			return nil, fmt.Errorf("line %d: %s", e.Line, e.Text)
		}
		if doc != nil {
			list = append(list, doc)
		}
	}
}
