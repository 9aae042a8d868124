package settle

import (
	"encoding/binary"
	"strings"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// facts is what a decision settled and many requests have in common.
type facts struct {
	key  string // in the table
	refs int

	team, keyID, operation, model, route, class, policy, node, shadowOf string
	order                                                               []*signalboxv1.Candidate // never changed
	stream, injected                                                    bool
}

// table shares facts between runs.
type table map[string]*facts

// take returns the facts of o, counted once more.
func (t table) take(o *signalboxv1.Open) *facts {
	var room [512]byte
	key := factsKey(room[:0], o)
	if f := t[string(key)]; f != nil {
		f.refs++
		return f
	}
	f := &facts{
		key: string(key), refs: 1,
		team: strings.Clone(o.GetTeam()), keyID: strings.Clone(o.GetKeyId()), operation: strings.Clone(o.GetOperation()),
		model: strings.Clone(o.GetModel()), route: strings.Clone(o.GetRoute()), class: strings.Clone(o.GetClass()),
		policy: strings.Clone(o.GetPolicy()), node: strings.Clone(o.GetNode()), shadowOf: strings.Clone(o.GetShadowOf()),
		stream: o.GetStream(), injected: o.GetUsageInjected(),
	}
	for _, c := range o.GetOrder() {
		f.order = append(f.order, &signalboxv1.Candidate{
			Backend: strings.Clone(c.GetBackend()), Provider: strings.Clone(c.GetProvider()),
			Region: strings.Clone(c.GetRegion()), Model: strings.Clone(c.GetModel()),
		})
	}
	t[f.key] = f
	return f
}

// drop gives f back.
func (t table) drop(f *facts) {
	if f == nil {
		return
	}
	if f.refs--; f.refs == 0 {
		delete(t, f.key)
	}
}

// factsKey appends what tells the facts of o from others.
func factsKey(b []byte, o *signalboxv1.Open) []byte {
	add := func(s string) {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	var flags byte
	if o.GetStream() {
		flags |= 1
	}
	if o.GetUsageInjected() {
		flags |= 2
	}
	b = append(b, flags)
	add(o.GetTeam())
	add(o.GetKeyId())
	add(o.GetOperation())
	add(o.GetModel())
	add(o.GetRoute())
	add(o.GetClass())
	add(o.GetPolicy())
	add(o.GetNode())
	add(o.GetShadowOf())
	for _, c := range o.GetOrder() {
		add(c.GetBackend())
		add(c.GetProvider())
		add(c.GetRegion())
		add(c.GetModel())
	}
	return b
}

// candidate returns the candidate of the numbered attempt when it is of
// backend, else any of that backend, else one that has no more than the name.
func (f *facts) candidate(number int, backend string) *signalboxv1.Candidate {
	if f != nil {
		if number >= 1 && number <= len(f.order) && f.order[number-1].GetBackend() == backend {
			return f.order[number-1]
		}
		for _, c := range f.order {
			if c.GetBackend() == backend {
				return c
			}
		}
	}
	return &signalboxv1.Candidate{Backend: backend}
}

// backend is the backend of the numbered attempt by the order, empty when the
// order does not reach so far.
func (f *facts) backend(number int) string {
	if f == nil || number > len(f.order) {
		return ""
	}
	return f.order[number-1].GetBackend()
}
