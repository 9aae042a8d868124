package when

import (
	"time"

	"github.com/google/cel-go/cel"

	"github.com/signalbox-dev/signalbox/pkg/signal"
)

// Fact is a variable of conditions.
type Fact struct {
	Name, Text string // request.model, and what it is
	kind       *cel.Type
	get        func(*signal.Facts) any
}

// Type is the fact's type as CEL names it.
func (f Fact) Type() string { return typeName(f.kind) }

// Facts lists the variables.
func Facts() []Fact {
	return append(asked(), prompt()...)
}

func asked() []Fact {
	return []Fact{
		{"request.model", "the model that is asked for", cel.StringType, func(f *signal.Facts) any { return f.Model }},
		{"request.team", "team of the key; empty: none", cel.StringType, func(f *signal.Facts) any { return f.Team }},
		{"request.key", "id of the key", cel.StringType, func(f *signal.Facts) any { return f.KeyID }},
		{"request.key_name", "name of the key", cel.StringType, func(f *signal.Facts) any { return f.KeyName }},
		{"request.channel", "channel of the request; empty: none", cel.StringType, func(f *signal.Facts) any { return f.Channel }},
		{"request.classes", "classes of the key and of the team", cel.ListType(cel.StringType), classes},
		{"request.operation", "chat or embeddings", cel.StringType, func(f *signal.Facts) any { return string(f.Operation) }},
		{"request.stream", "the answer is streamed", cel.BoolType, func(f *signal.Facts) any { return f.Call != nil && f.Call.Stream }},
		{"request.tools", "there are tools that the model may call", cel.BoolType, func(f *signal.Facts) any { return f.Call != nil && f.Call.HasTools }},
		{"request.choices", "answers asked for", cel.IntType, choices},
		{"request.max_output", "limit of tokens of an answer; 0: none was set", cel.IntType, maxOutput},
		{"request.hour", "hour of the day, UTC, from 0 to 23", cel.IntType, func(f *signal.Facts) any { return int64(f.Time.UTC().Hour()) }},
		{"request.weekday", "day of the week, UTC, from 1 for Monday to 7 for Sunday", cel.IntType, weekday},
	}
}

func prompt() []Fact {
	return []Fact{
		{"request.tokens", "tokens of the prompt, estimated", cel.IntType, func(f *signal.Facts) any { return f.Shape().Tokens }},
		{"request.turns", "messages, those of the system left out", cel.IntType, func(f *signal.Facts) any { return f.Shape().Turns }},
		{"request.images", "images in the prompt", cel.IntType, func(f *signal.Facts) any { return f.Shape().Images }},
		{"request.schema", "the answer must be JSON", cel.BoolType, func(f *signal.Facts) any { return f.Shape().Schema }},
		{"request.language", "language of the user's last message, as en; empty: not clear", cel.StringType, func(f *signal.Facts) any { return f.Text().Language }},
		{"request.code", "there is program text in it", cel.BoolType, func(f *signal.Facts) any { return f.Text().Code }},
		{"request.maths", "it is about formulas or proofs", cel.BoolType, func(f *signal.Facts) any { return f.Text().Maths }},
		{"request.question", "who, what, when, where, why, how, which or whether; empty: no question in English", cel.StringType, func(f *signal.Facts) any { return f.Text().Question }},
		{"request.task", "code, maths, translate, summarise, extract, classify or write; empty: another", cel.StringType, func(f *signal.Facts) any { return f.Text().Task }},
		{"request.difficulty", "a score from 0.0 to 1.0: long, formal and demanding prompts are hard", cel.DoubleType, func(f *signal.Facts) any { return f.Text().Difficulty }},
	}
}

func classes(f *signal.Facts) any {
	names := make([]string, 0, len(f.Classes))
	for _, c := range f.Classes {
		names = append(names, string(c))
	}
	return names
}

func choices(f *signal.Facts) any {
	if f.Call == nil {
		return int64(1)
	}
	return int64(f.Call.Choices)
}

func maxOutput(f *signal.Facts) any {
	if f.Call == nil {
		return int64(0)
	}
	return f.Call.MaxOutput
}

func weekday(f *signal.Facts) any {
	if d := f.Time.UTC().Weekday(); d != time.Sunday {
		return int64(d)
	}
	return int64(7)
}
