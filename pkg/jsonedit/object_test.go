package jsonedit_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

func parse(t *testing.T, doc string) jsonedit.Object {
	t.Helper()
	o, err := jsonedit.Parse([]byte(doc), nil)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestGet(t *testing.T) {
	tests := []struct{ name, doc, get, want string }{
		{"plain", `{"a":1,"model":"x"}`, "model", `"x"`},
		{"escaped-name", `{"mod\u0065l":"x"}`, "model", `"x"`},
		{"escaped-whole-name", `{"\u006d\u006f\u0064\u0065\u006c":"x"}`, "model", `"x"`},
		{"first-of-two", `{"model":1,"mod\u0065l":2}`, "model", "1"},
		{"name-with-quote", `{"a\"b":3}`, `a"b`, "3"},
		{"name-with-pair", `{"\ud83d\ude00":4}`, "😀", "4"},
		{"name-raw-and-escaped", `{"\u00e9é":5}`, "éé", "5"},
		{"empty-name", `{"":6}`, "", "6"},
		{"case-matters", `{"Model":1}`, "model", ""},
		{"prefix", `{"mode":1}`, "model", ""},
		{"escaped-prefix", `{"mod\u0065":1}`, "model", ""},
		{"escaped-longer", `{"mod\u0065ls":1}`, "model", ""},
		{"escape-not-decoded", `{"mod\\u0065l":1}`, "model", ""},
		{"nested-only", `{"a":{"model":1}}`, "model", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := parse(t, tt.doc)
			v, ok := o.Get(tt.get)
			if ok != (tt.want != "") {
				t.Fatalf("found is %v", ok)
			}
			if got := string(v.Raw(o.Doc())); ok && got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestDuplicate(t *testing.T) {
	tests := []struct {
		name, doc, want string
		start           int
	}{
		{"none", `{"model":1,"messages":2,"x":1,"x":2}`, "", 0},
		{"plain", `{"model":1,"model":2}`, "model", 11},
		{"second-is-escaped", `{"model":1,"mod\u0065l":2}`, "model", 11},
		{"first-is-escaped", `{"\u006dodel":1,"model":2}`, "model", 16},
		{"first-repetition-of-any", `{"stream":1,"messages":1,"messages":2,"stream":2}`, "messages", 25},
		{"three-times", `{"stream":1,"stream":2,"stream":3}`, "stream", 12},
		{"nested-do-not-count", `{"model":{"model":1,"model":2}}`, "", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := parse(t, tt.doc)
			m, name, ok := o.Duplicate("model", "stream", "messages", "absent")
			if ok != (tt.want != "") || name != tt.want || m.Key.Start != tt.start {
				t.Errorf("got %q at %d, %v", name, m.Key.Start, ok)
			}
		})
	}
}

func TestChild(t *testing.T) {
	wide := `{"a":{` + strings.Repeat(`"":0,`, jsonedit.MaxMembers) + `"":0}}`
	tests := []struct {
		name, doc string
		want      int
	}{
		{"object", `{"x":0,"a":{"b":{"c":1},"d":[{}]}}`, 2},
		{"empty", `{"a":{ }}`, 0},
		{"array", `{"a":[{}]}`, -1},
		{"null", `{"a":null}`, -1},
		{"absent", `{"b":{}}`, -1},
		{"too-many-members", wide, -1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := parse(t, tt.doc)
			c, ok := o.Child("a", make([]jsonedit.Member, 5))
			if ok != (tt.want >= 0) {
				t.Fatalf("found is %v", ok)
			}
			if ok && len(c.Members()) != tt.want {
				t.Errorf("%d members, want %d", len(c.Members()), tt.want)
			}
		})
	}
}

func TestFind(t *testing.T) {
	doc := `{"a":[{"b":1},{"b":{"\u0063":"x"}},3],"a":9,"0":"zero","e":{}} `
	tests := []struct{ name, doc, path, want string }{
		{"whole", doc, "", doc[:len(doc)-1]},
		{"member", doc, "0", `"zero"`},
		{"element", doc, "a/2", "3"},
		{"deep", doc, "a/1/b/c", `"x"`},
		{"object", doc, "a/0", `{"b":1}`},
		{"first-of-two-names", doc, "a/0/b", "1"},
		{"no-such-element", doc, "a/3", ""},
		{"leading-zero-element", doc, "a/02", ""},
		{"empty-step", doc, "a/", ""},
		{"negative-element", doc, "a/-1", ""},
		{"name-in-array", doc, "a/b", ""},
		{"element-in-object", doc, "e/0", ""},
		{"below-scalar", doc, "0/x", ""},
		{"absent", doc, "x", ""},
		{"top-level-array", `[[1,2],[3]]`, "1/0", "3"},
		{"top-level-scalar", ` 12 `, "", "12"},
		{"first-dead-end-counts", `{"a":{},"a":{"b":1}}`, "a/b", ""},
		{"malformed-behind", `{"a":1,"b":}`, "a", ""},
		{"trailing-data", `{"a":1}x`, "a", ""},
		{"cut", `{"a":1`, "a", ""},
		{"done-marker", `[DONE]`, "a", ""},
		{"empty", ``, "", ""},
		{"lone-surrogate", `{"t":"\ud83d","a":7}`, "a", "7"},
		{"too-deep", strings.Repeat("[", 600) + strings.Repeat("]", 600), "", ""},
		{"too-deep-on-path", strings.Repeat("[", 513) + strings.Repeat("]", 513), strings.Repeat("0/", 520), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var path []string
			if tt.path != "" {
				path = strings.Split(tt.path, "/")
			}
			v, ok := jsonedit.Find([]byte(tt.doc), path...)
			if ok != (tt.want != "") {
				t.Fatalf("found is %v at %v", ok, v)
			}
			if got := string(v.Raw([]byte(tt.doc))); ok && got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			if o, err := jsonedit.Parse([]byte(tt.doc), nil); err == nil {
				w, found := o.Find(path...)
				if found != ok || (ok && w != v) {
					t.Errorf("Object.Find gave %v, %v; Find gave %v", w, found, v)
				}
			}
		})
	}
}

func TestItems(t *testing.T) {
	tests := []struct{ name, doc, want string }{
		{"array", `[1, "a" ,[2,3],{"x":4}]`, `1 "a" [2,3] {"x":4} `},
		{"empty-array", `[ ]`, ""},
		{"object-values", `{"a":1,"b":[ ]}`, "1 [ ] "},
		{"scalar", `7`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			doc := []byte(tt.doc)
			v, _ := jsonedit.Find(doc)
			var got []byte
			n := 0
			for item := range v.Items(doc) {
				got = append(append(got, item.Raw(doc)...), ' ')
				n++
			}
			if string(got) != tt.want || v.Len(doc) != n {
				t.Errorf("got %q, Len %d", got, v.Len(doc))
			}
			for range v.Items(doc) {
				break
			}
		})
	}
}

func TestInt(t *testing.T) {
	tests := []struct {
		name, raw string
		want      int64
		ok        bool
	}{
		{"zero", "0", 0, true},
		{"minus-zero", "-0", 0, true},
		{"small", "42", 42, true},
		{"negative", "-42", -42, true},
		{"greatest", "9223372036854775807", 1<<63 - 1, true},
		{"least", "-9223372036854775808", -1 << 63, true},
		{"beyond", "9223372036854775808", 0, false},
		{"eighteen-digits", "999999999999999999", 999999999999999999, true},
		{"point-zero", "128.0", 128, true},
		{"exponent", "1.28e2", 128, true},
		{"negative-exponent", "1280e-1", 128, true},
		{"fraction", "1.5", 0, false},
		{"exact-float-limit", "9007199254740992.0", 1 << 53, true},
		{"beyond-exact-floats", "1e18", 0, false},
		{"overflow", "1e999", 0, false},
		{"long", "1." + strings.Repeat("0", 100), 0, false},
		{"string", `"1"`, 0, false},
		{"null", "null", 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v, _ := jsonedit.Find([]byte(tt.raw))
			if got, ok := v.Int([]byte(tt.raw)); got != tt.want || ok != tt.ok {
				t.Errorf("got %d, %v", got, ok)
			}
		})
	}
}

// Nothing that may hold content prints it, by whatever verb or logger.
func TestPrintsNoContent(t *testing.T) {
	const content = "swordfish"
	raw := []byte(`"` + content + `"`)
	o := parse(t, `{"a":`+string(raw)+`}`)
	for _, v := range []any{
		o, &o,
		[]jsonedit.Object{o},
		o.Set("a", raw),
		[]jsonedit.Edit{o.Set("a", raw)},
		jsonedit.Change{Name: "a", Raw: raw},
	} {
		var out bytes.Buffer
		fmt.Fprintf(&out, "%v %+v %#v %s %q %x %d", v, v, v, v, v, v, v)
		slog.New(slog.NewTextHandler(&out, nil)).Info("m", slog.Any("v", v))
		slog.New(slog.NewJSONHandler(&out, nil)).Info("m", slog.Any("v", v))
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(b)
		// Byte slices print as numbers or base64 where they are not redacted.
		for _, leak := range []string{content, "115 119 111 114", "c3dvcmRmaXNo", "73776f7264", "0x73, 0x77"} {
			if strings.Contains(out.String(), leak) {
				t.Errorf("%T prints %s", v, out.String())
			}
		}
	}
}
