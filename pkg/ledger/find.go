package ledger

import (
	"bytes"
	"encoding/hex"
	"errors"
	"slices"

	"google.golang.org/protobuf/proto"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// Story is all that the ledger says of one request.
type Story struct {
	Open        *signalboxv1.Open // nil: of a stranger, or from before the ledger
	Attempts    []*signalboxv1.Attempt
	Terminal    *signalboxv1.Terminal // nil: it has not ended
	Adjustments []*signalboxv1.Adjustment
}

// maxStories bounds what one id can find: the latest.
const maxStories = 32

// Find returns the stories of the requests whose request id, client's request
// id, ticket or trace id is id, oldest first. Ticket and trace id are in
// hexadecimal. Where the ledger is damaged it finds what is readable, and the
// error joins a *DamageError for each damage; any other error comes without
// stories.
func Find(dir, id string) ([]Story, error) {
	f := finder{id: id, stories: map[[16]byte]*Story{}}
	if raw, err := hex.DecodeString(id); err == nil && len(raw) == 16 {
		f.raw = raw
	}
	if id == "" {
		return nil, nil
	}
	var damage []error
	for p, err := range walk(dir) {
		if err == nil {
			err = f.frame(p)
		}
		if err == nil {
			continue
		}
		if _, damaged := errors.AsType[*DamageError](err); !damaged {
			return nil, err
		}
		damage = append(damage, err)
	}
	var all []Story
	for _, t := range f.order {
		all = append(all, *f.stories[t])
	}
	return all, errors.Join(damage...)
}

// finder decodes only the frames that can be of the request: their bytes hold
// the id, or the ticket of a request that was found.
type finder struct {
	id      string
	raw     []byte // id as bytes; nil when it has no such form
	order   [][16]byte
	stories map[[16]byte]*Story
}

func (f *finder) frame(p placed) error {
	switch p.kind() {
	case KindOpen, KindAttempt, KindTerminal, KindAdjustment:
	default:
		return nil
	}
	if !f.likely(p.payload) {
		return nil
	}
	r, err := p.decode()
	if err != nil {
		return &DamageError{File: p.file, Offset: p.offset, Length: p.end() - p.offset, Reason: err.Error()}
	}
	if t, ok := ticketOf(r); ok && f.wanted(t, r) {
		f.stories[t].add(r)
	}
	return nil
}

func (f *finder) likely(payload []byte) bool {
	return bytes.Contains(payload, []byte(f.id)) || f.raw != nil && bytes.Contains(payload, f.raw) ||
		slices.ContainsFunc(f.order, func(t [16]byte) bool { return bytes.Contains(payload, t[:]) })
}

// wanted reports whether r is of a request that is looked for, and makes room
// for its story.
func (f *finder) wanted(t [16]byte, r Record) bool {
	if f.stories[t] != nil {
		return true
	}
	if !f.named(t, r) {
		return false
	}
	if len(f.order) == maxStories {
		delete(f.stories, f.order[0])
		f.order = f.order[1:]
	}
	f.order = append(f.order, t)
	f.stories[t] = new(Story)
	return true
}

func (f *finder) named(t [16]byte, r Record) bool {
	if bytes.Equal(t[:], f.raw) {
		return true
	}
	if x, ok := r.(interface{ GetRequestId() string }); ok && x.GetRequestId() == f.id {
		return true
	}
	o, ok := r.(*signalboxv1.Open)
	if !ok {
		return false
	}
	if o.GetClientRequestId() == f.id {
		return true
	}
	var d signalboxv1.Decision
	return f.raw != nil && proto.Unmarshal(o.GetDecision(), &d) == nil && bytes.Equal(d.GetTraceId(), f.raw)
}

// add takes r in, once: a segment may repeat it. A row with a known end
// replaces one without.
func (s *Story) add(r Record) {
	switch m := r.(type) {
	case *signalboxv1.Open:
		if s.Open == nil {
			s.Open = m
		}
	case *signalboxv1.Attempt:
		i := slices.IndexFunc(s.Attempts, func(a *signalboxv1.Attempt) bool { return a.GetNumber() == m.GetNumber() })
		switch {
		case i < 0:
			s.Attempts = append(s.Attempts, m)
		case s.Attempts[i].GetOutcome() == signalboxv1.Attempt_OUTCOME_UNKNOWN:
			s.Attempts[i] = m
		}
	case *signalboxv1.Terminal:
		if s.Terminal.GetState() == signalboxv1.Terminal_STATE_UNKNOWN || s.Terminal == nil {
			s.Terminal = m
		}
	case *signalboxv1.Adjustment:
		if !slices.ContainsFunc(s.Adjustments, func(a *signalboxv1.Adjustment) bool {
			return a.GetNumber() == m.GetNumber() && a.GetSequence() == m.GetSequence()
		}) {
			s.Adjustments = append(s.Adjustments, m)
		}
	}
}
