package when

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/signal"
)

// TestPlainIsCEL compares predicates with CEL's own interpreter, by random
// conditions over random facts.
func TestPlainIsCEL(t *testing.T) {
	c, err := New()
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	simple := 0
	for range 1000 {
		text := condition(r, 3)
		k, err := c.Compile(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if k.plain == nil {
			continue
		}
		simple++
		checked, _ := c.env.Compile(text)
		program, err := c.env.Program(checked)
		if err != nil {
			t.Fatal(err)
		}
		own := &Condition{program: program}
		for range 8 {
			f := someFacts(r)
			got, err := k.Eval(f)
			want, wantErr := own.Eval(f)
			if got != want || err != nil || wantErr != nil {
				t.Fatalf("%s: %v %v, CEL says %v %v, of %+v", text, got, err, want, wantErr, f)
			}
		}
	}
	if simple < 500 {
		t.Errorf("only %d of 1000 were plain", simple)
	}
}

func condition(r *rand.Rand, depth int) string {
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	if depth > 0 {
		switch r.IntN(4) {
		case 0:
			return "!(" + condition(r, depth-1) + ")"
		case 1:
			return condition(r, depth-1) + " && (" + condition(r, depth-1) + ")"
		case 2:
			return "(" + condition(r, depth-1) + ") || " + condition(r, depth-1)
		}
	}
	text := func() string {
		return pick("request.team", "request.model", `request.header("x-a")`, `"b"`, "request.language", "request.task")
	}
	number := func() string {
		return pick("request.tokens", "request.turns", "1", "20", "request.hour", "request.max_output")
	}
	op := func() string { return pick("==", "!=", "<", "<=", ">", ">=") }
	switch r.IntN(9) {
	case 0:
		return text() + " " + op() + " " + text()
	case 1:
		return number() + " " + op() + " " + number()
	case 2:
		return pick("request.stream", "request.tools", "request.code", "request.schema", "true", "request.maths", "request.stream == request.tools", "request.code != true")
	case 3:
		return text() + ` in ["a", "b", "chat"]`
	case 4:
		return number() + " in [1, 2, 20]"
	case 5:
		return text() + " in request.classes"
	case 6:
		return text() + "." + pick("startsWith", "endsWith", "contains", "matches") + `("` + pick("a", "b", "", "^a.*b$") + `")`
	case 7:
		return "request.difficulty > 0.2"
	}
	return fmt.Sprintf("request.tokens > %d", r.IntN(40))
}

func someFacts(r *rand.Rand) *signal.Facts {
	word := func() string { return []string{"", "a", "b", "ab", "chat"}[r.IntN(5)] }
	f := &signal.Facts{
		Team: word(), Model: word(), Classes: []genai.DataClass{genai.DataClass(word()), "x"}[:r.IntN(3)],
		Time: time.Unix(r.Int64N(1<<31), 0), Headers: []signal.Header{{Name: "x-a", Value: word()}}[:r.IntN(2)],
	}
	if r.IntN(4) > 0 {
		f.Call = &dialect.Request{Stream: r.IntN(2) > 0, HasTools: r.IntN(2) > 0, MaxOutput: r.Int64N(30), Body: []byte(strings.Repeat("a", r.IntN(160)))}
	}
	return f
}

// TestPlainForms says which conditions are plain.
func TestPlainForms(t *testing.T) {
	c, err := New()
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{
		`request.model == "m" && request.team in ["a"] || !request.stream`: true,
		`"eu" in request.classes && request.header("a").matches("^x")`:     true,
		`request.weekday in [6, 7] && request.hour >= 20`:                  true,
		`request.tokens > 4000 && request.code && request.maths`:           true,
		`request.tokens / request.turns > 4`:                               false,
		`request.classes.exists(c, c == "eu")`:                             false,
		`request.difficulty > 0.5`:                                         true,
	} {
		k, err := c.Compile(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := k.plain != nil; got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}
