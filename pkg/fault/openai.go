package fault

import "encoding/json"

// body is OpenAI's error object: all four keys are always present, param and
// code are null or strings (openai-openapi, schema ErrorResponse).
type body struct {
	Error detail `json:"error"`
}

type detail struct {
	Message string  `json:"message"`
	Type    string  `json:"type"`
	Param   *string `json:"param"`
	Code    *string `json:"code"`
}

// OpenAI renders e as the body of an OpenAI error answer.
func OpenAI(e *Error) []byte {
	return OpenAIBody(e.Text, e.words().openAI, e.Param, e.Kind.Code())
}

// OpenAIBody renders an error body from its parts; empty param and code become
// null. The text must be safe for the caller.
func OpenAIBody(text, typ, param, code string) []byte {
	b, err := json.Marshal(body{detail{Message: text, Type: typ, Param: optional(param), Code: optional(code)}})
	if err != nil { // four strings always marshal
		return []byte(`{"error":{"message":"internal error","type":"server_error","param":null,"code":null}}`)
	}
	return b
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
