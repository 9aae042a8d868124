package dialect

import "testing"

func TestTrimStart(t *testing.T) {
	for in, want := range map[string]string{
		"":              "",
		" \r\n\t{}":     "{}",
		"\xef\xbb\xbf{": "{",
		"\xbf{":         "{", // the last byte of a mark that came in pieces
		"data: é":       "data: é",
	} {
		if got := string(TrimStart([]byte(in))); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
