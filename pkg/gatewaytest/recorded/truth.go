package recorded

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/signalbox-dev/signalbox/pkg/genai"
)

// Truth is the usage of an answer as a careful reader states it. Parts that the
// answer does not state are nil.
type Truth struct {
	Input      *int64          `json:"input"`
	Output     *int64          `json:"output"`
	Cached     *int64          `json:"cached_input"`
	CacheWrite *int64          `json:"cache_write"`
	Reasoning  *int64          `json:"reasoning"`
	Total      *int64          `json:"total"`
	Note       string          `json:"note"`
	Raw        json.RawMessage `json:"raw"` // the provider's own usage
	Sum        *Sum            `json:"iterations_sum"`
}

// Sum is what was spent over all passes of an answer, where the provider's top
// level leaves some out.
type Sum struct {
	Input  int64 `json:"input"`
	Output int64 `json:"output"`
}

// Spent is input and output tokens that were spent; 0 for what is not stated.
func (t *Truth) Spent() (input, output int64) {
	if t.Sum != nil {
		return t.Sum.Input, t.Sum.Output
	}
	if t.Input != nil {
		input = *t.Input
	}
	if t.Output != nil {
		output = *t.Output
	}
	return input, output
}

// Diff compares what was metered with t and says what differs; it is empty when
// nothing does. Parts that t does not state are not compared. A nil t is an
// answer without usage.
func (t *Truth) Diff(u genai.Usage, found bool) string {
	if t == nil || !found {
		if found {
			return fmt.Sprintf("metered %+v where no usage is stated", u)
		}
		if t != nil {
			return "found no usage"
		}
		return ""
	}
	var d []string
	differ := func(what string, got int64, want *int64) {
		if want != nil && got != *want {
			d = append(d, fmt.Sprintf("%s %d, want %d", what, got, *want))
		}
	}
	if t.Sum != nil {
		differ("input", u.Input, &t.Sum.Input)
		differ("output", u.Output, &t.Sum.Output)
	} else { // the parts are of the top level only
		differ("input", u.Input, t.Input)
		differ("output", u.Output, t.Output)
		differ("cached", u.CacheRead, t.Cached)
		differ("cache write", u.CacheWrite5m+u.CacheWrite1h, t.CacheWrite)
		differ("reasoning", u.Reasoning, t.Reasoning)
	}
	if t.Input == nil && t.Output == nil && t.Sum == nil {
		differ("total", u.Input+u.Output, t.Total)
	}
	return strings.Join(d, "; ")
}
