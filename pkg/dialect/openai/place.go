package openai

// place is where in an answer the scan stands: which container is open.
type place uint8

const (
	elsewhere place = iota // nothing below matters
	list                   // an array around the answer
	top                    // the answer or a chunk of it
	vendor                 // Groq's "x_groq"
	choices
	choice
	delta    // in a choice: "delta" and all below
	message  // in a choice: "message" and all below
	repeated // in one of these: what says again what others say
)

// place is the innermost open container.
func (s *scan) place() place {
	if s.depth == 0 {
		return elsewhere
	}
	return s.places[min(s.depth, maxDepth)-1]
}

// enter returns the place that opens under the current name, and whether it is
// a usage object. What the model wrote is never taken for one.
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
	case choices:
		if object {
			return choice, false
		}
	case delta, message:
		if s.name == nameRepeated {
			return repeated, false
		}
		return in, false
	case repeated:
		return in, false
	default:
		if s.name == nameUsage && object && s.capture == 0 {
			s.nested = in != top
			return elsewhere, true
		}
		return s.member(in, object), false
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
	case in == elsewhere:
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
