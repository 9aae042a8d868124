package jsonedit

// MaxMembers is how many members an object may have to be indexed; an index
// takes ten times the room of the smallest members.
const MaxMembers = 1024

// Member is one member of an object.
type Member struct{ Key, Value Value }

// Object is the index of one object's members, in the order of the document.
// It borrows the document and the buffer that it was made with. The zero
// Object has no members and cannot be edited.
type Object struct {
	doc        []byte
	members    []Member
	start, end int
}

// Parse checks all of doc, which must be one JSON object, and indexes the
// object's members in buf, which it grows when needed. The error is a
// *SyntaxError.
func Parse(doc []byte, buf []Member) (Object, error) {
	s := scanner{doc: doc}
	o, ok := s.document(buf)
	if !ok {
		return Object{}, s.fault.locate(doc)
	}
	return o, nil
}

// Index is Parse for answers that others wrote: it lets invalid UTF-8 and lone
// surrogates pass, and reports no reason.
func Index(doc []byte, buf []Member) (Object, bool) {
	s := scanner{doc: doc, lax: true}
	return s.document(buf)
}

// document reads a document that is one object.
func (s *scanner) document(buf []Member) (Object, bool) {
	i := s.start()
	if i == failed {
		return Object{}, false
	}
	if c := s.at(i); c != '{' {
		s.fail(i, "expected an object")
		return Object{}, false
	}
	o, i := s.object(i, 0, buf)
	if i == failed || !s.finish(i) {
		return Object{}, false
	}
	return o, true
}

// start returns where the document's value starts.
func (s *scanner) start() int {
	if d := s.doc; len(d) >= 3 && d[0] == 0xef && d[1] == 0xbb && d[2] == 0xbf {
		return s.fail(0, "byte order mark")
	}
	return s.space(0)
}

// finish reports whether nothing but space stands at and behind i.
func (s *scanner) finish(i int) bool {
	if i = s.space(i); i == len(s.doc) {
		return true
	}
	s.fail(i, "data behind the document")
	return false
}

// object reads the object at i, which lies below depth open ones, and indexes
// its members in buf.
func (s *scanner) object(i, depth int, buf []Member) (Object, int) {
	o := Object{doc: s.doc, members: buf[:0], start: i}
	if depth >= MaxDepth {
		return o, s.fail(i, "nested too deep")
	}
	for n := 0; ; n++ {
		key, next, more := s.item(i, '{', n)
		if !more {
			o.end = next
			return o, next
		}
		if n == MaxMembers {
			return o, s.fail(key.Start, "too many members")
		}
		var m Member
		m.Key = key
		if m.Value, i = s.value(next, depth+1); i == failed {
			return o, failed
		}
		o.members = append(o.members, m)
	}
}

// Members returns the members in the order of the document.
func (o *Object) Members() []Member { return o.members }

// Doc returns the document that all offsets refer to.
func (o *Object) Doc() []byte { return o.doc }

// Get returns the value of the first member with that decoded name.
func (o *Object) Get(name string) (Value, bool) {
	if i := o.index(name); i >= 0 {
		return o.members[i].Value, true
	}
	return Value{}, false
}

// index returns the place of the first member with that decoded name, or -1.
func (o *Object) index(name string) int {
	for i := range o.members {
		if o.members[i].Key.Is(o.doc, name) {
			return i
		}
	}
	return -1
}

// Duplicate returns the first member that repeats one of the names, as they
// decode, and that name. Parsers differ in which of two members they take, so
// a caller refuses what decides and is there twice.
func (o *Object) Duplicate(names ...string) (Member, string, bool) {
	first, found := len(o.members), ""
	for _, name := range names {
		i := o.index(name)
		for i++; i > 0 && i < first; i++ {
			if o.members[i].Key.Is(o.doc, name) {
				first, found = i, name
			}
		}
	}
	if first == len(o.members) {
		return Member{}, "", false
	}
	return o.members[first], found, true
}

// Child indexes the first member with that name in buf; false when there is
// none, it is not an object or has more than MaxMembers members.
func (o *Object) Child(name string, buf []Member) (Object, bool) {
	v, ok := o.Get(name)
	if !ok || v.Kind != ObjectKind {
		return Object{}, false
	}
	s := scanner{doc: o.doc, lax: true}
	c, i := s.object(v.Start, 0, buf)
	return c, i != failed
}
