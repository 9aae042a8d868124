package openai

import (
	"bytes"
	"strings"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// troubleIn reads the error that stands within an answer whose status was fine:
// in place of it, in an event, in a choice, or in Groq's own object.
func troubleIn(data []byte) dialect.Trouble {
	in := unwrapped(data)
	for _, path := range [][]string{{"error"}, {"x_groq", "error"}, {"choices", "0", "error"}} {
		v, ok := jsonedit.Find(in, path...)
		if !ok || v.Kind != jsonedit.ObjectKind && v.Kind != jsonedit.String {
			continue
		}
		if len(path) > 1 || v.Kind == jsonedit.String {
			in = append(append([]byte(`{"error":`), v.Raw(in)...), '}')
		}
		break
	}
	t := troubles{}.Read(dialect.ErrorAnswer{Status: statusIn(in), Body: in})
	t.Own = nil // an event is no body
	return t
}

// statusIn is the status that an error would have had in front of the answer.
func statusIn(data []byte) int {
	var words strings.Builder
	for _, name := range []string{"status_code", "code", "status", "type"} {
		v, ok := jsonedit.Find(data, "error", name)
		if !ok {
			v, ok = jsonedit.Find(data, name) // vLLM's are flat
		}
		if n, isInt := v.Int(data); ok && isInt && n >= 400 && n < 600 {
			return int(n)
		}
		if text, isText := v.Text(data); ok && isText {
			if n, numeric := threeDigits(text); numeric {
				return n
			}
			words.WriteString(strings.ToLower(text))
			words.WriteByte(' ')
		}
	}
	return statusOf(words.String())
}

func threeDigits(s string) (int, bool) {
	if len(s) != 3 || len(bytes.Trim([]byte(s), "0123456789")) > 0 || s[0] != '4' && s[0] != '5' {
		return 0, false
	}
	return int(s[0]-'0')*100 + int(s[1]-'0')*10 + int(s[2]-'0'), true
}

// statusOf guesses the status from the words for the kind of an error.
func statusOf(words string) int {
	for _, w := range []struct {
		word   string
		status int
	}{
		{"rate_limit", 429},
		{"quota", 429},
		{"exhausted", 429},
		{"overloaded", 503},
		{"unavailable", 503},
		{"timeout", 504},
		{"invalid_request", 400},
		{"badrequest", 400},
		{"context_length", 400},
	} {
		if strings.Contains(words, w.word) {
			return w.status
		}
	}
	return 502
}
