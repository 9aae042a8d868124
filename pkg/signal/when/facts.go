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

	text   func(*signal.Facts) string // get, where the type is this
	number func(*signal.Facts) int64
	truth  func(*signal.Facts) bool
	score  func(*signal.Facts) float64
}

// Type is the fact's type as CEL names it.
func (f Fact) Type() string { return typeName(f.kind) }

// Facts lists the variables.
func Facts() []Fact {
	return append(asked(), prompt()...)
}

func text(name, about string, get func(*signal.Facts) string) Fact {
	return Fact{Name: name, Text: about, kind: cel.StringType, text: get, get: func(f *signal.Facts) any { return get(f) }}
}

func number(name, about string, get func(*signal.Facts) int64) Fact {
	return Fact{Name: name, Text: about, kind: cel.IntType, number: get, get: func(f *signal.Facts) any { return get(f) }}
}

func truth(name, about string, get func(*signal.Facts) bool) Fact {
	return Fact{Name: name, Text: about, kind: cel.BoolType, truth: get, get: func(f *signal.Facts) any { return get(f) }}
}

func score(name, about string, get func(*signal.Facts) float64) Fact {
	return Fact{Name: name, Text: about, kind: cel.DoubleType, score: get, get: func(f *signal.Facts) any { return get(f) }}
}

func asked() []Fact {
	return []Fact{
		text("request.model", "the model that is asked for", func(f *signal.Facts) string { return f.Model }),
		text("request.team", "team of the key; empty: none", func(f *signal.Facts) string { return f.Team }),
		text("request.key", "id of the key", func(f *signal.Facts) string { return f.KeyID }),
		text("request.key_name", "name of the key", func(f *signal.Facts) string { return f.KeyName }),
		text("request.channel", "channel of the request; empty: none", func(f *signal.Facts) string { return f.Channel }),
		{Name: "request.classes", Text: "classes of the key and of the team", kind: cel.ListType(cel.StringType), get: classes},
		text("request.operation", "chat or embeddings", func(f *signal.Facts) string { return string(f.Operation) }),
		truth("request.stream", "the answer is streamed", func(f *signal.Facts) bool { return f.Call != nil && f.Call.Stream }),
		truth("request.tools", "there are tools that the model may call", func(f *signal.Facts) bool { return f.Call != nil && f.Call.HasTools }),
		number("request.choices", "answers asked for", choices),
		number("request.max_output", "limit of tokens of an answer; 0: none was set", maxOutput),
		number("request.hour", "hour of the day, UTC, from 0 to 23", func(f *signal.Facts) int64 { return int64(f.Time.UTC().Hour()) }),
		number("request.weekday", "day of the week, UTC, from 1 for Monday to 7 for Sunday", weekday),
	}
}

func prompt() []Fact {
	return []Fact{
		number("request.tokens", "tokens of the prompt, estimated", func(f *signal.Facts) int64 { return f.Shape().Tokens }),
		number("request.turns", "messages, those of the system left out", func(f *signal.Facts) int64 { return f.Shape().Turns }),
		number("request.images", "images in the prompt", func(f *signal.Facts) int64 { return f.Shape().Images }),
		truth("request.schema", "the answer must be JSON", func(f *signal.Facts) bool { return f.Shape().Schema }),
		text("request.language", "language of the user's last message, as en; empty: not clear", func(f *signal.Facts) string { return f.Text().Language }),
		truth("request.code", "there is program text in it", func(f *signal.Facts) bool { return f.Text().Code }),
		truth("request.maths", "it is about formulas or proofs", func(f *signal.Facts) bool { return f.Text().Maths }),
		text("request.question", "who, what, when, where, why, how, which or whether; empty: no question in English", func(f *signal.Facts) string { return f.Text().Question }),
		text("request.task", "code, maths, translate, summarise, extract, classify or write; empty: another", func(f *signal.Facts) string { return f.Text().Task }),
		score("request.difficulty", "a score from 0.0 to 1.0: long, formal and demanding prompts are hard", func(f *signal.Facts) float64 { return f.Text().Difficulty }),
	}
}

func classes(f *signal.Facts) any {
	names := make([]string, 0, len(f.Classes))
	for _, c := range f.Classes {
		names = append(names, string(c))
	}
	return names
}

func choices(f *signal.Facts) int64 {
	if f.Call == nil {
		return 1
	}
	return int64(f.Call.Choices)
}

func maxOutput(f *signal.Facts) int64 {
	if f.Call == nil {
		return 0
	}
	return f.Call.MaxOutput
}

func weekday(f *signal.Facts) int64 {
	if d := f.Time.UTC().Weekday(); d != time.Sunday {
		return int64(d)
	}
	return int64(7)
}
