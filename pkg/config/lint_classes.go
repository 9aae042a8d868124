package config

import (
	"slices"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// bind is a class where a team or a route has it.
type bind struct {
	at          path
	class, whom string
}

// fallbacks reports classes of teams and routes that leave a model without a
// second candidate, or a team's model without any.
func (l *linter) fallbacks() {
	lone, none := make(map[bind][]string), make(map[bind][]string)
	var order []bind
	for _, s := range l.served {
		b, left := l.binding(s)
		if b.class == "" || left > 1 || left == len(s.model.GetCandidates()) {
			continue
		}
		if !slices.Contains(order, b) {
			order = append(order, b)
		}
		into := lone
		if left == 0 {
			into = none
		}
		if name := s.model.GetName(); !slices.Contains(into[b], name) {
			into[b] = append(into[b], name)
		}
	}
	for _, b := range order {
		if models := none[b]; len(models) > 0 {
			l.warn(b.at, "forbids every candidate of model %q%s, which %s may ask for: such requests are refused; add a candidate in a region of class %q, or leave the model out", models[0], others(len(models), "model"), b.whom, b.class)
		}
		if models := lone[b]; len(models) > 0 {
			l.warn(b.at, "leaves only one candidate of model %q%s, so that %s has no fallback; add a candidate in a region of class %q", models[0], others(len(models), "model"), b.whom, b.class)
		}
	}
}

// binding is the class that rules candidates out for requests that are served
// so, and how many it leaves: the route's when it alone leaves one at most.
func (l *linter) binding(s served) (bind, int) {
	if class := s.route.GetClass(); class != "" {
		if left := l.left(s.model, class); left <= 1 {
			return bind{path("routes").item(s.index).field("class"), class, "route " + quote(s.route.GetName())}, left
		}
	}
	class := s.team.GetClass()
	if class == "" {
		return bind{}, len(s.model.GetCandidates())
	}
	i := slices.Index(l.c.GetTeams(), s.team)
	return bind{path("teams").item(i).field("class"), class, "team " + quote(s.team.GetName())}, l.left(s.model, class, s.route.GetClass())
}

func (l *linter) left(m *signalboxv1.Model, classes ...string) (n int) {
	for _, c := range m.GetCandidates() {
		if l.g.allows(c, classes...) {
			n++
		}
	}
	return n
}
