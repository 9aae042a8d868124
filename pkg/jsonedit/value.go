package jsonedit

import (
	"bytes"
	"math"
	"strconv"
)

// Kind says what a Value is.
type Kind uint8

// The kinds of JSON values. The zero Kind is null.
const (
	Null Kind = iota
	False
	True
	Number
	String
	Array
	ObjectKind // Object is the type of an index
)

// Value is one value's place in a document: doc[Start:End], quotes and brackets
// included. All methods take the document that the value was found in.
type Value struct {
	Start, End int
	Kind       Kind
	Escaped    bool // a string that holds escapes
}

// maxNumber is the length up to which Int reads a number.
const maxNumber = 64

// Raw returns the bytes of v as they stand in doc.
func (v Value) Raw(doc []byte) []byte { return doc[v.Start:v.End:v.End] }

// Text returns the decoded string; false when v is not a string.
func (v Value) Text(doc []byte) (string, bool) {
	if v.Kind != String {
		return "", false
	}
	in := v.inner(doc)
	if !v.Escaped {
		return string(in), true
	}
	return string(appendDecoded(make([]byte, 0, len(in)), in)), true
}

// AppendText appends the decoded string to dst; false when v is not a string.
func (v Value) AppendText(dst, doc []byte) ([]byte, bool) {
	if v.Kind != String {
		return dst, false
	}
	if !v.Escaped {
		return append(dst, v.inner(doc)...), true
	}
	return appendDecoded(dst, v.inner(doc)), true
}

// Is reports whether v is a string that decodes to s.
func (v Value) Is(doc []byte, s string) bool {
	if v.Kind != String {
		return false
	}
	in := v.inner(doc)
	if !v.Escaped {
		return string(in) == s
	}
	return len(in) > len(s) && decodesTo(in, s)
}

// Int returns the value of a number that is an integer, however it is written
// (12, 12.0, 1.2e1); false for other values. With a fraction or an exponent it
// reaches to 2^53, beyond which a float no longer tells integers apart, and in
// any form it has at most maxNumber bytes.
func (v Value) Int(doc []byte) (int64, bool) {
	raw := doc[v.Start:v.End]
	if v.Kind != Number || len(raw) > maxNumber {
		return 0, false
	}
	if n, ok := smallInt(raw); ok {
		return n, true
	}
	if !bytes.ContainsAny(raw, ".eE") {
		n, err := strconv.ParseInt(string(raw), 10, 64)
		if err != nil {
			return 0, false
		}
		return n, true
	}
	f, err := strconv.ParseFloat(string(raw), 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return 0, false
	}
	return int64(f), true
}

// smallInt reads up to 18 digits without a sign.
func smallInt[T string | []byte](raw T) (int64, bool) {
	if len(raw) > 18 {
		return 0, false
	}
	var n int64
	for i := range len(raw) {
		if raw[i]-'0' > 9 {
			return 0, false
		}
		n = n*10 + int64(raw[i]-'0')
	}
	return n, true
}

// Bool returns the value of true and false; ok is false for other values.
func (v Value) Bool() (val, ok bool) { return v.Kind == True, v.Kind == True || v.Kind == False }

// inner returns what stands between the quotes of a string.
func (v Value) inner(doc []byte) []byte { return doc[v.Start+1 : v.End-1] }
