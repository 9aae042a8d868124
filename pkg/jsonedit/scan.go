package jsonedit

import "encoding/binary"

// MaxDepth is how deep arrays and objects may nest, the outermost included.
const MaxDepth = 512

// failed is the offset that scanner methods return behind a fault.
const failed = -1

// scanner checks one document. Its methods take the offset where they start
// and return the offset behind what they read, or failed.
type scanner struct {
	doc   []byte
	lax   bool // let invalid UTF-8 and lone surrogates pass
	fault SyntaxError
}

// fail records the first fault.
func (s *scanner) fail(i int, reason string) int {
	if i >= len(s.doc) {
		i, reason = len(s.doc), "unexpected end of the document"
	}
	s.fault.Offset, s.fault.Reason = i, reason
	return failed
}

// at returns the byte at i, 0 behind the end: no byte of the grammar is 0.
func (s *scanner) at(i int) byte {
	if uint(i) < uint(len(s.doc)) {
		return s.doc[i]
	}
	return 0
}

// space skips white space.
func (s *scanner) space(i int) int {
	if s.at(i) > ' ' {
		return i
	}
	return skipSpace(s.doc, i)
}

// skipSpace skips white space, indents eight bytes at a time.
func skipSpace(doc []byte, i int) int {
	for ; i < len(doc); i++ {
		switch doc[i] {
		case '\n':
			for i+9 <= len(doc) && binary.LittleEndian.Uint64(doc[i+1:]) == ' '*ones {
				i += 8
			}
		case ' ', '\t', '\r':
		default:
			return i
		}
	}
	return i
}

// value reads the value at i, which lies below depth open arrays and objects.
func (s *scanner) value(i, depth int) (Value, int) {
	v := Value{Start: i}
	switch c := s.at(i); c {
	case '"':
		v.Kind = String
		v.End, v.Escaped = s.str(i)
	case '{':
		v.Kind = ObjectKind
		v.End = s.nested(i, depth)
	case '[':
		v.Kind = Array
		v.End = s.nested(i, depth)
	default:
		v.Kind, v.End = s.plainValue(i, c)
	}
	return v, v.End
}

// plainValue reads a number or a literal that starts with c.
func (s *scanner) plainValue(i int, c byte) (Kind, int) {
	switch c {
	case 't':
		return True, s.word(i, "true")
	case 'f':
		return False, s.word(i, "false")
	case 'n':
		return Null, s.word(i, "null")
	}
	return Number, s.number(i)
}

// word reads the literal w.
func (s *scanner) word(i int, w string) int {
	if len(s.doc)-i >= len(w) && string(s.doc[i:i+len(w)]) == w {
		return i + len(w)
	}
	for j := range len(w) {
		if s.at(i+j) != w[j] {
			return s.fail(i+j, "invalid literal")
		}
	}
	return failed // cannot happen: some byte differs
}

// number reads a number.
func (s *scanner) number(i int) int {
	first := i
	if s.at(i) == '-' {
		i++
	}
	switch c := s.at(i); {
	case c == '0':
		i++
	case c-'1' <= 8:
		i = s.digits(i)
	case i == first:
		return s.fail(i, "expected a value")
	default:
		return s.fail(i, "expected a digit")
	}
	if s.at(i) == '.' {
		if i = s.someDigits(i + 1); i == failed {
			return failed
		}
	}
	if s.at(i)|0x20 != 'e' {
		return i
	}
	i++
	if c := s.at(i); c == '+' || c == '-' {
		i++
	}
	return s.someDigits(i)
}

func (s *scanner) digits(i int) int {
	for s.at(i)-'0' <= 9 {
		i++
	}
	return i
}

func (s *scanner) someDigits(i int) int {
	end := s.digits(i)
	if end == i {
		return s.fail(i, "expected a digit")
	}
	return end
}
