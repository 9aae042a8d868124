package main

import "strings"

// voice is what a provider of one dialect answers. The text is the same in all.
type voice struct {
	whole []byte
	plain stream // without usage, as for a caller who did not ask
	usage stream // with it
}

// stream is a prepared streamed answer: the chunk is sent again and again; what
// is first goes out with the first one.
type stream struct{ first, chunk, last []byte }

const word = "word "

const openaiFrame = `{"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1760000000,"model":"bench-model","service_tier":"default","system_fingerprint":"fp_bench",`

const openaiUsage = `"usage":{"prompt_tokens":123,"completion_tokens":100,"total_tokens":223,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0}}`

func openaiVoice() voice {
	whole := `{"id":"chatcmpl-bench","object":"chat.completion","created":1760000000,"model":"bench-model","choices":[{"index":0,"message":{"role":"assistant","content":"` +
		strings.Repeat(word, chunks) + `","refusal":null},"logprobs":null,"finish_reason":"stop"}],` + openaiUsage + `,"service_tier":"default","system_fingerprint":"fp_bench"}`
	return voice{whole: []byte(whole), plain: openaiStream(false), usage: openaiStream(true)}
}

func openaiStream(withUsage bool) stream {
	member, final := "", ""
	if withUsage {
		member = `,"usage":null`
		final = "data: " + openaiFrame + `"choices":[],` + openaiUsage + "}\n\n"
	}
	event := func(choice string) string {
		return "data: " + openaiFrame + `"choices":[` + choice + `]` + member + "}\n\n"
	}
	return stream{
		chunk: []byte(event(`{"index":0,"delta":{"content":"` + word + `"},"logprobs":null,"finish_reason":null}`)),
		last:  []byte(event(`{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}`) + final + "data: [DONE]\n\n"),
	}
}

const anthropicMessage = `"id":"msg_bench","type":"message","role":"assistant","model":"bench-other",`

// anthropicUsage begins a usage object; the tokens of the answer end it.
const anthropicUsage = `"usage":{"input_tokens":123,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":0},"service_tier":"standard","output_tokens":`

func anthropicVoice() voice {
	s := anthropicStream()
	whole := `{` + anthropicMessage + `"content":[{"type":"text","text":"` + strings.Repeat(word, chunks) +
		`"}],"stop_reason":"end_turn","stop_sequence":null,` + anthropicUsage + `100}}`
	return voice{whole: []byte(whole), plain: s, usage: s}
}

// anthropicStream states usage whether or not anybody asks.
func anthropicStream() stream {
	event := func(name, members string) string {
		return "event: " + name + "\ndata: {\"type\":\"" + name + `"` + members + "}\n\n"
	}
	return stream{
		first: []byte(event("message_start", `,"message":{`+anthropicMessage+`"content":[],"stop_reason":null,"stop_sequence":null,`+anthropicUsage+`1}}`) +
			event("content_block_start", `,"index":0,"content_block":{"type":"text","text":""}`)),
		chunk: []byte(event("content_block_delta", `,"index":0,"delta":{"type":"text_delta","text":"`+word+`"}`)),
		last: []byte(event("content_block_stop", `,"index":0`) +
			event("message_delta", `,"delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":100}`) +
			event("message_stop", "")),
	}
}
