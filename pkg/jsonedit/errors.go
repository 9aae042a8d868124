package jsonedit

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// SyntaxError says where and why a document was refused.
type SyntaxError struct {
	Offset int    // bytes before the fault
	Line   int    // from 1; a line feed ends a line
	Column int    // from 1, in characters
	Reason string // one of a fixed set, without the document's content
	Lone   bool   // the fault is a lone surrogate
}

// Error returns the place and the reason.
func (e *SyntaxError) Error() string {
	return "line " + strconv.Itoa(e.Line) + ", column " + strconv.Itoa(e.Column) + ": " + e.Reason
}

// locate returns a copy of e that knows its line and column in doc.
func (e SyntaxError) locate(doc []byte) *SyntaxError {
	before := doc[:e.Offset]
	e.Line = 1 + bytes.Count(before, []byte{'\n'})
	e.Column = 1 + utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])
	return &e
}
