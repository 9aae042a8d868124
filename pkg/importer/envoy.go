package importer

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// manifests is a set of manifests of Envoy AI Gateway in translation.
type manifests struct {
	*draft
	all []node
}

// modelHeader is where Envoy AI Gateway's routes find the name of a model.
const modelHeader = "x-ai-eg-model"

// EnvoyAIGateway translates manifests of Envoy AI Gateway, as one file of many
// documents: https://aigateway.envoyproxy.io/docs/api/.
func EnvoyAIGateway(data []byte) (Result, error) {
	docs, err := read(data)
	if err != nil {
		return Result{}, err
	}
	g := &manifests{draft: newDraft()}
	for _, d := range docs {
		list := []node{d}
		if d.get("kind").text() == "List" {
			list = d.get("items").items()
		}
		for _, n := range list {
			n.path = n.get("kind").text() + "/" + n.get("metadata", "name").text()
			g.all = append(g.all, n)
		}
	}
	for _, n := range g.all {
		switch kind := n.get("kind").text(); kind {
		case "AIGatewayRoute":
			g.route(n)
		case "AIServiceBackend", "Backend", "BackendSecurityPolicy", "BackendTLSPolicy":
		case "Secret":
			g.note(n, "is a secret, which is not read; put what it holds into the variable that stands in its place")
		default:
			g.note(n, "has no counterpart; left out")
		}
	}
	return g.finish()
}

// named finds a manifest.
func (g *manifests) named(kind, name string) node {
	for _, n := range g.all {
		if n.get("kind").text() == kind && n.get("metadata", "name").text() == name {
			return n
		}
	}
	return node{}
}

func (g *manifests) route(n node) {
	g.rest(n.get("spec"), "parentRefs", "targetRefs", "schema", "rules")
	for i, rule := range n.get("spec", "rules").items() {
		g.rest(rule, "name", "matches", "backendRefs", "timeouts", "modelsOwnedBy", "modelsCreatedAt")
		name := cmp.Or(rule.get("name").text(), word(n.get("metadata", "name").text())+"-"+strconv.Itoa(i+1))
		r := &signalboxv1.Route{Name: word(name)}
		for _, m := range g.matched(rule) {
			r.Models = append(r.Models, m.GetName())
			g.backends(rule, m)
		}
		if len(r.GetModels()) == 0 {
			continue
		}
		g.timeouts(rule.get("timeouts"), r)
		g.settle(r, g.shared(r), g.most(r))
		if slices.ContainsFunc(g.c.Routes, func(o *signalboxv1.Route) bool { return o.GetName() == r.GetName() }) {
			r.Name += "-" + strconv.Itoa(len(g.c.Routes)+1)
		}
		g.c.Routes = append(g.c.Routes, r)
	}
}

// matched are the models that a rule fits and no rule before it.
func (g *manifests) matched(rule node) []*signalboxv1.Model {
	var list []*signalboxv1.Model
	if len(rule.get("matches").items()) == 0 {
		g.note(rule, "fits every model; each is named in full here, so add the models that callers ask for")
	}
	for _, match := range rule.get("matches").items() {
		name := ""
		plain := true
		for _, h := range match.get("headers").items() {
			if h.get("name").text() != modelHeader {
				g.note(h, "a condition on header %s is not carried: the match is left out", h.get("name").text())
				plain = false
				continue
			}
			if kind := h.get("type").text(); kind != "" && kind != "Exact" {
				g.note(h, "%s is not carried: name the models in full; the match is left out", kind)
				plain = false
			}
			name = h.get("value").text()
		}
		if !plain || name == "" {
			continue
		}
		if g.find(name) != nil {
			g.note(match, "model %q is served by a rule before this one; left out", name)
			continue
		}
		if m := g.model(match, name); m != nil {
			list = append(list, m)
		}
	}
	return list
}

// backends makes what a rule refers to candidates of m: those of the first
// priority by weight, all others after them.
func (g *manifests) backends(rule node, m *signalboxv1.Model) {
	refs := rule.get("backendRefs").items()
	priority := func(n node) float64 { x, _ := n.get("priority").number(); return x }
	slices.SortStableFunc(refs, func(a, b node) int { return cmp.Compare(priority(a), priority(b)) })
	for i, ref := range refs {
		g.rest(ref, "name", "weight", "priority", "modelNameOverride", "kind", "group")
		if kind := ref.get("kind").text(); kind != "" && kind != "AIServiceBackend" {
			g.note(ref, "%s is not carried; left out", kind)
			continue
		}
		e, ok := g.endpoint(ref)
		if !ok {
			continue
		}
		c := g.add(m, e, cmp.Or(ref.get("modelNameOverride").text(), m.GetName()))
		if w, ok := ref.get("weight").number(); ok {
			c.Weight = weight(w, 1)
			if w == 0 {
				g.note(ref.get("weight"), zeroNote)
			}
		}
		if i > 0 && priority(ref) > priority(refs[0]) {
			c.Weight = proto.Uint32(0)
		}
	}
}

// shared reports whether more than one candidate of a model gets requests
// first.
func (d *draft) shared(r *signalboxv1.Route) bool {
	return slices.ContainsFunc(d.c.GetModels(), func(m *signalboxv1.Model) bool {
		first := 0
		for _, c := range m.GetCandidates() {
			if c.Weight == nil || c.GetWeight() > 0 {
				first++
			}
		}
		return first > 1 && (len(r.GetModels()) == 0 || slices.Contains(r.GetModels(), m.GetName()))
	})
}

// most is the greatest number of candidates of a model on a route.
func (d *draft) most(r *signalboxv1.Route) (most int) {
	for _, m := range d.c.GetModels() {
		if len(r.GetModels()) == 0 || slices.Contains(r.GetModels(), m.GetName()) {
			most = max(most, len(m.GetCandidates()))
		}
	}
	return most
}

func (g *manifests) timeouts(n node, r *signalboxv1.Route) {
	g.rest(n, "request", "backendRequest")
	if f := n.get("request"); f.there() {
		if t, err := time.ParseDuration(f.text()); err == nil && t > 0 {
			r.AnswerTimeout = g.duration(f, t.Seconds(), 24*time.Hour)
			r.StreamTimeout = durationpb.New(r.GetAnswerTimeout().AsDuration())
			g.note(f, "is answer_timeout, of each attempt, and stream_timeout")
		}
	}
	if f := n.get("backendRequest"); f.there() {
		if t, err := time.ParseDuration(f.text()); err == nil && t > 0 {
			r.FirstByteTimeout = g.duration(f, t.Seconds(), time.Hour)
			g.note(f, "is first_byte_timeout here, in which a stream must begin")
		}
	}
}

// endpoint is what a reference leads to, by way of an AIServiceBackend.
func (g *manifests) endpoint(ref node) (e endpoint, ok bool) {
	s := g.named("AIServiceBackend", ref.get("name").text())
	if !s.there() {
		g.note(ref, "there is no AIServiceBackend %q in the file; left out", ref.get("name").text())
		return e, false
	}
	g.rest(s.get("spec"), "schema", "backendRef", "backendSecurityPolicyRef")
	schema := s.get("spec", "schema")
	name := schema.get("name").text()
	dialects := map[string]string{"OpenAI": "openai", "Anthropic": "anthropic", "AzureOpenAI": "azure"}
	m, known := makerOf(dialects[name])
	if !known {
		g.note(schema, "%s is not spoken here; the backend is left out", name)
		return e, false
	}
	e = m.endpoint()
	e.provider = word(s.get("metadata", "name").text())
	if e.base, ok = g.host(s.get("spec", "backendRef")); !ok {
		return e, false
	}
	switch name {
	case "AzureOpenAI":
		e = azure(e)
		g.note(schema, azureNote)
	case "OpenAI":
		e.base += "/" + strings.Trim(cmp.Or(schema.get("prefix").text(), schema.get("version").text(), "v1"), "/")
		if strings.Contains(e.base, "generativelanguage.googleapis.com") {
			e.kind = "gemini"
		}
	}
	e.env = g.credential(s)
	return e, true
}
