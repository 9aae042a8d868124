package gemini

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestCursorChecks(t *testing.T) {
	for doc, want := range map[string]bool{
		`{}`: true, ` [ 1 , -0.5e+3, "a\u00e9\n", true, false, null ] `: true, `0`: true, `-0`: true, `"\ud800"`: true, "\"\xff\"": true,
		``: false, `{`: false, `[1,]`: false, `[,1]`: false, `{"a":1,}`: false, `{"a"}`: false, `{a:1}`: false, `01`: false, `1.`: false,
		`1e`: false, `+1`: false, `"a`: false, `"\x"`: false, `"\u12g4"`: false, "\"\n\"": false, `tru`: false, `nullx`: false, `1 2`: false,
		`[1}`: false, "\x00": false, `{"a":1 "b":2}`: false,
		strings.Repeat("[", 200) + strings.Repeat("]", 200):   true,
		strings.Repeat("[", 9000) + strings.Repeat("]", 9000): false,
	} {
		c := cursor{doc: []byte(doc)}
		c.skip()
		if got := c.done(); got != want {
			t.Errorf("%.40q: %v, want %v", doc, got, want)
		}
	}
}

func TestCursorIntegers(t *testing.T) {
	for doc, want := range map[string]int64{"12": 12, "0": 0, "-3": -3, "12.0": 12, "1.2e1": 12, "1.5": -1, `"12"`: -1, "null": -1, "1e99": -1} {
		c := cursor{doc: []byte(doc)}
		n, ok := c.integer()
		if !ok {
			n = -1
		}
		if n != want || !c.done() {
			t.Errorf("%s: %d, want %d", doc, n, want)
		}
	}
}

// A cursor takes what encoding/json takes.
func FuzzCursor(f *testing.F) {
	for _, s := range []string{`{"a":[1,-2.5e3,"x\u00e9\\"],"b":{"c":null}}`, `[1,]`, `"\ud800"`, `{"a":01}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		c := cursor{doc: doc}
		c.skip()
		if got, want := c.done(), json.Valid(doc); got != want && len(doc) < maxDepth {
			t.Errorf("%v, want %v", got, want)
		}
	})
}
