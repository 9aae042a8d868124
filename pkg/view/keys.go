package view

import (
	"cmp"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/settle"
)

// maxUsed is of how many keys it is known when they were used.
const maxUsed = 10_000

// use is when and how densely a key was used.
type use struct {
	last   time.Time
	minute int64 // since the epoch
	n      int64 // requests in it
	peak   int64 // most requests of a minute
}

// uses are those of the keys, by id.
type uses map[string]*use

func (m uses) of(keyID string) *use {
	u := m[keyID]
	if u == nil {
		u = &use{}
		if len(m) < maxUsed {
			m[keyID] = u
		}
	}
	return u
}

// count takes a request, in the order in which they end.
func (m uses) count(s settle.Settled) {
	keyID, start := s.Terminal.GetKeyId(), at(cmp.Or(s.Terminal.GetStartNs(), s.Terminal.GetTimeNs()))
	if keyID == "" {
		return
	}
	u := m.of(keyID)
	if start.After(u.last) {
		u.last = start
	}
	switch m := start.Unix() / 60; {
	case m > u.minute:
		u.minute, u.n = m, 1
	case m == u.minute:
		u.n++
	}
	u.peak = max(u.peak, u.n)
}

// merge takes in what was before.
func (m uses) merge(before uses) {
	for id, old := range before {
		u := m.of(id)
		u.peak = max(u.peak, old.peak)
		if old.last.After(u.last) {
			u.last = old.last
		}
	}
}
