package config

import (
	"cmp"
	"fmt"
	"slices"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// Warning is something in a valid configuration that is hardly meant so, and
// the way out.
type Warning Error

// String is "file:line:column: warning: place: text".
func (w Warning) String() string { return Error(w).line("warning: ") }

// Keys is what the virtual keys of an installation refer to.
type Keys struct{ Teams, Classes map[string]bool }

// Lint is Parse for an operator who looks at the file: of a valid one it
// returns what is suspicious, in the order of the file. keys are nil where they
// are not known; then nothing is said about what only they might need.
func Lint(name string, data []byte, keys *Keys) ([]Warning, error) {
	k, err := Read(name, data, nil)
	if err != nil {
		return nil, err
	}
	return k.Lint(keys), nil
}

// Lint is Lint of a file that was read.
func (k *Checked) Lint(keys *Keys) []Warning {
	l := newLinter(k, keys)
	l.unused()
	l.regions()
	l.aliases()
	l.unreached()
	l.candidates()
	l.fallbacks()
	l.gates()
	l.copies()
	l.timeouts()
	l.objectives()
	l.conditions()
	l.declared()
	for i := range l.found {
		w := &l.found[i]
		w.File = k.name
		if k.reader != nil {
			w.Line, w.Column = position(k.reader.nearest(path(w.Path)))
		}
	}
	slices.SortStableFunc(l.found, func(a, b Warning) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return l.found
}

// linter finds what is suspicious in a valid configuration.
type linter struct {
	raw, c *signalboxv1.Config // as given, and with defaults
	keys   *Keys
	known  *Checked
	g      *ground
	fitted map[*signalboxv1.Route]map[*signalboxv1.Model]bool // the models that each fits
	served []served
	on     [][]*signalboxv1.Model // whose candidates serve on each route
	found  []Warning
}

// served is one way in which requests are served: those of a team for a model
// on a route, which is -1 for the built-in one.
type served struct {
	asked *signalboxv1.Model
	model *signalboxv1.Model // whose candidates serve
	team  *signalboxv1.Team  // nil: callers without one
	index int
	route *signalboxv1.Route
}

func newLinter(k *Checked, keys *Keys) *linter {
	l := &linter{raw: k.Config, c: k.Full, keys: keys, known: k, g: newGround(k.Full), fitted: make(map[*signalboxv1.Route]map[*signalboxv1.Model]bool)}
	l.on = make([][]*signalboxv1.Model, len(l.c.GetRoutes()))
	index := make(map[*signalboxv1.Route]int)
	for i, r := range l.c.GetRoutes() {
		index[r] = i
		l.fitted[r] = make(map[*signalboxv1.Model]bool)
	}
	for m, list := range l.g.routes {
		for _, r := range list {
			l.fitted[r][m] = true
		}
	}
	builtin := WithDefaults(&signalboxv1.Route{})
	for _, m := range l.c.GetModels() {
		l.serve(m, nil, index, builtin)
		for _, t := range l.c.GetTeams() {
			if MatchAny(t.GetModels(), m.GetName()) {
				l.serve(m, t, index, builtin)
			}
		}
	}
	return l
}

// serve enters the routes that requests of a team for a model can be on. A
// route that looks at more than model and team leaves some to those behind it.
func (l *linter) serve(m *signalboxv1.Model, t *signalboxv1.Team, index map[*signalboxv1.Route]int, builtin *signalboxv1.Route) {
	for _, r := range l.g.routes[m] {
		if len(l.g.teams[r]) > 0 && !l.g.teams[r][t.GetName()] {
			continue
		}
		s := served{m, l.g.used(r, m), t, index[r], r}
		l.served = append(l.served, s)
		if on := l.on[s.index]; len(on) == 0 || on[len(on)-1] != s.model {
			l.on[s.index] = append(on, s.model)
		}
		if !l.g.narrow[r] {
			return
		}
	}
	l.served = append(l.served, served{m, m, t, -1, builtin})
}

// Narrow reports whether a route as given may look at more of a request than
// its model and team. Its fields 1 to 13, 21 and 30 to 39 do not.
func Narrow(r *signalboxv1.Route) bool {
	fields := r.ProtoReflect().Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		if n := f.Number(); r.ProtoReflect().Has(f) && n > 13 && n != 21 && (n < 30 || n > 39) {
			return true
		}
	}
	return false
}

func (l *linter) warn(p path, format string, args ...any) {
	l.found = append(l.found, Warning{Path: string(p), Text: fmt.Sprintf(format, args...)})
}

// others ends a phrase that names one of n.
func others(n int, what string) string {
	switch n {
	case 0, 1:
		return ""
	case 2:
		return " and of one other " + what
	}
	return fmt.Sprintf(" and of %d other %ss", n-1, what)
}
