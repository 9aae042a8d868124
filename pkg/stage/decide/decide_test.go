package decide

import (
	"testing"

	"github.com/signalbox-dev/signalbox/pkg/config"
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
	x := &pipeline.Exchange{Snapshot: snapshot(t)}
	x.Caller.Key = &key.Key{}
	x.Call.Model, x.Call.Stream = "m", true
	x.Endpoint.Path, x.Head.Query = "/chat/completions", "trace=1"
	return x
}

func TestPlansEachCandidate(t *testing.T) {
	x := exchange(t)
	if f := (Stage{}).RequestBody(x); f != nil {
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
	if f := (Stage{}).RequestBody(x); f != nil || x.Order[1].Target.InjectUsage {
		t.Errorf("%v %+v", f, x.Order)
	}
}

func TestMasksWhatTheProxyDoesNotServe(t *testing.T) {
	x := exchange(t)
	s := Stage{Acknowledged: func(b string) bool { return b == "b" }}
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
	if f := (Stage{}).RequestBody(x); f != nil || len(x.Order) != 1 || len(x.Notes()) != 1 {
		t.Errorf("%v, %d candidates, notes %v", f, len(x.Order), x.Notes())
	}
}
