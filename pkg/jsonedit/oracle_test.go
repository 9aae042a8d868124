package jsonedit_test

import (
	"bytes"
	"encoding/json"
	"strconv"
	"testing"
	"unicode/utf8"

	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// The oracle reads documents with encoding/json and adds, slowly and plainly,
// the refusals that this package adds.

type pair struct {
	Name string
	Raw  string
}

// members returns the members of an object in order; nil when doc is none.
func members(doc []byte) []pair {
	dec := json.NewDecoder(bytes.NewReader(doc))
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return nil
	}
	list := []pair{}
	for dec.More() {
		token, err := dec.Token()
		name, ok := token.(string)
		if err != nil || !ok {
			return nil
		}
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return nil
		}
		list = append(list, pair{name, string(raw)})
	}
	return list
}

// acceptable reports whether Parse must accept doc.
func acceptable(doc []byte) bool {
	list := members(doc)
	return json.Valid(doc) && utf8.Valid(doc) && list != nil && len(list) <= jsonedit.MaxMembers &&
		depth(doc) <= jsonedit.MaxDepth && !hasLone(doc)
}

// depth returns how deep the brackets of a valid document nest.
func depth(doc []byte) int {
	now, most, quoted := 0, 0, false
	for i := 0; i < len(doc); i++ {
		switch c := doc[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			now++
			most = max(most, now)
		case c == '}' || c == ']':
			now--
		}
	}
	return most
}

// hasLone reports whether a valid document holds an escape of half a pair.
func hasLone(doc []byte) bool {
	unit := func(i int) uint64 {
		if i+6 > len(doc) || doc[i] != '\\' || doc[i+1] != 'u' {
			return 0
		}
		u, err := strconv.ParseUint(string(doc[i+2:i+6]), 16, 16)
		if err != nil {
			return 0
		}
		return u
	}
	for i := 0; i < len(doc); i++ {
		if doc[i] != '\\' {
			continue
		}
		u := unit(i)
		switch {
		case u >= 0xdc00 && u <= 0xdfff:
			return true
		case u >= 0xd800 && u <= 0xdbff:
			if low := unit(i + 6); low < 0xdc00 || low > 0xdfff {
				return true
			}
			i += 11
		default:
			i++
		}
	}
	return false
}

// compareMembers compares an index with what encoding/json reads.
func compareMembers(t *testing.T, doc []byte, o jsonedit.Object) {
	t.Helper()
	want := members(doc)
	if len(want) != len(o.Members()) {
		t.Fatalf("%q: %d members, want %d", doc, len(o.Members()), len(want))
	}
	for i, m := range o.Members() {
		name, ok := m.Key.Text(doc)
		if !ok || name != want[i].Name || !m.Key.Is(doc, name) {
			t.Errorf("%q: name %d is %q, want %q", doc, i, name, want[i].Name)
		}
		if got := string(m.Value.Raw(doc)); got != want[i].Raw {
			t.Errorf("%q: value %d is %q, want %q", doc, i, got, want[i].Raw)
		}
		compareValue(t, doc, m.Value)
	}
}

// compareValue compares one value's kind and content with encoding/json.
func compareValue(t *testing.T, doc []byte, v jsonedit.Value) {
	t.Helper()
	raw := v.Raw(doc)
	var want any
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&want); err != nil {
		t.Fatalf("%q: %v", raw, err)
	}
	text, isText := v.Text(doc)
	b, isBool := v.Bool()
	n, isInt := v.Int(doc)
	switch want := want.(type) {
	case nil:
		check(t, raw, v.Kind == jsonedit.Null)
	case bool:
		check(t, raw, isBool && b == want)
	case string:
		check(t, raw, isText && runes(text) == want && v.Is(doc, text) && !v.Is(doc, text+"x"))
		check(t, raw, v.Escaped == bytes.ContainsRune(raw, '\\'))
	case json.Number:
		check(t, raw, v.Kind == jsonedit.Number)
		if exact, err := want.Int64(); err == nil {
			check(t, raw, len(raw) > 64 || (isInt && n == exact))
		}
	case []any:
		check(t, raw, v.Kind == jsonedit.Array && v.Len(doc) == len(want))
	case map[string]any:
		check(t, raw, v.Kind == jsonedit.ObjectKind && v.Len(doc) == len(members(raw)))
	}
	check(t, raw, isText == (v.Kind == jsonedit.String))
	check(t, raw, isBool == (v.Kind == jsonedit.True || v.Kind == jsonedit.False))
	check(t, raw, !isInt || v.Kind == jsonedit.Number)
}

func check(t *testing.T, raw []byte, ok bool) {
	t.Helper()
	if !ok {
		t.Errorf("wrong reading of %q", raw)
	}
}

// runes replaces invalid UTF-8 as encoding/json does.
func runes(s string) string { return string([]rune(s)) }
