package openai

import "bytes"

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
	pending bool // the last string may be a name: a colon would tell
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
	usage       []byte // the last one of the text; one at the top counts before others
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
			s.value, s.pending = false, false
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
	s.last, s.pending = nameOf(text), true
}

// colon makes the last string a name.
func (s *scan) colon() {
	s.bad = s.bad || !s.pending
	s.name, s.pending, s.value = s.last, false, true
}

// open enters a container; true when its bytes are to be captured from here.
func (s *scan) open(c byte) bool {
	p, captured := s.enter(c)
	s.depth++
	if s.depth <= maxDepth {
		s.places[s.depth-1] = p
	}
	s.value, s.pending, s.name = false, false, other
	if captured {
		s.capture = s.depth
		s.raw = s.raw[:0]
	}
	return captured
}

// close leaves a container; p ends with its bracket.
func (s *scan) close(p []byte) {
	s.value, s.pending, s.name = false, false, other
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
