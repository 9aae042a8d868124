package config

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Error is one thing that is wrong with a configuration, and the way out.
type Error struct {
	File         string
	Line, Column int    // from 1; 0 when the configuration did not come from a file
	Path         string // as models[0].candidates[1].backend; empty for the whole file
	Text         string
}

// Error is "file:line:column: path: text", as far as each is known.
func (e Error) Error() string { return e.line("") }

// line is the error with a word before the place.
func (e Error) line(word string) string {
	var b strings.Builder
	if e.File != "" {
		b.WriteString(e.File + ":")
	}
	if e.Line > 0 {
		b.WriteString(strconv.Itoa(e.Line) + ":" + strconv.Itoa(max(1, e.Column)) + ":")
	}
	if b.Len() > 0 {
		b.WriteByte(' ')
	}
	b.WriteString(word)
	if e.Path != "" {
		b.WriteString(e.Path + ": ")
	}
	b.WriteString(e.Text)
	return b.String()
}

// Errors are all things that are wrong, in the order of the file.
type Errors []Error

// Error has one line for each.
func (e Errors) Error() string {
	lines := make([]string, 0, len(e))
	for _, x := range e {
		lines = append(lines, x.Error())
	}
	return strings.Join(lines, "\n")
}

func (e Errors) sort() {
	slices.SortStableFunc(e, func(a, b Error) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}
