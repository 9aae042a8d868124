package gemini

import (
	"strings"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
)

// thinking is how a model wants to be told how much to think.
type thinking uint8

const (
	noThinking thinking = iota
	byBudget            // thinkingBudget, in tokens
	byLevel             // thinkingLevel
)

// quirk is what differs between models. Sources are named in README.md.
type quirk struct {
	prefix   string
	thinking thinking
	least    dialect.Effort // the least that the model thinks; EffortNone: it can be told not to
	coarse   bool           // there is no level between low and high
	signed   bool           // calls of earlier turns must carry a signature
	noSystem bool           // there is no system instruction
	loose    bool           // JSON cannot be asked for together with tools
}

// quirks are found by the first prefix of the model's name that fits.
func quirks() []quirk {
	return []quirk{
		{prefix: "gemini-1.", loose: true},
		{prefix: "gemini-2.0", loose: true},
		{prefix: "gemini-2.5-flash", thinking: byBudget, least: dialect.EffortNone, loose: true},
		{prefix: "gemini-2.5", thinking: byBudget, least: dialect.EffortMinimal, loose: true},
		{prefix: "gemini-3-pro", thinking: byLevel, least: dialect.EffortLow, coarse: true, signed: true},
		{prefix: "gemini-3.1-pro", thinking: byLevel, least: dialect.EffortLow, signed: true},
		{prefix: "gemma", noSystem: true, loose: true},
		{prefix: "", thinking: byLevel, least: dialect.EffortMinimal, signed: true},
	}
}

// quirkOf is what is known of a model; an unknown one is taken for new.
func quirkOf(model string) quirk {
	model = strings.ToLower(model[strings.LastIndexByte(model, '/')+1:])
	for _, q := range quirks() {
		if strings.HasPrefix(model, q.prefix) {
			return q
		}
	}
	return quirk{} // cannot happen: the last prefix fits all
}

// alwaysThinks reports whether a model cannot be kept from thinking. The level
// "minimal" nearly does.
func (q *quirk) alwaysThinks() bool {
	return q.least > dialect.EffortMinimal || q.thinking == byBudget && q.least > dialect.EffortNone
}

// budget is an effort in tokens, as Google's own OpenAI-compatible endpoint
// translates it.
func (q *quirk) budget(e dialect.Effort) int64 {
	switch max(e, q.least) {
	case dialect.EffortNone:
		return 0
	case dialect.EffortMinimal:
		if e < q.least {
			return 128 // the least that 2.5 Pro takes
		}
		return 1024
	case dialect.EffortLow:
		return 1024
	case dialect.EffortMedium:
		return 8192
	case dialect.EffortDefault, dialect.EffortHigh, dialect.EffortXHigh, dialect.EffortMax:
	}
	return 24576
}

// level is an effort in the words of Gemini 3.
func (q *quirk) level(e dialect.Effort) string {
	switch max(e, q.least) {
	case dialect.EffortNone, dialect.EffortMinimal:
		return "minimal"
	case dialect.EffortLow:
		return "low"
	case dialect.EffortMedium:
		if !q.coarse {
			return "medium"
		}
	case dialect.EffortDefault, dialect.EffortHigh, dialect.EffortXHigh, dialect.EffortMax:
	}
	return "high"
}

// effort is the level for a budget, the other way round.
func effort(budget int64) dialect.Effort {
	switch {
	case budget <= 1024:
		return dialect.EffortLow
	case budget <= 8192:
		return dialect.EffortMedium
	}
	return dialect.EffortHigh
}
