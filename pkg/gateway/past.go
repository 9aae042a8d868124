package gateway

import (
	"slices"
	"sync"

	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/price"
	"github.com/signalbox-dev/signalbox/pkg/token"
	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// past remembers the last policies: rows are settled after the policy that
// decided has been replaced. Safe for concurrent use.
type past struct {
	mu   sync.Mutex
	list []*policy.Snapshot // newest first
}

// maxPast is how many policies are remembered. Rows of an older one are read by
// the one in force.
const maxPast = 8

func (p *past) add(s *policy.Snapshot) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.list = slices.DeleteFunc(p.list, func(o *policy.Snapshot) bool { return o.Version == s.Version })
	p.list = slices.Insert(p.list, 0, s)
	p.list = p.list[:min(len(p.list), maxPast)]
}

// of is the policy of a version, the one in force where it is not known.
func (p *past) of(version string) *policy.Snapshot {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.list {
		if s.Version == version {
			return s
		}
	}
	if len(p.list) == 0 {
		return nil
	}
	return p.list[0]
}

// candidate is the one that served a, and the model that it served for; nil
// where the policy has none such. It is looked for where the route leads first:
// models may price one backend's model differently.
func (p *past) candidate(a *signalboxv1.Attempt) (*policy.Model, *policy.Candidate) {
	s := p.of(a.Policy)
	if s == nil {
		return nil, nil
	}
	likely, _ := s.Find(a.RequestedModel)
	for _, r := range s.Routes {
		switch {
		case r.Name != a.Route:
		case a.ShadowOf != "" && r.Shadow != nil:
			likely = r.Shadow.Use
		case r.Use != nil:
			likely = r.Use
		}
	}
	if c := candidateOf(likely, a); c != nil {
		return likely, c
	}
	for _, name := range s.Names() {
		if c := candidateOf(s.Models[name], a); c != nil {
			return s.Models[name], c
		}
	}
	return nil, nil
}

// price is what a's tokens cost, nil where that is not known.
func (p *past) price(a *signalboxv1.Attempt) *price.Price {
	if _, c := p.candidate(a); c != nil {
		return c.Price
	}
	return nil
}

func candidateOf(m *policy.Model, a *signalboxv1.Attempt) *policy.Candidate {
	if m == nil {
		return nil
	}
	i := slices.IndexFunc(m.Candidates, func(c policy.Candidate) bool { return c.Backend.Name == a.Backend && c.Model == a.Model })
	if i < 0 {
		return nil
	}
	return &m.Candidates[i]
}

// lengths are the lengths of answers, learned from settled attempts. Safe for
// concurrent use.
type lengths struct {
	mu    sync.Mutex
	known token.Lengths
	past  *past
}

func (l *lengths) learn(a *signalboxv1.Attempt) {
	if !told(a) {
		return
	}
	m, _ := l.past.candidate(a)
	if m == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.known.Learn(a.Route, m.Name, a.Stream, a.Usage.GetOutput())
}

// told reports whether a is a whole answer whose length the provider told.
func told(a *signalboxv1.Attempt) bool {
	return a.Outcome == signalboxv1.Attempt_OUTCOME_COMPLETED && a.Source == signalboxv1.Usage_SOURCE_PROVIDER && !a.Suspect
}

// expect is how many tokens an answer is likely to have, 0 where that is not
// known; maxOutput is what the caller allows, 0 for any number.
func (l *lengths) expect(r *policy.Route, m *policy.Model, stream bool, maxOutput int64) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.known.Expect(r.Name, m.Name, stream, maxOutput)
}
