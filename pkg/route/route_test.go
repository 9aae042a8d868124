package route_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/signalbox-dev/signalbox/pkg/config"
	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/route"
)

const example = `
providers:
  - name: openai
    backends:
      - {name: us, base_url: "https://us.example.com/v1", region: us}
      - {name: eu, base_url: "https://eu.example.com/v1", region: eu}
      - {name: far, base_url: "https://far.example.com/v1"}
      - {name: eu2, base_url: "https://eu2.example.com/v1", region: eu}
models:
  - {name: gpt-4o, candidates: [{backend: us}, {backend: eu, model: gpt-4o-eu}, {backend: far}, {backend: eu2}]}
  - {name: gpt-4o-mini, candidates: [{backend: us, weight: 3}, {backend: eu, weight: 1}, {backend: far, weight: 0}]}
  - {name: secret-model, candidates: [{backend: us}]}
classes: [{name: eu-only, regions: [eu]}, {name: us-only, regions: [us]}, {name: west, regions: [us, eu]}]
teams: [{name: search, models: ["gpt-*"]}, {name: law, models: [gpt-4o], class: eu-only}]
routes: [{name: mini, models: [gpt-4o-mini], order: weighted}, {name: all, max_attempts: 3}]
`

func snapshot(t testing.TB) *policy.Snapshot {
	t.Helper()
	c, err := config.Parse("example", []byte(example))
	if err != nil {
		t.Fatal(err)
	}
	s, err := policy.Compile(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func only(names ...string) func(string) bool {
	return func(b string) bool { return slices.Contains(names, b) }
}

// line is a decision in words.
func line(d route.Decision, f *fault.Error) string {
	var order, out []string
	for _, c := range d.Order {
		order = append(order, c.Backend.Name)
	}
	for _, o := range d.Out {
		out = append(out, fmt.Sprint(o.Backend, ":", string(o.Reason)))
	}
	text := fmt.Sprintf("%v class=%q out=%v", order, d.Class, out)
	if f != nil {
		text += " " + f.Kind.Code()
	}
	return text
}

func TestDecide(t *testing.T) {
	s := snapshot(t)
	for _, c := range []struct {
		name string
		r    route.Request
		want string
	}{
		{"configured_order", route.Request{Model: "gpt-4o"}, `[us eu far] class="" out=[eu2:max_attempts]`},
		{"class_of_team", route.Request{Model: "gpt-4o", Team: "law"}, `[eu eu2] class="eu-only" out=[us:class far:class]`},
		{"class_of_key", route.Request{Model: "gpt-4o", Classes: []genai.DataClass{"us-only"}}, `[us] class="us-only" out=[eu:class far:class eu2:class]`},
		{"classes_meet", route.Request{Model: "gpt-4o", Team: "law", Classes: []genai.DataClass{"west", "", "eu-only"}}, `[eu eu2] class="eu-only+west" out=[us:class far:class]`},
		{"classes_exclude", route.Request{Model: "gpt-4o", Team: "law", Classes: []genai.DataClass{"us-only"}}, `[] class="eu-only+us-only" out=[us:class eu:class far:class eu2:class] no_compliant_backend`},
		{"class_unknown", route.Request{Model: "gpt-4o", Classes: []genai.DataClass{"gone"}}, `[] class="gone" out=[us:class eu:class far:class eu2:class] no_compliant_backend`},
		{"many_classes", route.Request{Model: "gpt-4o", Classes: []genai.DataClass{"west", "a", "b", "c", "d", "e", "eu-only"}}, `[] class="a+b+c+d+e+eu-only+west" out=[us:class eu:class far:class eu2:class] no_compliant_backend`},
		{"unacknowledged", route.Request{Model: "gpt-4o", Acknowledged: only("eu", "eu2")}, `[eu eu2] class="" out=[us:unacknowledged far:unacknowledged]`},
		{"none_acknowledged", route.Request{Model: "gpt-4o", Acknowledged: only()}, `[] class="" out=[us:unacknowledged eu:unacknowledged far:unacknowledged eu2:unacknowledged] no_backend_available`},
		{"class_before_acknowledged", route.Request{Model: "gpt-4o", Team: "law", Acknowledged: only("us")}, `[] class="eu-only" out=[us:class eu:unacknowledged far:class eu2:unacknowledged] no_backend_available`},
		{"team_may_not", route.Request{Model: "secret-model", Team: "search"}, `[] class="" out=[] model_not_allowed`},
		{"key_may_not", route.Request{Model: "gpt-4o", Allowed: []string{"gpt-4o-mini"}}, `[] class="" out=[] model_not_allowed`},
		{"key_may", route.Request{Model: "gpt-4o", Allowed: []string{"x", "gpt-4o"}, Acknowledged: only("us")}, `[us] class="" out=[eu:unacknowledged far:unacknowledged eu2:unacknowledged]`},
		{"team_gone", route.Request{Model: "gpt-4o", Team: "gone"}, `[] class="" out=[] model_not_allowed`},
		{"unknown_model", route.Request{Model: "gpt5"}, `[] class="" out=[] model_not_found`},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, f := route.Decide(s, c.r)
			if diff := cmp.Diff(c.want, line(d, f)); diff != "" {
				t.Error(diff)
			}
			if d.Policy != s.Version {
				t.Errorf("policy is %q", d.Policy)
			}
		})
	}
}

func TestDecideNamesTheProvidersModel(t *testing.T) {
	d, f := route.Decide(snapshot(t), route.Request{Model: "gpt-4o"})
	if f != nil || d.Order[0].Model != "gpt-4o" || d.Order[1].Model != "gpt-4o-eu" {
		t.Errorf("got %+v, %v", d.Order, f)
	}
}

func TestFaultTexts(t *testing.T) {
	s := snapshot(t)
	for _, c := range []struct {
		name       string
		r          route.Request
		has, lacks string
	}{
		{"near", route.Request{Model: "gpt4o"}, "Did you mean gpt-4o", "secret-model"},
		{"near_is_usable", route.Request{Model: "secret-modle", Team: "search"}, `"secret-modle" does not exist here.`, "secret-model"},
		{"near_is_allowed", route.Request{Model: "gpt4o", Allowed: []string{"gpt-4o-mini"}}, "GET /v1/models", "gpt-4o,"},
		{"long_name", route.Request{Model: strings.Repeat("x", 1<<20)}, `xxx"...`, strings.Repeat("x", 65)},
		{"strange_name", route.Request{Model: "a\n\x1b[31m\xff"}, `"a\n\x1b[31m\xff"`, "\x1b"},
		{"class", route.Request{Model: "secret-model", Classes: []genai.DataClass{"eu-only"}}, `"secret-model" may process requests of class "eu-only"`, "us" + ","},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, f := route.Decide(s, c.r)
			if f == nil || !strings.Contains(f.Text, c.has) || strings.Contains(f.Text, c.lacks) || len(f.Text) > 600 {
				t.Errorf("got %.300v", f)
			}
		})
	}
}

func TestUsable(t *testing.T) {
	s := snapshot(t)
	for _, c := range []struct {
		team    string
		allowed []string
		want    []string
	}{
		{"", nil, []string{"gpt-4o", "gpt-4o-mini", "secret-model"}},
		{"search", nil, []string{"gpt-4o", "gpt-4o-mini"}},
		{"law", nil, []string{"gpt-4o"}},
		{"law", []string{"gpt-4o-mini"}, nil},
		{"", []string{"secret-model", "gone"}, []string{"secret-model"}},
		{"gone", nil, nil},
	} {
		if diff := cmp.Diff(c.want, route.Usable(s, c.team, c.allowed)); diff != "" {
			t.Errorf("team %q, allowed %v: %s", c.team, c.allowed, diff)
		}
	}
}

// TestWeightedShares: first places are shared by weight, second places by the
// weights that are left, and what has no weight comes last.
func TestWeightedShares(t *testing.T) {
	s := snapshot(t)
	const n = 40_000
	first := make(map[string]int)
	for i := range n {
		d, f := route.Decide(s, route.Request{Model: "gpt-4o-mini", Pick: uint64(i) * 0x9e3779b97f4a7c15})
		if f != nil || len(d.Order) != 3 || d.Order[2].Backend.Name != "far" {
			t.Fatalf("got %s", line(d, f))
		}
		first[d.Order[0].Backend.Name]++
	}
	if share := float64(first["us"]) / n; math.Abs(share-0.75) > 0.01 {
		t.Errorf("us is first in %.3f of the cases, its weight is 0.75", share)
	}
}

func TestDecideCanBeReplayed(t *testing.T) {
	s := snapshot(t)
	r := route.Request{Model: "gpt-4o-mini", Pick: 42}
	a, _ := route.Decide(s, r)
	for range 10 {
		if b, _ := route.Decide(snapshot(t), r); line(a, nil) != line(b, nil) || a.Policy != b.Policy {
			t.Fatalf("%v, then %v", line(a, nil), line(b, nil))
		}
	}
}

func TestAllocations(t *testing.T) {
	s := snapshot(t)
	for _, c := range []struct {
		name  string
		r     route.Request
		limit float64
	}{
		{"nothing_masked", route.Request{Model: "secret-model"}, 0},
		{"limited", route.Request{Model: "gpt-4o"}, 1},
		{"class", route.Request{Model: "gpt-4o", Team: "law", Classes: []genai.DataClass{"eu-only"}}, 2},
		{"weighted", route.Request{Model: "gpt-4o-mini"}, 1},
	} {
		if got := testing.AllocsPerRun(100, func() { route.Decide(s, c.r) }); got > c.limit+raced*min(c.limit, 1) {
			t.Errorf("%s: %v allocations, limit %v", c.name, got, c.limit)
		}
	}
}

func BenchmarkDecide(b *testing.B) {
	s := snapshot(b)
	serves := func(string) bool { return true }
	for _, c := range []struct {
		name string
		r    route.Request
	}{
		{"configured", route.Request{Model: "gpt-4o", Team: "search", Allowed: []string{"gpt-4o"}, Acknowledged: serves}},
		{"class", route.Request{Model: "gpt-4o", Team: "law", Classes: []genai.DataClass{"eu-only", "west"}, Acknowledged: serves}},
		{"weighted", route.Request{Model: "gpt-4o-mini", Team: "search", Acknowledged: serves, Pick: 7}},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, f := route.Decide(s, c.r); f != nil {
					b.Fatal(f)
				}
			}
		})
	}
}
