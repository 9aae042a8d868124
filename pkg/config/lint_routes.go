package config

import (
	"slices"
	"strings"
	"time"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// unreached reports routes on which no request can be.
func (l *linter) unreached() {
	for i, r := range l.c.GetRoutes() {
		p := path("routes").item(i).field("name")
		if len(l.on[i]) > 0 {
			if b := l.before(i); b != nil {
				l.warn(p, "no request is ever on route %q: route %q before it fits all that it fits; move it up, or remove it", r.GetName(), b.GetName())
			}
			continue
		}
		if before := l.shadows(i); len(before) > 0 {
			l.warn(p, "no request is ever on route %q: %s before it serves all that it fits; move it up, or remove it", r.GetName(), strings.Join(before, " or "))
			continue
		}
		l.warn(p, "no request is ever on route %q: its teams may use none of its models; name others, or remove it", r.GetName())
	}
}

// shadows names the routes that take what route i fits.
func (l *linter) shadows(i int) []string {
	r := l.c.GetRoutes()[i]
	var names []string
	for _, s := range l.served {
		if s.index < 0 || s.index >= i || l.g.narrow[s.route] || len(r.GetTeams()) > 0 && !l.g.teams[r][s.team.GetName()] || !slices.Contains(l.g.routes[s.asked], r) {
			continue
		}
		if name := quote(s.route.GetName()); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) > 3 {
		names = append(names[:3], "others")
	}
	return names
}

// gates reports gates that have no next candidate to try.
func (l *linter) gates() {
	for i, r := range l.c.GetRoutes() {
		on := l.on[i]
		if len(r.GetGates()) == 0 || len(on) == 0 {
			continue
		}
		p := path("routes").item(i).field("gates")
		switch {
		case r.GetMaxAttempts() == 1:
			l.warn(p, "turn answers down, but max_attempts is 1: there is no next candidate, so the caller gets an error in place of the answer; raise max_attempts, or remove the gates")
		case most(on) < 2:
			l.warn(p, "turn answers down, but no model on this route has a second candidate, so the caller gets an error in place of the answer; add candidates, or remove the gates")
		}
	}
}

// copies reports shadows that no request has.
func (l *linter) copies() {
	for i, r := range l.c.GetRoutes() {
		w := r.GetShadow()
		if w == nil {
			continue
		}
		p := path("routes").item(i).field("shadow")
		m := l.g.models[w.GetUse()]
		switch {
		case w.GetPercent() == 0:
			l.warn(p.field("percent"), "is 0, so that no request is copied; raise it, or remove the shadow")
		case m != nil && !l.g.open(m, r.GetClass()):
			l.warn(p.field("use"), "no request is ever copied: %s", l.g.closed(m, r.GetClass()))
		}
	}
}

// timeouts reports times of which one leaves no room for another.
func (l *linter) timeouts() {
	connect := make(map[string]time.Duration)
	for _, v := range l.c.GetProviders() {
		for _, b := range v.GetBackends() {
			connect[b.GetName()] = b.GetConnectTimeout().AsDuration()
		}
	}
	for i, r := range l.c.GetRoutes() {
		on := l.on[i]
		first, stream := r.GetFirstByteTimeout().AsDuration(), r.GetStreamTimeout().AsDuration()
		first = min(first, stream)
		p := path("routes").item(i)
		if name, slow := slowest(on, connect); slow > first {
			l.warn(p.field("first_byte_timeout"), "%v ends before connect_timeout (%v) of backend %q does, which therefore has no effect; raise this or lower that", first, slow, name)
		}
		n := min(most(on), int(r.GetMaxAttempts()))
		if n > 1 && stream <= first*time.Duration(n-1) {
			l.warn(p.field("stream_timeout"), "%v is over before candidate %d is asked, when those before it take all of first_byte_timeout (%v); raise this or lower that", stream, n, first)
		}
	}
}

// slowest is the backend that may take longest to connect to.
func slowest(on []*signalboxv1.Model, connect map[string]time.Duration) (name string, slow time.Duration) {
	for _, m := range on {
		for _, c := range m.GetCandidates() {
			if d := connect[c.GetBackend()]; d > slow {
				name, slow = c.GetBackend(), d
			}
		}
	}
	return name, slow
}

// most is the greatest number of candidates of a model.
func most(on []*signalboxv1.Model) (n int) {
	for _, m := range on {
		n = max(n, len(m.GetCandidates()))
	}
	return n
}

// candidates reports candidates behind those that a route tries, and weights
// that nothing reads.
func (l *linter) candidates() {
	ways := make(map[*signalboxv1.Model][]served)
	for _, s := range l.served {
		ways[s.model] = append(ways[s.model], s)
	}
	for i, m := range l.c.GetModels() {
		weighted := slices.ContainsFunc(ways[m], func(s served) bool { return s.route.GetOrder() == signalboxv1.Route_ORDER_WEIGHTED })
		listed := !slices.ContainsFunc(ways[m], func(s served) bool { return s.route.GetOrder() != signalboxv1.Route_ORDER_CONFIGURED })
		p := path("models").item(i).field("candidates")
		for j := range m.GetCandidates() {
			if !weighted && l.raw.GetModels()[i].GetCandidates()[j].Weight != nil {
				l.warn(p.item(j).field("weight"), "has no effect: no route that serves model %q draws by weight; add order: weighted to one, or remove it", m.GetName())
				break
			}
		}
		if j := l.depth(m, ways[m]); listed && j < len(m.GetCandidates()) {
			l.warn(p.item(j), "is candidate %d of model %q, but no route tries more than %d: it is asked only when one before it is ruled out or ill; raise max_attempts of a route, or remove it", j+1, m.GetName(), attempts(ways[m]))
		}
	}
}

func attempts(ways []served) (n int) {
	for _, s := range ways {
		n = max(n, int(s.route.GetMaxAttempts()))
	}
	return n
}

// depth is the number of candidates of m that the routes reach, with any class
// that there is.
func (l *linter) depth(m *signalboxv1.Model, ways []served) int {
	deepest := 0
	seen := make(map[*signalboxv1.Route]bool)
	for _, s := range ways {
		if seen[s.route] {
			continue
		}
		seen[s.route] = true
		for _, class := range append([]string{""}, l.classNames()...) {
			left := int(s.route.GetMaxAttempts())
			for j, c := range m.GetCandidates() {
				if left > 0 && l.g.allows(c, class, s.route.GetClass()) {
					left--
					deepest = max(deepest, j+1)
				}
			}
		}
	}
	return deepest
}

func (l *linter) classNames() []string {
	names := make([]string, 0, len(l.c.GetClasses()))
	for _, c := range l.c.GetClasses() {
		names = append(names, c.GetName())
	}
	return names
}
