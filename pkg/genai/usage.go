package genai

// Usage is token usage in the normal form that every provider's counts are
// brought to before anything is added up: Input includes what was read from
// and written to a cache and the tokens of tool-use prompts; Output includes
// reasoning. All counts are tokens and never negative.
type Usage struct {
	Input        int64
	CacheRead    int64 // part of Input
	CacheWrite5m int64 // part of Input, kept five minutes or of unknown lifetime
	CacheWrite1h int64 // part of Input, kept one hour
	ToolUse      int64 // part of Input
	AudioInput   int64 // part of Input
	Output       int64
	Reasoning    int64 // part of Output
}

// Total is all tokens in and out.
func (u Usage) Total() int64 { return u.Input + u.Output }

// Add returns the sum of both usages.
func (u Usage) Add(v Usage) Usage {
	return Usage{
		Input:        u.Input + v.Input,
		CacheRead:    u.CacheRead + v.CacheRead,
		CacheWrite5m: u.CacheWrite5m + v.CacheWrite5m,
		CacheWrite1h: u.CacheWrite1h + v.CacheWrite1h,
		ToolUse:      u.ToolUse + v.ToolUse,
		AudioInput:   u.AudioInput + v.AudioInput,
		Output:       u.Output + v.Output,
		Reasoning:    u.Reasoning + v.Reasoning,
	}
}

// Source says where a usage comes from, best first.
type Source uint8

const (
	SourceNone      Source = iota // nothing is known: no usage was due or none can be told
	SourceProvider                // the provider's own numbers
	SourceCounted                 // our count of what was delivered
	SourceEstimated               // derived from byte counts
)

// String returns the word that rows, metrics and reports use.
func (s Source) String() string {
	switch s {
	case SourceProvider:
		return "provider"
	case SourceCounted:
		return "counted"
	case SourceEstimated:
		return "estimated"
	}
	return "none"
}
