package fault

import "encoding/json"

// googleBody is the error answer of Google's APIs (google.rpc.Status as JSON),
// without details. It has no place for a code
// of ours.
type googleBody struct {
	Error googleDetail `json:"error"`
}

type googleDetail struct {
	Code    int    `json:"code"` // HTTP status
	Message string `json:"message"`
	Status  string `json:"status"`
}

// Google renders e as the body of an error answer of Google's APIs. The
// message names the field at fault.
func Google(e *Error) []byte { return GoogleBody(e.Status(), e.named(), e.words().google) }

// GoogleBody renders an error body from its parts. The text must be safe for
// the caller.
func GoogleBody(code int, text, status string) []byte {
	b, err := json.Marshal(googleBody{googleDetail{code, text, status}})
	if err != nil { // strings and a number always marshal
		return []byte(`{"error":{"code":500,"message":"internal error","status":"INTERNAL"}}`)
	}
	return b
}
