package frame

import (
	"fmt"
	"io"
	"strconv"
)

// Format prints the size of the event in place of its content, whatever the
// verb.
func (e Event) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, e.redacted()) // a fmt.State reports its own errors
}

// MarshalText keeps the content out of structured logs.
func (e Event) MarshalText() ([]byte, error) { return []byte(e.redacted()), nil }

func (e Event) redacted() string { return "[redacted " + strconv.Itoa(len(e.Raw)) + " bytes]" }

// Format prints the size of the element in place of its content, whatever the
// verb.
func (e Element) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, e.redacted()) // a fmt.State reports its own errors
}

// MarshalText keeps the content out of structured logs.
func (e Element) MarshalText() ([]byte, error) { return []byte(e.redacted()), nil }

func (e Element) redacted() string { return "[redacted " + strconv.Itoa(len(e.Raw)) + " bytes]" }
