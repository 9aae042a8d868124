package jsonedit

// levels remembers for each open array or object which of both it is. It
// stands in for recursion, so that depth costs a bit and not a stack frame.
type levels struct {
	base, depth int
	objects     [MaxDepth / 64]uint64
}

func (l *levels) push(object bool) {
	bit := uint64(1) << (l.depth & 63)
	if object {
		l.objects[l.depth>>6] |= bit
	} else {
		l.objects[l.depth>>6] &^= bit
	}
	l.depth++
}

// object reports whether the innermost level is an object.
func (l *levels) object() bool {
	d := l.depth - 1
	return l.objects[d>>6&(MaxDepth/64-1)]>>(d&63)&1 != 0
}

// nested reads the array or object that opens at i, below depth open ones.
func (s *scanner) nested(i, depth int) int {
	open := levels{base: depth, depth: depth}
	for {
		empty := false
		switch c := s.at(i); c {
		case '"':
			i, _ = s.str(i)
		case '{', '[':
			i, empty = s.open(i, &open)
			if i != failed && !empty {
				continue
			}
		default:
			_, i = s.plainValue(i, c)
		}
		if i == failed {
			return failed
		}
		if i = s.behind(i, &open); i == failed || open.depth == open.base {
			return i
		}
	}
}

// open reads the bracket at i and what stands before the first value. When the
// brackets hold nothing it stops at the closing one.
func (s *scanner) open(i int, open *levels) (next int, empty bool) {
	if open.depth == MaxDepth {
		return s.fail(i, "nested too deep"), false
	}
	object := s.doc[i] == '{'
	open.push(object)
	i = s.space(i + 1)
	if !object {
		return i, s.at(i) == ']'
	}
	if s.at(i) == '}' {
		return i, true
	}
	return s.name(i), false
}

// behind reads what stands behind a value: closing brackets, and a comma with
// the next member's name. It stops at the next value or behind the last
// bracket.
func (s *scanner) behind(i int, open *levels) int {
	for open.depth > open.base {
		i = s.space(i)
		c, object := s.at(i), open.object()
		switch {
		case c == ',' && object:
			return s.name(s.space(i + 1))
		case c == ',':
			return s.space(i + 1)
		case c == '}' && object, c == ']' && !object:
			open.depth--
			i++
		case object:
			return s.fail(i, "expected a comma or a closing brace")
		default:
			return s.fail(i, "expected a comma or a closing bracket")
		}
	}
	return i
}

// name reads a member's name at i, the colon, and the space behind it.
func (s *scanner) name(i int) int {
	_, i = s.key(i)
	return i
}

// key reads a member's name at i, the colon, and the space behind it.
func (s *scanner) key(i int) (Value, int) {
	if s.at(i) != '"' {
		return Value{}, s.fail(i, "expected a member's name in quotes")
	}
	k := Value{Start: i, Kind: String}
	if k.End, k.Escaped = s.str(i); k.End == failed {
		return k, failed
	}
	if i = s.space(k.End); s.at(i) != ':' {
		return k, s.fail(i, "expected a colon")
	}
	return k, s.space(i + 1)
}
