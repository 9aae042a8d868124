package fault

import "encoding/json"

// anthropicBody is Anthropic's error answer; request_id is null where there is
// none. It has no place for a code.
type anthropicBody struct {
	Type      string          `json:"type"`
	Error     anthropicDetail `json:"error"`
	RequestID *string         `json:"request_id"`
}

type anthropicDetail struct {
	Type    string `json:"type"`
	Message string `json:"message"`
}

// Anthropic renders e as the body of an Anthropic error answer. The message
// names the field at fault, since the shape has no place of its own for it.
func Anthropic(e *Error, requestID string) []byte {
	return AnthropicBody(e.named(), e.words().anthropic, requestID)
}

// AnthropicBody renders an error body from its parts; an empty request id
// becomes null. The text must be safe for the caller.
func AnthropicBody(text, typ, requestID string) []byte {
	b, err := json.Marshal(anthropicBody{"error", anthropicDetail{typ, text}, optional(requestID)})
	if err != nil { // strings always marshal
		return []byte(`{"type":"error","error":{"type":"api_error","message":"internal error"},"request_id":null}`)
	}
	return b
}
