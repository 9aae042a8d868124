package main

import "slices"

// The fronts are the APIs that callers speak; the backends are named by their
// dialects.
const (
	chat      = "chat"      // OpenAI's chat completions, embeddings and models
	responses = "responses" // OpenAI's responses
	messages  = "messages"  // Anthropic's
	generate  = "generate"  // Gemini's

	openAI    = "openai"
	anthropic = "anthropic"
	gemini    = "gemini"
)

func dialects() []string { return []string{openAI, anthropic, gemini} }

// native is the dialect of the backends that a front's requests reach as they
// are.
func native(front string) string {
	return map[string]string{chat: openAI, responses: openAI, messages: anthropic, generate: gemini}[front]
}

// program is one SDK in one language on one front.
type program struct {
	sdk, lang, front string
	file             string   // in the language's folder, without its ending
	backends         []string // dialects that it is run against
	checks           []string
	absent           map[string]string // checks that do not apply, and why
}

func programs() []program {
	var out []program
	add := func(p program, langs ...string) {
		for _, p.lang = range langs {
			out = append(out, p)
		}
	}
	add(program{sdk: "openai", front: chat, file: "openai", backends: dialects(), checks: deep()}, "python", "node", "go")
	add(program{
		sdk: "langchain", front: chat, file: "langchain", backends: dialects(), checks: core("embeddings", "embeddings-refused"),
		absent: absent("it has no such call", "models-list"),
	}, "python", "node")
	add(program{
		sdk: "ai-sdk", front: chat, file: "ai_chat", backends: dialects(), checks: core("embeddings", "embeddings-refused"),
		absent: absent("it has no such call", "models-list"),
	}, "node")
	add(program{
		sdk: "openai", front: responses, file: "responses", backends: []string{openAI}, checks: core("stream-helper"),
		absent: absent("the same call as on the chat front", "models-list"),
	}, "python", "node")
	add(program{
		sdk: "ai-sdk", front: responses, file: "ai_responses", backends: []string{openAI}, checks: core(),
		absent: absent("it has no such call", "models-list"),
	}, "node")
	add(program{
		sdk: "anthropic", front: messages, file: "anthropic", backends: dialects(),
		checks: core("stream-helper", "models-retrieve", "credentials", "versions", "error-no-key"),
	}, "python", "node", "go")
	add(program{
		sdk: "genai", front: generate, file: "genai", backends: dialects(),
		checks: core("models-retrieve", "embeddings", "embeddings-refused", "versions", "error-no-key"),
	}, "python", "node", "go")
	return out
}

// group is a column of the table.
type group struct {
	name   string
	checks []string
}

// groups are all checks, in the order of the table.
func groups() []group {
	return []group{
		{"unary", []string{"chat", "chat-parts", "chat-large", "chat-gzip", "chat-options", "chat-length", "request-id", "lost-fields"}},
		{"stream", []string{"stream", "stream-helper", "stream-without-usage", "stream-with-usage", "stream-abandoned"}},
		{"tools", []string{"tools", "tools-streamed"}},
		{"schema", []string{"json-schema"}},
		{"models", []string{"models-list", "models-retrieve"}},
		{"embed", []string{"embeddings", "embeddings-refused"}},
		{"fallback", []string{"fallback-500", "fallback-reset", "fallback-slow", "fallback-credential", "fallback-dialect"}},
		{"access", []string{"credentials", "versions", "error-no-key", "error-wrong-key", "error-forbidden-model"}},
		{"errors", []string{
			"error-unknown-model", "error-unknown-model-retrieved", "error-unknown-path", "error-bad-request", "error-of-provider",
			"error-rate-limited", "error-all-failed", "error-html", "error-unreachable", "error-gateway-timeout", "error-streamed",
		}},
		{"broken", []string{"error-in-stream", "cut-stream", "cut-helper", "client-timeout", "retry-after"}},
	}
}

// core are the checks that every program makes, and more.
func core(more ...string) []string {
	return pick(append(more,
		"chat", "chat-gzip", "stream", "stream-abandoned", "tools", "tools-streamed", "json-schema", "models-list", "fallback-500",
		"error-wrong-key", "error-unknown-model", "error-rate-limited", "error-all-failed", "error-in-stream", "cut-stream"))
}

// deep are all that there are on OpenAI's own front.
func deep() []string {
	var all []string
	for _, g := range groups() {
		all = append(all, g.checks...)
	}
	return slices.DeleteFunc(all, func(s string) bool { return s == "credentials" || s == "versions" })
}

// pick sorts checks in the order of the table.
func pick(names []string) []string {
	return slices.DeleteFunc(slices.Concat(deep(), []string{"credentials", "versions"}), func(s string) bool { return !slices.Contains(names, s) })
}

func absent(why string, names ...string) map[string]string {
	out := map[string]string{}
	for _, n := range names {
		out[n] = why
	}
	return out
}

// inapplicable is why a check says nothing about the program on backends of a
// dialect; empty when it does.
func (p program) inapplicable(check, dialect string, direct bool) string {
	needsGateway := []string{
		"models-list", "models-retrieve", "request-id", "lost-fields", "fallback-500", "fallback-reset", "fallback-slow", "fallback-credential",
		"fallback-dialect", "error-forbidden-model", "error-unknown-model", "error-unknown-model-retrieved", "error-unknown-path",
		"error-bad-request", "error-html", "error-unreachable", "error-gateway-timeout", "embeddings-refused", "error-no-key", "error-of-provider",
		"error-streamed", "retry-after",
	}
	switch {
	case p.absent[check] != "":
		return p.absent[check]
	case direct && slices.Contains(needsGateway, check):
		return "it is about the gateway"
	case direct && check == "error-wrong-key" && dialect == anthropic:
		return "the provider is started without a key, since its double takes one form alone"
	case check == "embeddings" && dialect == anthropic:
		return "Anthropic has no embeddings"
	case check == "embeddings-refused" && dialect != anthropic:
		return "the backend has embeddings"
	case check == "lost-fields" && dialect == native(p.front):
		return "nothing is translated"
	}
	return ""
}
