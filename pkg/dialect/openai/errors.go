package openai

import (
	"bytes"
	"slices"
	"strings"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// maxMessage bounds the message of an error that is built anew, maxErrorBody
// what is read as an error at all.
const (
	maxMessage   = 4 << 10
	maxWord      = 256
	maxErrorBody = 256 << 10
)

// detail is an error in OpenAI's four fields.
type detail struct{ message, typ, param, code string }

// troubles is the ErrorCodec of the dialect.
type troubles struct{}

// Read implements dialect.ErrorCodec.
func (troubles) Read(a dialect.ErrorAnswer) dialect.Trouble {
	t := dialect.Trouble{Status: a.Status}
	var buf [16]jsonedit.Member
	body := unwrapped(a.Body)
	if a.Truncated || len(body) > maxErrorBody {
		body = nil
	}
	top, ok := jsonedit.Index(body, buf[:0])
	if !ok {
		return t
	}
	if fit(&top) {
		t.Own = a.Body
	}
	d := read(&top)
	t.Message, t.Type = clip(dialect.Scrub(d.message), maxMessage), clip(dialect.Scrub(d.typ), maxWord)
	t.Param, t.Code = clip(dialect.Scrub(d.param), maxWord), clip(dialect.Scrub(d.code), maxWord)
	return t
}

// Render implements dialect.ErrorCodec.
func (troubles) Render(t dialect.Trouble, own bool, _ string) []byte {
	if own && t.Own != nil {
		return t.Own
	}
	return detail{t.Message, t.Type, t.Param, t.Code}.render(t.Status)
}

// Fault implements dialect.ErrorCodec.
func (troubles) Fault(f *fault.Error, _ string) []byte { return fault.OpenAI(f) }

// unwrapped drops the array that Google puts around an error.
func unwrapped(body []byte) []byte {
	b := bytes.TrimSpace(body)
	if len(b) < 2 || b[0] != '[' || b[len(b)-1] != ']' {
		return body
	}
	return b[1 : len(b)-1]
}

// fit reports whether a body is an error as OpenAI writes them, with nothing in
// it that a caller should not see: then its bytes may pass.
func fit(top *jsonedit.Object) bool {
	var buf [8]jsonedit.Member
	e, ok := top.Child("error", buf[:0])
	if !ok || len(top.Members()) != 1 || len(e.Members()) != 4 {
		return false
	}
	for _, name := range []string{"message", "type", "param", "code"} {
		v, ok := e.Get(name)
		if !ok {
			return false
		}
		text, isText := v.Text(e.Doc())
		if !isText && (v.Kind != jsonedit.Null || name == "message" || name == "type") {
			return false
		}
		if dialect.Scrub(text) != text {
			return false
		}
	}
	return true
}

// read finds the error in the shapes that providers write.
func read(top *jsonedit.Object) detail {
	var buf [16]jsonedit.Member
	in := top
	if e, ok := top.Child("error", buf[:0]); ok {
		in = &e
	}
	d := detail{
		message: first(in, "message", "detail", "error", "msg"),
		typ:     first(in, "type", "error_type"),
		param:   first(in, "param"),
		code:    first(in, "code", "error_type", "__type"),
	}
	if d.message == "" {
		d.message = first(in, "detail.0.msg", "message.detail.0.msg", "errors.0.message", "errors.0")
	}
	if v, ok := in.Get("status"); ok && v.Kind == jsonedit.String { // Google: a word beside a numeric code
		d.code = strings.ToLower(first(in, "status"))
	}
	return d
}

// first returns the text of the first path that holds a string or a number.
func first(o *jsonedit.Object, paths ...string) string {
	for _, p := range paths {
		v, ok := o.Find(strings.Split(p, ".")...)
		if !ok {
			continue
		}
		if text, ok := v.Text(o.Doc()); ok && text != "" {
			return text
		}
		if v.Kind == jsonedit.Number {
			return string(v.Raw(o.Doc()))
		}
	}
	return ""
}

// render writes the error for the caller; what the provider left open follows
// from the status.
func (d detail) render(status int) []byte {
	std := byStatus(status)
	if d.message == "" {
		d.message = std.message
	}
	if !slices.Contains(knownTypes(), d.typ) {
		d.typ = std.typ
	}
	if d.code == "" {
		d.code = std.code
	}
	return fault.OpenAIBody(d.message, d.typ, d.param, d.code)
}

// knownTypes are the error types that OpenAI's clients know.
func knownTypes() []string {
	return []string{
		"invalid_request_error", "authentication_error", "permission_error", "not_found_error",
		"rate_limit_error", "insufficient_quota", "tokens", "requests", "server_error", "api_error",
		"overloaded_error",
	}
}

// byStatus is the error for an answer that says nothing readable.
func byStatus(status int) detail {
	d := detail{
		message: "The provider refused the request and gave no reason that can be shown.",
		typ:     fault.TypeOf(status),
		code:    fault.ProviderError.Code(),
	}
	switch {
	case status == 429:
		d.message = "The provider's rate limit is reached: try again later."
		d.code = fault.ProviderRateLimit.Code()
	case status == 408, status == 504:
		d.message = "The provider did not answer in time: try again."
		d.code = fault.ProviderTimeout.Code()
	case status >= 500:
		d.message = "The provider failed to answer: try again."
	}
	return d
}

// clip cuts s to at most n bytes at a character's border.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
