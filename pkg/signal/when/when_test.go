package when_test

import (
	"strings"
	"testing"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/signal"
	"github.com/signalbox-dev/signalbox/pkg/signal/when"
)

func compiler(t testing.TB) *when.Compiler {
	t.Helper()
	c, err := when.New()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func facts() *signal.Facts {
	return &signal.Facts{
		Model: "m", Team: "search", KeyID: "key_1", KeyName: "ci", Channel: "chat", Classes: []genai.DataClass{"eu"}, Operation: genai.Chat,
		Time:    time.Date(2026, 3, 1, 22, 5, 0, 0, time.UTC), // a Sunday
		Headers: []signal.Header{{Name: "x-plan", Value: "gold"}},
		Call:    &dialect.Request{Stream: true, HasTools: true, Choices: 2, MaxOutput: 100, Body: []byte(strings.Repeat("a", 400))},
	}
}

func TestEval(t *testing.T) {
	c := compiler(t)
	for text, want := range map[string]string{
		`request.model == "m" && request.team == "search" && request.key == "key_1" && request.key_name == "ci"`: "true",
		`request.channel in ["chat", "voice"] && request.operation == "chat"`:                                    "true",
		`"eu" in request.classes && !("us" in request.classes)`:                                                  "true",
		`request.stream && request.tools && request.choices == 2 && request.max_output <= 100`:                   "true",
		`request.hour == 22 && request.weekday == 7`:                                                             "true",
		`request.tokens == 100 && request.turns == 0 && request.images == 0 && !request.schema`:                  "true",
		`request.language == "" && !request.code && request.difficulty < 0.5`:                                    "true",
		`request.header("x-plan") == "gold" && request.header("x-none") == ""`:                                   "true",
		`request.header("x-plan").matches("^g.*d$")`:                                                             "true",
		`request.tokens > 100`:            "false",
		`100 / request.turns > 2`:         "error",
		`request.classes[3] == "x"`:       "error",
		`request.model.startsWith("gpt")`: "false",
	} {
		cond, err := c.Compile(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		holds, err := cond.Eval(facts())
		got := map[bool]string{true: "true", false: "false"}[holds]
		if err != nil {
			got = "error"
		}
		if got != want {
			t.Errorf("%s is %s (%v), want %s", text, got, err, want)
		}
	}
}

func TestCompileRefuses(t *testing.T) {
	c := compiler(t)
	for text, want := range map[string]string{
		`request.tokens + 1`:                   "is a whole number, where",
		`request.tokn > 4`:                     "there is no request.tokn, at character 1",
		`request.tokens > "4"`:                 "no matching overload",
		`request.tokens > 4.0`:                 "no matching overload",
		`request.tokens >`:                     "",
		`request.header(request.model) == "a"`: "wants the name",
		`request.header("X-Plan") == "a"`:      "wants the name",
		`request.model.matches("(")`:           "invalid matches argument",
		`@headers == @headers`:                 "",
		strings.Repeat("(", 300):               "",
		`request.classes.all(a, request.classes.all(b, request.classes.all(c, request.classes.all(d, request.classes.all(e, a+b+c+d+e != "")))))`: "may take too long",
	} {
		_, err := c.Compile(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: %v, want %q", text, err, want)
		}
	}
}

func TestHeadersAreKnown(t *testing.T) {
	cond, err := compiler(t).Compile(`request.header("b") == "1" || ["x"].exists(x, request.header("a") == x) || request.header("b") == "2"`)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(cond.Headers(), " "); got != "a b" {
		t.Error(got)
	}
}

func BenchmarkEval(b *testing.B) {
	cond, err := compiler(b).Compile(`request.team == "search" && request.tokens > 5000 && request.stream`)
	if err != nil {
		b.Fatal(err)
	}
	f := facts()
	b.ReportAllocs()
	for b.Loop() {
		if holds, err := cond.Eval(f); holds || err != nil {
			b.Fatal(holds, err)
		}
	}
}
