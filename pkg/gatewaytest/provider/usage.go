package provider

// Usage is the usage of an answer in the words of OpenAI's chat completions,
// whatever API it left by: Prompt counts every token of the prompt, cached ones
// too, Completion counts reasoning.
type Usage struct {
	Prompt     int64             `json:"prompt_tokens"`
	Completion int64             `json:"completion_tokens"`
	Total      int64             `json:"total_tokens"`
	PromptMore promptDetails     `json:"prompt_tokens_details"`
	OutputMore completionDetails `json:"completion_tokens_details"`
}

type promptDetails struct {
	Cached  int64 `json:"cached_tokens"`
	Audio   int64 `json:"audio_tokens"`
	Written int64 `json:"cache_write_tokens,omitempty"`
}

type completionDetails struct {
	Reasoning int64 `json:"reasoning_tokens"`
	Audio     int64 `json:"audio_tokens"`
	Accepted  int64 `json:"accepted_prediction_tokens"`
	Rejected  int64 `json:"rejected_prediction_tokens"`
}

// anthropicUsage leaves the cached part of the prompt out of input_tokens.
type anthropicUsage struct {
	Input    int64             `json:"input_tokens"`
	Creation int64             `json:"cache_creation_input_tokens"`
	Read     int64             `json:"cache_read_input_tokens"`
	Cache    *anthropicCache   `json:"cache_creation,omitempty"`
	Output   int64             `json:"output_tokens"`
	Details  *anthropicDetails `json:"output_tokens_details,omitempty"`
	Tier     string            `json:"service_tier,omitempty"`
	Geo      string            `json:"inference_geo,omitempty"`
}

type anthropicCache struct {
	Short int64 `json:"ephemeral_5m_input_tokens"`
	Long  int64 `json:"ephemeral_1h_input_tokens"`
}

type anthropicDetails struct {
	Thinking int64 `json:"thinking_tokens"`
}

func (c *composed) anthropicUsage() anthropicUsage {
	u, more := c.usage, c.usage.PromptMore
	out := anthropicUsage{
		Input: u.Prompt - more.Cached - more.Written, Creation: more.Written, Read: more.Cached,
		Cache: &anthropicCache{Short: more.Written}, Output: u.Completion, Tier: "standard", Geo: "not_available",
	}
	if c.cacheMark == "1h" {
		out.Cache = &anthropicCache{Long: more.Written}
	}
	if r := u.OutputMore.Reasoning; r > 0 {
		out.Details = &anthropicDetails{r}
	}
	return out
}

// geminiUsage counts thoughts beside the candidates.
type geminiUsage struct {
	Prompt        int64            `json:"promptTokenCount"`
	Candidates    int64            `json:"candidatesTokenCount,omitempty"`
	Total         int64            `json:"totalTokenCount"`
	Cached        int64            `json:"cachedContentTokenCount,omitempty"`
	PromptDetails []geminiModality `json:"promptTokensDetails"`
	Thoughts      int64            `json:"thoughtsTokenCount,omitempty"`
}

type geminiModality struct {
	Modality string `json:"modality"`
	Tokens   int64  `json:"tokenCount"`
}

// geminiUsage is the usage after a part of the candidates' tokens.
func (c *composed) geminiUsage(candidates int64) geminiUsage {
	u, thoughts := c.usage, c.usage.OutputMore.Reasoning
	return geminiUsage{
		Prompt: u.Prompt, Candidates: candidates, Total: u.Prompt + candidates + thoughts, Cached: u.PromptMore.Cached,
		PromptDetails: []geminiModality{{"TEXT", u.Prompt}}, Thoughts: thoughts,
	}
}

// responsesUsage has other names for the same.
type responsesUsage struct {
	Input      int64         `json:"input_tokens"`
	InputMore  inputDetails  `json:"input_tokens_details"`
	Output     int64         `json:"output_tokens"`
	OutputMore outputDetails `json:"output_tokens_details"`
	Total      int64         `json:"total_tokens"`
}

type inputDetails struct {
	Cached int64 `json:"cached_tokens"`
}

type outputDetails struct {
	Reasoning int64 `json:"reasoning_tokens"`
}

func (c *composed) responsesUsage() *responsesUsage {
	u := c.usage
	return &responsesUsage{u.Prompt, inputDetails{u.PromptMore.Cached}, u.Completion, outputDetails{u.OutputMore.Reasoning}, u.Total}
}
