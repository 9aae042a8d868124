// Package witness reads what Envoy says about requests: the lines of its file
// log, which are the authority on attempts, ends and usage, and early entries
// over gRPC, which are news and nothing more.
//
//	access.log ─▶ Tail ─lines, offset─▶ Parser ─▶ settle.Upstream, settle.Downstream
//	gRPC ─▶ Early ─▶ News
//
// A line of the file is a JSON object with short keys, one per attempt ("k":
// UpstreamEnd) and one per request ("k": DownstreamEnd):
//
//	k   access log type            s   status, 0 without one
//	id  x-request-id               f   response flags, "-" without any
//	c   cluster                    d   what happened, in Envoy's words
//	t   start, seconds.nanoseconds ms  duration, milliseconds
//	fb  first byte, ms since t     rx  bytes received: from the provider, or from the caller
//	                               tx  bytes sent: to the provider, or to the caller
//
// for attempts besides: ra the provider's retry-after, as it is; and for
// requests: n attempts, ct content type of the answer, sb the request filter's
// metadata (ticket, facts, model), u what Envoy lifted out of
// the answer: names, and usage objects under their paths in it. The script of
// package xds writes one JSON object as text, with the objects as they stood;
// Envoy's own filters write objects as text, and of unary answers the scalars by
// dotted path.
//
//	model, service_tier  names; Envoy's own filters: under their own paths
//	usage                OpenAI, Anthropic (of streams the second half)
//	message.usage        Anthropic's streams, the first half
//	response.usage       OpenAI's responses, in streams
//	usageMetadata        Gemini
//	x_groq.usage         Groq's streams
//	kept                 objects that were at the same place before, in parts
//
// Invariants: every complete line of the file is given to the reader in order,
// each batch together with the offset behind it, and given again until the
// reader has taken it; rotation loses nothing that Envoy wrote; memory is
// bounded, whatever stands in the file.
package witness
