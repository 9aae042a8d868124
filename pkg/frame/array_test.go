package frame

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// elements returns what an Array gives for the pieces, one line an element, and
// whether it was whole.
func elements(limit int, pieces ...string) ([]string, bool) {
	var out []string
	a := Array{Max: limit}
	emit := func(e Element) {
		line := string(e.Raw)
		if e.Oversize {
			line += "!"
		}
		if e.Truncated {
			line += "…"
		}
		out = append(out, line)
	}
	for _, p := range pieces {
		b := []byte(p)
		a.Feed(b, emit)
		for i := range b { // a splitter must not keep what it was fed
			b[i] = 'x'
		}
	}
	return out, a.Close(emit)
}

func TestArray(t *testing.T) {
	for name, c := range map[string]struct {
		body  string
		want  []string
		whole bool
	}{
		"none":           {"[]", nil, true},
		"spaced":         {" [ \r\n ] \n", nil, true},
		"objects":        {"[{\"a\":1}\n,\r\n{\"b\":[{}]}\n]", []string{`{"a":1}`, `{"b":[{}]}`}, true},
		"text":           {`[{"a":"]}\"\\"},["\\\\","{"]]`, []string{`{"a":"]}\"\\"}`, `["\\\\","{"]`}, true},
		"scalars":        {`[1, "a,]" ,null,true]`, []string{"1", `"a,]"`, "null", "true"}, true},
		"no-end":         {`[{"a":1},{"b":`, []string{`{"a":1}`, `{"b":…`}, false},
		"no-end-between": {`[{"a":1},`, []string{`{"a":1}`}, false},
		"behind":         {`[1] x`, []string{"1"}, false},
		"two":            {`[1][2]`, []string{"1"}, false},
		"object":         {`{"a":1}`, nil, false},
		"empty":          {``, nil, false},
		"large":          {`[{"a":"0123456789012345"},1]`, []string{"!", "1"}, true},
		"large-no-end":   {`["01234567890123456789`, []string{"!…"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			got, whole := elements(20, c.body)
			if d := cmp.Diff(c.want, got); d != "" || whole != c.whole {
				t.Errorf("whole %v, want %v (-want +got):\n%s", whole, c.whole, d)
			}
			got, whole = elements(20, strings.Split(c.body, "")...)
			if d := cmp.Diff(c.want, got); d != "" || whole != c.whole {
				t.Errorf("by bytes: whole %v, want %v (-want +got):\n%s", whole, c.whole, d)
			}
		})
	}
}

func TestElementPrintsRedacted(t *testing.T) {
	e := Element{Raw: []byte("secret")}
	if got := fmt.Sprintf("%v %+v %#v %s", e, e, e, e); strings.Contains(got, "secret") {
		t.Error(got)
	}
	if b, err := json.Marshal(e); err != nil || strings.Contains(string(b), "secret") {
		t.Error(string(b), err)
	}
}

// What an Array gives does not depend on the cuts, and of a valid array it is
// what encoding/json gives.
func FuzzArray(f *testing.F) {
	for _, s := range []string{`[{"a":"]}\"\\"} , [1,"x"],null , "s"]`, `[1,2`, `[]x`, "[{},{\"a\":[\"\\\\\"]}]\n"} {
		f.Add(s, uint8(3), uint8(5))
	}
	f.Fuzz(func(t *testing.T, body string, a, b uint8) {
		want, whole := elements(64, body)
		i := int(a) % (len(body) + 1)
		j := i + int(b)%(len(body)-i+1)
		got, w := elements(64, body[:i], body[i:j], body[j:])
		if d := cmp.Diff(want, got); d != "" || whole != w {
			t.Errorf("cut at %d and %d: whole %v, want %v (-want +got):\n%s", i, j, w, whole, d)
		}
		var items []json.RawMessage
		if json.Unmarshal([]byte(body), &items) != nil || len(body) > 64 || strings.TrimSpace(body)[0] != '[' {
			return
		}
		var oracle []string
		for _, item := range items {
			oracle = append(oracle, string(item))
		}
		if d := cmp.Diff(oracle, want); d != "" || !whole {
			t.Errorf("whole %v (-json +array):\n%s", whole, d)
		}
	})
}
