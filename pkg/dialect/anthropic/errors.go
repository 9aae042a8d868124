package anthropic

import (
	"slices"
	"strings"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// maxMessage and maxWord bound what is shown of an error, maxErrorBody what is
// read as one at all.
const (
	maxMessage   = 4 << 10
	maxWord      = 256
	maxErrorBody = 256 << 10
)

// kind is one of Anthropic's error types.
type kind struct {
	name   string
	status int
}

// kinds is Anthropic's table of errors (API documentation, "Errors").
var kinds = [...]kind{
	{"invalid_request_error", 400},
	{"authentication_error", 401},
	{"billing_error", 402},
	{"permission_error", 403},
	{"not_found_error", 404},
	{"request_too_large", 413},
	{"rate_limit_error", 429},
	{"api_error", 500},
	{"timeout_error", 504},
	{"overloaded_error", 529},
}

// typeOf is the error type of an HTTP status.
func typeOf(status int) string {
	for _, k := range kinds {
		if k.status == status {
			return k.name
		}
	}
	switch {
	case status == 408:
		return "timeout_error"
	case status == 503:
		return "overloaded_error"
	case status >= 500:
		return "api_error"
	}
	return "invalid_request_error"
}

// statusOf is the HTTP status of an error type, as events in a stream need it.
func statusOf(name string) int {
	for _, k := range kinds {
		if k.name == name {
			return k.status
		}
	}
	return 500
}

// troubles is the ErrorCodec of the dialect.
type troubles struct{}

// Read implements dialect.ErrorCodec.
func (troubles) Read(a dialect.ErrorAnswer) dialect.Trouble {
	t := dialect.Trouble{Status: a.Status}
	var buf, inner [16]jsonedit.Member
	if a.Truncated || len(a.Body) > maxErrorBody {
		return t
	}
	top, ok := jsonedit.Index(a.Body, buf[:0])
	if !ok {
		return t
	}
	in := &top
	if e, ok := top.Child("error", inner[:0]); ok {
		in = &e
		if fit(&top, &e) {
			t.Own = a.Body
		}
	}
	// Other shapes are those of proxies in front of the provider.
	t.Message = dialect.Clip(dialect.Scrub(first(in, "message", "detail", "error", "msg")), maxMessage)
	t.Type = dialect.Clip(dialect.Scrub(first(in, "type", "code")), maxWord)
	return t
}

// fit reports whether an error is as Anthropic writes them, with nothing in it
// that a caller should not see: then its bytes may pass.
func fit(top, e *jsonedit.Object) bool {
	v, ok := top.Get("type")
	return ok && v.Is(top.Doc(), "error") && clean(top, "error", "request_id") && clean(e, "message") &&
		first(e, "type") != "" && first(e, "message") != ""
}

// clean reports whether the members of o are those named and "type", each once
// and, unless it is "error", a harmless string or null.
func clean(o *jsonedit.Object, names ...string) bool {
	for _, m := range o.Members() {
		name, _ := m.Key.Text(o.Doc())
		if _, _, twice := o.Duplicate(name); twice || name != "type" && !slices.Contains(names, name) {
			return false
		}
		text, isText := m.Value.Text(o.Doc())
		if name != "error" && (!isText && m.Value.Kind != jsonedit.Null || dialect.Scrub(text) != text) {
			return false
		}
	}
	return true
}

// first returns the first of the members that is a text.
func first(o *jsonedit.Object, names ...string) string {
	for _, name := range names {
		v, _ := o.Get(name)
		if text, ok := v.Text(o.Doc()); ok && text != "" {
			return text
		}
	}
	return ""
}

// Render implements dialect.ErrorCodec.
func (troubles) Render(t dialect.Trouble, own bool, requestID string) []byte {
	if own && t.Own != nil {
		return t.Own
	}
	text := t.Message
	switch {
	case text == "":
		text = reason(t.Status)
	case t.Param != "" && !strings.Contains(text, t.Param):
		text = t.Param + ": " + text
	}
	return fault.AnthropicBody(text, wordOf(t), requestID)
}

// wordOf is the error's type: the provider's own where it fits the status, as
// clients choose by both.
func wordOf(t dialect.Trouble) string {
	for _, k := range kinds {
		if k.name == t.Type && (k.status == t.Status || k.status/100 == t.Status/100 && typeOf(t.Status) == "invalid_request_error") {
			return t.Type
		}
	}
	return typeOf(t.Status)
}

// reason is the text for an answer that says nothing that can be shown.
func reason(status int) string {
	switch {
	case status == 429:
		return "The provider's rate limit is reached: try again later."
	case status == 408, status == 504:
		return "The provider did not answer in time: try again."
	case status >= 500:
		return "The provider failed to answer: try again."
	}
	return "The provider refused the request and gave no reason that can be shown."
}

// Fault implements dialect.ErrorCodec.
func (troubles) Fault(f *fault.Error, requestID string) []byte { return fault.Anthropic(f, requestID) }
