package importer

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/signalbox-dev/signalbox/pkg/config"
)

// node is a place in a file of another program. The zero node is not there.
type node struct {
	value any
	path  string
}

// read returns the documents of a file.
func read(data []byte) ([]node, error) {
	docs, err := config.Documents(data)
	if err != nil {
		return nil, err
	}
	var list []node
	for i, d := range docs {
		n := node{value: d}
		if len(docs) > 1 {
			n.path = "document " + strconv.Itoa(i+1)
		}
		list = append(list, n)
	}
	return list, nil
}

func (n node) there() bool { return n.value != nil }

// get is a field of a mapping.
func (n node) get(names ...string) node {
	for _, name := range names {
		m, _ := n.value.(map[string]any)
		path := name
		if n.path != "" {
			path = n.path + "." + name
		}
		n = node{m[name], path}
	}
	return n
}

// first is the first of some fields that is there: the spellings of one.
func (n node) first(names ...string) node {
	for _, name := range names {
		if f := n.get(name); f.there() {
			return f
		}
	}
	return node{}
}

func (n node) names() []string {
	m, _ := n.value.(map[string]any)
	return slices.Sorted(maps.Keys(m))
}

func (n node) items() []node {
	l, _ := n.value.([]any)
	list := make([]node, 0, len(l))
	for i, v := range l {
		list = append(list, node{v, n.path + "[" + strconv.Itoa(i) + "]"})
	}
	return list
}

// text is a single value, empty for what is none.
func (n node) text() string {
	switch v := n.value.(type) {
	case string:
		return v
	case int, int64, uint64, float64, bool:
		return fmt.Sprint(v)
	}
	return ""
}

func (n node) number() (float64, bool) {
	x, err := strconv.ParseFloat(n.text(), 64)
	return x, err == nil
}
