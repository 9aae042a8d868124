package openai

import (
	"strconv"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/genai"
)

// appendUsage appends a usage in OpenAI's form. The tokens of tools that the
// provider ran lie within the prompt there.
func appendUsage(dst []byte, u genai.Usage) []byte {
	dst = strconv.AppendInt(append(dst, `{"prompt_tokens":`...), u.Input, 10)
	dst = strconv.AppendInt(append(dst, `,"completion_tokens":`...), u.Output, 10)
	dst = strconv.AppendInt(append(dst, `,"total_tokens":`...), u.Total(), 10)
	dst = strconv.AppendInt(append(dst, `,"prompt_tokens_details":{"cached_tokens":`...), u.CacheRead, 10)
	dst = strconv.AppendInt(append(dst, `,"cache_write_tokens":`...), u.CacheWrite5m+u.CacheWrite1h, 10)
	dst = strconv.AppendInt(append(dst, `,"audio_tokens":`...), u.AudioInput, 10)
	dst = strconv.AppendInt(append(dst, `},"completion_tokens_details":{"reasoning_tokens":`...), u.Reasoning, 10)
	return append(dst, `,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}`...)
}

// appendLogprobs appends the logprobs of a choice.
func appendLogprobs(dst []byte, probs []dialect.Logprob) []byte {
	dst = append(dst, `{"content":[`...)
	for i := range probs {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendLogprob(dst, &probs[i])
	}
	return append(dst, `],"refusal":null}`...)
}

// appendLogprob appends a token with those in its place.
func appendLogprob(dst []byte, p *dialect.Logprob) []byte {
	dst = append(appendToken(dst, p), `,"top_logprobs":[`...)
	for i := range p.Top {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendToken(dst, &p.Top[i]), '}')
	}
	return append(dst, "]}"...)
}

// appendToken appends a token up to its closing brace. The bytes are those of
// its text: what a provider's token holds beyond that is not told.
func appendToken(dst []byte, p *dialect.Logprob) []byte {
	dst = p.Token.Append(append(dst, `{"token":`...))
	dst = append(append(dst, `,"logprob":`...), p.Logprob...)
	dst = append(dst, `,"bytes":[`...)
	for i, c := range unescaped(p.Token) {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strconv.AppendUint(dst, uint64(c), 10)
	}
	return append(dst, ']')
}
