package config

import (
	"slices"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// bind is a class that a team or a route has.
type bind struct {
	class string
	route int               // -1: it is the team's
	team  *signalboxv1.Team // nil: it is the route's
}

// lack is the models of which a class leaves one candidate, or none.
type lack struct{ lone, none []string }

func (k *lack) add(m *signalboxv1.Model, left int) {
	into := &k.lone
	if left == 0 {
		into = &k.none
	}
	name := m.GetName()
	if n := len(*into); n > 0 && (*into)[n-1] == name || slices.Contains(*into, name) { // they mostly come in a row
		return
	}
	*into = append(*into, name)
}

// fallbacks reports classes of teams and routes that leave a model without a
// second candidate, or a team's model without any.
func (l *linter) fallbacks() {
	found := make(map[bind]*lack)
	var order []bind
	for _, s := range l.served {
		b, left := l.binding(s)
		if b.class == "" || left > 1 || left == len(s.model.GetCandidates()) {
			continue
		}
		if found[b] == nil {
			found[b] = &lack{}
			order = append(order, b)
		}
		found[b].add(s.model, left)
	}
	for _, b := range order {
		at, whom := l.binder(b)
		if models := found[b].none; len(models) > 0 {
			l.warn(at, "forbids every candidate of model %q%s, which %s may ask for: such requests are refused; add a candidate in a region of class %q, or leave the model out", models[0], others(len(models), "model"), whom, b.class)
		}
		if models := found[b].lone; len(models) > 0 {
			l.warn(at, "leaves only one candidate of model %q%s, so that %s has no fallback; add a candidate in a region of class %q", models[0], others(len(models), "model"), whom, b.class)
		}
	}
}

// binding is the class that rules candidates out for requests that are served
// so, and how many it leaves: the route's when it alone leaves one at most.
func (l *linter) binding(s served) (bind, int) {
	if class := s.route.GetClass(); class != "" {
		if left := l.left(s.model, class); left <= 1 {
			return bind{class, s.index, nil}, left
		}
	}
	class := s.team.GetClass()
	if class == "" {
		return bind{}, len(s.model.GetCandidates())
	}
	return bind{class, -1, s.team}, l.left(s.model, class, s.route.GetClass())
}

// binder is where a class is given, and to whom.
func (l *linter) binder(b bind) (at path, whom string) {
	if b.team != nil {
		return path("teams").item(slices.Index(l.c.GetTeams(), b.team)).field("class"), "team " + quote(b.team.GetName())
	}
	return path("routes").item(b.route).field("class"), "route " + quote(l.c.GetRoutes()[b.route].GetName())
}

func (l *linter) left(m *signalboxv1.Model, classes ...string) (n int) {
	for _, c := range m.GetCandidates() {
		if l.g.allows(c, classes...) {
			n++
		}
	}
	return n
}
