package frame

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// state is where in a block a splitter stands.
type state uint8

const (
	lineStart state = iota // a line end here would be the blank line
	inLine                 // behind a line's first byte
	lineCR                 // behind the CR of a line with content
	blankCR                // behind the CR of the blank line
)

// scan reads up to room bytes of the current block from p. It returns how many
// belong to the block, and whether the block is whole. The LF behind the blank
// line's CR does not count as room.
func (st *state) scan(p []byte, room int) (n int, whole bool) {
	limit := min(len(p), room)
	for n < limit {
		c := p[n]
		switch *st {
		case inLine:
			if n = lineEnd(p[:limit], n); n == limit {
				return n, false
			}
			*st = lineStart
			if p[n] == '\r' {
				*st = lineCR
			}
			n++
		case lineCR:
			*st = lineStart
			if c == '\n' {
				n++
			}
		case lineStart:
			switch c {
			case '\n':
				return n + 1, true
			case '\r':
				n++
				*st = blankCR
				return st.afterBlank(p, n)
			}
			*st = inLine
		case blankCR:
			return st.afterBlank(p, n)
		}
	}
	if *st == blankCR {
		return st.afterBlank(p, n)
	}
	return n, false
}

// afterBlank reads the byte behind the blank line's CR, when it is there.
func (st *state) afterBlank(p []byte, n int) (int, bool) {
	if n == len(p) {
		return n, false
	}
	*st = lineStart
	if p[n] == '\n' {
		n++
	}
	return n, true
}

const (
	ones uint64 = 0x0101010101010101
	high uint64 = 0x80 * ones
)

// lineEnd returns the offset of the first CR or LF at or behind i, len(p) when
// there is none. It looks at eight bytes at once: each difference borrows into
// a byte's top bit exactly when the byte is the one looked for, and only the
// lowest mark counts because borrows run on to higher bytes.
func lineEnd(p []byte, i int) int {
	for ; i+8 <= len(p); i += 8 {
		w := binary.LittleEndian.Uint64(p[i:])
		marks := ((w ^ '\n'*ones) - ones) | ((w ^ '\r'*ones) - ones)
		if marks &= ^w & high; marks != 0 {
			return i + bits.TrailingZeros64(marks)>>3
		}
	}
	for ; i < len(p); i++ {
		if p[i] == '\n' || p[i] == '\r' {
			break
		}
	}
	return i
}

// cutLine returns the first line of p without its end, and what is behind it.
func cutLine(p []byte) (line, rest []byte) {
	i := lineEnd(p, 0)
	line, rest = p[:i:i], p[i:]
	if len(rest) > 1 && rest[0] == '\r' && rest[1] == '\n' {
		return line, rest[2:]
	}
	if len(rest) > 0 {
		return line, rest[1:]
	}
	return line, nil
}

// cutField splits a line at its first colon. A line without one is a name with
// an empty value; a comment has an empty name.
func cutField(line []byte) (name, value []byte) {
	name, value, found := bytes.Cut(line, []byte{':'})
	if !found {
		return line, line[len(line):]
	}
	if len(value) > 0 && value[0] == ' ' {
		value = value[1:]
	}
	return name, value
}

// withoutBOM returns p without a byte order mark at its start.
func withoutBOM(p []byte) []byte { return bytes.TrimPrefix(p, []byte("\xef\xbb\xbf")) }
