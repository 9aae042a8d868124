package config

import (
	"slices"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// lacking is the first candidate of a model that something is not known of.
type lacking struct{ price, quality, best string }

// objectives reports what routes want to choose by and what is not known, and
// canaries that are none.
func (l *linter) objectives() {
	of := make(map[*signalboxv1.Model]*lacking)
	for _, m := range l.c.GetModels() {
		of[m] = lackingOf(m)
	}
	for i, r := range l.c.GetRoutes() {
		p := path("routes").item(i)
		for _, m := range l.on[i] {
			if l.unknown(p, r, m, of[m]) {
				break
			}
		}
		if r.GetOrder() == signalboxv1.Route_ORDER_FASTEST && !l.c.GetHealth().GetEnabled() {
			l.warn(p.field("order"), "wants the fastest, but health.enabled is false, so that no speed is known and every candidate gets the same share; turn health on, or choose another order")
		}
		l.sticky(p, r)
		l.canary(i, p.field("canary").field("use"), r)
	}
}

func lackingOf(m *signalboxv1.Model) *lacking {
	k := &lacking{}
	for _, c := range m.GetCandidates() {
		if c.GetPrice() == nil && m.GetPrice() == nil && k.price == "" {
			k.price = c.GetBackend()
		}
		if c.GetQuality() == 0 && m.GetQuality() == 0 && k.quality == "" {
			k.quality = c.GetBackend()
		}
	}
	return k
}

// unknown reports whether a route would choose by what is not known of a model.
func (l *linter) unknown(p path, r *signalboxv1.Route, m *signalboxv1.Model, k *lacking) bool {
	several := len(m.GetCandidates()) > 1
	order := p.field("order")
	switch {
	case r.GetOrder() == signalboxv1.Route_ORDER_CHEAPEST && several && k.price != "":
		l.warn(order, "wants the cheapest, but of model %q nothing says what backend %q costs, so that it comes last; add price to the candidate or the model", m.GetName(), k.price)
	case r.GetOrder() == signalboxv1.Route_ORDER_STRONGEST && several && k.quality != "":
		l.warn(order, "wants the strongest, but of model %q nothing says how good backend %q is, so that it comes last; add quality to the candidate or the model", m.GetName(), k.quality)
	case r.GetMinQuality() > 0 && best(m) < r.GetMinQuality():
		l.warn(p.field("min_quality"), "is more than any candidate of model %q has, so that the strongest serves; lower it, or add quality to a candidate", m.GetName())
	case r.GetMinQuality() > 0 && k.quality != "":
		l.warn(p.field("min_quality"), "keeps backend %q of model %q out, since nothing says how good it is; add quality to the candidate or the model", k.quality, m.GetName())
	default:
		return false
	}
	return true
}

// best is the highest quality of a model's candidates.
func best(m *signalboxv1.Model) (q float64) {
	for _, c := range m.GetCandidates() {
		own := c.GetQuality()
		if own == 0 {
			own = m.GetQuality()
		}
		q = max(q, own)
	}
	return q
}

func (l *linter) sticky(p path, r *signalboxv1.Route) {
	if r.GetSticky() > signalboxv1.Route_STICKY_NONE && r.GetOrder() != signalboxv1.Route_ORDER_WEIGHTED && r.GetCanary() == nil {
		l.warn(p.field("sticky"), "has no effect: nothing is drawn on this route; add order: weighted or a canary, or remove it")
	}
}

// canary reports a trial of the model that serves anyway, and one that a class
// forbids.
func (l *linter) canary(i int, p path, r *signalboxv1.Route) {
	if r.GetCanary() == nil {
		return
	}
	m := l.g.models[r.GetCanary().GetUse()]
	if slices.Contains(l.on[i], m) && len(l.on[i]) == 1 {
		l.warn(p, "is the model that serves this route anyway; name another, or remove the canary")
		return
	}
	if class := r.GetClass(); class != "" && !l.g.open(m, class) {
		l.warn(p, "class %q of this route forbids every candidate of model %q, so that nothing is part of the trial; add a candidate that the class allows", class, m.GetName())
		return
	}
	for _, s := range l.served {
		class := s.team.GetClass()
		if s.index == i && class != "" && !l.g.open(m, class, r.GetClass()) {
			l.warn(p, "class %q of team %q forbids every candidate of model %q, so that its requests are never part of the trial; add a candidate that the class allows", class, s.team.GetName(), m.GetName())
			return
		}
	}
}
