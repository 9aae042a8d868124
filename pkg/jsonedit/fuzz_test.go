package jsonedit_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

func seeds(f *testing.F, add func(doc string)) {
	f.Helper()
	for _, doc := range []string{
		"", "{}", ` {"a" : [1, 2.5e-3, {"b":null}] , "c":"\u0065\ud83d\ude00"} `, `{"a":"\ud800"}`,
		`{"model":"gpt-4o","mod\u0065l":"x","messages":[{"role":"user","content":"h\u00e9llo\n"}],"stream":true}`,
		"{\"a\":\"\xff\"}", "\ufeff{}", `{"a":1}}`, `{"a":truE}`, "{\"a\":\"12345678\x01\"}", `[{"a":01}]`,
		`{"stream_options":{"include_usage":false},"n":-0}`, strings.Repeat(`{"a":[`, 300),
	} {
		add(doc)
	}
}

// FuzzParse holds Parse against encoding/json plus the refusals that the
// package adds, and every member that it indexes against what encoding/json
// reads.
func FuzzParse(f *testing.F) {
	seeds(f, func(doc string) { f.Add([]byte(doc)) })
	buf := make([]jsonedit.Member, 0, 4)
	f.Fuzz(func(t *testing.T, doc []byte) {
		before := bytes.Clone(doc)
		o, err := jsonedit.Parse(doc, buf)
		if !bytes.Equal(before, doc) {
			t.Fatal("the document was written to")
		}
		if want := acceptable(doc); (err == nil) != want {
			t.Fatalf("%q: %v, acceptable is %v", doc, err, want)
		}
		if err != nil {
			checkError(t, doc, err)
			return
		}
		compareMembers(t, doc, o)
	})
}

// checkError checks that an error's place is one of the document's.
func checkError(t *testing.T, doc []byte, err error) {
	t.Helper()
	e, ok := errors.AsType[*jsonedit.SyntaxError](err)
	if !ok {
		t.Fatalf("%q: %v", doc, err)
	}
	if e.Offset < 0 || e.Offset > len(doc) || e.Reason == "" || e.Lone != (e.Reason == "lone surrogate") {
		t.Fatalf("%q: %+v", doc, e)
	}
	lines := bytes.Split(doc[:e.Offset], []byte("\n"))
	if e.Line != len(lines) || e.Column != 1+len([]rune(string(lines[len(lines)-1]))) {
		t.Errorf("%q: %+v", doc, e)
	}
}

// FuzzFind holds Find and Index against encoding/json: they accept what it
// accepts and find what it finds.
func FuzzFind(f *testing.F) {
	seeds(f, func(doc string) { f.Add([]byte(doc), "a", "0") })
	f.Fuzz(func(t *testing.T, doc []byte, first, second string) {
		valid := json.Valid(doc) && depth(doc) <= jsonedit.MaxDepth
		top, ok := jsonedit.Find(doc)
		if ok != valid {
			t.Fatalf("%q: Find gave %v", doc, ok)
		}
		if !valid {
			return
		}
		list := members(doc)
		o, ok := jsonedit.Index(doc, nil)
		if ok != (list != nil && len(list) <= jsonedit.MaxMembers) {
			t.Fatalf("%q: Index gave %v", doc, ok)
		}
		if !bytes.Equal(top.Raw(doc), bytes.TrimSpace(doc)) {
			t.Fatalf("%q: whole is %q", doc, top.Raw(doc))
		}
		// encoding/json replaces invalid UTF-8 in names; Find compares the bytes.
		if !utf8.Valid(doc) || !utf8.ValidString(first+second) {
			return
		}
		want, found := lookup(doc, first, second)
		v, ok := jsonedit.Find(doc, first, second)
		if ok != found || (ok && string(v.Raw(doc)) != want) {
			t.Fatalf("%q: %q/%q is %q, %v, want %q, %v", doc, first, second, v.Raw(doc), ok, want, found)
		}
		if list == nil || len(list) > jsonedit.MaxMembers {
			return
		}
		if w, found := o.Find(first, second); found != ok || (ok && w != v) {
			t.Fatalf("%q: Object.Find gave %v, %v; Find gave %v, %v", doc, w, found, v, ok)
		}
	})
}

// lookup finds the value at a path of two steps with encoding/json.
func lookup(doc []byte, path ...string) (string, bool) {
	raw := string(bytes.TrimSpace(doc))
	for _, step := range path {
		next, ok := child(raw, step)
		if !ok {
			return "", false
		}
		raw = next
	}
	return raw, true
}

func child(raw, step string) (string, bool) {
	if raw[0] == '[' {
		return element(raw, step)
	}
	for _, m := range members([]byte(raw)) {
		if m.Name == step {
			return m.Raw, true
		}
	}
	return "", false
}

func element(raw, step string) (string, bool) {
	var list []json.RawMessage
	var index int
	if json.Unmarshal([]byte(raw), &list) != nil || json.Unmarshal([]byte(step), &index) != nil {
		return "", false
	}
	if strconv.Itoa(index) != step || index < 0 || index >= len(list) {
		return "", false
	}
	return string(list[index]), true
}

// FuzzSplice compares the edited document with one that is decoded, modified
// and compared as data, and checks that untouched values keep their bytes.
func FuzzSplice(f *testing.F) {
	seeds(f, func(doc string) { f.Add([]byte(doc), "a", "model", "c", uint8(7)) })
	f.Fuzz(func(t *testing.T, doc []byte, one, two, three string, choice uint8) {
		o, err := jsonedit.Parse(doc, nil)
		if err != nil {
			return
		}
		changes := choose(choice, one, two, three)
		got := jsonedit.Splice(nil, doc, o.Changes(nil, changes...)...)
		if diff := cmp.Diff(modified(doc, changes), members(got)); diff != "" {
			t.Fatalf("%q with %d changes gave %q (-want +got):\n%s", doc, len(changes), got, diff)
		}
		checkSingle(t, doc, &o, one)
	})
}

// choose makes up to three changes: two bits of choice for each say whether it
// sets, removes or is left out.
func choose(choice uint8, names ...string) []jsonedit.Change {
	var changes []jsonedit.Change
	for i, name := range names {
		c := jsonedit.Change{Name: strings.ToValidUTF8(name, "?")}
		if choice>>(2*i)&1 != 0 {
			c.Raw = []byte(`{"new":[` + strings.Repeat("1,", i) + `0]}`)
		}
		repeated := false
		for _, other := range changes {
			repeated = repeated || other.Name == c.Name
		}
		if choice>>(2*i)&2 == 0 && !repeated {
			changes = append(changes, c)
		}
	}
	return changes
}

// modified is the decoded document with all changes made.
func modified(doc []byte, changes []jsonedit.Change) []pair {
	kept, fresh := []pair{}, []pair{}
	seen := map[string]bool{}
	for _, m := range members(doc) {
		seen[m.Name] = true
		for _, c := range changes {
			if c.Name == m.Name {
				m.Raw = string(c.Raw)
			}
		}
		if m.Raw != "" {
			kept = append(kept, m)
		}
	}
	for _, c := range changes {
		if !seen[c.Name] && len(c.Raw) > 0 {
			fresh = append(fresh, pair{c.Name, string(c.Raw)})
		}
	}
	return append(fresh, kept...)
}

// checkSingle checks Set and Remove by themselves.
func checkSingle(t *testing.T, doc []byte, o *jsonedit.Object, name string) {
	t.Helper()
	name = strings.ToValidUTF8(name, "?")
	want := members(doc)
	at := -1
	for i := len(want) - 1; i >= 0; i-- {
		if want[i].Name == name {
			at = i
		}
	}
	edit, ok := o.Remove(name)
	if ok != (at >= 0) {
		t.Fatalf("%q: Remove(%q) gave %v", doc, name, ok)
	}
	if ok {
		without := append(append([]pair{}, want[:at]...), want[at+1:]...)
		if diff := cmp.Diff(without, members(jsonedit.Splice(nil, doc, edit))); diff != "" {
			t.Fatalf("%q: Remove(%q) (-want +got):\n%s", doc, name, diff)
		}
		want[at].Raw = "[0]"
	} else {
		want = append([]pair{{name, "[0]"}}, want...)
	}
	if diff := cmp.Diff(want, members(jsonedit.Splice(nil, doc, o.Set(name, []byte("[0]"))))); diff != "" {
		t.Fatalf("%q: Set(%q) (-want +got):\n%s", doc, name, diff)
	}
}

// FuzzString checks that strings survive the way out and back.
func FuzzString(f *testing.F) {
	for _, s := range []string{"", "plain", "a\"\\\x00\n\u2028é😀", "\xff\xc3"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		raw := jsonedit.AppendString(nil, s)
		var back string
		if err := json.Unmarshal(raw, &back); err != nil || back != runes(s) {
			t.Fatalf("%q became %s: %v", s, raw, err)
		}
		v, ok := jsonedit.Find(raw)
		if text, _ := v.Text(raw); !ok || text != back || !v.Is(raw, back) {
			t.Fatalf("%s decodes to %q", raw, text)
		}
	})
}
