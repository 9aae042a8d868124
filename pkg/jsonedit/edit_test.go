package jsonedit_test

import (
	"encoding/json"
	"testing"

	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

func TestSet(t *testing.T) {
	tests := []struct{ name, doc, want string }{
		{"replace", ` {"a": 1 , "model" : "x" } `, ` {"a": 1 , "model" : "new" } `},
		{"replace-escaped-name", `{"mod\u0065l":{"x":[]}}`, `{"mod\u0065l":"new"}`},
		{"insert-first", ` { "a" : 1 } `, ` {"model":"new", "a" : 1 } `},
		{"insert-into-empty", `{ }`, `{"model":"new" }`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := parse(t, tt.doc)
			got := jsonedit.Splice(nil, o.Doc(), o.Set("model", []byte(`"new"`)))
			if string(got) != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestRemove(t *testing.T) {
	tests := []struct{ name, doc, want string }{
		{"first", `{ "x" : 1 , "b":2}`, `{ "b":2}`},
		{"middle", `{"a":1 , "x":[2] , "b":3}`, `{"a":1 , "b":3}`},
		{"last", `{"a":1,"x":2 }`, `{"a":1 }`},
		{"only", `{ "x":2 }`, `{  }`},
		{"first-of-two", `{"x":1,"x":2}`, `{"x":2}`},
		{"absent", `{"a":1}`, ``},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := parse(t, tt.doc)
			edit, ok := o.Remove("x")
			if ok != (tt.want != "") {
				t.Fatalf("found is %v", ok)
			}
			if got := jsonedit.Splice(nil, o.Doc(), edit); ok && string(got) != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestChanges(t *testing.T) {
	set := func(name, raw string) jsonedit.Change { return jsonedit.Change{Name: name, Raw: []byte(raw)} }
	tests := []struct {
		name, doc string
		changes   []jsonedit.Change
		want      string
	}{
		{"none", `{"a":1}`, nil, `{"a":1}`},
		{"two-new-into-empty", `{}`, []jsonedit.Change{set("x", "1"), set("y", "2")}, `{"x":1,"y":2}`},
		{"two-new", `{"a":0}`, []jsonedit.Change{set("x", "1"), set("y", "2")}, `{"x":1,"y":2,"a":0}`},
		{"remove-all", `{"a":0 , "b":1}`, []jsonedit.Change{set("b", ""), set("a", "")}, `{}`},
		{"remove-all-insert", `{"a":0,"b":1}`, []jsonedit.Change{set("x", "1"), set("a", ""), set("b", "")}, `{"x":1}`},
		{"remove-head", `{"a":0,"b":1,"c":2}`, []jsonedit.Change{set("a", ""), set("b", "")}, `{"c":2}`},
		{"remove-tail", `{"a":0,"b":1,"c":2}`, []jsonedit.Change{set("c", ""), set("b", "")}, `{"a":0}`},
		{"remove-ends", `{"a":0,"b":1,"c":2}`, []jsonedit.Change{set("c", ""), set("a", "")}, `{"b":1}`},
		{"remove-absent", `{"a":0}`, []jsonedit.Change{set("x", "")}, `{"a":0}`},
		{"repeated-are-all-set", `{"a":0,"\u0061":1}`, []jsonedit.Change{set("a", "7")}, `{"a":7,"\u0061":7}`},
		{"repeated-are-all-removed", `{"a":0,"b":1,"a":2}`, []jsonedit.Change{set("a", "")}, `{"b":1}`},
		{
			"everything", `{"a":0,"b":1,"c":2}`,
			[]jsonedit.Change{set("c", "3"), set("x", "{}"), set("a", "")},
			`{"x":{},"b":1,"c":3}`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := parse(t, tt.doc)
			got := jsonedit.Splice(nil, o.Doc(), o.Changes(nil, tt.changes...)...)
			if string(got) != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestSplice(t *testing.T) {
	doc := []byte("0123456789")
	e := func(start, end int, text string) jsonedit.Edit {
		return jsonedit.Edit{Start: start, End: end, Text: []byte(text)}
	}
	tests := []struct {
		name  string
		edits []jsonedit.Edit
		want  string
	}{
		{"none", nil, ">0123456789"},
		{"ends", []jsonedit.Edit{e(0, 1, "a"), e(9, 10, "b")}, ">a12345678b"},
		{"insert-at-ends", []jsonedit.Edit{e(0, 0, "a"), e(10, 10, "b")}, ">a0123456789b"},
		{"unsorted", []jsonedit.Edit{e(8, 9, "b"), e(2, 5, "")}, ">01567b9"},
		{"insert-order-at-one-place", []jsonedit.Edit{e(3, 4, "c"), e(3, 3, "a"), e(3, 3, "b")}, ">012abc456789"},
		{"touching", []jsonedit.Edit{e(1, 3, "x"), e(3, 5, "y")}, ">0xy56789"},
		{"all", []jsonedit.Edit{e(0, 10, "x")}, ">x"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := string(jsonedit.Splice([]byte(">"), doc, tt.edits...)); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestSpliceRefusesOverlap(t *testing.T) {
	tests := []struct {
		name  string
		edits []jsonedit.Edit
	}{
		{"overlap", []jsonedit.Edit{{Start: 0, End: 3}, {Start: 2, End: 4}}},
		{"outside", []jsonedit.Edit{{Start: 4, End: 6}}},
		{"negative", []jsonedit.Edit{{Start: -1, End: 1}}},
		{"reversed", []jsonedit.Edit{{Start: 3, End: 2}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			jsonedit.Splice(nil, []byte("01234"), tt.edits...)
		})
	}
}

func TestAppendString(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"empty", "", `""`},
		{"plain", "gpt-4o", `"gpt-4o"`},
		{"quote-and-backslash", `a"b\c`, `"a\"b\\c"`},
		{"control", "\x00\t\n\r\x1f", `"\u0000\t\n\r\u001f"`},
		{"not-escaped", "</é😀\u2028>&\x7f", "\"</é😀\u2028>&\x7f\""},
		{"invalid-utf8", "a\xffb\xc3", `"a\ufffdb\ufffd"`},
		{"replacement-character", "\ufffd", "\"\ufffd\""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := string(jsonedit.AppendString([]byte(":"), tt.text)); got != ":"+tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestText(t *testing.T) {
	tests := []struct{ name, raw, want string }{
		{"plain", `"abc"`, "abc"},
		{"empty", `""`, ""},
		{"escapes", `"\"\\\/\b\f\n\r\t"`, "\"\\/\b\f\n\r\t"},
		{"units", `"\u0041\u00e9\uFFFF\u20ac"`, "Aé\uffff€"},
		{"pair", `"x\uD83D\uDE00y"`, "x😀y"},
		{"lone-high", `"\ud83dx"`, "\ufffdx"},
		{"lone-low", `"\ude00"`, "\ufffd"},
		{"high-before-pair", `"\ud83d\ud83d\ude00"`, "\ufffd😀"},
		{"high-before-letter-unit", `"\ud83d\u0041"`, "\ufffdA"},
		{"invalid-utf8", "\"\xff\\n\xfe\"", "\xff\n\xfe"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			doc := []byte(tt.raw)
			v, ok := jsonedit.Find(doc)
			if !ok {
				t.Fatal("malformed")
			}
			if got, ok := v.Text(doc); got != tt.want || !ok {
				t.Errorf("Text is %q, want %q", got, tt.want)
			}
			if got, ok := v.AppendText([]byte(">"), doc); string(got) != ">"+tt.want || !ok {
				t.Errorf("AppendText gave %q", got)
			}
			if !v.Is(doc, tt.want) || v.Is(doc, tt.want+"x") || v.Is(doc, "y"+tt.want) {
				t.Error("Is differs from Text")
			}
		})
	}
}

func TestEditsOfNestedObjectsCompose(t *testing.T) {
	o := parse(t, `{"stream":true,"stream_options":{"include_obfuscation":false},"model":"a"}`)
	options, ok := o.Child("stream_options", nil)
	if !ok {
		t.Fatal("no stream_options")
	}
	got := jsonedit.Splice(nil, o.Doc(),
		o.Set("model", []byte(`"b"`)), options.Set("include_usage", []byte("true")))
	want := `{"stream":true,"stream_options":{"include_usage":true,"include_obfuscation":false},"model":"b"}`
	if string(got) != want || !json.Valid(got) {
		t.Errorf("got %s", got)
	}
}
