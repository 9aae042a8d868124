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
	kinds
)

type row struct {
	code   string
	status int
	typ    string
}

const (
	invalidRequest = "invalid_request_error"
	authentication = "authentication_error"
	permission     = "permission_error"
	rateLimit      = "rate_limit_error"
	serverError    = "server_error"
)

// table maps each kind to its code, HTTP status and OpenAI error type.
var table = [kinds]row{
	Internal:             {"internal_error", 500, serverError},
	InvalidKey:           {"invalid_api_key", 401, authentication},
	MissingKey:           {"missing_api_key", 401, authentication},
	ExpiredKey:           {"expired_api_key", 401, authentication},
	AmbiguousKey:         {"ambiguous_api_key", 401, authentication},
	ModelNotAllowed:      {"model_not_allowed", 403, permission},
	ModelNotFound:        {"model_not_found", 404, invalidRequest},
	InvalidJSON:          {"invalid_json", 400, invalidRequest},
	DuplicateField:       {"duplicate_field", 400, invalidRequest},
	InvalidField:         {"invalid_field", 400, invalidRequest},
	UnsupportedMediaType: {"unsupported_media_type", 415, invalidRequest},
	UnsupportedEncoding:  {"unsupported_content_encoding", 415, invalidRequest},
	BodyTooLarge:         {"request_too_large", 413, invalidRequest},
	MissingBody:          {"missing_body", 400, invalidRequest},
	UnknownPath:          {"unknown_path", 404, invalidRequest},
	MethodNotAllowed:     {"method_not_allowed", 405, invalidRequest},
	NoCompliantBackend:   {"no_compliant_backend", 403, permission},
	NoBackend:            {"no_backend_available", 503, serverError},
	ProviderError:        {"provider_error", 502, serverError},
	ProviderUnreachable:  {"provider_unreachable", 503, serverError},
	ProviderTimeout:      {"provider_timeout", 504, serverError},
	ProviderCredential:   {"provider_credential_rejected", 503, serverError},
	ProviderRateLimit:    {"provider_rate_limited", 429, rateLimit},
	AllFailed:            {"all_backends_failed", 503, serverError},
	LedgerUnavailable:    {"ledger_unavailable", 503, serverError},
	SessionLost:          {"session_lost", 503, serverError},
	ForeignAttempt:       {"backend_not_allowed", 503, serverError},
	Overloaded:           {"overloaded", 503, serverError},
	Draining:             {"shutting_down", 503, serverError},
}

// Code is the stable word of k, as callers and metrics see it.
func (k Kind) Code() string { return table[k].code }

// Status is the HTTP status of k.
func (k Kind) Status() int { return table[k].status }

// Type is OpenAI's error type for k.
func (k Kind) Type() string { return table[k].typ }

// Kinds yields every kind, for tables of documentation and metrics.
func Kinds(yield func(Kind) bool) {
	for k := range kinds {
		if !yield(k) {
			return
		}
	}
}

// TypeOf is OpenAI's error type for an HTTP status of a provider.
func TypeOf(status int) string {
	switch {
	case status == 401:
		return authentication
	case status == 403:
		return permission
	case status == 429:
		return rateLimit
	case status >= 500:
		return serverError
	}
	return invalidRequest
}
