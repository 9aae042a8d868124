package config

import (
	"strings"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// maxCandidates of a model: one bit of a mask for each.
const maxCandidates = 64

func (k *checker) models() {
	if len(k.c.GetModels()) == 0 && len(k.c.GetProviders()) > 0 && k.known("models") {
		k.fail("", "there are no models, so nothing can be asked for; add one, as models: [{name: gpt-4o, candidates: [{backend: openai}]}]")
	}
	for i, m := range k.c.GetModels() {
		k.abilities(path("models").item(i), m)
		p := path("models").item(i).field("candidates")
		if n := len(m.GetCandidates()); n > maxCandidates {
			k.fail(p, "are %d; a model has at most %d", n, maxCandidates)
		}
		first := make(map[string]path)
		for j, c := range m.GetCandidates() {
			k.abilities(p.item(j), c)
			at := p.item(j).field("backend")
			if !k.refer(k.backends, c.GetBackend(), at) {
				continue
			}
			if other, ok := first[c.GetBackend()]; ok {
				k.fail(at, "%q is a candidate already, at %s; give the second one a backend of its own with the same base_url", c.GetBackend(), other)
				continue
			}
			first[c.GetBackend()] = at
		}
	}
}

func (k *checker) teams() {
	for i, t := range k.c.GetTeams() {
		p := path("teams").item(i)
		k.patterns(p.field("models"), t.GetModels())
		k.refer(k.classes, t.GetClass(), p.field("class"))
	}
}

func (k *checker) routes() {
	for i, r := range k.c.GetRoutes() {
		p := path("routes").item(i)
		k.patterns(p.field("models"), r.GetModels())
		for j, t := range r.GetTeams() {
			k.refer(k.teamNames, t, p.field("teams").item(j))
		}
		k.refer(k.classes, r.GetClass(), p.field("class"))
		k.matching(p, r)
		if c := r.GetCanary(); c != nil {
			k.refer(k.modelNames, c.GetUse(), p.field("canary").field("use"))
		}
		if k.raw.GetRoutes()[i].GetFirstByteTimeout() != nil { // its default gives way
			k.timeouts(p, r)
		}
	}
}

func (k *checker) timeouts(p path, r *signalboxv1.Route) {
	first := r.GetFirstByteTimeout().AsDuration()
	if first > r.GetAnswerTimeout().AsDuration() {
		k.fail(p.field("first_byte_timeout"), "is longer than answer_timeout, although an answer cannot end before it begins; lower it or raise that")
	}
	if first > r.GetStreamTimeout().AsDuration() {
		k.fail(p.field("first_byte_timeout"), "is longer than stream_timeout, although a stream cannot end before it begins; lower it or raise that")
	}
}

// patterns checks that each names or fits a model.
func (k *checker) patterns(p path, patterns []string) {
	for i, pattern := range patterns {
		if !strings.Contains(pattern, "*") {
			k.refer(k.modelNames, pattern, p.item(i))
			continue
		}
		if pattern != "*" && k.modelNames.sure && !k.fitsModel(pattern) {
			k.fail(p.item(i), "%s fits no model; %s", quote(pattern), k.modelNames.instead(pattern))
		}
	}
}

func (k *checker) fitsModel(pattern string) bool {
	for _, name := range k.modelNames.names {
		if Match(pattern, name) {
			return true
		}
	}
	return false
}
