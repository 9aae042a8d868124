package importer

import (
	"math"
	"slices"
	"strconv"
	"strings"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// info carries what is said of a deployment's model, in model_info or beside
// its parameters; much of it only describes.
func (l *lite) info(n, params node, c *signalboxv1.ModelCandidate) {
	if mode := n.get("mode").text(); mode != "" && !slices.Contains([]string{"chat", "embedding", "responses", "completion"}, mode) {
		l.note(n.get("mode"), "%s is not served here; remove the model", mode)
	}
	from := n
	if !n.get("input_cost_per_token").there() {
		from = params
	}
	c.Price = l.price(from, n.get("mode").text() == "embedding")
	if x, ok := n.get("max_input_tokens").number(); ok && x >= 1 && x <= 1e8 {
		c.Context = uint32(x)
	}
	c.Capabilities = l.capabilities(n)
}

// price carries prices by token, nil where there is none.
func (l *lite) price(n node, embeds bool) *signalboxv1.Price {
	p := &signalboxv1.Price{}
	fields := map[string]*string{
		"input_cost_per_token": &p.Input, "output_cost_per_token": &p.Output, "cache_read_input_token_cost": &p.CacheRead,
		"cache_creation_input_token_cost": &p.CacheWrite, "cache_creation_input_token_cost_above_1hr": &p.CacheWrite_1H,
	}
	for _, name := range n.names() {
		if !strings.Contains(name, "_cost") {
			continue
		}
		into, known := fields[name]
		if !known {
			l.note(n.get(name), "is no price of all tokens of a kind; left out")
			continue
		}
		*into = perMillion(n.get(name))
	}
	if embeds && p.Output == "" {
		p.Output = "0"
	}
	if p.Input == "" || p.Output == "" {
		for _, name := range []string{"input_cost_per_token", "output_cost_per_token"} {
			if n.get(name).there() {
				l.note(n.get(name), "a price is carried where that of input and that of output are there; left out")
			}
		}
		return nil
	}
	return p
}

// perMillion is a price of a token as that of a million, empty when it is none.
func perMillion(n node) string {
	x, ok := n.number()
	if !ok || x < 0 || x >= 10 {
		return ""
	}
	return strconv.FormatFloat(math.Round(x*1e12)/1e6, 'f', -1, 64)
}

// capabilities are those that a model has, where something is said of each that
// most have; elsewhere nothing is known.
func (l *lite) capabilities(n node) (list []signalboxv1.Model_Capability) {
	for _, k := range []struct {
		name     string
		is       signalboxv1.Model_Capability
		expected bool
	}{
		{"supports_vision", signalboxv1.Model_CAPABILITY_VISION, true},
		{"supports_function_calling", signalboxv1.Model_CAPABILITY_TOOLS, true},
		{"supports_response_schema", signalboxv1.Model_CAPABILITY_SCHEMA, true},
		{"supports_audio_input", signalboxv1.Model_CAPABILITY_AUDIO, false},
	} {
		f := n.get(k.name)
		if k.expected && !f.there() {
			return nil
		}
		if f.text() == "true" {
			list = append(list, k.is)
		}
	}
	return list
}

// choose gives the route the order that the strategy is here. reserves says that
// some candidates only stand in for others.
func (l *lite) choose(reserves bool) {
	s := l.strategy.text()
	order, ok := map[string]signalboxv1.Route_Order{
		"cost-based-routing": signalboxv1.Route_ORDER_CHEAPEST, "latency-based-routing": signalboxv1.Route_ORDER_FASTEST,
	}[s]
	switch {
	case s == "" || s == "simple-shuffle":
	case !ok:
		l.note(l.strategy, "%s is not carried: candidates are drawn by weight; see the orders of a route in docs/configuration.md", s)
	case reserves:
		l.note(l.strategy, "%s is not carried: the fallbacks of the file are candidates here, and would take part; see the orders of a route in docs/configuration.md", s)
	case l.route.GetOrder() == signalboxv1.Route_ORDER_WEIGHTED:
		l.route.Order = order
		for _, m := range l.c.GetModels() {
			for _, c := range m.GetCandidates() {
				c.Weight = nil
			}
		}
	}
}

// reserves reports whether some candidates only stand in for others.
func (l *lite) reserves() bool {
	return slices.ContainsFunc(l.c.GetModels(), func(m *signalboxv1.Model) bool {
		return slices.ContainsFunc(m.GetCandidates(), func(c *signalboxv1.ModelCandidate) bool { return c.Weight != nil && c.GetWeight() == 0 })
	})
}
