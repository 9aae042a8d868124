package dialect

import (
	"fmt"

	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// Text is the inside of a JSON string: escaped as it stood in a document,
// without its quotes, and so valid in any other document. Pieces of it may be
// joined. Text that was never decoded is not encoded again: what a model or a
// caller wrote keeps its bytes. It is content and prints itself redacted.
type Text []byte

// Escape returns s as Text.
func Escape(s string) Text {
	b := jsonedit.AppendString(nil, s)
	return b[1 : len(b)-1]
}

// Decode returns what the text says; false when it is not the inside of a JSON
// string.
func (t Text) Decode() (string, bool) {
	doc := append(append([]byte{'"'}, t...), '"')
	v, ok := jsonedit.Find(doc)
	if !ok {
		return "", false
	}
	return v.Text(doc)
}

// Append appends t as a JSON string, with its quotes.
func (t Text) Append(dst []byte) []byte {
	return append(append(append(dst, '"'), t...), '"')
}

// Format prints the size, whatever the verb.
func (t Text) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "[redacted %d bytes]", len(t)) }

// MarshalText is Format for encoders.
func (t Text) MarshalText() ([]byte, error) { return fmt.Append(nil, t), nil }
