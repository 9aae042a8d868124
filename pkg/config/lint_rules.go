package config

import (
	"maps"
	"slices"

	"google.golang.org/protobuf/proto"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"

	"github.com/signalbox-dev/signalbox/pkg/signal"
	"github.com/signalbox-dev/signalbox/pkg/signal/when"
)

// before is a route before route i that looks at more than model and team and
// yet fits all that route i does; nil: there is none.
func (l *linter) before(i int) *signalboxv1.Route {
	r := l.c.GetRoutes()[i]
	for _, b := range l.c.GetRoutes()[:i] {
		if l.g.narrow[b] && covers(b, r) && within(slices.Collect(maps.Keys(l.fitted[r])), slices.Collect(maps.Keys(l.fitted[b]))) {
			return b
		}
	}
	return nil
}

// covers reports whether all that a says of requests, models left out, is also
// said by b.
func covers(a, b *signalboxv1.Route) bool {
	return (a.GetWhen() == "" || a.GetWhen() == b.GetWhen() && a.GetWhenError() >= b.GetWhenError()) &&
		within(b.GetTeams(), a.GetTeams()) && within(b.GetKeys(), a.GetKeys()) && within(b.GetChannels(), a.GetChannels()) &&
		within(b.GetClasses(), a.GetClasses()) && within(b.GetPaths(), a.GetPaths()) &&
		(a.GetHours() == nil || proto.Equal(a.GetHours(), b.GetHours())) &&
		!slices.ContainsFunc(a.GetHeaders(), func(h *signalboxv1.HeaderMatch) bool {
			return !slices.ContainsFunc(b.GetHeaders(), func(x *signalboxv1.HeaderMatch) bool {
				return h.GetName() == x.GetName() && (h.GetValue() == "" || h.GetValue() == x.GetValue())
			})
		})
}

// within reports whether some are among all; where either is empty it stands for
// everything.
func within[T comparable](some, all []T) bool {
	return len(all) == 0 || len(some) > 0 && !slices.ContainsFunc(some, func(x T) bool { return !slices.Contains(all, x) })
}

// mentioned is what the conditions of routes compare facts with, by route.
func (l *linter) mentioned(r *signalboxv1.Route) []when.Mention {
	if r.GetWhen() == "" {
		return nil
	}
	c, err := l.known.Condition(r.GetWhen())
	if err != nil {
		return nil // cannot happen: it was compiled
	}
	return c.Mentions()
}

// conditions reports names in conditions that nothing has: they are free text,
// so that such a comparison is false without a word.
func (l *linter) conditions() {
	names := map[string]struct {
		what string
		list []string
	}{
		"request.channel":   {"channel", named(l.c.GetChannels())},
		"request.team":      {"team", named(l.c.GetTeams())},
		"request.model":     {"model", l.modelNames()},
		"request.classes":   {"class", named(l.c.GetClasses())},
		"request.operation": {"operation", []string{"chat", "embeddings"}},
		"request.task":      {"task", signal.Tasks()},
		"request.question":  {"kind of question", signal.Questions()},
	}
	for i, r := range l.c.GetRoutes() {
		for _, m := range l.mentioned(r) {
			of, closed := names[m.Fact]
			if !closed || m.Text == "" || slices.Contains(of.list, m.Text) {
				continue
			}
			g := register{names: of.list}
			l.warn(path("routes").item(i).field("when"), "compares %s with %s, and there is no such %s, so that they are never the same; %s", m.Fact, quote(m.Text), of.what, g.instead(m.Text))
		}
	}
}

func named[T interface{ GetName() string }](list []T) []string {
	names := make([]string, 0, len(list))
	for _, x := range list {
		names = append(names, x.GetName())
	}
	return names
}

func (l *linter) modelNames() []string {
	names := named(l.c.GetModels())
	for _, m := range l.c.GetModels() {
		names = append(names, m.GetAliases()...)
	}
	return names
}

// way is how a team's requests for a model are served, as far as classes go.
type way struct {
	asked, model *signalboxv1.Model
	class        string // the route's
}

// ways lists those of each team, once each.
func (l *linter) ways() map[string][]way {
	type of struct {
		team string
		way
	}
	list := make(map[string][]way)
	seen := make(map[of]bool)
	for _, s := range l.served {
		w := of{s.team.GetName(), way{s.asked, s.model, s.route.GetClass()}}
		if !seen[w] {
			seen[w] = true
			list[w.team] = append(list[w.team], w.way)
		}
	}
	return list
}

// declared reports keys that can ask for nothing, and classes of keys that
// forbid what those may ask for.
func (l *linter) declared() {
	if len(l.c.GetKeys()) == 0 {
		return
	}
	ways := l.ways()
	for i, k := range l.c.GetKeys() {
		var closed []string
		usable := 0
		for _, w := range ways[k.GetTeam()] {
			if !MatchAny(k.GetModels(), w.asked.GetName()) {
				continue
			}
			usable++
			if !l.g.open(w.model, k.GetClass(), w.class) && !slices.Contains(closed, w.model.GetName()) {
				closed = append(closed, w.model.GetName())
			}
		}
		switch p := path("keys").item(i); {
		case usable == 0:
			l.warn(p.field("models"), "has no model that team %q may use, so that key %q can ask for nothing; name others", k.GetTeam(), k.GetName())
		case k.GetClass() != "" && len(closed) > 0:
			l.warn(p.field("class"), "forbids every candidate of model %q%s, which key %q may ask for: such requests are refused; add a candidate that class %q allows, or leave the model out", closed[0], others(len(closed), "model"), k.GetName(), k.GetClass())
		}
	}
}
