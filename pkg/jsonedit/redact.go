package jsonedit

import (
	"fmt"
	"strconv"
)

// Format prints the size of the document in place of its content, whatever the
// verb.
func (o Object) Format(f fmt.State, _ rune) { redact(f, len(o.doc)) }

// MarshalText keeps the content out of structured logs.
func (o Object) MarshalText() ([]byte, error) { return redacted(len(o.doc)), nil }

// Format prints the size of the text in place of its content, whatever the
// verb.
func (e Edit) Format(f fmt.State, _ rune) { redact(f, len(e.Text)) }

// MarshalText keeps the content out of structured logs.
func (e Edit) MarshalText() ([]byte, error) { return redacted(len(e.Text)), nil }

// Format prints the size of the value in place of its content, whatever the
// verb.
func (c Change) Format(f fmt.State, _ rune) { redact(f, len(c.Raw)) }

// MarshalText keeps the content out of structured logs.
func (c Change) MarshalText() ([]byte, error) { return redacted(len(c.Raw)), nil }

func redact(f fmt.State, n int) {
	_, _ = f.Write(redacted(n)) // a fmt.State reports its own errors
}

func redacted(n int) []byte {
	return append(strconv.AppendInt([]byte("[redacted "), int64(n), 10), " bytes]"...)
}
