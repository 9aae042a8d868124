package importer

import (
	"slices"
	"strings"
)

// maker is a provider that other gateways know by name.
type maker struct {
	names         []string // the first is ours; the others are how gateways spell it
	dialect, kind string
	base, env     string // empty base: the file must say it
}

// makers are the providers that can be reached in a dialect of ours, with the
// URLs of their own manuals.
func makers() []maker {
	return []maker{
		{[]string{"openai"}, "", "", "https://api.openai.com/v1", "OPENAI_API_KEY"},
		{[]string{"anthropic"}, "anthropic", "", "https://api.anthropic.com", "ANTHROPIC_API_KEY"},
		{[]string{"gemini", "google"}, "gemini", "", "https://generativelanguage.googleapis.com", "GEMINI_API_KEY"},
		{[]string{"azure", "azure-openai", "azure_ai"}, "", "azure", "", "AZURE_API_KEY"},
		{[]string{"mistral", "mistral-ai"}, "", "mistral", "https://api.mistral.ai/v1", "MISTRAL_API_KEY"},
		{[]string{"groq"}, "", "groq", "https://api.groq.com/openai/v1", "GROQ_API_KEY"},
		{[]string{"deepseek"}, "", "deepseek", "https://api.deepseek.com/v1", "DEEPSEEK_API_KEY"},
		{[]string{"xai", "x-ai"}, "", "xai", "https://api.x.ai/v1", "XAI_API_KEY"},
		{[]string{"together", "together_ai", "together-ai"}, "", "together", "https://api.together.xyz/v1", "TOGETHERAI_API_KEY"},
		{[]string{"fireworks", "fireworks_ai", "fireworks-ai"}, "", "fireworks", "https://api.fireworks.ai/inference/v1", "FIREWORKS_API_KEY"},
		{[]string{"openrouter"}, "", "openrouter", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"},
		{[]string{"perplexity", "perplexity-ai"}, "", "perplexity", "https://api.perplexity.ai", "PERPLEXITY_API_KEY"},
		{[]string{"moonshot"}, "", "moonshot", "https://api.moonshot.ai/v1", "MOONSHOT_API_KEY"},
		{[]string{"vllm", "hosted_vllm"}, "", "vllm", "", ""},
		{[]string{"ollama", "ollama_chat"}, "", "", "http://localhost:11434/v1", ""},
		{[]string{"lm_studio", "litellm_proxy", "custom_openai", "openai_like"}, "", "", "", ""},
	}
}

// makerOf finds a provider by one of its names.
func makerOf(name string) (maker, bool) {
	list := makers()
	i := slices.IndexFunc(list, func(m maker) bool { return slices.Contains(m.names, strings.ToLower(name)) })
	if i < 0 {
		return maker{}, false
	}
	return list[i], true
}

// makerIn finds a provider whose name is part of a text, as in openai-prod.
func makerIn(text string) (maker, bool) {
	text = strings.ToLower(text)
	for _, m := range makers() {
		if m.names[0] == "openai" && strings.Contains(text, "azure") {
			continue
		}
		if slices.ContainsFunc(m.names, func(n string) bool { return strings.Contains(text, n) }) {
			return m, true
		}
	}
	return maker{}, false
}

func (m maker) endpoint() endpoint {
	return endpoint{provider: word(m.names[0]), dialect: m.dialect, kind: m.kind, base: m.base, env: m.env}
}

// azure makes an endpoint that of Azure's API of version v1, which is OpenAI's;
// the key is in a header of its own there.
func azure(e endpoint) endpoint {
	if !strings.HasSuffix(e.base, "/openai/v1") {
		e.base = strings.TrimSuffix(e.base, "/openai") + "/openai/v1"
	}
	e.header = "api-key"
	return e
}

const azureNote = "Azure is asked by its API of version v1, below /openai/v1, whose models are named by deployment; api_version has no part in it"

const zeroNote = "a candidate of weight 0 is asked here when all others failed; remove it if it is to rest"

// hint says more of a setting that has no counterpart. The words are common to
// the formats, in which each means the same.
func hint(name string) string {
	return map[string]string{
		"temperature":           "parameters are not set for callers; left out",
		"timeout":               "times are those of routes, not of candidates; left out",
		"cache":                 "answers are not cached here; left out",
		"master_key":            "callers have virtual keys here: signalbox keys new",
		"database_url":          "usage is in Signalbox's own ledger; left out",
		"rpm":                   "limits of requests are not there yet; left out",
		"tpm":                   "limits of tokens are not there yet; left out",
		"max_parallel_requests": "limits are not there yet; left out",
		"max_budget":            "budgets are not there yet; left out",
		"input_guardrails":      "guardrails are not there yet; left out",
		"output_guardrails":     "guardrails are not there yet; left out",
		"before_request_hooks":  "hooks are not there; left out",
		"after_request_hooks":   "hooks are not there; left out",
		"allowed_fails":         "has no counterpart: each request goes on to the next candidate by itself; left out",
		"cooldown_time":         "has no counterpart: each request goes on to the next candidate by itself; left out",
		"environment_variables": "is left out: set variables where Signalbox is started",
		"llmRequestCosts":       "tokens are counted of every request; left out",
	}[name]
}
