package fault

// Kind is a way to fail. The numbers are private to the process; Code is the
// stable word for callers, metrics and the ledger.
type Kind uint8

const (
	Internal Kind = iota
	InvalidKey
	MissingKey
	ExpiredKey
	AmbiguousKey
	ModelNotAllowed
	ModelNotFound
	InvalidJSON
	DuplicateField
	InvalidField
	UnsupportedMediaType
	UnsupportedEncoding
	BodyTooLarge
	MissingBody
	UnknownPath
	MethodNotAllowed
	NoCompliantBackend
	NoBackend
	ProviderError
	ProviderUnreachable
	ProviderTimeout
	ProviderCredential
	ProviderRateLimit
	AllFailed
	LedgerUnavailable
	SessionLost
	ForeignAttempt
	Overloaded
	Draining
	FieldsLost      // the caller forbade losses, and no candidate can carry the request without
	AnswerFailed    // a provider's answer was empty, malformed, or an error under a good status
	StreamBroken    // a provider ended a stream without its end
	NotTranslatable // no backend of the model takes this kind of request
	NotCapable      // no backend of the model can do what the request needs
	ContextTooLong  // the request is longer than every backend of the model can take
	kinds
)

// words are one kind of failure in the three APIs.
type words struct{ openAI, anthropic, google string }

// Sources: openai-openapi (ErrorResponse); Anthropic, "Errors" in the API's
// overview; google.rpc.Code with its mapping to HTTP.
var ( // read only
	invalid        = words{"invalid_request_error", "invalid_request_error", "INVALID_ARGUMENT"}
	tooLarge       = words{"invalid_request_error", "request_too_large", "INVALID_ARGUMENT"}
	notFound       = words{"invalid_request_error", "not_found_error", "NOT_FOUND"}
	authentication = words{"authentication_error", "authentication_error", "UNAUTHENTICATED"}
	permission     = words{"permission_error", "permission_error", "PERMISSION_DENIED"}
	rateLimit      = words{"rate_limit_error", "rate_limit_error", "RESOURCE_EXHAUSTED"}
	serverError    = words{"server_error", "api_error", "INTERNAL"}
	unavailable    = words{"server_error", "api_error", "UNAVAILABLE"}
	overloaded     = words{"server_error", "overloaded_error", "UNAVAILABLE"}
	timeout        = words{"server_error", "timeout_error", "DEADLINE_EXCEEDED"}
)

type row struct {
	code   string
	status int
	words
}

// table maps each kind to its code, HTTP status and the words of the APIs.
var table = [kinds]row{
	Internal:             {"internal_error", 500, serverError},
	InvalidKey:           {"invalid_api_key", 401, authentication},
	MissingKey:           {"missing_api_key", 401, authentication},
	ExpiredKey:           {"expired_api_key", 401, authentication},
	AmbiguousKey:         {"ambiguous_api_key", 401, authentication},
	ModelNotAllowed:      {"model_not_allowed", 403, permission},
	ModelNotFound:        {"model_not_found", 404, notFound},
	InvalidJSON:          {"invalid_json", 400, invalid},
	DuplicateField:       {"duplicate_field", 400, invalid},
	InvalidField:         {"invalid_field", 400, invalid},
	UnsupportedMediaType: {"unsupported_media_type", 415, invalid},
	UnsupportedEncoding:  {"unsupported_content_encoding", 415, invalid},
	BodyTooLarge:         {"request_too_large", 413, tooLarge},
	MissingBody:          {"missing_body", 400, invalid},
	UnknownPath:          {"unknown_path", 404, notFound},
	MethodNotAllowed:     {"method_not_allowed", 405, invalid},
	NoCompliantBackend:   {"no_compliant_backend", 403, permission},
	NoBackend:            {"no_backend_available", 503, unavailable},
	ProviderError:        {"provider_error", 502, unavailable},
	ProviderUnreachable:  {"provider_unreachable", 503, unavailable},
	ProviderTimeout:      {"provider_timeout", 504, timeout},
	ProviderCredential:   {"provider_credential_rejected", 503, unavailable},
	ProviderRateLimit:    {"provider_rate_limited", 429, rateLimit},
	AllFailed:            {"all_backends_failed", 503, unavailable},
	LedgerUnavailable:    {"ledger_unavailable", 503, unavailable},
	SessionLost:          {"session_lost", 503, unavailable},
	ForeignAttempt:       {"backend_not_allowed", 503, unavailable},
	Overloaded:           {"overloaded", 503, overloaded},
	Draining:             {"shutting_down", 503, overloaded},
	FieldsLost:           {"fields_lost", 400, invalid},
	AnswerFailed:         {"answer_failed", 502, unavailable},
	StreamBroken:         {"stream_broken", 502, unavailable},
	NotTranslatable:      {"not_translatable", 400, invalid},
	NotCapable:           {"model_not_capable", 400, invalid},
	ContextTooLong:       {"context_length_exceeded", 400, invalid},
}

// Code is the stable word of k, as callers and metrics see it.
func (k Kind) Code() string { return table[k].code }

// Status is the HTTP status of k.
func (k Kind) Status() int { return table[k].status }

// Type is OpenAI's error type for k.
func (k Kind) Type() string { return table[k].openAI }

// Kinds yields every kind, for tables of documentation and metrics.
func Kinds(yield func(Kind) bool) {
	for k := range kinds {
		if !yield(k) {
			return
		}
	}
}

// TypeOf is OpenAI's error type for an HTTP status of a provider.
func TypeOf(status int) string { return wordsOf(status).openAI }

// AnthropicTypeOf is Anthropic's error type for an HTTP status of a provider.
func AnthropicTypeOf(status int) string { return wordsOf(status).anthropic }

// GoogleStatusOf is Google's status word for an HTTP status of a provider.
func GoogleStatusOf(status int) string { return wordsOf(status).google }

// wordsOf are the words for an HTTP status. 529 is Anthropic's own for a
// provider that has too much to do.
func wordsOf(status int) words {
	switch status {
	case 401:
		return authentication
	case 403:
		return permission
	case 404:
		return notFound
	case 504:
		return timeout
	case 413:
		return tooLarge
	case 429:
		return rateLimit
	case 502, 503:
		return unavailable
	case 529:
		return overloaded
	}
	if status >= 500 {
		return serverError
	}
	return invalid
}
