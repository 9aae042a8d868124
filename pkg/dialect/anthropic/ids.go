package anthropic

import (
	"strconv"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
)

// ids gives calls the names that the provider wants, of letters, digits, "-"
// and "_" alone, and names to those that have none: such calls find their
// results by the tool's name, in the order of the calls.
type ids struct {
	minted int
	open   []unnamed
}

// unnamed is a call without an id of its own that has no result yet.
type unnamed struct{ name, id string }

// call returns the id of a call.
func (s *ids) call(id, name dialect.Text) string {
	if len(id) > 0 {
		return plain(id)
	}
	s.minted++
	u := unnamed{string(name), "call_" + strconv.Itoa(s.minted)}
	s.open = append(s.open, u)
	return u.id
}

// result returns the id of the call that a result belongs to.
func (s *ids) result(id, name dialect.Text) string {
	if len(id) > 0 {
		return plain(id)
	}
	for i, u := range s.open {
		if u.name == string(name) {
			s.open = append(s.open[:i], s.open[i+1:]...)
			return u.id
		}
	}
	return "call_0" // of no call: the provider says so
}

// plain replaces what an id may not hold.
func plain(id dialect.Text) string {
	b := []byte(id)
	for i, c := range b {
		switch {
		case c-'0' <= 9, c|0x20-'a' <= 25, c == '-', c == '_':
		default:
			b[i] = '_'
		}
	}
	return string(b)
}
