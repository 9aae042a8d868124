package jsonedit

import (
	"cmp"
	"slices"
)

// Edit replaces doc[Start:End] with Text.
type Edit struct {
	Start, End int
	Text       []byte
}

// Change sets a member of an object to the JSON value Raw, or removes it when
// Raw is empty.
type Change struct {
	Name string
	Raw  []byte
}

// Set returns the edit that gives the first member with that name the value
// raw, which must be JSON, or that inserts it as the first member. Edits of one
// object compose when at most one of them inserts or removes a member; Changes
// has no such limit.
func (o *Object) Set(name string, raw []byte) Edit {
	if v, ok := o.Get(name); ok {
		return Edit{v.Start, v.End, raw}
	}
	text := appendMember(make([]byte, 0, len(name)+len(raw)+4), name, raw)
	if len(o.members) > 0 {
		text = append(text, ',')
	}
	return Edit{o.start + 1, o.start + 1, text}
}

// Remove returns the edit that removes the first member with that name and one
// comma; false when there is none.
func (o *Object) Remove(name string) (Edit, bool) {
	i := o.index(name)
	if i < 0 {
		return Edit{}, false
	}
	return o.cut(i, i+1), true
}

// cut removes the members [from, to) and the commas that go with them.
func (o *Object) cut(from, to int) Edit {
	m := o.members
	switch {
	case from > 0:
		return Edit{m[from-1].Value.End, m[to-1].Value.End, nil}
	case to < len(m):
		return Edit{m[from].Key.Start, m[to].Key.Start, nil}
	}
	return Edit{m[from].Key.Start, m[to-1].Value.End, nil}
}

// Changes appends to dst the edits that make all changes, sorted. Members that
// repeat a name are all set or all removed; members that are new stand first,
// in the order of changes. A name may be changed once.
func (o *Object) Changes(dst []Edit, changes ...Change) []Edit {
	kept := len(o.members)
	for i := range o.members {
		if c := o.change(i, changes); c != nil && len(c.Raw) == 0 {
			kept--
		}
	}
	if text := o.inserted(changes, kept > 0); len(text) > 0 {
		dst = append(dst, Edit{o.start + 1, o.start + 1, text})
	}
	for i := 0; i < len(o.members); {
		c := o.change(i, changes)
		i++
		if c == nil {
			continue
		}
		if len(c.Raw) > 0 {
			v := o.members[i-1].Value
			dst = append(dst, Edit{v.Start, v.End, c.Raw})
			continue
		}
		from := i - 1
		for i < len(o.members) && o.removes(i, changes) {
			i++
		}
		dst = append(dst, o.cut(from, i))
	}
	return dst
}

// change returns the change that names member i, or nil.
func (o *Object) change(i int, changes []Change) *Change {
	for j := range changes {
		if o.members[i].Key.Is(o.doc, changes[j].Name) {
			return &changes[j]
		}
	}
	return nil
}

func (o *Object) removes(i int, changes []Change) bool {
	c := o.change(i, changes)
	return c != nil && len(c.Raw) == 0
}

// inserted returns the text of the members that are new, with a comma at the
// end when others follow.
func (o *Object) inserted(changes []Change, others bool) []byte {
	var text []byte
	for _, c := range changes {
		if len(c.Raw) == 0 || o.index(c.Name) >= 0 {
			continue
		}
		if len(text) > 0 {
			text = append(text, ',')
		}
		text = appendMember(text, c.Name, c.Raw)
	}
	if len(text) > 0 && others {
		text = append(text, ',')
	}
	return text
}

func appendMember(dst []byte, name string, raw []byte) []byte {
	return append(append(AppendString(dst, name), ':'), raw...)
}

// Splice appends doc to dst with all edits made. Edits may come in any order;
// insertions at the same place stay in the order given. It sorts the slice of
// edits in place. The memory of dst and doc must not overlap.
func Splice(dst, doc []byte, edits ...Edit) []byte {
	slices.SortStableFunc(edits, func(a, b Edit) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End))
	})
	size, done := len(doc), 0
	for _, e := range edits {
		if e.Start < done || e.End < e.Start || e.End > len(doc) {
			//nolint:forbidigo // cannot happen with edits of one document; a body that nobody meant must not leave
			panic("jsonedit: edits overlap or lie outside of the document")
		}
		size += len(e.Text) - (e.End - e.Start)
		done = e.End
	}
	dst = slices.Grow(dst, size)
	done = 0
	for _, e := range edits {
		dst = append(append(dst, doc[done:e.Start]...), e.Text...)
		done = e.End
	}
	return append(dst, doc[done:]...)
}
