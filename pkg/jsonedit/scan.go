package jsonedit

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// MaxDepth is how deep arrays and objects may nest, the outermost included.
const MaxDepth = 512

// Eight bytes at a time: ones repeats 0x01, high marks the top bit of each.
const (
	ones uint64 = 0x0101010101010101
	high uint64 = 0x80 * ones
)

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
	for uint(i) < uint(len(s.doc)) {
		if c := s.doc[i]; c > ' ' || (c != ' ' && c != '\n' && c != '\t' && c != '\r') {
			return i
		}
		i++
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

// str reads the string whose opening quote is at i.
func (s *scanner) str(i int) (end int, escaped bool) {
	doc := s.doc
	start := i + 1
	var seen uint64
	for i = start; ; {
		i, seen = stop(doc, i, seen)
		if i >= len(doc) {
			return s.fail(i, ""), escaped
		}
		switch doc[i] {
		case '"':
			if seen&high != 0 && !s.lax && !utf8.Valid(doc[start:i]) {
				return s.badText(start), escaped
			}
			return i + 1, escaped
		case '\\':
			escaped = true
			if i = s.escape(i); i == failed {
				return failed, escaped
			}
		default:
			return s.fail(i, "control character in a string"), escaped
		}
	}
}

// stop returns the first quote, backslash or control character at or behind i,
// and seen with the top bits of the bytes before it, and perhaps of some behind.
//
// The three differences borrow into a byte's top bit exactly when the byte is
// a quote, a backslash or below a space. Borrows run on to higher bytes, so
// only the lowest mark counts.
func stop(doc []byte, i int, seen uint64) (int, uint64) {
	for ; i+8 <= len(doc); i += 8 {
		w := binary.LittleEndian.Uint64(doc[i:])
		seen |= w
		marks := ((w ^ '"'*ones) - ones) | ((w ^ '\\'*ones) - ones) | (w - ' '*ones)
		if marks &= ^w & high; marks != 0 {
			return i + bits.TrailingZeros64(marks)>>3, seen
		}
	}
	for ; i < len(doc); i++ {
		c := doc[i]
		if c == '"' || c == '\\' || c < ' ' {
			break
		}
		seen |= uint64(c)
	}
	return i, seen
}

// badText records the first invalid UTF-8 at or behind i.
func (s *scanner) badText(i int) int {
	for {
		r, n := utf8.DecodeRune(s.doc[i:])
		if r == utf8.RuneError && n < 2 {
			return s.fail(i, "invalid UTF-8")
		}
		i += n
	}
}

// escape reads the escape whose backslash is at i.
func (s *scanner) escape(i int) int {
	switch s.at(i + 1) {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 2
	case 'u':
		return s.unit(i)
	}
	return s.fail(i+1, "invalid escape")
}

// unit reads a \uXXXX escape, or both of a surrogate pair.
func (s *scanner) unit(i int) int {
	u, ok := hex4(s.doc, i+2)
	if !ok {
		return s.badHex(i + 2)
	}
	if u&0xf800 != 0xd800 || s.lax {
		return i + 6
	}
	if u < 0xdc00 && s.at(i+6) == '\\' && s.at(i+7) == 'u' {
		low, ok := hex4(s.doc, i+8)
		if !ok {
			return s.badHex(i + 8)
		}
		if low&0xfc00 == 0xdc00 {
			return i + 12
		}
	}
	s.fault.Lone = true
	return s.fail(i, "lone surrogate")
}

// badHex records the first of four bytes that is no hexadecimal digit.
func (s *scanner) badHex(i int) int {
	for c := s.at(i); c-'0' <= 9 || c|0x20-'a' <= 5; c = s.at(i) {
		i++
	}
	return s.fail(i, "expected a hexadecimal digit")
}

// hex4 reads the four hexadecimal digits at i, all at once: each sum carries
// into a byte's top bit on one side of a range of digits.
func hex4(doc []byte, i int) (uint32, bool) {
	if i+4 > len(doc) {
		return 0, false
	}
	w := binary.LittleEndian.Uint32(doc[i:])
	letters := w | 0x20202020
	digit := (w + 0x50505050) & ^(w + 0x46464646)
	letter := (letters + 0x1f1f1f1f) & ^(letters + 0x19191919)
	if (digit|letter) & ^w & 0x80808080 != 0x80808080 {
		return 0, false
	}
	n := w&0x0f0f0f0f + w>>6&0x01010101*9
	return n&15<<12 | n>>8&15<<8 | n>>16&15<<4 | n>>24, true
}
