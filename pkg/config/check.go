package config

import (
	"fmt"
	"regexp"
	"strings"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"

	"github.com/signalbox-dev/signalbox/pkg/signal/when"
)

// checker finds what is wrong with a configuration that could be read.
type checker struct {
	raw    *signalboxv1.Config // as given
	c      *signalboxv1.Config // with defaults
	errs   Errors
	unsure places // what could not be read or is wrong: nothing more is said about it

	patternCache map[string]*regexp.Regexp // those of the schema that were needed so far

	backends, providerNames, modelNames, aliases, classes, teamNames, channelNames *register

	conditions *when.Compiler // made for the first one
}

func newChecker(c *signalboxv1.Config, before *Checked) *checker {
	if c == nil {
		c = &signalboxv1.Config{}
	}
	k := &checker{
		raw: c, c: WithDefaults(c),
		unsure:       places{at: make(map[path]bool), above: make(map[path]bool)},
		patternCache: make(map[string]*regexp.Regexp),
	}
	if before != nil && before.conditions != nil {
		k.conditions = before.conditions.Next()
	}
	return k
}

// check returns all that is wrong. unsure are places that are wrong in ways
// that were reported already.
func (k *checker) check(unsure []path) Errors {
	for _, p := range unsure {
		k.unsure.add(p)
	}
	k.register()
	k.rules(k.c.ProtoReflect(), "")
	k.envoy()
	k.state()
	k.admin()
	k.telemetry()
	k.alerts()
	k.providers()
	k.models()
	k.bounds()
	k.teams()
	k.keys()
	k.channels()
	k.routes()
	k.reach()
	return k.errs
}

// places is a set of places.
type places struct{ at, above map[path]bool }

func (s *places) add(p path) {
	s.at[p] = true
	for up, ok := p.parent(); ok; up, ok = up.parent() {
		s.above[up] = true
	}
}

// covers reports whether p or what it is in belongs to the set.
func (s *places) covers(p path) bool {
	for ok := true; ok; p, ok = p.parent() {
		if s.at[p] {
			return true
		}
	}
	return false
}

// fail reports a problem, unless the place has one already.
func (k *checker) fail(p path, format string, args ...any) {
	if k.unsure.covers(p) {
		return
	}
	k.errs = append(k.errs, Error{Path: string(p), Text: fmt.Sprintf(format, args...)})
	k.unsure.add(p)
}

// missing reports that a field is not there, at what it should be in.
func (k *checker) missing(p path) {
	if k.known(p) {
		up, _ := p.parent()
		k.errs = append(k.errs, Error{Path: string(up), Text: fmt.Sprintf("%s is missing; add it", p[len(up)+1:])})
		k.unsure.add(p)
	}
}

// known reports whether nothing in and around a place is wrong so far.
func (k *checker) known(p path) bool { return !k.unsure.covers(p) && !k.unsure.above[p] }

// register is the names of one kind of thing.
type register struct {
	kind  string
	names []string
	first map[string]path
	sure  bool // all names are known

	of map[string]string // of aliases: whose they are
}

// name enters a thing under its name, at p.
func (k *checker) name(g *register, name string, p path) {
	if name == "" || !k.known(p) {
		g.sure = false
		return
	}
	if first, ok := g.first[name]; ok {
		k.fail(p, "there is another %s %q at %s; names are unique", g.kind, name, first)
		return
	}
	g.first[name] = p
	g.names = append(g.names, name)
}

func (k *checker) newRegister(kind string, section path) *register {
	return &register{kind: kind, first: make(map[string]path), sure: k.known(section)}
}

// refer checks that a name refers to something.
func (k *checker) refer(g *register, name string, p path) bool {
	if _, ok := g.first[name]; ok || name == "" {
		return ok
	}
	if m := k.aliases.of[name]; g == k.modelNames && m != "" {
		k.fail(p, "%s is another name of model %q; write that", quote(name), m)
		return false
	}
	if g.sure {
		k.fail(p, "unknown %s %s; %s", g.kind, quote(name), g.instead(name))
	}
	return false
}

// instead says what could be meant by a name that refers to nothing.
func (g *register) instead(name string) string {
	if near := Near(name, g.names); len(near) > 0 {
		return fmt.Sprintf("did you mean %q?", near[0])
	}
	switch n := len(g.names); {
	case n == 0:
		return "there is none"
	case n > 8:
		return fmt.Sprintf("there are %s and %d others", strings.Join(g.names[:8], ", "), n-8)
	case n == 1:
		return "there is " + g.names[0]
	default:
		return "there are " + strings.Join(g.names[:n-1], ", ") + " and " + g.names[n-1]
	}
}
