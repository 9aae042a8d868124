package config

import (
	"slices"
	"strings"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// reach checks that no class leaves a model without a backend: not the class
// of a route for any model that the route serves, and not the class of a team
// for a model that the team names, nor for all that it may use.
func (k *checker) reach() {
	for p := range k.unsure.at {
		if binding(p) {
			return // what seems to be missing may be what was wrong
		}
	}
	g := newGround(k.c)
	served := g.served()
	for i, r := range k.c.GetRoutes() {
		for _, m := range served[r] {
			if !g.open(m, r.GetClass()) {
				k.fail(path("routes").item(i).field("class"), "%s", g.closed(m, r.GetClass()))
			}
		}
	}
	for i, t := range k.c.GetTeams() {
		k.reachOfTeam(g, path("teams").item(i), t)
	}
}

// binding reports whether a place has a part in who may reach what.
func binding(p path) bool {
	last := string(p[strings.LastIndexByte(string(p), '.')+1:])
	last, _, _ = strings.Cut(last, "[")
	return slices.Contains([]string{
		"providers", "backends", "models", "candidates", "classes", "teams", "routes", "name", "region", "backend", "class", "regions", "use",
	}, last)
}

func (k *checker) reachOfTeam(g *ground, p path, t *signalboxv1.Team) {
	if t.GetClass() == "" {
		return
	}
	usable, closed, first := 0, 0, ""
	named := false
	for _, m := range k.c.GetModels() {
		if !MatchAny(t.GetModels(), m.GetName()) {
			continue
		}
		usable++
		route := g.route(m, t.GetName())
		asked := m.GetName()
		m = g.used(route, m)
		if g.open(m, t.GetClass(), route.GetClass()) {
			continue
		}
		if closed++; closed == 1 {
			first = g.closed(m, t.GetClass(), route.GetClass())
		}
		if i := slices.Index(t.GetModels(), asked); i >= 0 {
			named = true
			k.fail(p.field("models").item(i), "%s", g.closed(m, t.GetClass(), route.GetClass()))
		}
	}
	if !named && closed == usable && closed > 0 {
		k.fail(p.field("class"), "%s", first+"; the same holds for all models of the team")
	}
}

// place is where a backend processes data, and for whom.
type place struct{ provider, region string }

// ground is what may be reached from where.
type ground struct {
	c       *signalboxv1.Config
	places  map[string]place // of backends
	classes map[string]*signalboxv1.Class
	routes  map[*signalboxv1.Model][]*signalboxv1.Route
	teams   map[*signalboxv1.Route]map[string]bool
	narrow  map[*signalboxv1.Route]bool
	models  map[string]*signalboxv1.Model
}

func newGround(c *signalboxv1.Config) *ground {
	g := &ground{
		c: c, places: make(map[string]place), classes: make(map[string]*signalboxv1.Class),
		routes: make(map[*signalboxv1.Model][]*signalboxv1.Route), teams: make(map[*signalboxv1.Route]map[string]bool),
		narrow: make(map[*signalboxv1.Route]bool), models: make(map[string]*signalboxv1.Model),
	}
	for _, m := range c.GetModels() {
		g.models[m.GetName()] = m
	}
	for _, p := range c.GetProviders() {
		for _, b := range p.GetBackends() {
			g.places[b.GetName()] = place{p.GetName(), b.GetRegion()}
		}
	}
	for _, c := range c.GetClasses() {
		g.classes[c.GetName()] = c
	}
	for _, r := range c.GetRoutes() {
		g.narrow[r] = Narrow(r)
		g.teams[r] = make(map[string]bool)
		for _, t := range r.GetTeams() {
			g.teams[r][t] = true
		}
		for _, m := range c.GetModels() {
			if MatchAny(r.GetModels(), m.GetName()) {
				g.routes[m] = append(g.routes[m], r)
			}
		}
	}
	return g
}

// route is the one that serves a team's requests for a model which no narrower
// route takes, nil for the built-in one.
func (g *ground) route(m *signalboxv1.Model, team string) *signalboxv1.Route {
	for _, r := range g.routes[m] {
		if (len(g.teams[r]) == 0 || g.teams[r][team]) && !g.narrow[r] {
			return r
		}
	}
	return nil
}

// used is the model whose candidates serve requests for m on r.
func (g *ground) used(r *signalboxv1.Route, m *signalboxv1.Model) *signalboxv1.Model {
	if used := g.models[r.GetUse()]; used != nil {
		return used
	}
	return m
}

// served lists the models whose candidates serve on each route: those for which
// it is the route of some caller.
func (g *ground) served() map[*signalboxv1.Route][]*signalboxv1.Model {
	callers := []string{""}
	for _, t := range g.c.GetTeams() {
		callers = append(callers, t.GetName())
	}
	list := make(map[*signalboxv1.Route][]*signalboxv1.Model)
	for _, m := range g.c.GetModels() {
		on := make(map[*signalboxv1.Route]bool)
		for _, team := range callers {
			for _, r := range g.routes[m] {
				if len(g.teams[r]) > 0 && !g.teams[r][team] {
					continue
				}
				if !on[r] {
					on[r] = true
					list[r] = append(list[r], g.used(r, m))
				}
				if !g.narrow[r] {
					break
				}
			}
		}
	}
	return list
}

// open reports whether some candidate of m is where all classes may be.
func (g *ground) open(m *signalboxv1.Model, classes ...string) bool {
	return slices.ContainsFunc(m.GetCandidates(), func(c *signalboxv1.ModelCandidate) bool { return g.allows(c, classes...) })
}

// allows reports whether a candidate is where all classes may be.
func (g *ground) allows(c *signalboxv1.ModelCandidate, classes ...string) bool {
	at := g.places[c.GetBackend()]
	return !slices.ContainsFunc(classes, func(class string) bool {
		return class != "" && !Permits(g.classes[class], at.provider, at.region)
	})
}

// Permits reports whether a provider may process requests of a class in a
// region. The empty region, which says that nobody knows, is none of a class's;
// a class that says nothing permits nothing.
func Permits(c *signalboxv1.Class, provider, region string) bool {
	regions, providers := c.GetRegions(), c.GetProviders()
	return len(regions)+len(providers) > 0 &&
		(len(regions) == 0 || region != "" && slices.Contains(regions, region)) &&
		(len(providers) == 0 || slices.Contains(providers, provider))
}

// closed says why m cannot be served within classes.
func (g *ground) closed(m *signalboxv1.Model, classes ...string) string {
	classes = slices.DeleteFunc(classes, func(c string) bool { return c == "" })
	var have, of []string
	for _, c := range m.GetCandidates() {
		at := g.places[c.GetBackend()]
		if at.region != "" && !slices.Contains(have, at.region) {
			have = append(have, at.region)
		}
		if !slices.Contains(of, at.provider) {
			of = append(of, at.provider)
		}
	}
	where := "none of them says its region"
	if len(have) > 0 {
		where = "they are in " + strings.Join(have, ", ")
	}
	if slices.ContainsFunc(classes, func(c string) bool { return len(g.classes[c].GetProviders()) > 0 }) {
		return "no backend of model " + quote(m.GetName()) + " may serve class " + strings.Join(slices.Compact(classes), " and ") + ": " + where +
			", of provider " + strings.Join(of, ", ") + "; add a candidate that the class allows, or leave the model out"
	}
	return "no backend of model " + quote(m.GetName()) + " may serve class " + strings.Join(slices.Compact(classes), " and ") + ": " + where +
		"; add a candidate in a region of the class, or leave the model out"
}
