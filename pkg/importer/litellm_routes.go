package importer

import (
	"cmp"
	"slices"

	"google.golang.org/protobuf/proto"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// fallbacks carries lists of models that stand in for others: their candidates
// come after the model's own.
func (l *lite) fallbacks(n node) {
	own := make(map[string][]*signalboxv1.ModelCandidate)
	for _, m := range l.c.GetModels() {
		own[m.GetName()] = slices.Clone(m.GetCandidates())
	}
	given := make(map[string]bool)
	for _, f := range n.get("fallbacks").items() {
		for _, name := range f.names() {
			given[name] = true
			for _, other := range f.get(name).items() {
				l.fallback(other, name, own)
			}
		}
	}
	for _, other := range n.get("default_fallbacks").items() {
		for _, m := range l.c.GetModels() {
			if !given[m.GetName()] && m.GetName() != other.text() {
				l.fallback(other, m.GetName(), own)
			}
		}
	}
	for _, name := range []string{"context_window_fallbacks", "content_policy_fallbacks"} {
		if f := n.get(name); f.there() {
			l.note(f, "is left out: all fallbacks are alike here, and gates: [content_filter] of a route turns filtered answers down")
		}
	}
}

// fallback appends the candidates of the model that n names.
func (l *lite) fallback(n node, name string, own map[string][]*signalboxv1.ModelCandidate) {
	m, other := l.find(name), l.find(n.text())
	if m == nil || len(own[other.GetName()]) == 0 {
		l.note(n, "a fallback of %q to %q is left out: one of them could not be translated", name, n.text())
		return
	}
	for _, c := range own[other.GetName()] {
		if slices.ContainsFunc(m.GetCandidates(), func(x *signalboxv1.ModelCandidate) bool {
			return x.GetBackend() == c.GetBackend() && cmp.Or(x.GetModel(), m.GetName()) == cmp.Or(c.GetModel(), other.GetName())
		}) {
			continue
		}
		added := l.add(m, l.endpointOf(c.GetBackend()), cmp.Or(c.GetModel(), other.GetName()))
		added.Weight = proto.Uint32(0)
		added.Drop, added.MaxOutput = c.GetDrop(), c.GetMaxOutput()
		added.Price, added.Context, added.Capabilities = c.GetPrice(), c.GetContext(), c.GetCapabilities()
	}
}

// endpointOf is where a backend is.
func (d *draft) endpointOf(backend string) endpoint {
	for e, name := range d.backends {
		if name == backend {
			return e
		}
	}
	return endpoint{}
}

// order gives the models a route, which draws by weight only where that is
// said of more than one candidate.
func (l *lite) order() {
	most, shared := 0, false
	for _, m := range l.c.GetModels() {
		first := 0
		for _, c := range m.GetCandidates() {
			if c.Weight == nil || c.GetWeight() > 0 {
				first++
			}
		}
		shared = shared || first > 1
		most = max(most, len(m.GetCandidates()))
	}
	reserves := l.reserves() // settle drops the weights where none is drawn
	l.settle(l.route, shared, most)
	l.choose(reserves)
	l.c.Routes = append(l.c.Routes, l.route)
}

// settle sets the order and the attempts of a route, so that all candidates are
// reached; where nothing is drawn, weights say nothing.
func (d *draft) settle(r *signalboxv1.Route, shared bool, most int) {
	r.Order = signalboxv1.Route_ORDER_WEIGHTED
	if !shared {
		r.Order = signalboxv1.Route_ORDER_UNSPECIFIED
		for _, m := range d.c.GetModels() {
			if len(r.GetModels()) > 0 && !slices.Contains(r.GetModels(), m.GetName()) {
				continue
			}
			for _, c := range m.GetCandidates() {
				c.Weight = nil
			}
		}
	}
	if n := uint32(min(most, 16)); n > 3 && n > r.GetMaxAttempts() || r.MaxAttempts != nil && n > r.GetMaxAttempts() {
		r.MaxAttempts = proto.Uint32(n)
	}
}
