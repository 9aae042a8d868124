package anthropic

import (
	"strings"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
)

// quirk is how a family of models departs from the others. README.md names the
// sources.
type quirk struct {
	prefix   string // of the model's name, from "claude" on
	think    thinkMode
	rest     restMode
	efforts  levels // that output_config.effort takes
	display  bool   // thinking.display
	forced   forcedMode
	sampling samplingMode
	schema   bool  // output_config.format and tools[].strict
	system   bool  // system turns within the conversation
	output   int64 // most tokens of an answer; 0: not known
}

// thinkMode is how thinking is asked for.
type thinkMode uint8

const (
	noThinking thinkMode = iota
	byBudget             // thinking.budget_tokens
	byEither             // that, and what follows
	byEffort             // adaptive, with output_config.effort
)

// restMode is how a model is kept from thinking.
type restMode uint8

const (
	unasked  restMode = iota // it does not think unless it is asked to
	disabled                 // by {"type":"disabled"}
	between                  // by {"type":"between_tools"}
	never                    // it always thinks
)

// forcedMode is when tool_choice may force a call.
type forcedMode uint8

const (
	forcedAtRest forcedMode = iota // while it does not think
	forcedAlways
	forcedNever
)

// samplingMode is which of temperature, top_p and top_k a model takes.
type samplingMode uint8

const (
	anySampling samplingMode = iota
	oneSampling              // temperature or top_p, not both
	noSampling               // none that is not the default
)

// levels is a set of levels of effort.
type levels uint16

const (
	low4 levels = 1<<dialect.EffortLow | 1<<dialect.EffortMedium | 1<<dialect.EffortHigh | 1<<dialect.EffortMax
	low5 levels = low4 | 1<<dialect.EffortXHigh
)

// table has the most special prefixes first. The last row is for models of
// Anthropic's that are newer than the table.
var table = [...]quirk{
	{prefix: "claude-2", output: 4096},
	{prefix: "claude-instant", output: 4096},
	{prefix: "claude-3-5", output: 8192},
	{prefix: "claude-3-7", think: byBudget, output: 64000},
	{prefix: "claude-3", output: 4096},
	{prefix: "claude-opus-4-1", think: byBudget, sampling: oneSampling, output: 32000},
	{prefix: "claude-opus-4-5", think: byBudget, sampling: oneSampling, schema: true, output: 64000},
	{prefix: "claude-opus-4-6", think: byEither, efforts: low4, sampling: oneSampling, schema: true, output: 128000},
	{prefix: "claude-opus-4-7", think: byEffort, efforts: low5, display: true, sampling: noSampling, schema: true, output: 128000},
	{prefix: "claude-opus-4-8", think: byEffort, efforts: low5, display: true, forced: forcedAlways, sampling: noSampling, schema: true, system: true, output: 128000},
	{prefix: "claude-opus-4", think: byBudget, output: 32000},
	{prefix: "claude-sonnet-4-5", think: byBudget, sampling: oneSampling, schema: true, output: 64000},
	{prefix: "claude-sonnet-4-6", think: byEither, efforts: low4, sampling: oneSampling, schema: true, output: 128000},
	{prefix: "claude-sonnet-4", think: byBudget, output: 64000},
	{prefix: "claude-haiku-4", think: byBudget, sampling: oneSampling, schema: true, output: 64000},
	{prefix: "claude-opus-5-5", think: byEffort, rest: never, efforts: low5, display: true, forced: forcedNever, sampling: noSampling, schema: true, system: true, output: 128000},
	{prefix: "claude-opus-5", think: byEffort, rest: disabled, efforts: low5, display: true, forced: forcedAlways, sampling: noSampling, schema: true, system: true, output: 128000},
	{prefix: "claude-sonnet-5-5", think: byEffort, rest: between, efforts: low5, display: true, forced: forcedNever, sampling: noSampling, schema: true, system: true, output: 128000},
	{prefix: "claude-sonnet-5", think: byEffort, rest: disabled, efforts: low5, display: true, forced: forcedAlways, sampling: noSampling, schema: true, output: 128000},
	{prefix: "claude-haiku-5-5", think: byEffort, rest: disabled, efforts: low5, display: true, forced: forcedAlways, sampling: noSampling, schema: true, system: true, output: 128000},
	{prefix: "claude-", think: byEffort, rest: never, efforts: low5, display: true, forced: forcedNever, sampling: noSampling, schema: true, output: 128000},
}

// other is for models of others that speak the dialect.
var other = quirk{think: byBudget}

// quirkOf finds the row of a model, by whatever name a cloud has for it.
func quirkOf(model string) *quirk {
	name := strings.ReplaceAll(strings.ToLower(model), ".", "-")
	i := strings.Index(name, "claude-")
	if i < 0 {
		return &other
	}
	for k := range table {
		if strings.HasPrefix(name[i:], table[k].prefix) {
			return &table[k]
		}
	}
	return &other // cannot happen: the last row takes all that are left
}

const (
	usualOutput = 32000 // limit where nobody set one, and the model takes it
	otherOutput = 8192
	leastBudget = 1024 // of thinking
)

// limit is the limit of tokens where the caller set none.
func (q *quirk) limit() int64 {
	if q.output == 0 {
		return otherOutput
	}
	return min(q.output, usualOutput)
}

// budgets are tokens to think with, by effort.
var budgets = [...]int64{
	dialect.EffortMinimal: leastBudget, dialect.EffortLow: 2048, dialect.EffortMedium: 8192,
	dialect.EffortHigh: 16384, dialect.EffortXHigh: 24576, dialect.EffortMax: 31999,
}

// effortOf is the effort whose budget is nearest above.
func effortOf(budget int64) dialect.Effort {
	for e := dialect.EffortLow; e < dialect.EffortMax; e++ {
		if budget <= budgets[e] {
			return e
		}
	}
	return dialect.EffortMax
}

// level is the level of the model that is nearest below the one asked for, or
// its lowest; false when it is another one.
func (q *quirk) level(e dialect.Effort) (dialect.Effort, bool) {
	for l := e; l > dialect.EffortNone; l-- {
		if q.efforts>>l&1 != 0 {
			return l, l == e
		}
	}
	return dialect.EffortLow, false // every set has it
}

// efforts are the words of levels.
var efforts = [...]string{
	dialect.EffortLow: "low", dialect.EffortMedium: "medium", dialect.EffortHigh: "high",
	dialect.EffortXHigh: "xhigh", dialect.EffortMax: "max",
}
