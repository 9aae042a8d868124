package builtin

import (
	"strings"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
)

// Select returns the function that finds the dialect which a caller speaks: by
// the path and, where three APIs share one, by the headers that only one of
// them has. What belongs to no dialect is OpenAI's, whose error then names the
// paths that are served.
func Select(all map[string]*dialect.Dialect) func(dialect.Head) *dialect.Dialect {
	return func(h dialect.Head) *dialect.Dialect {
		if d := all[speaks(h)]; d != nil {
			return d
		}
		return all["openai"]
	}
}

func speaks(h dialect.Head) string {
	path := h.Path
	switch {
	case below(path, "/v1/messages"):
		return "anthropic"
	case below(path, "/v1/responses"):
		return "responses"
	case below(path, "/v1beta"):
		return "gemini"
	case !below(path, "/v1/models"):
		return "openai"
	case h.Method == "POST": // a method of a model
		return "gemini"
	case h.Anthropic:
		return "anthropic"
	case h.Google:
		return "gemini"
	}
	return "openai"
}

// below reports whether path is root or below it.
func below(path, root string) bool {
	rest, ok := strings.CutPrefix(path, root)
	return ok && (rest == "" || rest[0] == '/')
}
