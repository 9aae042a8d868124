// Package frame splits byte streams into their frames, whatever the cuts in
// which the bytes arrive.
//
// SSE splits server-sent events as the HTML standard defines them (section
// 9.2.6): lines end in LF, CR or CRLF, mixed too, a byte order mark may stand
// first, several data lines are one datum, and the space behind the colon is
// optional. Array splits a JSON array into its elements.
//
// Invariants:
//   - The Raw of all events, joined, are the bytes that were fed: nothing is
//     dropped, added or reordered.
//   - Events and elements do not depend on the cuts, except for the pieces of an
//     oversized event.
//   - Time is linear in the bytes also when they come one by one, and at most
//     Max+1 bytes are held.
package frame

import "math"

// DefaultMax is the cap on one event when SSE.Max is zero.
const DefaultMax = 1 << 20

// keep is the capacity that a splitter keeps between events. Larger buffers
// are let go so that a rare large event does not stay with a long stream.
const keep = 64 << 10

// Event is one block of a stream, up to and including its blank line. A block
// need not be an event to a reader: comments and further blank lines come as
// events without Data. All slices are valid only until the callback returns.
type Event struct {
	Raw       []byte // all bytes of the block
	Data      []byte // the data lines joined with LF; nil without any, empty when they are
	Name      []byte // the event field, empty for the default "message"
	Oversize  bool   // a piece of a block above the cap; only Raw is set
	Truncated bool   // the stream ended before the blank line
}

// SSE splits one stream. The zero value is ready. It is not safe for concurrent
// use, and callbacks must not call it.
type SSE struct {
	Max int // cap on the bytes of one block; 0 is DefaultMax

	state    state
	begun    bool // a block went by: no byte order mark can follow
	oversize bool // the block's first Max bytes were passed on
	held     []byte
	joined   []byte
}

// Feed takes the next bytes of the stream and passes each event that they
// complete to emit. A block that ends in a bare CR is complete only when the
// byte behind it is there, because an LF would belong to it.
func (s *SSE) Feed(chunk []byte, emit func(Event)) {
	for len(chunk) > 0 {
		n, whole := s.state.scan(chunk, s.room())
		piece := chunk[:n:n]
		chunk = chunk[n:]
		switch {
		case s.oversize:
			s.oversize = !whole
			s.pass(piece, emit)
		case whole:
			emit(s.parse(s.join(piece)))
			s.release()
		case s.state != blankCR && n == s.room():
			s.oversize = true
			s.pass(s.join(piece), emit)
			s.release()
		default:
			s.held = append(s.held, piece...)
		}
	}
}

// Close passes what is left of the stream to emit and makes s ready for
// another stream. A last event without its blank line is truncated: a reader
// by the standard drops it, but many providers end their streams so.
func (s *SSE) Close(emit func(Event)) {
	if len(s.held) > 0 {
		e := s.parse(s.held)
		e.Truncated = s.state != blankCR
		emit(e)
	}
	*s = SSE{Max: s.Max}
}

// Pending returns the number of bytes that are held for an event to complete.
func (s *SSE) Pending() int { return len(s.held) }

// room is how many more bytes the current block may have.
func (s *SSE) room() int {
	switch {
	case s.oversize:
		return math.MaxInt
	case s.Max > 0:
		return s.Max - len(s.held)
	}
	return DefaultMax - len(s.held)
}

// join returns the block that ends with piece.
func (s *SSE) join(piece []byte) []byte {
	if len(s.held) == 0 {
		return piece
	}
	s.held = append(s.held, piece...)
	return s.held[:len(s.held):len(s.held)]
}

// pass emits a piece of an oversized block.
func (s *SSE) pass(piece []byte, emit func(Event)) {
	s.begun = true
	if len(piece) > 0 {
		emit(Event{Raw: piece, Oversize: true})
	}
}

// release forgets the block that was emitted.
func (s *SSE) release() {
	s.held, s.joined = s.held[:0], s.joined[:0]
	if cap(s.held) > keep {
		s.held = nil
	}
	if cap(s.joined) > keep {
		s.joined = nil
	}
}

// parse reads the fields of a block.
func (s *SSE) parse(raw []byte) Event {
	e := Event{Raw: raw}
	rest := raw
	if !s.begun {
		rest = withoutBOM(rest)
		s.begun = true
	}
	lines := 0
	for len(rest) > 0 {
		var line []byte
		line, rest = cutLine(rest)
		switch name, value := cutField(line); string(name) {
		case "event":
			e.Name = value
		case "data":
			lines++
			e.Data = s.addLine(e.Data, value, lines)
		}
	}
	return e
}

// addLine returns data with its next line added. One line alone, nearly every
// event, is not copied.
func (s *SSE) addLine(data, line []byte, lines int) []byte {
	if lines == 1 {
		return line
	}
	if lines == 2 {
		s.joined = append(s.joined[:0], data...)
	}
	s.joined = append(append(s.joined, '\n'), line...)
	return s.joined[:len(s.joined):len(s.joined)]
}
