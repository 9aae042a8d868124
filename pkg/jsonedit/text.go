package jsonedit

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// appendDecoded appends what the inside of a checked string literal stands for.
// Lone surrogates become U+FFFD; other bytes stand for themselves.
func appendDecoded(dst, in []byte) []byte {
	for {
		i := bytes.IndexByte(in, '\\')
		if i < 0 {
			return append(dst, in...)
		}
		r, n := unescape(in[i:])
		dst = utf8.AppendRune(append(dst, in[:i]...), r)
		in = in[i+n:]
	}
}

// decodesTo reports whether appendDecoded would give s.
func decodesTo(in []byte, s string) bool {
	for {
		i := bytes.IndexByte(in, '\\')
		if i < 0 {
			return string(in) == s
		}
		r, n := unescape(in[i:])
		if len(s) < i || string(in[:i]) != s[:i] {
			return false
		}
		c, size := utf8.DecodeRuneInString(s[i:])
		if c != r || size != utf8.RuneLen(r) {
			return false
		}
		in, s = in[i+n:], s[i+size:]
	}
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
