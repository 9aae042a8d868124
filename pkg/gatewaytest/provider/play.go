package provider

import (
	"bytes"
	"net/http"
)

// frame is one event of a stream, rendered.
type frame struct {
	name    string // of a server-sent event; most APIs have none
	data    []byte
	step    int  // number of the piece of the answer; unpaced: it comes at once
	opening bool // before the first piece of content
	usage   bool // carries the complete usage
	mark    bool // ends the stream, is no event of it
}

// unpaced is the step of frames that no pause belongs to.
const unpaced = -1

// framing is how events are put into a body.
type framing struct {
	typ   string // content type
	crlf  bool
	array bool // elements of a JSON array
}

func chatFraming(*ask) framing { return framing{typ: "text/event-stream; charset=utf-8"} }

// player sends the frames of a stream and misbehaves on the way.
type player struct {
	framing
	out   *wire
	x     *Exchange
	c     *composed
	count int // frames that were sent
	step  int // the last one
}

// play answers with a stream.
func (p *Provider) play(out *wire, x *Exchange, op *operation, c *composed) error {
	x.Delivered.Stream = true
	s := &player{framing: op.framing(c.ask), out: out, x: x, c: c, step: unpaced}
	if err := out.head(http.StatusOK, s.typ, -1, p.headers(op, x)); err != nil {
		return err
	}
	frames := op.frames(c)
	if c.f.Empty {
		frames = nil
	}
	if c.f.Error200 {
		return s.fail(op.failure(p, c, x, 0))
	}
	middle := 0
	for _, f := range frames {
		middle = max(middle, (f.step+1)/2)
	}
	for _, f := range frames {
		if s.count == c.f.ErrorEvent && !f.mark {
			return s.fail(op.failure(p, c, x, s.count))
		}
		if err := s.pace(f, middle); err != nil {
			return err
		}
		if err := s.send(f); err != nil {
			return err
		}
	}
	return out.end(c.f.Hold + c.f.Close)
}

// pace makes the pauses that are due before a frame.
func (s *player) pace(f frame, middle int) error {
	first, next := s.step == unpaced, f.step != unpaced && f.step != s.step
	if !f.opening && s.c.f.StallFirst > 0 {
		wait := s.c.f.StallFirst
		s.c.f.StallFirst = 0
		if err := s.out.pause(wait); err != nil {
			return err
		}
	}
	if !next {
		return nil
	}
	s.step = f.step
	if !first {
		if err := s.out.pause(s.c.f.Gap); err != nil {
			return err
		}
	}
	if f.step == middle {
		return s.out.pause(s.c.f.StallMid)
	}
	return nil
}

// send writes one frame and keeps the books about it.
func (s *player) send(f frame) error {
	if s.c.f.Malformed >= 0 && s.count >= s.c.f.Malformed && !f.mark {
		f.data = f.data[:len(f.data)/2]
	}
	if err := s.put(f); err != nil {
		return err
	}
	if f.usage {
		s.x.Delivered.Usage = &s.c.usage
	}
	if f.mark {
		s.x.Delivered.Done = true
		return nil
	}
	s.count++
	s.x.Delivered.Events = s.count
	if s.count == s.c.f.CutEvents {
		return s.c.f.abort()
	}
	return nil
}

// fail sends the error, after which the stream ends legally.
func (s *player) fail(frames []frame) error {
	for _, f := range frames {
		if err := s.put(f); err != nil {
			return err
		}
	}
	if s.array {
		if err := s.put(frame{data: []byte("]"), mark: true}); err != nil {
			return err
		}
	}
	return s.out.end(s.c.f.Hold + s.c.f.Close)
}

// put writes one frame in the stream's form and sends it off.
func (s *player) put(f frame) error {
	b := s.event(f)
	if s.array {
		b = s.element(f)
	}
	if err := s.out.write(b); err != nil {
		return err
	}
	s.out.flush()
	if s.out.err != nil {
		return s.out.err
	}
	return s.out.ctx.Err()
}

// event is a server-sent event.
func (s *player) event(f frame) []byte {
	end := "\n"
	if s.crlf || s.c.f.CRLF {
		end = "\r\n"
	}
	b := make([]byte, 0, len(f.name)+len(f.data)+20)
	if f.name != "" {
		b = append(append(append(b, "event: "...), f.name...), end...)
	}
	b = append(append(append(b, "data: "...), f.data...), end...)
	return append(b, end...)
}

// element is a piece of a JSON array that grows.
func (s *player) element(f frame) []byte {
	switch {
	case f.mark && s.out.sent == 0:
		return []byte("[]")
	case f.mark:
		return f.data
	case s.out.sent == 0:
		return append([]byte("["), f.data...)
	}
	return bytes.Join([][]byte{[]byte(",\r\n"), f.data}, nil)
}
