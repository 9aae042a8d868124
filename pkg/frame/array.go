package frame

// Array splits a JSON array that is sent piece by piece into its elements, each
// as soon as it is whole. It goes by brackets, commas and strings and checks no
// other grammar: that is for whoever reads the elements. The zero value is
// ready. It is not safe for concurrent use, and callbacks must not call it.
type Array struct {
	Max int // cap on the bytes of one element; 0 is DefaultMax

	depth   int  // open brackets, the array's own among them
	begun   bool // the array's bracket was read
	broken  bool // there is something besides one array
	element bool // in an element
	quoted  bool // in a string
	escape  bool // behind a backslash in a string
	large   bool // the element is above the cap
	from    int  // where what belongs to the element starts in the piece
	held    []byte
}

// Element is one value of an array. Raw is valid only until the callback
// returns.
type Element struct {
	Raw       []byte // without the space around it; nil when Oversize
	Oversize  bool   // the element is above the cap and was dropped
	Truncated bool   // the stream ended in it
}

// Feed takes the next bytes of the stream and passes each element that they
// complete to emit.
func (a *Array) Feed(p []byte, emit func(Element)) {
	a.from = 0
	for i := 0; i < len(p); {
		switch {
		case a.quoted:
			i = a.text(p, i)
			continue
		case a.depth > 1:
			a.nested(p, i, emit)
		case a.element && isSeparator(p[i]):
			a.pass(p[a.from:i], emit)
			continue
		default:
			a.outer(p[i], i)
		}
		i++
	}
	if a.element {
		a.hold(p[a.from:])
	}
}

// Close passes an element that did not end to emit and makes a ready for
// another stream. It reports whether the stream was one whole array.
func (a *Array) Close(emit func(Element)) bool {
	whole := a.begun && a.depth == 0 && !a.broken
	if a.element {
		emit(Element{Raw: a.held, Oversize: a.large, Truncated: true})
	}
	*a = Array{Max: a.Max}
	return whole
}

// text reads on in a string and returns the place behind what it read.
func (a *Array) text(p []byte, i int) int {
	for ; i < len(p); i++ {
		switch c := p[i]; {
		case a.escape:
			a.escape = false
		case c == '\\':
			a.escape = true
		case c == '"':
			a.quoted = false
			return i + 1
		}
	}
	return i
}

// nested reads a byte inside of an object or array that is an element.
func (a *Array) nested(p []byte, i int, emit func(Element)) {
	switch p[i] {
	case '"':
		a.quoted = true
	case '{', '[':
		a.depth++
	case '}', ']':
		if a.depth--; a.depth == 1 {
			a.pass(p[a.from:i+1], emit)
		}
	}
}

// outer reads a byte between elements, outside of the array, or of an element
// that is neither object nor array.
func (a *Array) outer(c byte, i int) {
	switch {
	case isSpace(c):
	case a.depth == 0:
		a.broken = a.broken || a.begun || c != '['
		if !a.broken {
			a.begun, a.depth = true, 1
		}
	case c == ',':
	case c == ']':
		a.depth = 0
	default:
		if !a.element {
			a.element, a.from = true, i
		}
		a.quoted = c == '"'
		if c == '{' || c == '[' {
			a.depth++
		}
	}
}

// pass emits the element that ends with piece.
func (a *Array) pass(piece []byte, emit func(Element)) {
	switch {
	case a.large || len(a.held)+len(piece) > a.limit():
		emit(Element{Oversize: true})
	case len(a.held) == 0:
		emit(Element{Raw: piece[:len(piece):len(piece)]})
	default:
		a.held = append(a.held, piece...)
		emit(Element{Raw: a.held[:len(a.held):len(a.held)]})
	}
	a.element, a.large, a.held = false, false, a.held[:0]
	if cap(a.held) > keep {
		a.held = nil
	}
}

// hold keeps a piece of an element until the rest of it is there.
func (a *Array) hold(piece []byte) {
	if a.large || len(a.held)+len(piece) > a.limit() {
		a.large, a.held = true, nil
		return
	}
	a.held = append(a.held, piece...)
}

func (a *Array) limit() int {
	if a.Max > 0 {
		return a.Max
	}
	return DefaultMax
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// isSeparator reports whether c ends an element that has no bracket of its own.
func isSeparator(c byte) bool { return c == ',' || c == ']' || isSpace(c) }
