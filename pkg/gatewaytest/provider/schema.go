package provider

import (
	"encoding/json"
	"strings"
)

// sample is a JSON text that satisfies a JSON schema as far as the double
// knows the vocabulary; an empty object where there is no schema.
func sample(schema json.RawMessage) string {
	var root any
	if json.Unmarshal(schema, &root) != nil || root == nil {
		return "{}"
	}
	s := sampler{root: root}
	return strings.TrimSuffix(string(encode(s.value(root, 0), "")), "\n")
}

type sampler struct{ root any }

const deepest = 12 // schemas may refer to themselves

func (s sampler) value(schema any, depth int) any {
	m, _ := schema.(map[string]any)
	if depth > deepest || m == nil {
		return nil
	}
	if ref, ok := m["$ref"].(string); ok {
		return s.value(s.resolve(ref), depth+1)
	}
	if v, ok := m["const"]; ok {
		return v
	}
	if list, ok := m["enum"].([]any); ok && len(list) > 0 {
		return list[0]
	}
	for _, name := range []string{"anyOf", "oneOf", "allOf"} {
		if list, ok := m[name].([]any); ok && len(list) > 0 {
			return s.value(list[0], depth+1)
		}
	}
	return s.typed(m, depth)
}

func (s sampler) typed(m map[string]any, depth int) any {
	typ, _ := m["type"].(string)
	if list, ok := m["type"].([]any); ok && len(list) > 0 {
		typ, _ = list[0].(string)
	}
	switch strings.ToLower(typ) { // Google writes them in capitals
	case "string":
		return text(m)
	case "integer", "number":
		if v, ok := m["minimum"].(float64); ok {
			return v
		}
		return 1
	case "boolean":
		return true
	case "array":
		return []any{s.value(m["items"], depth+1)}
	case "null":
		return nil
	}
	return s.object(m, depth)
}

func (s sampler) object(m map[string]any, depth int) any {
	out := map[string]any{}
	props, _ := m["properties"].(map[string]any)
	for name, p := range props {
		out[name] = s.value(p, depth+1)
	}
	return out
}

// text is a string of the schema's format.
func text(m map[string]any) string {
	switch m["format"] {
	case "date":
		return "2026-01-31"
	case "date-time":
		return "2026-01-31T12:00:00Z"
	case "email":
		return "someone@example.com"
	}
	return "sample"
}

// resolve follows a reference inside the schema ("#/$defs/name").
func (s sampler) resolve(ref string) any {
	at := s.root
	for name := range strings.SplitSeq(strings.TrimPrefix(strings.TrimPrefix(ref, "#"), "/"), "/") {
		if name == "" {
			continue
		}
		m, ok := at.(map[string]any)
		if !ok {
			return nil
		}
		at = m[name]
	}
	return at
}
