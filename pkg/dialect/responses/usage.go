package responses

import (
	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/genai"
)

// usages is the UsageReader of the dialect: chat completions' with the general
// rules, since every provider counts reasoning within the output here, also
// those that do not in chat completions.
type usages struct{ chat dialect.UsageReader }

// Usage implements dialect.UsageReader.
func (u usages) Usage(_ string, f dialect.Fields) (genai.Usage, bool, bool) {
	return u.chat.Usage("", f)
}

// UsageJSON implements dialect.UsageReader.
func (u usages) UsageJSON(_ string, raw []byte) (genai.Usage, bool, bool) {
	return u.chat.UsageJSON("", raw)
}

// Paths implements dialect.UsageReader.
func (usages) Paths() []string {
	return []string{
		"input_tokens", "output_tokens", "total_tokens",
		"input_tokens_details.cached_tokens",
		"input_tokens_details.cache_write_tokens",
		"input_tokens_details.audio_tokens",
		"output_tokens_details.reasoning_tokens",
	}
}
