package policy

import (
	"cmp"
	"slices"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"

	"github.com/signalbox-dev/signalbox/pkg/config"
	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/price"
)

func (s *Snapshot) compileModels(c *signalboxv1.Config) map[string]*Model {
	models := make(map[string]*Model, len(c.GetModels()))
	s.known = make(map[string]*Model, len(c.GetModels()))
	for _, m := range c.GetModels() {
		k := &Model{Name: m.GetName(), Aliases: slices.Clone(m.GetAliases()), Able: All, fallback: s.fallback, masks: make([]uint64, len(s.Classes))}
		for i, x := range m.GetCandidates() {
			k.Candidates = append(k.Candidates, s.compileCandidate(m, x))
			b := k.Candidates[i].Backend
			for _, class := range c.GetClasses() {
				if config.Permits(class, b.Provider, string(b.Region)) {
					k.masks[s.Classes[genai.DataClass(class.GetName())].index] |= 1 << i
				}
			}
		}
		k.summarise()
		s.ruled = s.ruled || k.Able != All || k.Context > 0
		for _, r := range s.Routes {
			if config.MatchAny(r.Models, k.Name) {
				k.routes = append(k.routes, r)
			}
		}
		models[k.Name], s.known[k.Name] = k, k
		for _, name := range k.Aliases {
			s.known[name] = k
		}
	}
	return models
}

func (s *Snapshot) compileCandidate(m *signalboxv1.Model, c *signalboxv1.ModelCandidate) Candidate {
	k := Candidate{
		Backend: s.Backends[c.GetBackend()], Model: cmp.Or(c.GetModel(), m.GetName()), Weight: c.GetWeight(),
		Drop: slices.Clone(c.GetDrop()), MaxOutput: int64(c.GetMaxOutput()),
		Price:   compilePrice(cmp.Or(c.GetPrice(), m.GetPrice())),
		Quality: cmp.Or(c.GetQuality(), m.GetQuality()),
		Context: int64(cmp.Or(c.GetContext(), m.GetContext())),
		Version: c.GetVersion(),
	}
	able := c.GetCapabilities()
	if len(able) == 0 {
		able = m.GetCapabilities()
	}
	for _, a := range able {
		k.Capabilities |= capability(a)
	}
	return k
}

func capability(c signalboxv1.Model_Capability) Capability {
	switch c {
	case signalboxv1.Model_CAPABILITY_VISION:
		return Vision
	case signalboxv1.Model_CAPABILITY_TOOLS:
		return Tools
	case signalboxv1.Model_CAPABILITY_SCHEMA:
		return Schema
	case signalboxv1.Model_CAPABILITY_AUDIO:
		return Audio
	}
	return 0
}

// summarise says of the model what holds for all candidates, so that requests
// which all can serve need not be looked at.
func (m *Model) summarise() {
	for i := range m.Candidates {
		c := &m.Candidates[i]
		if c.Capabilities != 0 {
			m.Able &= c.Capabilities
		}
		if c.Context > 0 && (m.Context == 0 || c.Context < m.Context) {
			m.Context = c.Context
		}
	}
}

// compilePrice reads checked texts.
func compilePrice(p *signalboxv1.Price) *price.Price {
	if p == nil {
		return nil
	}
	read := func(text string, instead genai.Money) genai.Money {
		if m, err := price.Parse(text); err == nil {
			return m
		}
		return instead
	}
	k := &price.Price{Input: read(p.GetInput(), 0), Output: read(p.GetOutput(), 0)}
	k.CacheRead = read(p.GetCacheRead(), k.Input)
	k.CacheWrite5m = read(p.GetCacheWrite(), k.Input)
	k.CacheWrite1h = read(p.GetCacheWrite_1H(), k.CacheWrite5m)
	return k
}
