package decide

import (
	"strings"
	"testing"

	"github.com/signalbox-dev/signalbox/pkg/config"
	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/key"
	"github.com/signalbox-dev/signalbox/pkg/pipeline"
	"github.com/signalbox-dev/signalbox/pkg/policy"
)

const doc = `
providers:
  - {name: a, backends: [{name: a, base_url: "http://127.0.0.1:1/v1", allow_private: true, inject_usage: false}]}
  - {name: b, backends: [{name: b, base_url: "http://127.0.0.1:2/other/v1", allow_private: true}]}
models: [{name: m, candidates: [{backend: a, model: at-a}, {backend: b, model: at-b}]}]
`

func snapshot(t *testing.T) *policy.Snapshot {
	t.Helper()
	c, err := config.Parse("test.yaml", []byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	s, err := policy.Compile(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func exchange(t *testing.T) *pipeline.Exchange {
	t.Helper()
	x := &pipeline.Exchange{Snapshot: snapshot(t), Dialect: speech("openai", nil)}
	x.Dialect.Injects = true
	x.Caller.Key = &key.Key{}
	x.Call.Model, x.Call.Stream = "m", true
	x.Endpoint.Path, x.Head.Query = "/chat/completions", "trace=1"
	return x
}

func TestPlansEachCandidate(t *testing.T) {
	x := exchange(t)
	if f := stage().RequestBody(x); f != nil {
		t.Fatal(f)
	}
	if len(x.Order) != 2 {
		t.Fatalf("%d candidates", len(x.Order))
	}
	a, b := x.Order[0], x.Order[1]
	if a.Path != "/v1/chat/completions?trace=1" || a.Target.Model != "at-a" || a.Target.InjectUsage {
		t.Errorf("first %+v", a)
	}
	if b.Path != "/other/v1/chat/completions?trace=1" || b.Target.Model != "at-b" || !b.Target.InjectUsage {
		t.Errorf("second %+v", b)
	}
}

func TestAsksForUsageOnlyWhereTheCallerDidNot(t *testing.T) {
	x := exchange(t)
	x.Call.WantsUsage = true
	if f := stage().RequestBody(x); f != nil || x.Order[1].Target.InjectUsage {
		t.Errorf("%v %+v", f, x.Order)
	}
}

func TestMasksWhatTheProxyDoesNotServe(t *testing.T) {
	x := exchange(t)
	s := Stage{Dialects: map[string]*dialect.Dialect{"openai": speech("openai", nil)}, Acknowledged: func(b string) bool { return b == "b" }}
	if f := s.RequestBody(x); f != nil || len(x.Order) != 1 || x.Order[0].Candidate.Backend.Name != "b" || len(x.Decision.Out) != 1 {
		t.Errorf("%v %+v", f, x.Decision)
	}
	x = exchange(t)
	s.Acknowledged = func(string) bool { return false }
	if f := s.RequestBody(x); f == nil || f.Kind.Code() != "no_backend_available" {
		t.Errorf("fault %v", f)
	}
}

func TestWithoutMemoryThereIsNoFallback(t *testing.T) {
	x := exchange(t)
	x.Single = true
	if f := stage().RequestBody(x); f != nil || len(x.Order) != 1 || len(x.Notes()) != 1 {
		t.Errorf("%v, %d candidates, notes %v", f, len(x.Order), x.Notes())
	}
}

func stage() Stage {
	return Stage{Dialects: map[string]*dialect.Dialect{"openai": speech("openai", nil)}}
}

// speech is a dialect that can be translated into, and names lost of each
// request.
func speech(family string, lost []string) *dialect.Dialect {
	return &dialect.Dialect{
		Name: family, Family: family,
		Front: front{}, Back: back{lost},
		Path: func(base string, c dialect.Call) string {
			if c.Own != nil {
				return base + c.Own.Path
			}
			return base + "/" + family + "/" + c.Model
		},
	}
}

type front struct{ dialect.Front }

func (front) Read(r *dialect.Request) (*dialect.Asking, *fault.Error) {
	if string(r.Body) == "unreadable" {
		return nil, fault.New(fault.InvalidField, "no").With("messages[0]")
	}
	return &dialect.Asking{}, nil
}

type back struct{ lost []string }

func (back) Takes(op genai.Operation) bool { return op == genai.Chat }

func (b back) Write(dst []byte, _ *dialect.Asking, t dialect.Target) ([]byte, []string, *fault.Error) {
	return append(dst, t.Model...), b.lost, nil
}

func (back) Decoder(genai.Operation, bool, string) dialect.Decoder { return nil }

// mixed is an exchange whose candidates speak three dialects: a the caller's
// own, b and c others.
func mixed(t *testing.T, order, route string) (*pipeline.Exchange, Stage) {
	t.Helper()
	c, err := config.Parse("test.yaml", []byte(`
providers:
  - {name: a, backends: [{name: a, base_url: "http://127.0.0.1:1/v1", allow_private: true}]}
  - {name: b, dialect: anthropic, backends: [{name: b, base_url: "http://127.0.0.1:2", allow_private: true}]}
  - {name: c, dialect: gemini, backends: [{name: c, base_url: "http://127.0.0.1:3", allow_private: true}]}
models: [{name: m, candidates: [`+order+`]}]
routes: [{name: r, `+route+`}]
`))
	if err != nil {
		t.Fatal(err)
	}
	s, err := policy.Compile(c)
	if err != nil {
		t.Fatal(err)
	}
	own := speech("openai", nil)
	x := &pipeline.Exchange{Snapshot: s, Dialect: own}
	x.Caller.Key = &key.Key{}
	x.Call.Model, x.Call.Stream, x.Endpoint = "m", true, dialect.Endpoint{Operation: genai.Chat, Path: "/chat/completions"}
	x.Head.Query = "q=1"
	return x, Stage{Dialects: map[string]*dialect.Dialect{"openai": own, "anthropic": speech("anthropic", nil), "gemini": speech("gemini", []string{"seed", "n"})}}
}

func backends(x *pipeline.Exchange) (names []string) {
	for _, p := range x.Order {
		names = append(names, p.Candidate.Backend.Name)
	}
	return names
}

const all = "{backend: a}, {backend: b, model: mb}, {backend: c}"

func TestPlansTranslations(t *testing.T) {
	x, s := mixed(t, all, "leave: answer")
	if f := s.RequestBody(x); f != nil {
		t.Fatal(f)
	}
	if a := x.Order[0]; a.Translated || a.Owned || a.Path != "/v1/chat/completions?q=1" {
		t.Errorf("own dialect: %+v", a)
	}
	if b := x.Order[1]; !b.Translated || !b.Owned || b.Path != "/anthropic/mb" || b.Body != nil {
		t.Errorf("other dialect: %+v", b)
	}
}

func TestWritesATranslatedFirstCandidate(t *testing.T) {
	x, s := mixed(t, "{backend: c, model: mc}, {backend: a}", "leave: answer")
	if f := s.RequestBody(x); f != nil {
		t.Fatal(f)
	}
	if p := x.Order[0]; p.Owned || string(p.Body) != "mc" || len(p.Lost) != 2 {
		t.Errorf("%+v", p)
	}
}

func TestGatesAreTheAttemptFilters(t *testing.T) {
	x, s := mixed(t, all, "gates: [error]")
	if f := s.RequestBody(x); f != nil || !x.Order[0].Owned || x.Order[0].Translated {
		t.Errorf("%v %+v", f, x.Order)
	}
	x, s = mixed(t, all, "gates: [error]")
	x.Single = true // no body is kept that the attempt filter could write
	if f := s.RequestBody(x); f != nil || len(x.Order) != 1 || x.Order[0].Owned {
		t.Errorf("%v %+v", f, x.Order)
	}
}

// A dialect whose answers nothing reads as events, as OpenAI's responses, is not
// gated: the events of its family's first dialect are others.
func TestWhatNothingReadsIsNotGated(t *testing.T) {
	x, s := mixed(t, "{backend: a}", "gates: [error, empty]")
	own := *x.Dialect
	own.Name, own.Front, own.Back = "responses", nil, nil
	x.Dialect = &own
	if f := s.RequestBody(x); f != nil || x.Order[0].Owned {
		t.Errorf("%v %+v", f, x.Order)
	}
}

func TestRefusesWhatCannotBeCarried(t *testing.T) {
	for _, c := range []struct {
		name, order string
		change      func(*pipeline.Exchange)
		want        string // backends, or the fault's code
	}{
		{"lossless", all, func(x *pipeline.Exchange) { x.Strict = true }, "a b"},
		{"only_with_losses", "{backend: c}", func(x *pipeline.Exchange) { x.Strict = true }, "fields_lost"},
		{"unreadable_but_for_its_own", "{backend: b}, {backend: a}", func(x *pipeline.Exchange) { x.Call.Body = []byte("unreadable") }, "a"},
		{"unreadable", "{backend: b}", func(x *pipeline.Exchange) { x.Call.Body = []byte("unreadable") }, "invalid_field"},
		{"other_operation", all, func(x *pipeline.Exchange) { x.Endpoint.Operation = genai.Embeddings }, "a"},
		{"other_operation_nowhere", "{backend: b}", func(x *pipeline.Exchange) { x.Endpoint.Operation = genai.Embeddings }, "not_translatable"},
		{"front_that_does_not_translate", all, func(x *pipeline.Exchange) { x.Dialect.Front = nil }, "a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			x, s := mixed(t, c.order, "leave: answer")
			c.change(x)
			got := ""
			if f := s.RequestBody(x); f != nil {
				got = f.Kind.Code()
			} else {
				got = strings.Join(backends(x), " ")
			}
			if got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}
