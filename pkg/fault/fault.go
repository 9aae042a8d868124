// Package fault is the one place that says how a request can fail and how
// each failure looks to a caller: kind, HTTP status, error type and code, and
// the shape of the body in the caller's dialect.
//
// Invariants: ClientText is safe to show to the caller; Cause never leaves the
// process, not even by Error. No other package renders an error body.
package fault

import "strings"

// Error is a request's failure. Text is written for the caller: it names what
// is wrong and the way out, and holds no secret, no content and nothing of an
// operator's configuration. Cause is for the log alone.
type Error struct {
	Kind  Kind
	Text  string
	Param string // the request field at fault, empty when there is none
	Cause error

	status int
}

// New returns an error of kind k with text for the caller.
func New(k Kind, text string) *Error { return &Error{Kind: k, Text: text} }

// With returns a copy of e that names the request field at fault.
func (e *Error) With(param string) *Error {
	c := *e
	c.Param = param
	return &c
}

// At returns a copy of e with an HTTP status of its own, for errors that keep
// a provider's.
func (e *Error) At(status int) *Error {
	c := *e
	c.status = status
	return &c
}

// Status is the HTTP status of the answer.
func (e *Error) Status() int {
	if e.status != 0 {
		return e.status
	}
	return e.Kind.Status()
}

// words are those of the kind, or of a status of its own.
func (e *Error) words() words {
	if e.status != 0 {
		return wordsOf(e.status)
	}
	return table[e.Kind].words
}

// named is the text, which names the field at fault.
func (e *Error) named() string {
	if e.Param == "" || strings.Contains(e.Text, e.Param) {
		return e.Text
	}
	return e.Param + ": " + e.Text
}

// Because returns a copy of e that carries cause for the log.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.Cause = cause
	return &c
}

// Error is the caller's text with the code, without the cause, so that a fault
// that is printed by accident leaks nothing.
func (e *Error) Error() string { return e.Kind.Code() + ": " + e.Text }

// Unwrap returns the cause for errors.Is and errors.As.
func (e *Error) Unwrap() error { return e.Cause }
