package importer

import (
	"cmp"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// port is a config of Portkey in translation.
type port struct {
	*draft
	route *signalboxv1.Route
}

// target is one place where a config of Portkey sends requests, with its share.
type target struct {
	n     node
	share float64 // 0: only when the others failed
}

// Portkey translates a config of Portkey, as JSON:
// https://portkey.ai/docs/api-reference/inference-api/config-object.
func Portkey(data []byte) (Result, error) {
	docs, err := read(data)
	if err != nil {
		return Result{}, err
	}
	p := &port{newDraft(), &signalboxv1.Route{Name: "default"}}
	for _, doc := range docs {
		for _, in := range []node{doc.get("data", "config"), doc.get("config")} {
			if in.there() {
				doc = node{in.value, ""} // as the API answers
			}
		}
		p.config(doc)
	}
	p.settle(p.route, p.shared(p.route), p.most(p.route))
	p.c.Routes = append(p.c.Routes, p.route)
	return p.finish()
}

func (p *port) config(n node) {
	if n.get("strategy", "mode").text() != "conditional" {
		p.serve(n, "")
		return
	}
	p.common(n)
	byName := make(map[string]node)
	for _, t := range n.get("targets").items() {
		byName[t.get("name").text()] = t
	}
	for _, c := range n.get("strategy", "conditions").items() {
		model := conditionModel(c.get("query"))
		if model == "" {
			p.note(c, "the condition is not carried, only one that params.model is a name; left out")
			continue
		}
		p.serve(byName[c.get("then").text()], model)
	}
	if d := n.get("strategy", "default"); d.there() && byName[d.text()].there() {
		t := byName[d.text()]
		if list := p.targets(t, 1); len(list) == 0 || asked(list[0].n) == "" {
			p.note(d, "stands for all other models; each is named in full here, so add those that callers ask for")
			return
		}
		p.serve(t, "")
	}
}

// conditionModel is the model of a condition that asks for nothing else.
func conditionModel(query node) string {
	if len(query.names()) != 1 {
		return ""
	}
	m := query.get("params.model")
	if len(m.names()) == 1 {
		m = m.get("$eq")
	}
	return m.text()
}

// asked is the model that a target is asked for, empty for the caller's.
func asked(t node) string {
	given := t.get("override_params", "model").text()
	if given == "" {
		given = t.get("provider").text()
		if !strings.HasPrefix(given, "@") {
			return ""
		}
	}
	if rest, ok := strings.CutPrefix(given, "@"); ok {
		_, given, _ = strings.Cut(rest, "/")
	}
	return given
}

// serve makes a model of what a config or target leads to. Without a name, it
// gets that which its first target is asked for.
func (p *port) serve(n node, model string) {
	list := p.targets(n, 1)
	if len(list) == 0 {
		return
	}
	if model == "" {
		model = asked(list[0].n)
		if model == "" {
			model = "default"
			p.note(list[0].n, "the model is whatever the caller asks for there; it is named %q here: rename it, and add the others", model)
		} else {
			p.note(n, "a config has no name for callers to ask for; the model is %q here, as at its first target", model)
		}
	}
	m := p.model(n, model)
	if m == nil {
		return
	}
	for _, t := range list {
		e, ok := p.endpoint(t.n)
		if !ok {
			continue
		}
		c := p.add(m, e, cmp.Or(asked(t.n), model))
		c.Weight = weight(t.share, 1000)
		if w := t.n.get("weight"); w.text() == "0" {
			p.note(w, zeroNote)
		}
	}
}

// targets are the places that a config leads to, in the order in which they
// are tried.
func (p *port) targets(n node, share float64) []target {
	inner := n.get("targets").items()
	p.common(n)
	if len(inner) == 0 {
		if !n.there() || !n.first("provider", "virtual_key").there() {
			return nil
		}
		p.rest(n, "name", "provider", "virtual_key", "api_key", "custom_host", "override_params", "weight",
			"strategy", "retry", "request_timeout", "azure_resource_name", "resource_name", "azure_deployment_id", "deployment_id", "azure_api_version", "api_version")
		return []target{{n, share}}
	}
	mode := n.get("strategy", "mode").text()
	if mode == "conditional" {
		p.note(n.get("strategy"), "a condition inside of another strategy is not carried: its targets are tried in turn")
	}
	sum := 0.0
	for _, t := range inner {
		sum += share0(t)
	}
	var list, later []target
	for i, t := range inner {
		own := share
		if mode == "loadbalance" {
			own = share * share0(t) / max(sum, 1e-9)
		} else if i > 0 {
			own = 0
		}
		for _, x := range p.targets(t, own) {
			if x.share > 0 || mode != "loadbalance" {
				list = append(list, x)
			} else {
				later = append(later, x)
			}
		}
	}
	return append(list, later...)
}

func share0(t node) float64 {
	if w, ok := t.get("weight").number(); ok {
		return max(w, 0)
	}
	return 1
}

// common carries what may stand in a config and in any target.
func (p *port) common(n node) {
	if x, ok := n.get("retry", "attempts").number(); ok {
		p.route.MaxAttempts = proto.Uint32(max(p.route.GetMaxAttempts(), uint32(min(max(x, 0), 15))+1))
		p.note(n.get("retry", "attempts"), "is max_attempts here, of all models: each attempt is at another candidate, none at the same again")
	}
	p.rest(n.get("retry"), "attempts")
	p.rest(n.get("strategy"), "mode", "conditions", "default")
	if x, ok := n.get("request_timeout").number(); ok {
		t := p.duration(n.get("request_timeout"), x/1000, 24*time.Hour)
		if t.AsDuration() > p.route.GetAnswerTimeout().AsDuration() {
			p.route.AnswerTimeout = t
		}
		p.note(n.get("request_timeout"), "is answer_timeout here, the longest of the file, of all models")
	}
	params := n.get("override_params")
	for _, name := range params.names() {
		if name != "model" {
			p.note(params.get(name), "parameters are not set for callers; left out")
		}
	}
	if len(n.get("targets").items()) > 0 {
		p.rest(n, "name", "strategy", "targets", "retry", "request_timeout", "override_params", "weight")
	}
}

// slug is the name of a target's provider in Portkey's catalogue, which stands
// behind an '@', before the model if that is with it.
func slug(t node) string {
	for _, f := range []node{t.get("override_params", "model"), t.get("provider")} {
		if rest, ok := strings.CutPrefix(f.text(), "@"); ok {
			name, _, _ := strings.Cut(rest, "/")
			return name
		}
	}
	return t.get("virtual_key").text()
}

// endpoint is where a target is.
func (p *port) endpoint(t node) (e endpoint, ok bool) {
	at := slug(t)
	m, known := makerOf(t.get("provider").text())
	if !known {
		m, known = makerIn(at)
	}
	if !known {
		p.note(t, "of the provider nothing but %q is known, which says not how it is asked; left out", cmp.Or(at, t.get("provider").text()))
		return e, false
	}
	e = m.endpoint()
	if host := t.get("custom_host"); host.there() {
		if e.base, ok = p.baseURL(host, host.text()); !ok {
			return e, false
		}
	}
	if m.kind == "azure" {
		resource := t.first("azure_resource_name", "resource_name").text()
		if e.base == "" && resource == "" {
			p.note(t, "the name of Azure's resource is not in the file; left out")
			return e, false
		}
		e.base = cmp.Or(e.base, "https://"+resource+".openai.azure.com")
		e = azure(e)
		p.note(t, azureNote)
	}
	if e.base == "" {
		p.note(t, "has no custom_host, which %s needs; left out", m.names[0])
		return e, false
	}
	if at != "" {
		e.provider, e.env = word(at), variable(at)
		p.note(t, "what stands behind %q is not in the file; put its key into the variable %s", at, e.env)
	} else if t.get("api_key").there() {
		e.env = p.literal(t.get("api_key"), e, m)
	}
	return e, true
}
