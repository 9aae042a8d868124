package jsonedit

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// Eight bytes at a time: ones repeats 0x01, high marks the top bit of each.
const (
	ones uint64 = 0x0101010101010101
	high uint64 = 0x80 * ones
)

// str reads the string whose opening quote is at i.
func (s *scanner) str(i int) (end int, escaped bool) {
	doc := s.doc
	for i = stop(doc, i+1); i < len(doc); i = stop(doc, i) {
		switch c := doc[i]; {
		case c == '"':
			return i + 1, escaped
		case c == '\\':
			escaped = true
			i = s.escapes(i)
		case c >= utf8.RuneSelf:
			i = s.wide(i)
		default:
			i = s.fail(i, "control character in a string")
		}
		if i == failed {
			return failed, escaped
		}
	}
	return s.fail(i, ""), escaped
}

// stop returns the first byte at or behind i that does not stand for itself in
// a string or must be looked at: a quote, a backslash, a control character, or
// a byte of a character beyond ASCII.
//
// The three differences borrow into a byte's top bit exactly when the byte is
// a quote, a backslash or below a space; beyond ASCII it is set already.
// Borrows run on to higher bytes, so only the lowest mark counts.
func stop(doc []byte, i int) int {
	for ; i+8 <= len(doc); i += 8 {
		w := binary.LittleEndian.Uint64(doc[i:])
		marks := ((w ^ '"'*ones) - ones) | ((w ^ '\\'*ones) - ones) | (w - ' '*ones) | w
		if marks &= high; marks != 0 {
			return i + bits.TrailingZeros64(marks)>>3
		}
	}
	for ; i < len(doc); i++ {
		if c := doc[i]; c == '"' || c == '\\' || c < ' ' || c >= utf8.RuneSelf {
			break
		}
	}
	return i
}

// wide reads the characters beyond ASCII that start at i.
func (s *scanner) wide(i int) int {
	doc := s.doc
	for i < len(doc) && doc[i] >= utf8.RuneSelf {
		n := 0
		if i+4 <= len(doc) {
			n = sequence(binary.LittleEndian.Uint32(doc[i:]))
		} else if r, size := utf8.DecodeRune(doc[i:]); r != utf8.RuneError || size > 1 {
			n = size
		}
		if n == 0 {
			if !s.lax {
				return s.fail(i, "invalid UTF-8")
			}
			n = 1
		}
		i += n
	}
	return i
}

// sequence returns the length of the UTF-8 sequence, of two bytes or more, that
// the lowest bytes of w hold; 0 when they hold none (RFC 3629, section 4).
func sequence(w uint32) int {
	switch {
	case w&0xc0c0f0 == 0x8080e0:
		// Neither overlong (e0 80..9f) nor a surrogate (ed a0..bf).
		if second := w & 0x200f; second != 0x0000 && second != 0x200d {
			return 3
		}
	case w&0xc0e0 == 0x80c0:
		if w&0x1e != 0 { // c0 and c1 are overlong
			return 2
		}
	case w&0xc0c0c0f8 == 0x808080f0:
		// From f0 90, below which it is overlong, to f4 8f, U+10FFFF.
		if lead := w&7<<2 | w>>12&3; lead-1 < 16 {
			return 4
		}
	}
	return 0
}

// escapes reads the escapes that start at i, one behind the other.
func (s *scanner) escapes(i int) int {
	doc := s.doc
	for i+1 < len(doc) && doc[i] == '\\' {
		c := doc[i+1]
		if c == 'u' {
			if i = s.unit(i); i == failed {
				return failed
			}
			continue
		}
		if !isEscape(c) {
			return s.fail(i+1, "invalid escape")
		}
		i += 2
	}
	if s.at(i) == '\\' {
		return s.fail(i+1, "")
	}
	return i
}

// isEscape reports whether c behind a backslash stands for one character.
func isEscape(c byte) bool {
	const (
		symbols = 1<<'"' | 1<<'/'
		letters = 1<<('\\'-64) | 1<<('b'-64) | 1<<('f'-64) | 1<<('n'-64) | 1<<('r'-64) | 1<<('t'-64)
	)
	set := uint64(symbols)
	if c >= 64 {
		set = letters
	}
	return c < 128 && set>>(c&63)&1 != 0
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
