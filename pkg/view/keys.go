package view

import "time"

// maxUsed is of how many keys it is known when they were used.
const maxUsed = 10_000

// use is when and how densely a key was used.
type use struct {
	last   time.Time
	minute int64 // since the epoch
	n      int64 // requests in it
	peak   int64 // most requests of a minute
}

func (v *View) use(keyID string) *use {
	u := v.used[keyID]
	if u == nil {
		u = &use{}
		if len(v.used) < maxUsed {
			v.used[keyID] = u
		}
	}
	return u
}

func (u *use) count(t time.Time) {
	if t.After(u.last) {
		u.last = t
	}
	if m := t.Unix() / 60; m > u.minute {
		u.minute, u.n = m, 0
	}
	u.n++
	u.peak = max(u.peak, u.n)
}
