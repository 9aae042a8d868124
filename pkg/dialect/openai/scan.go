package openai

import "bytes"

// place is where in an answer the scan stands: which container is open.
type place uint8

const (
	elsewhere place = iota // nothing below matters
	list                   // an array around the answer
	top                    // the answer or a chunk of it
	vendor                 // Groq's "x_groq"
	choices
	choice
	delta   // in a choice: "delta" and all below
	message // in a choice: "message" and all below
)

// maxText bounds a model's or a tier's name, maxUsage a usage object.
const (
	maxText  = 256
	maxUsage = 64 << 10
	maxDepth = 16 // levels whose place is remembered; deeper ones share the last
)

// scan reads JSON text that may come in pieces and notes what a meter wants to
// know, in one pass and without building anything. It finds members by place
// and name and does not check the grammar between them, so it reads every
// valid text rightly, and of others what can be made out.
//
// It relies on two facts of JSON: a quote inside a string is always escaped,
// and a colon outside of strings only stands behind a member's name.
type scan struct {
	depth   int
	places  [maxDepth]place
	name    name // the member whose value is read
	last    name // what the last string would be as a name
	size    int64
	value   bool // the next string is a member's value
	pending bool // the last string is a name or an element: not yet known
	inside  bool // in a string
	odd     bool // in a string, behind an odd number of backslashes
	opened  bool
	bad     bool
	head    []byte // of a string that was cut: its first bytes, at most maxText

	capture int    // depth of the usage object that is being copied, 0 for none
	nested  bool   // it does not stand at the top
	raw     []byte // its bytes so far

	seen seen
}

// seen is what a scan found.
type seen struct {
	model, tier string
	usage       []byte // the last one of the text, a top-level one before others
	nested      bool   // that one did not stand at the top
	finished    bool
	failed      bool
	text        [3]int64 // bytes of text under "delta", "message" and "text"
}

// reset prepares for the next text. What was seen of model and tier stays.
func (s *scan) reset() {
	*s = scan{
		head: s.head[:0],
		raw:  s.raw[:0],
		seen: seen{model: s.seen.model, tier: s.seen.tier, usage: s.seen.usage[:0]},
	}
}

// complete reports whether the text that was fed is one whole value.
func (s *scan) complete() bool { return s.opened && s.depth == 0 && !s.inside && !s.bad }

// delivered is the bytes of text in the answer. Providers that fill both
// "delta" and "message", or "text" too, say one thing twice.
func (s *scan) delivered() int64 { return max(s.seen.text[0], s.seen.text[1], s.seen.text[2]) }

// feed reads the next piece of the text.
func (s *scan) feed(p []byte) {
	from := 0 // where the captured bytes of p start
	for i := 0; i < len(p); {
		if s.inside {
			i = s.resume(p)
			continue
		}
		switch c := p[i]; c {
		case '"':
			i = s.quote(p, i+1)
			continue
		case ':':
			s.colon()
		case ',':
			s.settle()
			s.value = false
		case '{', '[':
			if s.open(c) {
				from = i
			}
		case '}', ']':
			s.close(p[from : i+1])
		case ' ', '\t', '\r', '\n':
		default:
			s.bad = s.bad || s.depth == 0
		}
		i++
	}
	if s.capture > 0 {
		s.keep(p[from:])
	}
}

// quote reads the string whose inside starts at i and returns the place behind
// it.
func (s *scan) quote(p []byte, i int) int {
	end, odd := closing(p[i:], false)
	if end < 0 {
		s.inside, s.odd = true, odd
		s.size = int64(len(p) - i)
		s.head = append(s.head[:0], p[i:min(len(p), i+maxText)]...)
		return len(p)
	}
	s.str(p[i:i+end], int64(end))
	return i + end + 1
}

// resume reads on in a string that was cut.
func (s *scan) resume(p []byte) int {
	end, odd := closing(p, s.odd)
	n := end
	if end < 0 {
		n = len(p)
	}
	s.size += int64(n)
	s.head = append(s.head, p[:min(n, maxText-len(s.head))]...)
	if end < 0 {
		s.odd = odd
		return n
	}
	s.inside = false
	s.str(s.head, s.size)
	return n + 1
}

// closing finds the quote that ends a string; odd says whether an odd number
// of backslashes stands before p. Without a quote it is -1, and odd tells how
// p ends.
func closing(p []byte, odd bool) (int, bool) {
	for from := 0; ; {
		i := bytes.IndexByte(p[from:], '"')
		run := p[from:]
		if i >= 0 {
			run = p[from : from+i]
		}
		n := 0
		for n < len(run) && run[len(run)-1-n] == '\\' {
			n++
		}
		escaped := n%2 == 1
		if n == len(run) {
			escaped = escaped != odd
		}
		if i < 0 {
			return -1, escaped
		}
		if !escaped {
			return from + i, false
		}
		from, odd = from+i+1, false
	}
}

// str takes a whole string: its text, cut to maxText when it came in pieces,
// and its length.
func (s *scan) str(text []byte, size int64) {
	s.bad = s.bad || s.depth == 0
	if s.value {
		s.note(text, size)
		s.value = false
		return
	}
	s.settle()
	s.last, s.size, s.pending = nameOf(text), size, true
}

// colon makes the last string a name.
func (s *scan) colon() {
	s.bad = s.bad || !s.pending
	s.name, s.pending, s.value = s.last, false, true
}

// settle makes the last string an element of an array, since no colon came.
func (s *scan) settle() {
	if !s.pending {
		return
	}
	s.pending = false
	if p := s.place(); p == delta || p == message {
		s.count(p, s.size)
	}
}

// place is the innermost open container.
func (s *scan) place() place {
	if s.depth == 0 {
		return elsewhere
	}
	return s.places[min(s.depth, maxDepth)-1]
}

// open enters a container; true when its bytes are to be captured from here.
func (s *scan) open(c byte) bool {
	s.settle()
	p, captured := s.enter(c)
	s.depth++
	if s.depth <= maxDepth {
		s.places[s.depth-1] = p
	}
	s.value = false
	if c == '{' {
		s.name = other
	}
	if captured {
		s.capture = s.depth
		s.raw = s.raw[:0]
	}
	return captured
}

// enter returns the place that opens under the current name, and whether it is
// a usage object.
func (s *scan) enter(c byte) (place, bool) {
	if s.depth == 0 {
		return s.begin(c), false
	}
	object := c == '{'
	switch in := s.place(); in {
	case list:
		if object {
			return top, false
		}
	case top, vendor, choice:
		if s.name == nameUsage && object && s.capture == 0 {
			s.nested = in != top
			return elsewhere, true
		}
		return s.member(in, object), false
	case choices:
		if object {
			return choice, false
		}
	case delta, message:
		if s.name != nameRepeated {
			return in, false
		}
	}
	return elsewhere, false
}

// begin opens the text's own value.
func (s *scan) begin(c byte) place {
	s.bad = s.bad || s.opened
	s.opened = true
	if c == '{' {
		return top
	}
	return list
}

// member returns the place that opens as the current member of in.
func (s *scan) member(in place, object bool) place {
	switch {
	case s.name == nameError && object:
		s.seen.failed = true
	case in == top && s.name == nameChoices && !object:
		return choices
	case in == top && s.name == nameVendor && object:
		return vendor
	case in == choice && s.name == nameDelta && object:
		return delta
	case in == choice && s.name == nameMessage && object:
		return message
	}
	return elsewhere
}

// close leaves a container; p ends with its bracket.
func (s *scan) close(p []byte) {
	s.settle()
	s.value, s.name = false, other
	if s.depth == 0 {
		s.bad = true
		return
	}
	if s.capture == s.depth {
		s.keep(p)
		s.capture = 0
		s.adopt()
	}
	s.depth--
}

// keep copies bytes of a usage object; what is no believable one is dropped.
func (s *scan) keep(p []byte) {
	if len(s.raw)+len(p) > maxUsage {
		s.capture = -1
		return
	}
	s.raw = append(s.raw, p...)
}

// adopt takes the captured object as the text's usage.
func (s *scan) adopt() {
	if len(s.seen.usage) > 0 && s.nested && !s.seen.nested {
		return
	}
	s.seen.usage, s.raw = s.raw, s.seen.usage
	s.seen.nested = s.nested
}

// note takes a member's value that is a string.
func (s *scan) note(text []byte, size int64) {
	switch p := s.place(); p {
	case top:
		s.noteTop(text, size)
	case vendor:
		s.seen.failed = s.seen.failed || s.name == nameError && size > 0
	case choice:
		switch s.name {
		case nameFinish:
			s.seen.finished = s.seen.finished || size > 0
		case nameText:
			s.seen.text[2] += size
		}
	case delta, message:
		s.count(p, size)
	}
}

func (s *scan) noteTop(text []byte, size int64) {
	if size == 0 {
		return
	}
	switch s.name {
	case nameModel:
		if size <= maxText && s.seen.model != string(text) {
			s.seen.model = string(text)
		}
	case nameTier:
		if size <= maxText && s.seen.tier != string(text) {
			s.seen.tier = string(text)
		}
	case nameObject:
		s.seen.failed = s.seen.failed || string(text) == "error"
	case nameError:
		s.seen.failed = true
	}
}

// count adds the text of a member that carries some.
func (s *scan) count(p place, size int64) {
	if s.name == nameText || s.name == nameContent {
		s.seen.text[p-delta] += size
	}
}
