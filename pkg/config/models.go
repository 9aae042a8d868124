package config

import (
	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"

	"github.com/signalbox-dev/signalbox/pkg/price"
)

// enterAliases enters the other names of models, which share the names' space.
func (k *checker) enterAliases() {
	k.aliases = k.newRegister("name", "models")
	k.aliases.of = make(map[string]string)
	for i, m := range k.c.GetModels() {
		for j, name := range m.GetAliases() {
			p := path("models").item(i).field("aliases").item(j)
			if first, ok := k.modelNames.first[name]; ok {
				k.fail(p, "is the name of the model at %s; names and aliases are unique", first)
				continue
			}
			if k.name(k.aliases, name, p); k.aliases.first[name] == p {
				k.aliases.of[name] = m.GetName()
			}
		}
	}
}

// able is a model or a candidate: what it can do and what it costs.
type able interface {
	GetCapabilities() []signalboxv1.Model_Capability
	GetPrice() *signalboxv1.Price
}

func (k *checker) abilities(p path, a able) {
	distinct(k, p.field("capabilities"), a.GetCapabilities())
	c, at := a.GetPrice(), p.field("price")
	for _, f := range []struct{ name, text string }{
		{"input", c.GetInput()}, {"output", c.GetOutput()}, {"cache_read", c.GetCacheRead()},
		{"cache_write", c.GetCacheWrite()}, {"cache_write_1h", c.GetCacheWrite_1H()},
	} {
		if _, err := price.Parse(f.text); err != nil && f.text != "" {
			k.fail(at.field(f.name), "must be at most %d: dollars for a million tokens", price.Max)
		}
	}
}

// distinct checks that the words of a list are there once.
func distinct[T interface {
	~int32
	comparable
}](k *checker, p path, list []T) {
	seen := make(map[T]bool)
	for i, v := range list {
		if at := p.item(i); seen[v] {
			k.fail(at, "is there twice; keep one")
		} else if v == 0 {
			k.fail(at, "must not be empty")
		}
		seen[v] = true
	}
}

// bounds checks that each class says where its requests may go.
func (k *checker) bounds() {
	for i, c := range k.c.GetClasses() {
		p := path("classes").item(i)
		if len(c.GetRegions())+len(c.GetProviders()) == 0 && k.known(p.field("regions")) && k.known(p.field("providers")) {
			k.fail(p, "says nowhere its requests may go; add regions, as regions: [eu], or providers")
		}
		k.references(k.providerNames, p.field("providers"), c.GetProviders())
	}
}
