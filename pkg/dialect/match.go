package dialect

import (
	"errors"
	"strconv"
	"strings"

	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// CheckBody reports what keeps the body of a request from being read: it must
// be plain JSON in UTF-8. A missing content type passes, since the body is
// checked anyway.
func CheckBody(h Head) *fault.Error {
	switch {
	case !isJSON(h.ContentType):
		return fault.New(fault.UnsupportedMediaType,
			"The body must be JSON in UTF-8: send the header content-type: application/json.")
	case h.ContentEncoding != "" && !strings.EqualFold(h.ContentEncoding, "identity"):
		return fault.New(fault.UnsupportedEncoding,
			"Compressed request bodies are not read: send the body without content-encoding.")
	}
	return nil
}

// isJSON reports whether a content type is JSON in UTF-8.
func isJSON(contentType string) bool {
	kind, params, _ := strings.Cut(contentType, ";")
	kind = strings.TrimSpace(kind)
	if kind != "" && !strings.EqualFold(kind, "application/json") {
		return false
	}
	for p := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(p, "=")
		if strings.EqualFold(strings.TrimSpace(name), "charset") && !isUTF8(strings.Trim(strings.TrimSpace(value), `"`)) {
			return false
		}
	}
	return true
}

// isUTF8 reports whether text of a character set is UTF-8, too.
func isUTF8(charset string) bool {
	switch strings.ToLower(charset) {
	case "utf-8", "utf8", "us-ascii":
		return true
	}
	return false
}

// Syntax is the fault of a body that is no JSON object: it says where, and
// quotes nothing. The error is jsonedit.Parse's.
func Syntax(err error) *fault.Error {
	text := "The request body is not valid JSON"
	if s, ok := errors.AsType[*jsonedit.SyntaxError](err); ok {
		text += ": " + s.Reason + " at line " + strconv.Itoa(s.Line) + ", column " + strconv.Itoa(s.Column)
		if s.Lone {
			text += ". Escape characters beyond U+FFFF as surrogate pairs, or send them as UTF-8"
		}
	}
	return fault.New(fault.InvalidJSON, text+".")
}

// Unescape decodes the percent escapes of a path; false when one is broken.
func Unescape(s string) (string, bool) {
	var out strings.Builder
	for {
		plain, rest, found := strings.Cut(s, "%")
		out.WriteString(plain)
		if !found {
			return out.String(), true
		}
		if len(rest) < 2 {
			return "", false
		}
		c, err := strconv.ParseUint(rest[:2], 16, 8)
		if err != nil {
			return "", false
		}
		out.WriteByte(byte(c))
		s = rest[2:]
	}
}
