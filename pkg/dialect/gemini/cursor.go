package gemini

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"strconv"
	"strings"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
)

// maxDepth is how deep a document may nest.
const maxDepth = 256

// cursor walks over one JSON document from its start to its end, once, and
// checks the grammar of all that it walks over. As everywhere with answers it
// lets invalid UTF-8 and lone surrogates pass. After a fault it stands at the
// document's end, so that every loop ends.
//
// An object is read so:
//
//	for c.enter('{'); c.more('}'); {
//		switch string(c.key()) { ... read or skip the value ... }
//	}
type cursor struct {
	doc   []byte
	i     int
	depth int
	first bool // nothing of the array or object that was entered last is read
	bad   bool

	escaped bool // the last string holds escapes
}

// fail notes a fault.
func (c *cursor) fail() {
	c.bad, c.i = true, len(c.doc)
}

// peek returns the next byte that is no space, 0 at the end.
func (c *cursor) peek() byte {
	if uint(c.i) < uint(len(c.doc)) {
		if b := c.doc[c.i]; b > ' ' {
			return b
		}
	}
	return c.space()
}

// space skips space and returns the byte behind it, 0 at the end.
func (c *cursor) space() byte {
	for c.i < len(c.doc) {
		switch b := c.doc[c.i]; b {
		case ' ', '\n', '\r', '\t':
			c.i++
		default:
			return b
		}
	}
	return 0
}

// at reports whether the next value opens with the bracket. Where it does not,
// the value is passed over: a member of another type counts as absent.
func (c *cursor) at(bracket byte) bool {
	if c.peek() == bracket {
		return true
	}
	c.skip()
	return false
}

// enter steps behind an opening bracket.
func (c *cursor) enter(bracket byte) {
	if c.peek() != bracket || c.depth == maxDepth {
		c.fail()
		return
	}
	c.i++
	c.depth++
	c.first = true
}

// more steps to the next value of the array, or the next name of the object,
// that was entered; behind the closing bracket it is false.
func (c *cursor) more(closing byte) bool {
	b := c.peek()
	if b == closing {
		c.i++
		c.depth--
		c.first = false
		return false
	}
	if c.first {
		c.first = false
		if b == 0 {
			c.fail()
		}
		return !c.bad
	}
	if b != ',' {
		c.fail()
		return false
	}
	c.i++
	if c.peek() == closing {
		c.fail()
	}
	return !c.bad
}

// key reads a member's name and the colon. The name is decoded.
func (c *cursor) key() []byte {
	name := c.text()
	if c.peek() != ':' {
		c.fail()
		return nil
	}
	c.i++
	if c.escaped {
		s, _ := name.Decode()
		return []byte(s)
	}
	return name
}

// text reads a string that must be there and returns its inside.
func (c *cursor) text() dialect.Text {
	if c.peek() != '"' {
		c.fail()
		return nil
	}
	c.i++
	c.escaped = false
	from := c.i
	for {
		c.i = stop(c.doc, c.i)
		if c.i == len(c.doc) {
			c.fail()
			return nil
		}
		switch c.doc[c.i] {
		case '"':
			c.i++
			return dialect.Text(c.doc[from : c.i-1 : c.i-1])
		case '\\':
			c.escaped = true
			c.escape()
		default:
			c.fail() // a control character
		}
		if c.bad {
			return nil
		}
	}
}

// str reads a string; other values are passed over.
func (c *cursor) str() dialect.Text {
	if c.peek() == '"' {
		return c.text()
	}
	c.skip()
	return nil
}

// escape steps over an escape.
func (c *cursor) escape() {
	rest := c.doc[c.i+1:]
	switch {
	case len(rest) > 0 && strings.IndexByte(`"\/bfnrt`, rest[0]) >= 0:
		c.i += 2
	case len(rest) > 4 && rest[0] == 'u' && isHex(rest[1:5]):
		c.i += 6
	default:
		c.fail()
	}
}

func isHex(p []byte) bool {
	for _, b := range p {
		if b-'0' > 9 && b|0x20-'a' > 5 {
			return false
		}
	}
	return true
}

// Eight bytes at a time: ones repeats 0x01, tops marks the top bit of each.
const (
	ones = 0x0101010101010101
	tops = ones << 7
)

// stop returns the first byte at or behind i that is a quote, a backslash or a
// control character. A difference borrows into a byte's top bit when the byte
// is one of them; only the lowest mark counts, since borrows run upwards.
func stop(doc []byte, i int) int {
	for ; i+8 <= len(doc); i += 8 {
		w := binary.LittleEndian.Uint64(doc[i:])
		quote, slash := w^ones*'"', w^ones*'\\'
		if m := ((quote - ones) | (slash - ones) | (w - ones*' ')) &^ w & tops; m != 0 {
			return i + bits.TrailingZeros64(m)>>3
		}
	}
	for i < len(doc) && doc[i] != '"' && doc[i] != '\\' && doc[i] >= ' ' {
		i++
	}
	return i
}

// skip passes over a value.
func (c *cursor) skip() {
	switch b := c.peek(); b {
	case '"':
		c.text()
	case '{':
		for c.enter('{'); c.more('}'); {
			c.key()
			c.skip()
		}
	case '[':
		for c.enter('['); c.more(']'); {
			c.skip()
		}
	case 't':
		c.word("true")
	case 'f':
		c.word("false")
	case 'n':
		c.word("null")
	default:
		c.number()
	}
}

// raw passes over a value and returns its bytes.
func (c *cursor) raw() []byte {
	c.peek()
	from := c.i
	c.skip()
	if c.bad {
		return nil
	}
	return c.doc[from:c.i:c.i]
}

func (c *cursor) word(w string) {
	if !bytes.HasPrefix(c.doc[c.i:], []byte(w)) {
		c.fail()
		return
	}
	c.i += len(w)
}

// flag reads true; all other values are passed over.
func (c *cursor) flag() bool {
	yes := c.peek() == 't'
	c.skip()
	return yes && !c.bad
}

// number steps over a number (RFC 8259, section 6).
func (c *cursor) number() {
	from := c.i
	for c.byte()-'0' <= 9 {
		c.i++
	}
	if b := c.byte(); c.i > from && c.doc[from] != '0' && b != '.' && b|0x20 != 'e' {
		return // as nearly all are
	}
	c.i = from
	c.take("-")
	lead := c.byte()
	if n := c.digits(); n == 0 || n > 1 && lead == '0' {
		c.fail()
		return
	}
	if c.take(".") && c.digits() == 0 {
		return
	}
	if c.take("eE") {
		c.take("+-")
		c.digits()
	}
}

// byte returns the byte at the cursor, 0 at the end.
func (c *cursor) byte() byte {
	if c.i < len(c.doc) {
		return c.doc[c.i]
	}
	return 0
}

// take steps over a byte if it is one of set.
func (c *cursor) take(set string) bool {
	b := c.byte()
	for i := range len(set) {
		if b == set[i] {
			c.i++
			return true
		}
	}
	return false
}

// digits steps over digits, of which there must be one, and counts them.
func (c *cursor) digits() int {
	from := c.i
	for c.byte()-'0' <= 9 {
		c.i++
	}
	n := c.i - from
	if n == 0 {
		c.fail()
	}
	return n
}

// integer reads a whole number; other values are passed over and not found.
func (c *cursor) integer() (n int64, ok bool) {
	c.peek()
	from := c.i
	c.skip()
	raw := c.doc[from:c.i]
	if c.bad || len(raw) > 18 {
		return 0, false
	}
	for _, b := range raw {
		if b-'0' > 9 {
			return oddInteger(raw)
		}
		n = n*10 + int64(b-'0')
	}
	return n, true
}

// oddInteger reads a whole number with a sign, a fraction or an exponent.
func oddInteger(raw []byte) (int64, bool) {
	f, err := strconv.ParseFloat(string(raw), 64)
	if n := int64(f); err == nil && float64(n) == f {
		return n, true
	}
	return 0, false
}

// done reports whether the document was one value without a fault.
func (c *cursor) done() bool { return c.peek() == 0 && c.i == len(c.doc) && !c.bad }
