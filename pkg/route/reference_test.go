package route_test

import (
	"fmt"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"testing"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"

	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/route"
)

// verdict is what the reference has to say about a request: the outcome as a
// fault's code, and where none, which backends may be tried.
type verdict struct {
	code     string
	route    string
	may      []string // backends that may be tried, as the model lists them
	limit    int
	weighted bool
	rest     map[string]bool // those of weight 0
}

// judge decides a request from the configuration itself, with nothing
// precomputed and as slowly as it is easy to read.
func judge(c *signalboxv1.Config, r route.Request) verdict {
	team := find(c.GetTeams(), r.Team)
	if r.Team != "" && team == nil {
		return verdict{code: fault.ModelNotAllowed.Code()}
	}
	m := find(c.GetModels(), r.Model)
	if m == nil {
		return verdict{code: fault.ModelNotFound.Code()}
	}
	rt := &signalboxv1.Route{Name: "default"}
	for _, x := range slices.Backward(c.GetRoutes()) {
		if like(x.GetModels(), r.Model) && (len(x.GetTeams()) == 0 || slices.Contains(x.GetTeams(), r.Team)) {
			rt = x
		}
	}
	v := verdict{route: rt.GetName(), limit: 3, weighted: rt.GetOrder() == signalboxv1.Route_ORDER_WEIGHTED, rest: make(map[string]bool)}
	if rt.MaxAttempts != nil {
		v.limit = int(rt.GetMaxAttempts())
	}
	if !like(team.GetModels(), r.Model) || !like(r.Allowed, r.Model) {
		v.code = fault.ModelNotAllowed.Code()
		return v
	}
	classes := append([]genai.DataClass{genai.DataClass(team.GetClass()), genai.DataClass(rt.GetClass())}, r.Classes...)
	compliant := 0
	for _, x := range m.GetCandidates() {
		if !lawful(c, classes, x.GetBackend()) {
			continue
		}
		compliant++
		if r.Acknowledged == nil || r.Acknowledged(x.GetBackend()) {
			v.may = append(v.may, x.GetBackend())
			v.rest[x.GetBackend()] = x.Weight != nil && x.GetWeight() == 0
		}
	}
	switch {
	case compliant == 0:
		v.code = fault.NoCompliantBackend.Code()
	case len(v.may) == 0:
		v.code = fault.NoBackend.Code()
	}
	return v
}

func find[T interface {
	comparable
	GetName() string
}](list []T, name string) (none T) {
	for _, x := range list {
		if x.GetName() == name {
			return x
		}
	}
	return none
}

// like is path.Match, which agrees where names have no slash.
func like(patterns []string, name string) bool {
	return len(patterns) == 0 || slices.ContainsFunc(patterns, func(p string) bool {
		ok, err := path.Match(p, name)
		return ok && err == nil
	})
}

func placeOf(c *signalboxv1.Config, backend string) (provider, region string) {
	for _, p := range c.GetProviders() {
		for _, b := range p.GetBackends() {
			if b.GetName() == backend {
				return p.GetName(), b.GetRegion()
			}
		}
	}
	return "", ""
}

// lawful reports whether every class that names regions or providers names the
// backend's.
func lawful(c *signalboxv1.Config, classes []genai.DataClass, backend string) bool {
	provider, region := placeOf(c, backend)
	for _, class := range classes {
		if class == "" {
			continue
		}
		k := find(c.GetClasses(), string(class))
		if k == nil || len(k.GetRegions()) > 0 && (region == "" || !slices.Contains(k.GetRegions(), region)) ||
			len(k.GetProviders()) > 0 && !slices.Contains(k.GetProviders(), provider) {
			return false
		}
	}
	return true
}

// world makes random configurations and requests over few names, so that they
// often meet.
type world struct{ *rand.Rand }

func (w world) chance(percent int) bool { return w.IntN(100) < percent }

func (w world) pick(names ...string) string { return names[w.IntN(len(names))] }

func (w world) some(names []string) []string {
	var out []string
	for _, n := range names {
		if w.chance(40) {
			out = append(out, n)
		}
	}
	return out
}

func numbered(prefix string, n int) []string {
	var names []string
	for i := range n {
		names = append(names, fmt.Sprint(prefix, i))
	}
	return names
}

func (w world) config() *signalboxv1.Config {
	backends, models := numbered("b", 1+w.IntN(8)), numbered("m", 1+w.IntN(5))
	teams, classes := numbered("t", w.IntN(4)), numbered("c", w.IntN(4))
	regions := []string{"r0", "r1", "r2"}
	both := []*signalboxv1.Provider{{Name: "p"}, {Name: "q"}}
	for i, b := range backends {
		p := both[i%2]
		p.Backends = append(p.Backends, &signalboxv1.Backend{Name: b, BaseUrl: "https://a.example.com", Region: w.pick("", "r0", "r1", "r2")})
	}
	c := &signalboxv1.Config{Providers: both[:min(len(backends), 2)]}
	for _, m := range models {
		x := &signalboxv1.Model{Name: m}
		for _, i := range w.Perm(len(backends))[:1+w.IntN(len(backends))] {
			k := &signalboxv1.ModelCandidate{Backend: backends[i], Model: w.pick("", "other")}
			if w.chance(50) {
				k.Weight = new(uint32(w.IntN(3)))
			}
			x.Candidates = append(x.Candidates, k)
		}
		c.Models = append(c.Models, x)
	}
	class := func() string { return w.pick(append(classes, "", "", "")...) }
	for _, k := range classes {
		c.Classes = append(c.Classes, &signalboxv1.Class{Name: k, Regions: append(w.some(regions), w.pick(regions...))})
	}
	patterns := append(slices.Clone(models), "*", "m*", "*1")
	for _, t := range teams {
		c.Teams = append(c.Teams, &signalboxv1.Team{Name: t, Models: w.some(patterns), Class: class()})
	}
	for i := range w.IntN(5) {
		r := &signalboxv1.Route{Name: fmt.Sprint("route", i), Models: w.some(patterns), Teams: w.some(teams), Class: class(), Order: signalboxv1.Route_Order(w.IntN(3))}
		if w.chance(50) {
			r.MaxAttempts = new(uint32(1 + w.IntN(4)))
		}
		c.Routes = append(c.Routes, r)
	}
	return c
}

func (w world) request(c *signalboxv1.Config) route.Request {
	r := route.Request{Model: fmt.Sprint("m", w.IntN(len(c.GetModels()))), Pick: w.Uint64()}
	if w.chance(5) {
		r.Model = "m7"
	}
	if n := len(c.GetTeams()); w.chance(50) && n > 0 {
		r.Team = fmt.Sprint("t", w.IntN(n))
	}
	if w.chance(3) {
		r.Team = "t7"
	}
	if w.chance(20) {
		r.Allowed = []string{fmt.Sprint("m", w.IntN(5)), fmt.Sprint("m", w.IntN(5))}
	}
	for range w.IntN(3) {
		if n := len(c.GetClasses()); n > 0 {
			r.Classes = append(r.Classes, genai.DataClass(fmt.Sprint("c", w.IntN(n))))
		}
	}
	if w.chance(5) {
		r.Classes = append(r.Classes, "", "nobody")
	}
	if w.chance(50) {
		gone := uint(w.IntN(256))
		r.Acknowledged = func(b string) bool { return gone>>(b[1]-'0')&1 == 0 }
	}
	return r
}

// TestDecideAgainstReference compares decisions over random policies with the
// reference, and proves for each that no candidate violates a class.
func TestDecideAgainstReference(t *testing.T) {
	w := world{rand.New(rand.NewPCG(1, 2))}
	decided, outcomes := 0, make(map[string]int)
	for decided < 12_000 {
		c := w.config()
		s, err := policy.Compile(c)
		if err != nil {
			if !strings.Contains(err.Error(), "may serve class") && !strings.Contains(err.Error(), "fits no model") {
				t.Fatalf("%v\n%v", err, c)
			}
			continue
		}
		for range 60 {
			r := w.request(c)
			want := judge(c, r)
			d, f := route.Decide(s, r)
			if problem := compare(c, r, want, d, f); problem != "" {
				t.Fatalf("%s\nrequest %+v\nwant %+v\ngot %+v, %v\nof %v", problem, r, want, d, f, c)
			}
			outcomes[want.code]++
			decided++
		}
	}
	if outcomes[""] < 3000 {
		t.Errorf("only %d requests were served", outcomes[""])
	}
	for _, k := range []fault.Kind{fault.ModelNotFound, fault.ModelNotAllowed, fault.NoCompliantBackend, fault.NoBackend} {
		if outcomes[k.Code()] < 100 {
			t.Errorf("%s came %d times only", k.Code(), outcomes[k.Code()])
		}
	}
	t.Log(outcomes)
}

func compare(c *signalboxv1.Config, r route.Request, want verdict, d route.Decision, f *fault.Error) string {
	code := ""
	if f != nil {
		code = f.Kind.Code()
	}
	if code != want.code {
		return "outcome"
	}
	if d.Route != nil && d.Route.Name != want.route || d.Route == nil && want.route != "" {
		return "route"
	}
	if f != nil {
		return map[bool]string{true: "an order beside a fault"}[len(d.Order) > 0]
	}
	var order []string
	for _, x := range d.Order {
		order = append(order, x.Backend.Name)
		classes := append([]genai.DataClass{d.Route.Class}, r.Classes...)
		classes = append(classes, genai.DataClass(find(c.GetTeams(), r.Team).GetClass()))
		if !lawful(c, classes, x.Backend.Name) {
			return "a class is violated by " + x.Backend.Name
		}
	}
	return compareOrder(c, r, want, order, d.Out)
}

func compareOrder(c *signalboxv1.Config, r route.Request, want verdict, order []string, out []route.Out) string {
	n := min(len(want.may), want.limit)
	if len(order) != n {
		return "length of the order"
	}
	if !want.weighted && !slices.Equal(order, want.may[:n]) {
		return "order"
	}
	seen := make(map[string]bool)
	for i, b := range order {
		if seen[b] || !slices.Contains(want.may, b) {
			return "a candidate that is none, or twice"
		}
		seen[b] = true
		if want.weighted && i > 0 && want.rest[order[i-1]] && !want.rest[b] {
			return "a candidate without weight before one with"
		}
	}
	var all []string
	for _, o := range out {
		all = append(all, o.Backend)
		if (o.Reason == route.ReasonLimit) != slices.Contains(want.may, o.Backend) {
			return "reason of " + o.Backend
		}
	}
	for _, x := range find(c.GetModels(), r.Model).GetCandidates() {
		if slices.Contains(all, x.GetBackend()) == seen[x.GetBackend()] {
			return "in and out: " + x.GetBackend()
		}
	}
	return ""
}
