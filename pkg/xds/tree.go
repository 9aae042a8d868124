package xds

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

type (
	object map[string]any
	list   []any
)

// typed returns fields as a message of the given full name, as an Any wants it.
func typed(message string, fields object) object {
	t := object{"@type": "type.googleapis.com/" + message}
	for k, v := range fields {
		t[k] = v
	}
	return t
}

// extension is a named extension with its typed configuration.
func extension(name, message string, fields object) object {
	return object{"name": name, "typed_config": typed(message, fields)}
}

// seconds prints d as protobuf's JSON form of a duration.
func seconds(d time.Duration) string {
	return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + "s"
}

// render prints a tree as a file: stable order, indented, one newline at the
// end.
func render(tree object) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(tree); err != nil {
		return nil, fmt.Errorf("envoy configuration: %w", err)
	}
	return b.Bytes(), nil
}

// each returns the list of f over v.
func each[T any](v []T, f func(T) any) list {
	l := make(list, 0, len(v))
	for _, x := range v {
		l = append(l, f(x))
	}
	return l
}
