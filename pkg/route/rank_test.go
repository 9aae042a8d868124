package route_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/signalbox-dev/signalbox/pkg/config"
	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/dialect/openai"
	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/health"
	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/route"
	"github.com/signalbox-dev/signalbox/pkg/signal"
)

const backendsABCD = `
providers:
  - name: p
    backends:
      - {name: a, base_url: "https://a.example.com/v1"}
      - {name: b, base_url: "https://b.example.com/v1"}
      - {name: c, base_url: "https://c.example.com/v1"}
      - {name: d, base_url: "https://d.example.com/v1"}
`

// ranked is a policy of the model m with four candidates and a route r.
func ranked(tb testing.TB, candidates, route string) *policy.Snapshot {
	tb.Helper()
	return compiled(tb, backendsABCD+"models:\n  - {name: m, aliases: [n], candidates: ["+candidates+"]}\n  - {name: new, candidates: [{backend: d}]}\nroutes: [{name: r, max_attempts: 4, "+route+"}]\n")
}

func compiled(tb testing.TB, text string) *policy.Snapshot {
	tb.Helper()
	c, err := config.Parse("test.yaml", []byte(text))
	if err != nil {
		tb.Fatal(err)
	}
	s, err := policy.Compile(c)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// asking are the facts of a chat completion.
func asking(tb testing.TB, body string) *signal.Facts {
	tb.Helper()
	d := openai.New()
	call, f := d.Request.Parse(dialect.Endpoint{Operation: genai.Chat}, []byte(body), nil)
	if f != nil {
		tb.Fatal(f)
	}
	return &signal.Facts{Operation: genai.Chat, Call: &call, Front: d.Front, KeyID: "key_1"}
}

func TestOrders(t *testing.T) {
	const prices = `{backend: a, price: {input: 3, output: 1}}, {backend: b, price: {input: 1, output: 30}}, {backend: c}, {backend: d, price: {input: 0, output: 0}}`
	const qualities = `{backend: a, quality: 0.5}, {backend: b, quality: 0.9}, {backend: c}, {backend: d, quality: 0.9}`
	const both = `{backend: a, quality: 0.5, price: {input: 1, output: 1}}, {backend: b, quality: 0.9, price: {input: 3, output: 3}}, {backend: c, quality: 0.8, price: {input: 2, output: 2}}, {backend: d}`
	long := `{"model":"m","messages":[{"role":"user","content":"` + strings.Repeat("word ", 3000) + `"}],"max_tokens":5}`
	for _, c := range []struct{ name, candidates, route, body, want string }{
		{"cheapest_for_a_long_answer", prices, "order: cheapest", `{"model":"m","messages":[]}`, "cheapest: d a b c"},
		{"cheapest_for_a_long_prompt", prices, "order: cheapest", long, "cheapest: d b a c"},
		{"strongest", qualities, "order: strongest", long, "strongest: b d a c"},
		{"floor", qualities, "min_quality: 0.6", long, "configured: b d (a quality, c quality)"},
		{"floor_that_none_has", qualities, "min_quality: 1.0", long, "strongest: b d a c"},
		{"cheapest_above_a_floor", both, "order: cheapest, min_quality: 0.8", long, "cheapest: c b (a quality, d quality)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := ranked(t, c.candidates, c.route)
			d, f := route.Decide(s, route.Request{Model: "m", Facts: asking(t, c.body)})
			if f != nil {
				t.Fatal(f)
			}
			got := d.Objective + ": " + strings.Join(names(d.Order), " ")
			if len(d.Out) > 0 {
				got += " ("
				for i, o := range d.Out {
					got += map[bool]string{true: ", "}[i > 0] + o.Backend + " " + string(o.Reason)
				}
				got += ")"
			}
			if got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// fast are speeds by backend, in milliseconds to the first byte; tokens take
// 10 ms.
func fast(ms map[string]int) func(*policy.Candidate) health.Speed {
	return func(c *policy.Candidate) health.Speed {
		if n := ms[c.Backend.Name]; n > 0 {
			return health.Speed{FirstByte: time.Duration(n) * time.Millisecond, TokensPerSecond: 100}
		}
		return health.Speed{}
	}
}

func TestTheLeaderIsDisplacedByWhoIsClearlyBetter(t *testing.T) {
	s := ranked(t, "{backend: a}, {backend: b}, {backend: c}", "order: fastest")
	expect := func(*policy.Route, *policy.Model) int64 { return 10 } // 100 ms
	leads, now := new(route.Leads), time.Unix(1000, 0)
	for i, c := range []struct {
		speeds map[string]int
		after  time.Duration
		want   string
	}{
		{map[string]int{"a": 300, "b": 400, "c": 500}, 0, "a b c"},
		{map[string]int{"a": 300, "b": 250, "c": 500}, 0, "a b c"},                // not much better
		{map[string]int{"a": 300, "b": 200, "c": 500}, 0, "b a c"},                // much, and a had led from the beginning
		{map[string]int{"a": 50, "b": 200, "c": 500}, 10 * time.Second, "b a c"},  // too soon
		{map[string]int{"a": 50, "b": 200, "c": 500}, 30 * time.Second, "a b c"},  // late enough
		{map[string]int{"a": 2000, "b": 2100, "c": 0}, 60 * time.Second, "c a b"}, // an exploration
	} {
		now = now.Add(c.after)
		d, f := route.Decide(s, route.Request{
			Model: "m", Speed: fast(c.speeds), Expect: expect, Pick: 1,
			Leader: func(r route.Race) route.Leader { return leads.Leader(r, now) },
		})
		if got := strings.Join(names(d.Order), " "); f != nil || got != c.want {
			t.Errorf("step %d: got %s, want %s", i, got, c.want)
		}
		leads.Take(d.Race, d.Lead, now)
	}
}

// TestWhoIsNotKnownGetsAShare: an eighth while others are known, all in equal
// parts while nobody is.
func TestWhoIsNotKnownGetsAShare(t *testing.T) {
	s := ranked(t, "{backend: a}, {backend: b}, {backend: c}", "order: fastest")
	const n = 8000
	for _, c := range []struct {
		speeds map[string]int
		want   map[string]float64
	}{
		{map[string]int{"a": 100, "b": 50}, map[string]float64{"b": .875, "c": .125}},
		{map[string]int{"a": 100}, map[string]float64{"a": .875, "b": .0625, "c": .0625}},
		{nil, map[string]float64{"a": 1. / 3, "b": 1. / 3, "c": 1. / 3}},
	} {
		first := map[string]float64{}
		for i := range n {
			d, _ := route.Decide(s, route.Request{Model: "m", Speed: fast(c.speeds), Pick: uint64(i) * 0x9e3779b97f4a7c15})
			first[d.Order[0].Backend.Name] += 1. / n
		}
		if diff := cmp.Diff(c.want, first, cmp.Comparer(func(x, y float64) bool { return math.Abs(x-y) < .02 })); diff != "" {
			t.Error(diff)
		}
	}
}

// TestAlike: users keep their candidate when another goes, and the shares are
// those of the weights.
func TestAlike(t *testing.T) {
	s := ranked(t, "{backend: a, weight: 5}, {backend: b, weight: 3}, {backend: c, weight: 2}, {backend: d, weight: 0}", "order: weighted, sticky: user")
	const n = 10_000
	first := map[string]float64{}
	for i := range n {
		facts := asking(t, fmt.Sprintf(`{"model":"m","messages":[],"user":"user %d"}`, i))
		d, _ := route.Decide(s, route.Request{Model: "m", Facts: facts, Pick: uint64(i)})
		at := d.Order[0].Backend.Name
		first[at] += 1. / n
		without, _ := route.Decide(s, route.Request{Model: "m", Facts: facts, Pick: ^uint64(i), Acknowledged: func(b string) bool { return b != "c" }})
		if got := without.Order[0].Backend.Name; at != "c" && got != at || at == "c" && got != d.Order[1].Backend.Name {
			t.Fatalf("user %d goes from %v to %v", i, names(d.Order), names(without.Order))
		}
	}
	want := map[string]float64{"a": .5, "b": .3, "c": .2}
	if diff := cmp.Diff(want, first, cmp.Comparer(func(x, y float64) bool { return math.Abs(x-y) < .02 })); diff != "" {
		t.Error(diff)
	}
}

func TestCanaryShare(t *testing.T) {
	s := ranked(t, "{backend: a}, {backend: b, version: v1}", "canary: {use: new, percent: 5}, sticky: user")
	const n = 10_000
	trials := 0
	for i := range n {
		facts := asking(t, fmt.Sprintf(`{"model":"m","messages":[],"user":"user %d"}`, i))
		d, _ := route.Decide(s, route.Request{Model: "m", Facts: facts, Pick: uint64(i)})
		again, _ := route.Decide(s, route.Request{Model: "n", Facts: facts, Pick: ^uint64(i)})
		if d.Canary != again.Canary || d.Canary != (d.Model.Name == "new") {
			t.Fatalf("user %d: %v, then %v", i, d.Canary, again.Canary)
		}
		if !d.Canary {
			continue
		}
		trials++
		pinned, _ := route.Decide(s, route.Request{Model: "m@v1", Facts: facts})
		gone, _ := route.Decide(s, route.Request{Model: "m", Facts: facts, Acknowledged: func(b string) bool { return b != "d" }})
		if pinned.Canary || names(pinned.Order)[0] != "b" || gone.Canary || !gone.Weighed.Untried || len(gone.Order) != 2 {
			t.Fatalf("%+v\n%+v", pinned, gone)
		}
	}
	if share := float64(trials) / n; math.Abs(share-.05) > .01 {
		t.Errorf("%.3f of the users are in the trial", share)
	}
}

func TestConversationsStick(t *testing.T) {
	s := ranked(t, "{backend: a}, {backend: b}, {backend: c}, {backend: d}", "order: weighted, sticky: conversation")
	moved := 0
	for i := range 100 {
		opening := fmt.Sprintf(`{"role":"system","content":"be kind"},{"role":"user","content":"question %d"}`, i)
		one, _ := route.Decide(s, route.Request{Model: "m", Facts: asking(t, `{"model":"m","messages":[`+opening+`]}`), Pick: 1})
		two, _ := route.Decide(s, route.Request{Model: "m", Facts: asking(t, `{"model":"m","messages":[`+opening+`,{"role":"assistant","content":"x"},{"role":"user","content":"y"}]}`), Pick: 2})
		if diff := cmp.Diff(names(one.Order), names(two.Order)); diff != "" {
			t.Fatal(diff)
		}
		if names(one.Order)[0] != "a" {
			moved++
		}
	}
	if moved < 50 {
		t.Errorf("only %d conversations are elsewhere", moved)
	}
}

func TestWhatNoCandidateCanDo(t *testing.T) {
	s := ranked(t, "{backend: a, capabilities: [tools], context: 1000, version: v1}, {backend: b, capabilities: [tools], context: 2000}", "")
	picture := `{"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://a.example.com/b"}}]}]}`
	long := `{"model":"m","messages":[{"role":"user","content":"` + strings.Repeat("word", 3000) + `"}],"max_tokens":500}`
	for _, c := range []struct{ name, model, body, code, text string }{
		{"picture", "m", picture, "model_not_capable", `takes requests with images. Leave`},
		{"length", "m", long, "context_length_exceeded", "maximum context length is 2000 tokens. However, the request comes to about 3129 tokens, 500 of them for the answer: the prompt is too long"},
		{"length_for_a_version", "m@v1", long, "context_length_exceeded", "maximum context length is 1000 tokens"},
		{"version", "n@v2", long, "model_not_found", `"m" is not here in version "v2". There is v1.`},
		{"model", "x@v2", long, "model_not_found", `The model "x@v2" does not exist here`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, f := route.Decide(s, route.Request{Model: c.model, Facts: asking(t, c.body)})
			if f == nil || f.Kind.Code() != c.code || !strings.Contains(f.Text, c.text) {
				t.Errorf("got %v", f)
			}
		})
	}
}

func TestOnlyWhatIsAskedForIsLookedAt(t *testing.T) {
	s := ranked(t, "{backend: a, capabilities: [vision], context: 100000}, {backend: b}", "order: cheapest")
	f := asking(t, `{"model":"m","messages":[{"role":"user","content":"hello"}]}`)
	if _, err := route.Decide(s, route.Request{Model: "m", Facts: f}); err != nil {
		t.Fatal(err)
	}
	if shape, _ := f.Found(); shape != nil {
		t.Error("a short prompt without pictures was read")
	}
}
