package ledger

import (
	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"

	"github.com/signalbox-dev/signalbox/pkg/genai"
)

// UsageOf returns the counts of a record's usage, zero for nil.
func UsageOf(u *signalboxv1.Usage) genai.Usage {
	return genai.Usage{
		Input: u.GetInput(), CacheRead: u.GetCacheRead(), CacheWrite5m: u.GetCacheWrite_5M(), CacheWrite1h: u.GetCacheWrite_1H(),
		ToolUse: u.GetToolUse(), AudioInput: u.GetAudioInput(), Output: u.GetOutput(), Reasoning: u.GetReasoning(),
	}
}

// UsageRecord returns the record of u, nil for the zero usage.
func UsageRecord(u genai.Usage) *signalboxv1.Usage {
	if u == (genai.Usage{}) {
		return nil
	}
	return &signalboxv1.Usage{
		Input: u.Input, CacheRead: u.CacheRead, CacheWrite_5M: u.CacheWrite5m, CacheWrite_1H: u.CacheWrite1h,
		ToolUse: u.ToolUse, AudioInput: u.AudioInput, Output: u.Output, Reasoning: u.Reasoning,
	}
}
