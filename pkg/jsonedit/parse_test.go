package jsonedit_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

func TestParseRefuses(t *testing.T) {
	deep := strings.Repeat("[", jsonedit.MaxDepth)
	wide := "{" + strings.Repeat(`"":0,`, jsonedit.MaxMembers) + `"":0}`
	tests := []struct {
		name, doc string
		want      jsonedit.SyntaxError
	}{
		{"empty", "", at(0, 1, 1, "unexpected end of the document")},
		{"space-only", " \n\t\r", at(4, 2, 3, "unexpected end of the document")},
		{"byte-order-mark", "\ufeff{}", at(0, 1, 1, "byte order mark")},
		{"array-at-top", "[1]", at(0, 1, 1, "expected an object")},
		{"string-at-top", ` "a"`, at(1, 1, 2, "expected an object")},
		{"open-brace", "{", at(1, 1, 2, "unexpected end of the document")},
		{"trailing-garbage", "{}\n x", at(4, 2, 2, "data behind the document")},
		{"two-documents", "{}{}", at(2, 1, 3, "data behind the document")},
		{"trailing-zero-byte", "{}\x00", at(2, 1, 3, "data behind the document")},
		{"trailing-comma", `{"a":1,}`, at(7, 1, 8, "expected a member's name in quotes")},
		{"leading-comma", `{,"a":1}`, at(1, 1, 2, "expected a member's name in quotes")},
		{"bare-name", `{a:1}`, at(1, 1, 2, "expected a member's name in quotes")},
		{"single-quotes", `{'a':1}`, at(1, 1, 2, "expected a member's name in quotes")},
		{"no-colon", `{"a" 1}`, at(5, 1, 6, "expected a colon")},
		{"no-value", `{"a":}`, at(5, 1, 6, "expected a value")},
		{"no-comma", `{"a":1 "b":2}`, at(7, 1, 8, "expected a comma or a closing brace")},
		{"wrong-bracket", `{"a":[1}`, at(7, 1, 8, "expected a comma or a closing bracket")},
		{"wrong-brace", `{"a":{"b":1]}`, at(11, 1, 12, "expected a comma or a closing brace")},
		{"array-trailing-comma", `{"a":[1,]}`, at(8, 1, 9, "expected a value")},
		{"nested-bare-name", `{"a":[{b:1}]}`, at(7, 1, 8, "expected a member's name in quotes")},
		{"nested-no-colon", `{"a":[{"b"}]}`, at(10, 1, 11, "expected a colon")},
		{"comment", `{/**/}`, at(1, 1, 2, "expected a member's name in quotes")},
		{"form-feed", "{\f}", at(1, 1, 2, "expected a member's name in quotes")},
		{"no-break-space", "{\u00a0}", at(1, 1, 2, "expected a member's name in quotes")},
		{"literal-cut", `{"a":tru`, at(8, 1, 9, "unexpected end of the document")},
		{"literal-wrong", `{"a":nul1}`, at(8, 1, 9, "invalid literal")},
		{"literal-longer", `{"a":truex}`, at(9, 1, 10, "expected a comma or a closing brace")},
		{"literal-case", `{"a":True}`, at(5, 1, 6, "expected a value")},
		{"not-a-number", `{"a":NaN}`, at(5, 1, 6, "expected a value")},
		{"number-leading-zero", `{"a":012}`, at(6, 1, 7, "expected a comma or a closing brace")},
		{"number-plus", `{"a":+1}`, at(5, 1, 6, "expected a value")},
		{"number-point-first", `{"a":.5}`, at(5, 1, 6, "expected a value")},
		{"number-point-last", `{"a":5.}`, at(7, 1, 8, "expected a digit")},
		{"number-minus-alone", `{"a":-}`, at(6, 1, 7, "expected a digit")},
		{"number-minus-word", `{"a":-Infinity}`, at(6, 1, 7, "expected a digit")},
		{"number-exponent-empty", `{"a":1e}`, at(7, 1, 8, "expected a digit")},
		{"number-exponent-sign", `{"a":1e+}`, at(8, 1, 9, "expected a digit")},
		{"number-hex", `{"a":0x1}`, at(6, 1, 7, "expected a comma or a closing brace")},
		{"string-cut", `{"a":"bcdefghijkl`, at(17, 1, 18, "unexpected end of the document")},
		{"string-escaped-quote-cut", `{"a":"b\"`, at(9, 1, 10, "unexpected end of the document")},
		{"string-newline", "{\"a\":\n\"b\nc\"}", at(8, 2, 3, "control character in a string")},
		{"string-zero-byte", "{\"a\":\"123456789\x00\"}", at(15, 1, 16, "control character in a string")},
		{"string-unit-separator", "{\"a\x1f\":1}", at(3, 1, 4, "control character in a string")},
		{"escape-unknown", `{"a":"\x41"}`, at(7, 1, 8, "invalid escape")},
		{"escape-capital-u", `{"a":"\U0041"}`, at(7, 1, 8, "invalid escape")},
		{"escape-cut", `{"a":"\`, at(7, 1, 8, "unexpected end of the document")},
		{"escape-bad-hex", `{"a":"\u12g4"}`, at(10, 1, 11, "expected a hexadecimal digit")},
		{"escape-short-hex", `{"a":"\u123"}`, at(11, 1, 12, "expected a hexadecimal digit")},
		{"escape-hex-cut", `{"a":"\u12`, at(10, 1, 11, "unexpected end of the document")},
		{"escape-hex-high-byte", "{\"a\":\"\\u00\xc3\xa9\"}", at(10, 1, 11, "expected a hexadecimal digit")},
		{"pair-bad-hex", `{"a":"\ud83d\uzzzz"}`, at(14, 1, 15, "expected a hexadecimal digit")},
		{"utf8-invalid-byte", "{\"a\":\"\u00e9\xff\"}", at(8, 1, 8, "invalid UTF-8")},
		{"utf8-cut", "{\"a\":\"abcdefgh\xe2\x82\"}", at(14, 1, 15, "invalid UTF-8")},
		{"utf8-overlong", "{\"a\":\"\xc0\xaf\"}", at(6, 1, 7, "invalid UTF-8")},
		{"utf8-surrogate", "{\"a\":\"\xed\xa0\x80\"}", at(6, 1, 7, "invalid UTF-8")},
		{"utf8-invalid-name", "{\"\x80\":1}", at(2, 1, 3, "invalid UTF-8")},
		{"utf8-invalid-behind-escape", "{\"a\":\"\\n\x80\"}", at(8, 1, 9, "invalid UTF-8")},
		{"lone-high", `{"a":"\ud800"}`, lone(6)},
		{"lone-low", `{"a":"x\udc00"}`, lone(7)},
		{"lone-high-twice", `{"a":"\ud800\ud800\udc00"}`, lone(6)},
		{"lone-reversed", `{"a":"\udc00\ud800"}`, lone(6)},
		{"lone-high-before-letter", `{"a":"\ud800x\udc00"}`, lone(6)},
		{"lone-high-before-escape", `{"a":"\ud800\n"}`, lone(6)},
		{"lone-in-name", `{"\ud800":1}`, lone(2)},
		{"lone-nested", `{"a":[{"b":"\uDFFF"}]}`, lone(12)},
		{"lone-at-end-of-document", `{"a":"\ud800`, lone(6)},
		{"too-deep", `{"a":` + deep, at(5+511, 1, 5+512, "nested too deep")},
		{"too-many-members", wide, at(1+5*1024, 1, 2+5*1024, "too many members")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := jsonedit.Parse([]byte(tt.doc), nil)
			got, ok := errors.AsType[*jsonedit.SyntaxError](err)
			if !ok {
				t.Fatalf("Parse gave %v, want a *SyntaxError", err)
			}
			if diff := cmp.Diff(tt.want, *got); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}

func at(offset, line, column int, reason string) jsonedit.SyntaxError {
	return jsonedit.SyntaxError{Offset: offset, Line: line, Column: column, Reason: reason}
}

func lone(offset int) jsonedit.SyntaxError {
	e := at(offset, 1, offset+1, "lone surrogate")
	e.Lone = true
	return e
}

func TestSyntaxErrorText(t *testing.T) {
	_, err := jsonedit.Parse([]byte("{\r\n\t\"a\": secret}"), nil)
	if got, want := fmt.Sprint(err), "line 2, column 7: expected a value"; got != want {
		t.Errorf("error is %q, want %q", got, want)
	}
}

func TestParseAccepts(t *testing.T) {
	inner := jsonedit.MaxDepth - 1
	tests := []struct{ name, doc string }{
		{"empty-object", "{}"},
		{"space-everywhere", " {\t\"a\"\r:\n[ ] , \"b\" : { } } \n"},
		{"all-kinds", `{"a":null,"b":true,"c":false,"d":-0.5e+10,"e":"x","f":[1,[]],"g":{"h":{}}}`},
		{"all-escapes", `{"a":"\"\\\/\b\f\n\r\t\u00e9\uD83D\uDE00\ud7ff\ue000\uffff"}`},
		{"escaped-zero", `{"a":"\u0000"}`},
		{"delete-character", "{\"a\":\"\x7f\"}"},
		{"utf8", "{\"ключ\":\"日本語 😀 \ufffd \ufeff\"}"},
		{"empty-name", `{"":""}`},
		{"doubled-name", `{"a":1,"a":2}`},
		{"long-number", `{"a":` + strings.Repeat("9", 5000) + `}`},
		{"zeros", `{"a":[0,-0,0.0,0e0,0E-0,-0.0e+00]}`},
		{"deepest-array", `{"a":` + strings.Repeat("[", inner) + strings.Repeat("]", inner) + `}`},
		{"deepest-object", strings.Repeat(`{"a":`, inner) + "{}" + strings.Repeat("}", inner)},
		{"deepest-mixed", `{"a":` + strings.Repeat(`[{"a":`, inner/2) + "1" + strings.Repeat("}]", inner/2) + `}`},
		{"most-members", "{" + strings.Repeat(`"":0,`, jsonedit.MaxMembers-1) + `"":0}`},
		{"nested-members-unbounded", `{"a":{` + strings.Repeat(`"":0,`, 4*jsonedit.MaxMembers) + `"":0}}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			doc := []byte(tt.doc)
			o, err := jsonedit.Parse(doc, nil)
			if err != nil {
				t.Fatal(err)
			}
			compareMembers(t, doc, o)
		})
	}
}

// A mark may stand at any place in the eight bytes that are looked at together,
// and bytes with the top bit set must not hide it.
func TestParseStringPlaces(t *testing.T) {
	for _, fill := range []string{"a", "!", "#", "[", "]", "\x7f", "\u00ff"} {
		for before := range 20 {
			for behind := range 10 {
				lead, tail := strings.Repeat(fill, before), strings.Repeat(fill, behind)
				good := `{"k":"` + lead + `\n` + tail + `"}`
				if o, err := jsonedit.Parse([]byte(good), nil); err != nil {
					t.Errorf("%q: %v", good, err)
				} else if s, _ := o.Members()[0].Value.Text([]byte(good)); s != lead+"\n"+tail {
					t.Errorf("%q decodes to %q", good, s)
				}
				bad := `{"k":"` + lead + "\x1f" + tail + `"}`
				_, err := jsonedit.Parse([]byte(bad), nil)
				if e, ok := errors.AsType[*jsonedit.SyntaxError](err); !ok || e.Offset != 6+len(lead) {
					t.Errorf("%q: %v", bad, err)
				}
			}
		}
	}
}

// Every start of a sequence is tried with the bytes that bound what may follow.
func TestParseUTF8(t *testing.T) {
	bounds := []byte{0x00 + ' ', 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff}
	for lead := 0x80; lead <= 0xff; lead++ {
		for i := range len(bounds) * len(bounds) * len(bounds) {
			text := []byte{byte(lead), bounds[i%10], bounds[i/10%10], bounds[i/100]}
			for n := 1; n <= 4; n++ {
				for _, tail := range []string{"", "padding"} {
					doc := []byte(`{"k":"` + string(text[:n]) + tail + `"}`)
					_, err := jsonedit.Parse(doc, nil)
					e, _ := errors.AsType[*jsonedit.SyntaxError](err)
					if want := firstInvalid(doc); (want < 0) != (err == nil) || (e != nil && e.Offset != want) {
						t.Fatalf("%x: %v, first invalid byte is %d", text[:n], err, want)
					}
				}
			}
		}
	}
}

// firstInvalid returns the offset of the first invalid UTF-8 in doc, or -1.
func firstInvalid(doc []byte) int {
	for i := 0; i < len(doc); {
		r, n := utf8.DecodeRune(doc[i:])
		if r == utf8.RuneError && n < 2 {
			return i
		}
		i += n
	}
	return -1
}

func TestIndexIsLax(t *testing.T) {
	tests := []struct {
		name, doc string
		want      bool
	}{
		{"lone-surrogate", `{"a":"\ud800","n":1}`, true},
		{"invalid-utf8", "{\"a\":\"\xff\",\"n\":1}", true},
		{"grammar", `{"a":"x","n":1,}`, false},
		{"byte-order-mark", "\ufeff{\"n\":1}", false},
		{"not-an-object", `[{"n":1}]`, false},
		{"trailing-data", `{"n":1} {}`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o, ok := jsonedit.Index([]byte(tt.doc), nil)
			if ok != tt.want {
				t.Fatalf("Index gave %v", ok)
			}
			if v, found := o.Get("n"); found != tt.want {
				t.Errorf("n is %v, found %v", v, found)
			}
		})
	}
}
