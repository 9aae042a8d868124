package signal_test

import (
	"strings"
	"testing"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/signal"
)

// front gives what it holds, and counts how often it was asked.
type front struct {
	dialect.Front
	asking *dialect.Asking
	read   *int
}

func (f front) Read(*dialect.Request) (*dialect.Asking, *fault.Error) {
	*f.read++
	if f.asking == nil {
		return nil, fault.New(fault.InvalidField, "no")
	}
	return f.asking, nil
}

func of(asking *dialect.Asking) (*signal.Facts, *int) {
	n := new(int)
	return &signal.Facts{Call: &dialect.Request{Body: []byte(strings.Repeat("x", 40))}, Front: front{asking: asking, read: n}}, n
}

func said(role dialect.Role, text string) dialect.Turn {
	return dialect.Turn{Role: role, Parts: []dialect.Part{{Text: dialect.Escape(text)}}}
}

func TestShape(t *testing.T) {
	c := &dialect.Chat{
		Turns: []dialect.Turn{said(dialect.System, "be kind"), said(dialect.User, strings.Repeat("abcd", 10)), said(dialect.Assistant, "yes"),
			{Role: dialect.User, Parts: []dialect.Part{{Kind: dialect.PartImage}, {Text: dialect.Text("what is it?")}}}},
		Format: dialect.Format{Kind: dialect.FormatSchema},
	}
	f, read := of(&dialect.Asking{Chat: c})
	s := f.Shape()
	if s.Turns != 3 || s.Images != 1 || !s.Schema || s.Tokens < 785 || s.Tokens > 815 {
		t.Errorf("%+v", s)
	}
	if got := f.Text().Question; got != "what" || f.Shape() != s || *read != 1 {
		t.Errorf("%q, read %d times", got, *read)
	}
}

func TestWhatCannotBeReadHasASize(t *testing.T) {
	f, _ := of(nil)
	if s := f.Shape(); s.Tokens != 10 || s.Turns != 0 {
		t.Errorf("%+v", s)
	}
	f.Text()
	if s := (&signal.Facts{}).Shape(); s.Tokens != 0 {
		t.Errorf("%+v", s)
	}
}

func TestText(t *testing.T) {
	for text, want := range map[string]signal.Text{
		"What is the capital of the country?":               {Language: "en", Question: "what"},
		"Is that the one you are looking for?":              {Language: "en", Question: "whether"},
		"Wie komme ich mit der Bahn und dem Bus zu dir?":    {Language: "de"},
		"Translate to French: the house is on the hill":     {Language: "en", Task: "translate"},
		"Pourquoi est-ce que la mer et le ciel sont bleus?": {Language: "fr"},
		"東京の天気はどうですか":                                       {Language: "ja"},
		"今天北京的天气怎么样":                                        {Language: "zh"},
		"Какая сегодня погода в Москве?":                    {Language: "ru"},
		"Prove the theorem for all of the primes":           {Language: "en", Maths: true, Task: "maths"},
		"```go\nfunc main() {}\n```":                        {Code: true, Task: "code"},
		"def f(x):\n    return x\n":                         {Code: true, Task: "code"},
		"12345":                                             {},
	} {
		f, _ := of(&dialect.Asking{Chat: &dialect.Chat{Turns: []dialect.Turn{said(dialect.User, text)}}})
		got := *f.Text()
		got.Difficulty = 0
		if got != want {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
	}
}

func TestHardIsHarder(t *testing.T) {
	score := func(text string) float64 {
		f, _ := of(&dialect.Asking{Chat: &dialect.Chat{Turns: []dialect.Turn{said(dialect.User, text)}}})
		return f.Text().Difficulty
	}
	easy, hard := score("Hello there"), score("Prove the theorem step by step and explain how the proof of ```x``` works. "+strings.Repeat("more ", 2000))
	if easy > 0.2 || hard < 0.6 || hard > 1 {
		t.Errorf("easy %v, hard %v", easy, hard)
	}
}

// FuzzText reads any text: without panics, and within the words that there are.
func FuzzText(f *testing.F) {
	f.Add([]byte("hello"))
	f.Add([]byte(`\u00e9\\ \"`))
	f.Add([]byte(strings.Repeat("é", 9000)))
	f.Add([]byte(strings.Repeat(`\u00e9`, 2000)))
	f.Fuzz(func(t *testing.T, text []byte) {
		x, _ := of(&dialect.Asking{Chat: &dialect.Chat{Turns: []dialect.Turn{{Role: dialect.User, Parts: []dialect.Part{{Text: text}}}}}})
		if d := x.Text().Difficulty; d < 0 || d > 1 || x.Shape().Tokens < 0 {
			t.Errorf("%v %+v", d, x.Shape())
		}
	})
}
