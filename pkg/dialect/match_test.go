package dialect

import (
	"testing"

	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

func TestCheckBody(t *testing.T) {
	tests := []struct {
		name, contentType, encoding string
		want                        fault.Kind // Internal: none
	}{
		{"none", "", "", fault.Internal},
		{"json", "application/json", "", fault.Internal},
		{"charset", `Application/JSON; charset="UTF-8"`, "identity", fault.Internal},
		{"latin", "application/json; charset=iso-8859-1", "", fault.UnsupportedMediaType},
		{"form", "application/x-www-form-urlencoded", "", fault.UnsupportedMediaType},
		{"gzip", "application/json", "gzip", fault.UnsupportedEncoding},
	}
	for _, tt := range tests {
		f := CheckBody(Head{ContentType: tt.contentType, ContentEncoding: tt.encoding})
		if f == nil && tt.want != fault.Internal || f != nil && f.Kind != tt.want {
			t.Errorf("%s: %v", tt.name, f)
		}
	}
}

func TestUnescape(t *testing.T) {
	for _, tt := range []struct {
		in, want string
		ok       bool
	}{
		{"plain", "plain", true},
		{"a%2Fb%c3%A9", "a/bé", true},
		{"", "", true},
		{"a%", "", false},
		{"a%2", "", false},
		{"%zz", "", false},
		{"%+1", "", false},
	} {
		if got, ok := Unescape(tt.in); got != tt.want || ok != tt.ok {
			t.Errorf("%q: %q %v", tt.in, got, ok)
		}
	}
}

func TestSyntax(t *testing.T) {
	_, err := jsonedit.Parse([]byte("{\n\"secret\" 1}"), nil)
	const want = "The request body is not valid JSON: expected a colon at line 2, column 10."
	if got := Syntax(err); got.Kind != fault.InvalidJSON || got.Text != want {
		t.Errorf("%v", got)
	}
}
