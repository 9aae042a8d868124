package secret

import (
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
)

const redacted = "[redacted]"

// Value is a secret. The zero value is empty. It is safe for concurrent use.
type Value struct {
	// A function, because printers that reach unexported fields without asking
	// for methods, as fmt does within other structs, see its address alone.
	text func() string
}

// New returns s as a secret.
func New(s string) Value {
	if s == "" {
		return Value{}
	}
	return Value{text: func() string { return s }}
}

// Reveal returns the text of the secret.
func (v Value) Reveal() string {
	if v.text == nil {
		return ""
	}
	return v.text()
}

// Empty reports whether there is no secret.
func (v Value) Empty() bool { return v.text == nil }

// Equal reports whether both are the same secret, in a time that depends on
// their lengths alone.
func (v Value) Equal(w Value) bool {
	return subtle.ConstantTimeCompare([]byte(v.Reveal()), []byte(w.Reveal())) == 1
}

// String returns "[redacted]".
func (Value) String() string { return redacted }

// GoString returns "[redacted]".
func (Value) GoString() string { return redacted }

// Format writes "[redacted]", whatever the verb.
func (Value) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, redacted) }

// LogValue returns "[redacted]".
func (Value) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns "[redacted]", so that no encoder shows the secret.
func (Value) MarshalText() ([]byte, error) { return []byte(redacted), nil }
