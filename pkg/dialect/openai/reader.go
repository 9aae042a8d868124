package openai

import (
	"bytes"
	"strconv"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// reader walks through a request whose JSON was checked before. It knows where
// it is, so that an error or a field that cannot be said is named by its path;
// the first error counts, and reading goes on harmlessly behind it.
type reader struct {
	doc    []byte
	path   []byte
	unsaid []string
	fault  *fault.Error
	calls  map[string]dialect.Text // names of the calls so far, by id
	last   int                     // the number of the last call without an id
}

// member calls read with the path of a member below the current one.
func (r *reader) member(name string, read func()) {
	n := len(r.path)
	if n > 0 {
		r.path = append(r.path, '.')
	}
	r.path = append(r.path, name...)
	read()
	r.path = r.path[:n]
}

// items calls read for each element of the array v, with its path.
func (r *reader) items(v jsonedit.Value, read func(v jsonedit.Value)) {
	if v.Kind != jsonedit.Array {
		r.wrong("must be an array")
		return
	}
	i, n := int64(0), len(r.path)
	for item := range v.Items(r.doc) {
		r.path = append(strconv.AppendInt(append(r.path[:n], '['), i, 10), ']')
		read(item)
		i++
	}
	r.path = r.path[:n]
}

// members calls read for each member of the object v that is not null, with
// its path. Of members that share a name, the last one is read last.
func (r *reader) members(v jsonedit.Value, read func(name []byte, v jsonedit.Value)) {
	if v.Kind != jsonedit.ObjectKind {
		r.wrong("must be an object")
		return
	}
	var buf [12]jsonedit.Member
	o, ok := jsonedit.Index(v.Raw(r.doc), buf[:0])
	if !ok {
		r.wrong("has too many members")
		return
	}
	r.each(&o, v.Start, read)
}

// each is members of an object that is indexed already. Its own text starts at
// an offset of the request's.
func (r *reader) each(o *jsonedit.Object, start int, read func(name []byte, v jsonedit.Value)) {
	n := len(r.path)
	for _, m := range o.Members() {
		if m.Value.Kind == jsonedit.Null {
			continue
		}
		m.Value.Start += start
		m.Value.End += start
		r.path = r.path[:n]
		if n > 0 {
			r.path = append(r.path, '.')
		}
		from := len(r.path)
		r.path, _ = m.Key.AppendText(r.path, o.Doc())
		r.path = r.path[:from+tidy(r.path[from:])]
		read(r.path[from:len(r.path):len(r.path)], m.Value)
	}
	r.path = r.path[:n]
}

// maxName bounds a member's name in a path, maxNamed the names of a list.
const (
	maxName  = 64
	maxNamed = 64
)

// tidy makes a name that a caller chose fit to stand in a header's list, and
// returns its length. No name that is known here changes.
func tidy(name []byte) int {
	for i, c := range name {
		if c <= ' ' || c >= 0x7f || c == ',' || c == '"' {
			name[i] = '?'
		}
	}
	return min(len(name), maxName)
}

// named adds a name to a list; of a list that grows too long, the end is left
// out visibly.
func named(list []string, name string) []string {
	switch {
	case len(list) > maxNamed:
		return list
	case len(list) == maxNamed:
		return append(list, "...")
	}
	return append(list, name)
}

// wrong says of the current place what is wrong with it.
func (r *reader) wrong(what string) {
	if r.fault == nil {
		path := string(r.path)
		r.fault = invalid(path, "The field \""+path+"\" "+what+".")
	}
}

// missing says that a field below the current place is missing.
func (r *reader) missing(name, what string) {
	r.member(name, func() { r.wrong("is missing: " + what) })
}

// unsay notes that the neutral form cannot say the value at the current place;
// an empty one says nothing.
func (r *reader) unsay(v jsonedit.Value) {
	if v.Kind == jsonedit.Null || (v.Kind == jsonedit.Array || v.Kind == jsonedit.ObjectKind) && v.Len(r.doc) == 0 {
		return
	}
	r.unsaid = named(r.unsaid, string(r.path))
}

// text returns the inside of a string.
func (r *reader) text(v jsonedit.Value) dialect.Text {
	if v.Kind != jsonedit.String {
		r.wrong("must be a string")
		return nil
	}
	return textAt(v, r.doc)
}

// textAt is what stands between the quotes of a string.
func textAt(v jsonedit.Value, doc []byte) dialect.Text {
	return doc[v.Start+1 : v.End-1 : v.End-1]
}

// number returns a number as it is written.
func (r *reader) number(v jsonedit.Value) []byte {
	if v.Kind != jsonedit.Number {
		r.wrong("must be a number")
		return nil
	}
	return v.Raw(r.doc)
}

// whole returns a number that is an integer of at least least.
func (r *reader) whole(v jsonedit.Value, least int64) int64 {
	n, ok := v.Int(r.doc)
	if !ok || n < least {
		r.wrong("must be an integer of at least " + strconv.FormatInt(least, 10))
		return least
	}
	return n
}

// truth returns a boolean.
func (r *reader) truth(v jsonedit.Value) bool {
	b, ok := v.Bool()
	if !ok {
		r.wrong("must be true or false")
	}
	return b
}

// toggle returns a boolean as a setting that was made.
func (r *reader) toggle(v jsonedit.Value) dialect.Switch {
	if r.truth(v) {
		return dialect.On
	}
	return dialect.Off
}

// object returns the text of an object.
func (r *reader) object(v jsonedit.Value) []byte {
	if v.Kind != jsonedit.ObjectKind {
		r.wrong("must be an object")
		return nil
	}
	return v.Raw(r.doc)
}

// jsonObject reports whether text is one JSON object that any parser takes.
func jsonObject(text []byte) bool {
	var buf [16]jsonedit.Member
	_, err := jsonedit.Parse(text, buf[:0])
	return err == nil
}

// unescaped returns what t says.
func unescaped(t dialect.Text) []byte {
	if bytes.IndexByte(t, '\\') < 0 {
		return t
	}
	s, _ := t.Decode()
	return []byte(s)
}
