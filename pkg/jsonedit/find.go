package jsonedit

import "iter"

// Find returns the value at path in doc: each step is a member's name, of which
// the first counts, or an element's index in decimal. All of doc is checked,
// laxly as the package comment says; false when it is malformed or holds no
// such value. Without a path it returns the document's value.
func Find(doc []byte, path ...string) (Value, bool) {
	s := scanner{doc: doc, lax: true}
	i := s.start()
	if i == failed {
		return Value{}, false
	}
	v, found, i := s.descend(i, 0, path)
	return v, i != failed && s.finish(i) && found
}

// Find returns the value at path below o, as the function Find does.
func (o *Object) Find(path ...string) (Value, bool) {
	if len(path) == 0 {
		return Value{Start: o.start, End: o.end, Kind: ObjectKind}, o.end > 0
	}
	v, ok := o.Get(path[0])
	if !ok || len(path) == 1 {
		return v, ok
	}
	return v.Find(o.doc, path[1:]...)
}

// Find returns the value at path below v, as the function Find does.
func (v Value) Find(doc []byte, path ...string) (Value, bool) {
	s := scanner{doc: doc, lax: true}
	w, found, _ := s.descend(v.Start, 0, path)
	return w, found
}

// Len returns the number of an array's elements or an object's members, and 0
// for other values.
func (v Value) Len(doc []byte) int {
	n := 0
	for range v.Items(doc) {
		n++
	}
	return n
}

// Items yields an array's elements or the values of an object's members; other
// values have none.
func (v Value) Items(doc []byte) iter.Seq[Value] {
	return func(yield func(Value) bool) {
		if v.Kind != Array && v.Kind != ObjectKind {
			return
		}
		s := scanner{doc: doc, lax: true}
		bracket := doc[v.Start]
		for i, n := v.Start, 0; ; n++ {
			_, next, more := s.item(i, bracket, n)
			if !more {
				return
			}
			item, end := s.value(next, 1)
			if end == failed || !yield(item) {
				return
			}
			i = end
		}
	}
}

// descend reads the value at i, below depth open arrays and objects, and finds
// the one at path below it.
func (s *scanner) descend(i, depth int, path []string) (hit Value, found bool, end int) {
	bracket := s.at(i)
	if len(path) == 0 || (bracket != '{' && bracket != '[') {
		if hit, end = s.value(i, depth); len(path) > 0 || end == failed {
			return Value{}, false, end
		}
		return hit, true, end
	}
	if depth == MaxDepth {
		return hit, false, s.fail(i, "nested too deep")
	}
	index := -1
	if bracket == '[' {
		index = elementIndex(path[0])
	}
	for n, tried := 0, false; ; n++ {
		key, next, more := s.item(i, bracket, n)
		if !more {
			return hit, found && next != failed, next
		}
		if !tried && (n == index || key.Is(s.doc, path[0])) {
			tried = true
			hit, found, i = s.descend(next, depth+1, path[1:])
		} else {
			_, i = s.value(next, depth+1)
		}
		if i == failed {
			return Value{}, false, failed
		}
	}
}

// elementIndex returns the index that a step of a path is, or -1.
func elementIndex(step string) int {
	n, ok := smallInt(step)
	if !ok || step == "" || (step[0] == '0' && step != "0") {
		return -1
	}
	return int(n)
}

// item reads up to the next value inside of a bracket: the bracket itself when
// n, the number of values before, is 0, or else a comma; and the name when the
// bracket is an object's. Without more values next is behind the closing
// bracket, or failed.
func (s *scanner) item(i int, bracket byte, n int) (key Value, next int, more bool) {
	closing := bracket + 2 // true of both pairs in ASCII
	if n > 0 {
		i = s.space(i)
		switch s.at(i) {
		case ',':
		case closing:
			return key, i + 1, false
		default:
			return key, s.fail(i, expected(bracket)), false
		}
	}
	i = s.space(i + 1)
	if n == 0 && s.at(i) == closing {
		return key, i + 1, false
	}
	if bracket == '{' {
		key, i = s.key(i)
	}
	return key, i, i != failed
}

// expected is what is wrong behind a value when neither a comma nor the closing
// bracket is there.
func expected(bracket byte) string {
	if bracket == '{' {
		return "expected a comma or a closing brace"
	}
	return "expected a comma or a closing bracket"
}
