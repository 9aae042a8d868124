package openai

// part is a count that some providers keep outside of the count that it
// belongs to.
type part uint8

const (
	reasoning  part = iota // belongs to the output
	audio                  // belongs to the input
	cacheRead              // belongs to the input
	cacheWrite             // belongs to the input
	citation               // belongs to the output
	parts
)

// set is a set of parts.
type set uint8

func of(ps ...part) set {
	var s set
	for _, p := range ps {
		s |= 1 << p
	}
	return s
}

func (s set) has(p part) bool { return s&(1<<p) != 0 }

// rule says how one kind of provider departs from OpenAI's way of counting,
// where every part lies inside the prompt or the completion.
type rule struct {
	// outside parts lie outside of prompt_tokens and completion_tokens. A
	// total_tokens that says otherwise overrules this.
	outside set
	// apart parts lie outside of those and of total_tokens too.
	apart set
	// thinks: a remainder of the total that no part explains is thinking, and
	// nothing to wonder about.
	thinks bool
}

// ruleOf returns the rule of a kind of provider. Kinds that are not listed
// count as OpenAI does, unless their totals say otherwise.
func ruleOf(kind string) rule {
	switch kind {
	case "xai": // chat completions only; its Responses count reasoning inside
		return rule{outside: of(reasoning)}
	case "mistral":
		return rule{outside: of(audio)}
	case "perplexity":
		return rule{apart: of(reasoning, citation)}
	case "google", "vertex", "gemini":
		return rule{thinks: true}
	}
	return rule{}
}

// The paths under which providers state a count, below the usage object. Where
// several are there they repeat one number, so the greatest is taken and
// nothing is added up. Mistral's num_cached_tokens is not among them: it is a
// figure of the inference engine, not one that is billed.
var (
	promptPaths     = []string{"prompt_tokens", "input_tokens"}
	completionPaths = []string{"completion_tokens", "output_tokens"}
	totalPaths      = []string{"total_tokens"}
	cacheReadPaths  = []string{
		"prompt_tokens_details.cached_tokens",
		"prompt_token_details.cached_tokens", // Writer's spelling
		"input_tokens_details.cached_tokens",
		"cached_tokens",             // Hugging Face, Together, Moonshot
		"prompt_cache_hit_tokens",   // DeepSeek
		"cached_prompt_text_tokens", // xAI
		"cache_read_input_tokens",   // proxies before Anthropic
	}
	cacheWritePaths = []string{
		"prompt_tokens_details.cache_write_tokens",
		"prompt_tokens_details.cache_creation_tokens",
		"prompt_tokens_details.cache_creation_input_tokens", // Alibaba
		"input_tokens_details.cache_write_tokens",
		"cache_write_tokens",
		"cache_creation_tokens",
		"cache_creation_input_tokens",
	}
	cacheWrite1hPaths = []string{
		"cache_creation.ephemeral_1h_input_tokens",
	}
	audioPaths = []string{
		"prompt_tokens_details.audio_tokens",
		"prompt_token_details.audio_tokens",
		"input_tokens_details.audio_tokens",
	}
	reasoningPaths = []string{
		"completion_tokens_details.reasoning_tokens",
		"completion_token_details.reasoning_tokens",
		"output_tokens_details.reasoning_tokens",
		"reasoning_tokens", // Perplexity
	}
	citationPaths = []string{"citation_tokens"} // Perplexity
)

// allPaths lists the tables above.
func allPaths() [][]string {
	return [][]string{
		promptPaths, completionPaths, totalPaths, cacheReadPaths, cacheWritePaths,
		cacheWrite1hPaths, audioPaths, reasoningPaths, citationPaths,
	}
}
