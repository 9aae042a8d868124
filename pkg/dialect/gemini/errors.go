package gemini

import (
	"bytes"
	"strings"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/fault"
)

// maxMessage bounds the message of an error that is built anew, maxErrorBody
// what is read as an error at all.
const (
	maxMessage   = 4 << 10
	maxErrorBody = 256 << 10
)

// invalidKey is the reason that Google gives in the details of a 400 when the
// key is wrong.
const invalidKey = "API_KEY_INVALID"

// troubles is the ErrorCodec of the dialect.
type troubles struct{}

// Read implements dialect.ErrorCodec.
func (troubles) Read(a dialect.ErrorAnswer) dialect.Trouble {
	t := dialect.Trouble{Status: a.Status}
	if a.Truncated || len(a.Body) > maxErrorBody {
		return t
	}
	var k chunk
	if body := unwrapped(a.Body); !k.read(body) || k.fault == nil {
		return t
	}
	e := readError(k.fault)
	if t = e.trouble(); a.Status != 0 {
		t.Status = a.Status
	}
	if e.fit && dialect.Scrub(string(a.Body)) == string(a.Body) {
		t.Own = a.Body
	}
	return t
}

// unwrapped is a body without the array that streams without server-sent
// events put around an error.
func unwrapped(body []byte) []byte {
	b := bytes.TrimSpace(body)
	if len(b) < 2 || b[0] != '[' || b[len(b)-1] != ']' {
		return b
	}
	return b[1 : len(b)-1]
}

// detail is an error as Google writes it (google.rpc.Status).
type detail struct {
	code            int64
	message, status string
	reason          string // of the first detail that gives one
	fit             bool   // it is an object with a message
}

// troubleOf reads the error object that stands in an answer.
func troubleOf(object []byte) dialect.Trouble { return readError(object).trouble() }

func readError(object []byte) detail {
	var e detail
	c := &cursor{doc: object}
	if !c.at('{') {
		e.message, _ = (&cursor{doc: object}).str().Decode()
		return e
	}
	for c.enter('{'); c.more('}'); {
		switch string(c.key()) {
		case "code":
			e.code, _ = c.integer()
		case "message":
			e.message, e.fit = c.str().Decode()
		case "status":
			e.status, _ = c.str().Decode()
		case "details":
			e.readDetails(c)
		default:
			c.skip()
		}
	}
	return e
}

func (e *detail) readDetails(c *cursor) {
	if !c.at('[') {
		return
	}
	for c.enter('['); c.more(']'); {
		if !c.at('{') {
			continue
		}
		for c.enter('{'); c.more('}'); {
			if string(c.key()) == "reason" && e.reason == "" {
				e.reason, _ = c.str().Decode()
			} else {
				c.skip()
			}
		}
	}
}

// trouble is the error in neutral form.
func (e detail) trouble() dialect.Trouble {
	t := dialect.Trouble{Message: dialect.Clip(dialect.Scrub(e.message), maxMessage), Code: word(e.status), Status: 502}
	if e.code >= 400 && e.code < 600 {
		t.Status = int(e.code)
	}
	if e.reason == invalidKey {
		t.Code = dialect.KeyInvalid
	}
	return t
}

// word is one of Google's words as a code; empty when it is none.
func word(s string) string {
	for i := range len(s) {
		if c := s[i]; (c < 'A' || c > 'Z') && c != '_' && (c < '0' || c > '9') || i > 64 {
			return ""
		}
	}
	return strings.ToLower(s)
}

// Render implements dialect.ErrorCodec.
func (troubles) Render(t dialect.Trouble, own bool, _ string) []byte {
	if own && t.Own != nil {
		return t.Own
	}
	text := t.Message
	if text == "" {
		text = "The provider refused the request and gave no reason that can be shown."
	}
	status := strings.ToUpper(t.Code)
	if !isStatus(status) {
		status = statusOf(t.Status)
	}
	return fault.GoogleBody(t.Status, text, status)
}

// Fault implements dialect.ErrorCodec.
func (troubles) Fault(f *fault.Error, _ string) []byte { return fault.Google(f) }

// isStatus reports whether a word is a code of gRPC (google.rpc.Code).
func isStatus(s string) bool {
	switch s {
	case "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
		"PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE",
		"UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED":
		return true
	}
	return false
}

// statusOf is the word for an HTTP status, as google.rpc.Code maps them.
func statusOf(status int) string {
	switch status {
	case 401:
		return "UNAUTHENTICATED"
	case 403:
		return "PERMISSION_DENIED"
	case 404:
		return "NOT_FOUND"
	case 409:
		return "ABORTED"
	case 429:
		return "RESOURCE_EXHAUSTED"
	case 499:
		return "CANCELLED"
	case 501:
		return "UNIMPLEMENTED"
	case 503, 529:
		return "UNAVAILABLE"
	case 408, 504:
		return "DEADLINE_EXCEEDED"
	}
	if status >= 500 {
		return "INTERNAL"
	}
	return "INVALID_ARGUMENT"
}
