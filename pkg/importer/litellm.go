package importer

import (
	"cmp"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// lite is a configuration of LiteLLM's proxy in translation.
type lite struct {
	*draft
	route    *signalboxv1.Route
	strategy node // what it routes by
}

// LiteLLM translates the config.yaml of LiteLLM's proxy:
// https://docs.litellm.ai/docs/proxy/configs.
func LiteLLM(data []byte) (Result, error) {
	docs, err := read(data)
	if err != nil {
		return Result{}, err
	}
	l := &lite{draft: newDraft(), route: &signalboxv1.Route{Name: "default", Order: signalboxv1.Route_ORDER_WEIGHTED}}
	for _, doc := range docs {
		l.models(doc.get("model_list"))
		l.router(doc.get("router_settings"))
		l.library(doc.get("litellm_settings"))
		l.rest(doc.get("general_settings"))
		l.rest(doc, "model_list", "router_settings", "litellm_settings", "general_settings")
	}
	l.order()
	return l.finish()
}

func (l *lite) models(list node) {
	for _, n := range list.items() {
		l.rest(n, "model_name", "litellm_params", "model_info")
		p := n.get("litellm_params")
		e, there, ok := l.endpoint(p)
		if !ok {
			continue
		}
		m := l.model(n.get("model_name"), n.get("model_name").text())
		if m == nil {
			continue
		}
		c := l.add(m, e, there)
		l.candidate(p, c)
		l.info(n.get("model_info"), p, c)
	}
}

// candidate carries what is set for one deployment.
func (l *lite) candidate(p node, c *signalboxv1.ModelCandidate) {
	if w, ok := p.first("weight", "rpm", "tpm").number(); ok {
		c.Weight = weight(w, 1)
	}
	for _, f := range p.get("additional_drop_params").items() {
		c.Drop = append(c.Drop, f.text())
	}
	if n, ok := p.get("max_tokens").number(); ok && n > 0 {
		c.MaxOutput = *weight(n, 1)
		l.note(p.get("max_tokens"), "is given to translated requests that set no limit themselves; all others pass as they are")
	}
	for _, name := range []string{"rpm", "tpm"} {
		if p.get(name).there() {
			l.note(p.get(name), "is a share of the requests here, and no limit")
		}
	}
	l.rest(p, "model", "api_base", "api_key", "api_version", "custom_llm_provider", "weight", "rpm", "tpm", "additional_drop_params", "max_tokens", "drop_params", "*_cost*")
}

// endpoint is where a deployment is, and its name there.
func (l *lite) endpoint(p node) (e endpoint, there string, ok bool) {
	name := p.get("model")
	prefix, there, slash := strings.Cut(name.text(), "/")
	m, known := makerOf(prefix)
	if own := p.get("custom_llm_provider").text(); own != "" {
		m, known = makerOf(own)
		prefix = own
	}
	if !slash || !known && p.get("custom_llm_provider").text() == "" && p.get("api_base").there() {
		there = name.text()
		prefix, m = bare(there, m)
		known = prefix != ""
	}
	if !known || there == "" {
		l.note(name, "%q is of a provider that cannot be asked here; left out", name.text())
		return e, "", false
	}
	e = m.endpoint()
	if base := p.first("api_base", "base_url"); base.there() {
		if e.base, ok = l.baseURL(base, base.text()); !ok {
			return e, "", false
		}
		if m.names[0] == "ollama" && !strings.HasSuffix(e.base, "/v1") {
			e.base += "/v1"
		}
	}
	if e.base == "" {
		l.note(p, "has no api_base, which %s needs; left out", prefix)
		return e, "", false
	}
	if m.kind == "azure" {
		e = azure(e)
		l.note(name, azureNote)
	}
	e.env = l.key(p.get("api_key"), e, m)
	return e, there, true
}

// bare finds the provider of a model without a prefix.
func bare(name string, m maker) (string, maker) {
	if m.names != nil {
		return m.names[0], m
	}
	for _, start := range []struct{ text, maker string }{{"claude", "anthropic"}, {"gemini", "gemini"}, {"mistral-", "mistral"}, {"deepseek-", "deepseek"}} {
		if strings.HasPrefix(name, start.text) {
			m, _ = makerOf(start.maker)
			return start.maker, m
		}
	}
	m, _ = makerOf("openai")
	return "openai", m
}

// key is the variable that holds a deployment's key; empty for none.
func (l *lite) key(n node, e endpoint, m maker) string {
	text := n.text()
	if name, ok := strings.CutPrefix(text, "os.environ/"); ok {
		return name
	}
	if text != "" {
		return l.literal(n, e, m)
	}
	if m.base != "" && e.base != m.base {
		l.note(n, "is not there, and the server is none of %s's own; set credential if it wants a key", m.names[0])
		return ""
	}
	return m.env
}

// router carries router_settings, some of which may also stand in
// litellm_settings.
func (l *lite) router(n node) {
	l.strategy = n.get("routing_strategy")
	l.aliases(n.get("model_group_alias"))
	l.times(n)
	l.fallbacks(n)
	l.rest(n, "routing_strategy", "model_group_alias", "num_retries", "timeout", "request_timeout", "stream_timeout", "*fallbacks")
}

func (l *lite) library(n node) {
	l.times(n)
	l.fallbacks(n)
	l.rest(n, "num_retries", "request_timeout", "timeout", "stream_timeout", "*fallbacks", "drop_params")
}

func (l *lite) times(n node) {
	if x, ok := n.get("num_retries").number(); ok {
		l.route.MaxAttempts = proto.Uint32(uint32(min(max(x, 0), 15)) + 1)
		l.note(n.get("num_retries"), "is max_attempts here: each attempt is at another candidate, none at the same again")
	}
	if x, ok := n.first("timeout", "request_timeout").number(); ok {
		l.route.AnswerTimeout = l.duration(n.first("timeout", "request_timeout"), x, 24*time.Hour)
	}
	if x, ok := n.get("stream_timeout").number(); ok {
		l.route.FirstByteTimeout = l.duration(n.get("stream_timeout"), x, time.Hour)
		l.note(n.get("stream_timeout"), "is first_byte_timeout here, in which a stream must begin")
	}
}

// aliases are further names of models.
func (l *lite) aliases(n node) {
	for _, name := range n.names() {
		a := n.get(name)
		of := l.find(cmp.Or(a.get("model").text(), a.text()))
		if of == nil {
			l.note(a, "is an alias of no model that could be translated; left out")
			continue
		}
		if l.find(name) != nil {
			l.note(a, "there is a model of this name; the alias is left out")
			continue
		}
		if !modelName.MatchString(name) {
			l.note(a, "%q cannot be a model's name here; left out", name)
			continue
		}
		of.Aliases = append(of.Aliases, name)
	}
}
