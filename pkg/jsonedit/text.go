package jsonedit

import (
	"unicode/utf16"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// appendDecoded appends what the inside of a checked string literal stands for.
// Lone surrogates and invalid UTF-8 become U+FFFD.
func appendDecoded(dst, in []byte) []byte {
	for len(in) > 0 {
		r, raw, n := decode(in)
		in = in[n:]
		if r < 0 {
			dst = append(dst, raw...)
			continue
		}
		dst = utf8.AppendRune(dst, r)
	}
	return dst
}

// decodesTo reports whether the inside of a checked string literal stands for s.
func decodesTo(in []byte, s string) bool {
	for len(in) > 0 {
		r, raw, n := decode(in)
		in = in[n:]
		if r < 0 {
			if len(s) < len(raw) || s[:len(raw)] != string(raw) {
				return false
			}
			s = s[len(raw):]
			continue
		}
		c, size := utf8.DecodeRuneInString(s)
		if c != r || size == 0 || (r == utf8.RuneError && size == 1) {
			return false
		}
		s = s[size:]
	}
	return s == ""
}

// decode returns the next piece of a checked string literal and its length: a
// run of ASCII that stands for itself, with r < 0, or one character.
func decode(in []byte) (r rune, raw []byte, n int) {
	if in[0] == '\\' {
		r, n = unescape(in)
		return r, nil, n
	}
	if in[0] >= utf8.RuneSelf {
		r, n = utf8.DecodeRune(in)
		return r, nil, n
	}
	for n < len(in) && in[n] != '\\' && in[n] < utf8.RuneSelf {
		n++
	}
	return -1, in[:n], n
}

// unescape returns the character of the checked escape that in starts with.
func unescape(in []byte) (r rune, n int) {
	switch c := in[1]; c {
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
		return unescapeUnit(in)
	default:
		return rune(c), 2
	}
}

// unescapeUnit returns the character of a \uXXXX escape or of a pair of them.
func unescapeUnit(in []byte) (r rune, n int) {
	u, _ := hex4(in, 2)
	if !utf16.IsSurrogate(rune(u)) {
		return rune(u), 6
	}
	if len(in) < 12 || in[6] != '\\' || in[7] != 'u' {
		return utf8.RuneError, 6
	}
	low, _ := hex4(in, 8)
	r = utf16.DecodeRune(rune(u), rune(low))
	if r == utf8.RuneError {
		return r, 6
	}
	return r, 12
}

// AppendString appends s as a JSON string literal. Only what must be escaped
// is; invalid UTF-8 becomes \ufffd.
func AppendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf && c >= ' ' && c != '"' && c != '\\' {
			i++
			continue
		}
		size := 1
		if c >= utf8.RuneSelf {
			var r rune
			if r, size = utf8.DecodeRuneInString(s[i:]); r != utf8.RuneError || size > 1 {
				i += size
				continue
			}
		}
		dst = appendEscape(append(dst, s[start:i]...), c)
		i += size
		start = i
	}
	return append(append(dst, s[start:]...), '"')
}

// appendEscape appends the escape of a byte that may not stand in a string.
func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	if c >= utf8.RuneSelf {
		return append(dst, `\ufffd`...)
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
}
