package openai

import (
	"slices"
	"strings"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
)

// quirk is how one kind of provider, or one family of models, wants a request
// that we write. Requests of callers of this dialect are none of its business:
// they pass as they are.
type quirk struct {
	limit     string   // the name of max_completion_tokens
	seed      string   // the name of seed
	developer bool     // there is a role developer; elsewhere system says it
	refusals  bool     // the model's refusals may be sent back as such
	thoughts  string   // the field of a message for its reasoning; empty: there is none
	signs     bool     // calls carry the provider's own proof
	documents bool     // a document may be given by its address
	budget    bool     // OpenRouter's additions: a budget of reasoning, marks of where the prompt is kept
	refuses   []string // fields that are refused
}

// own is what OpenAI's API does not have.
var own = []string{"top_k", "min_p"}

// drawing is what models that reason refuse.
var drawing = []string{"temperature", "top_p", "frequency_penalty", "presence_penalty", "logprobs", "top_logprobs"}

// kinds are the quirks of providers. Kinds that are not listed are servers of
// open models, as vLLM is: they know the older names and more ways to draw.
var kinds = map[string]quirk{
	"":       {limit: "max_completion_tokens", seed: "seed", developer: true, refusals: true, refuses: own},
	"openai": {limit: "max_completion_tokens", seed: "seed", developer: true, refusals: true, refuses: own},
	"azure":  {limit: "max_completion_tokens", seed: "seed", developer: true, refusals: true, refuses: own},
	"mistral": {limit: "max_tokens", seed: "random_seed", documents: true, refuses: []string{
		"top_k", "min_p", "logprobs", "top_logprobs", "user", "service_tier", "store",
	}},
	"groq":       {limit: "max_completion_tokens", seed: "seed", thoughts: "reasoning", refuses: append([]string{"n", "logprobs", "top_logprobs", "store"}, own...)},
	"xai":        {limit: "max_completion_tokens", seed: "seed", refuses: append([]string{"store"}, own...)},
	"deepseek":   {limit: "max_tokens", seed: "seed", thoughts: "reasoning_content", refuses: append([]string{"n", "seed", "store", "service_tier"}, own...)},
	"moonshot":   {limit: "max_tokens", seed: "seed", thoughts: "reasoning_content", refuses: append([]string{"store", "service_tier"}, own...)},
	"google":     {limit: "max_tokens", seed: "seed", signs: true, refuses: own},
	"gemini":     {limit: "max_tokens", seed: "seed", signs: true, refuses: own},
	"vertex":     {limit: "max_tokens", seed: "seed", signs: true, refuses: own},
	"openrouter": {limit: "max_tokens", seed: "seed", developer: true, thoughts: "reasoning", budget: true},
	"perplexity": {limit: "max_tokens", seed: "seed", refuses: append([]string{"n", "seed", "store", "service_tier", "min_p"}, "logprobs", "top_logprobs")},
	"vllm":       {limit: "max_tokens", seed: "seed", thoughts: "reasoning_content"},
}

// family is what models refuse whose names start with prefix, at OpenAI and
// Azure. The first row that fits counts.
type family struct {
	prefix  string
	refuses []string
	// idle: refused only while the model reasons, which it does not by itself.
	idle bool
}

var families = []family{
	{prefix: "gpt-5-chat"},
	{prefix: "gpt-5.1-chat"},
	{prefix: "gpt-5.2-chat"},
	{prefix: "gpt-5.1", refuses: drawing, idle: true},
	{prefix: "gpt-5.2", refuses: drawing, idle: true},
	{prefix: "gpt-5.4", refuses: drawing, idle: true},
	{prefix: "gpt-5", refuses: drawing},
	{prefix: "o1", refuses: drawing},
	{prefix: "o3", refuses: drawing},
	{prefix: "o4", refuses: drawing},
}

// quirkOf returns what a target wants for a conversation.
func quirkOf(t *dialect.Target, c *dialect.Chat) quirk {
	q, ok := kinds[t.Kind]
	if !ok {
		q = quirk{limit: "max_tokens", seed: "seed"}
	}
	if q.refusals {
		for _, f := range families {
			if strings.HasPrefix(t.Model, f.prefix) {
				if !f.idle || c.Reasoning.Effort > dialect.EffortNone {
					q.refuses = slices.Concat(q.refuses, f.refuses)
				}
				break
			}
		}
	}
	q.refuses = slices.Concat(q.refuses, t.Drop)
	return q
}
