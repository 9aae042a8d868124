package route_test

import (
	"cmp"
	"fmt"
	"math/big"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"

	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/route"
	"github.com/signalbox-dev/signalbox/pkg/signal"
)

// named is the model of a name or alias, and the version behind it.
func named(c *signalboxv1.Config, asked string) (*signalboxv1.Model, string) {
	for _, m := range c.GetModels() {
		if m.GetName() == asked || slices.Contains(m.GetAliases(), asked) {
			return m, ""
		}
	}
	if name, version, ok := strings.Cut(asked, "@"); ok {
		m, _ := named(c, name)
		return m, version
	}
	return nil, ""
}

// ask is one request as the reference sees it.
type ask struct {
	c       *signalboxv1.Config
	r       route.Request
	p       *prompt
	rt      *signalboxv1.Route
	classes []genai.DataClass
	version string
}

// serve is which candidates of m may be tried, and if none why.
func (a *ask) serve(m *signalboxv1.Model) (may []*signalboxv1.ModelCandidate, code string) {
	steps := []struct {
		kind fault.Kind
		fits func(*signalboxv1.ModelCandidate) bool
	}{
		{fault.NoCompliantBackend, func(k *signalboxv1.ModelCandidate) bool { return lawful(a.c, a.classes, k.GetBackend()) }},
		{fault.ModelNotFound, func(k *signalboxv1.ModelCandidate) bool { return a.version == "" || k.GetVersion() == a.version }},
		{fault.NotCapable, func(k *signalboxv1.ModelCandidate) bool { return able(m, k, a.p) }},
		{fault.ContextTooLong, func(k *signalboxv1.ModelCandidate) bool {
			limit := int64(cmp.Or(k.GetContext(), m.GetContext()))
			return limit == 0 || a.p.tokens-a.p.tokens/8+a.p.max <= limit
		}},
		{fault.NoBackend, func(k *signalboxv1.ModelCandidate) bool {
			return a.r.Acknowledged == nil || a.r.Acknowledged(k.GetBackend())
		}},
	}
	may = m.GetCandidates()
	for _, s := range steps {
		var left []*signalboxv1.ModelCandidate
		for _, k := range may {
			if s.fits(k) {
				left = append(left, k)
			}
		}
		if may = left; len(may) == 0 {
			if s.kind == fault.ModelNotFound && slices.ContainsFunc(m.GetCandidates(), func(k *signalboxv1.ModelCandidate) bool { return k.GetVersion() == a.version }) {
				s.kind = fault.NoCompliantBackend
			}
			return nil, s.kind.Code()
		}
	}
	return may, ""
}

func able(m *signalboxv1.Model, k *signalboxv1.ModelCandidate, p *prompt) bool {
	list := k.GetCapabilities()
	if len(list) == 0 {
		list = m.GetCapabilities()
	}
	return len(list) == 0 || !slices.ContainsFunc(p.needs, func(n signalboxv1.Model_Capability) bool { return !slices.Contains(list, n) })
}

func quality(m *signalboxv1.Model, k *signalboxv1.ModelCandidate) float64 {
	return cmp.Or(k.GetQuality(), m.GetQuality())
}

// cost is nil where it is not known.
func cost(m *signalboxv1.Model, k *signalboxv1.ModelCandidate, w *route.Weighed) *big.Rat {
	p := cmp.Or(k.GetPrice(), m.GetPrice())
	if p == nil {
		return nil
	}
	in, _ := new(big.Rat).SetString(p.GetInput())
	out, _ := new(big.Rat).SetString(p.GetOutput())
	return in.Add(in.Mul(in, big.NewRat(w.Input, 1)), out.Mul(out, big.NewRat(w.Output, 1)))
}

// checkOrder holds the order of a decision against what the route wants.
func (a *ask) checkOrder(m *signalboxv1.Model, may []*signalboxv1.ModelCandidate, d *route.Decision) string {
	order := a.rt.GetOrder()
	good := slices.DeleteFunc(slices.Clone(may), func(k *signalboxv1.ModelCandidate) bool { return quality(m, k) < a.rt.GetMinQuality() })
	if len(good) == 0 {
		good, order = may, signalboxv1.Route_ORDER_STRONGEST
	}
	limit := 3
	if a.rt.MaxAttempts != nil {
		limit = int(a.rt.GetMaxAttempts())
	}
	if len(d.Order) != min(limit, len(good)) {
		return "length of the order"
	}
	compare := func(x, y *signalboxv1.ModelCandidate) int { return 0 }
	switch order {
	case signalboxv1.Route_ORDER_CHEAPEST:
		compare = func(x, y *signalboxv1.ModelCandidate) int {
			return compareCost(cost(m, x, &d.Weighed), cost(m, y, &d.Weighed))
		}
	case signalboxv1.Route_ORDER_STRONGEST:
		compare = func(x, y *signalboxv1.ModelCandidate) int { return cmp.Compare(quality(m, y), quality(m, x)) }
	case signalboxv1.Route_ORDER_FASTEST:
		return a.checkFastest(good, d)
	case signalboxv1.Route_ORDER_WEIGHTED:
		return checkDrawn(good, d)
	}
	slices.SortStableFunc(good, compare)
	for i := range d.Order {
		if d.Order[i].Backend.Name != good[i].GetBackend() {
			return fmt.Sprintf("%s is at %d, want %s", d.Order[i].Backend.Name, i, good[i].GetBackend())
		}
	}
	return ""
}

func compareCost(x, y *big.Rat) int {
	switch {
	case x == nil && y == nil:
		return 0
	case x == nil:
		return 1
	case y == nil:
		return -1
	}
	return x.Cmp(y)
}

// checkDrawn: those without weight come last.
func checkDrawn(good []*signalboxv1.ModelCandidate, d *route.Decision) string {
	seen, last := map[string]bool{}, false
	for _, x := range d.Order {
		i := slices.IndexFunc(good, func(k *signalboxv1.ModelCandidate) bool { return k.GetBackend() == x.Backend.Name })
		if i < 0 || seen[x.Backend.Name] {
			return "drawn twice, or from nowhere: " + x.Backend.Name
		}
		none := good[i].Weight != nil && good[i].GetWeight() == 0
		if last && !none {
			return "a candidate without weight before one with"
		}
		seen[x.Backend.Name], last = true, none
	}
	return ""
}

// checkFastest: behind the first, who is known comes by time and before who is
// not; the first is the best, a leader that is not clearly worse, or somebody
// unknown.
func (a *ask) checkFastest(good []*signalboxv1.ModelCandidate, d *route.Decision) string {
	total := func(backend string) float64 {
		s := speed(backend)
		if s.FirstByte == 0 {
			return 1e18
		}
		return s.FirstByte.Seconds() + float64(d.Weighed.Output)/s.TokensPerSecond
	}
	sorted := slices.Clone(good)
	slices.SortStableFunc(sorted, func(x, y *signalboxv1.ModelCandidate) int {
		return cmp.Compare(total(x.GetBackend()), total(y.GetBackend()))
	})
	first, best := d.Order[0].Backend.Name, sorted[0].GetBackend()
	if !slices.ContainsFunc(good, func(k *signalboxv1.ModelCandidate) bool { return k.GetBackend() == first }) {
		return "the first is none of them"
	}
	leader := route.Leader{Backend: leading, Held: held}
	fair := first == best || total(first) == 1e18 || first == leader.Backend && (leader.Held || total(best) > .85*total(first)-1e-6)
	if !fair {
		return "the first is neither the best nor the leader: " + first
	}
	rest := slices.DeleteFunc(sorted, func(k *signalboxv1.ModelCandidate) bool { return k.GetBackend() == first })
	for i, x := range d.Order[1:] {
		if x.Backend.Name != rest[i].GetBackend() {
			return "behind the first: " + x.Backend.Name
		}
	}
	return ""
}

// pairs is how many pairs of policy and request are compared: those of PAIRS
// where that is set.
func pairs(t *testing.T, usual int) int {
	t.Helper()
	if testing.Short() {
		usual /= 20
	}
	if text := os.Getenv("PAIRS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	return usual
}

// TestAgainstReference compares decisions with the reference, over random
// policies that use all there is, and proves that nothing in any order violates
// a constraint: whatever fails, each attempt is one of the order.
func TestAgainstReference(t *testing.T) {
	seed := uint64(9)
	if os.Getenv("PAIRS") != "" {
		seed = uint64(time.Now().UnixNano())
		t.Log("seed", seed)
	}
	w := world{rand.New(rand.NewPCG(seed, 10))}
	prompts := w.prompts(t)
	outcomes, objectives, canaries := map[string]int{}, map[string]int{}, 0
	for done, total := 0, pairs(t, 200_000); done < total; {
		c := w.config()
		w.rules(c)
		w.objectives(c)
		s, err := policy.Compile(c)
		if err != nil {
			if !strings.Contains(err.Error(), "may serve class") && !strings.Contains(err.Error(), "fits no model") {
				t.Fatalf("%v\n%v", err, c)
			}
			continue
		}
		for range 400 {
			done++
			x, code := w.compare(t, c, s, prompts)
			outcomes[code]++
			objectives[x.Objective]++
			if x.Canary {
				canaries++
			}
		}
	}
	t.Log(outcomes, objectives, canaries)
	for _, k := range []fault.Kind{fault.ModelNotFound, fault.ModelNotAllowed, fault.NoCompliantBackend, fault.NoBackend, fault.NotCapable, fault.ContextTooLong} {
		if outcomes[k.Code()] < 20 {
			t.Errorf("%s came %d times only", k.Code(), outcomes[k.Code()])
		}
	}
	if len(objectives) < 6 || canaries < 100 {
		t.Errorf("%v, %d canaries", objectives, canaries)
	}
}

// compare decides one request twice.
func (w world) compare(t *testing.T, c *signalboxv1.Config, s *policy.Snapshot, prompts []*prompt) (route.Decision, string) {
	t.Helper()
	r := w.ask(c, prompts)
	p := prompts[slices.IndexFunc(prompts, func(p *prompt) bool { return &p.call == r.Facts.Call })]
	before, call := *r.Facts, p.call // of which the reference knows the number of tokens
	call.Body = make([]byte, 4*p.tokens)
	before.Call, before.Front = &call, nil
	got, f := route.Decide(s, r)
	code := ""
	if f != nil {
		code = f.Kind.Code()
	}
	problem := hold(c, r, p, &before, &got, code)
	if problem == "" && f == nil {
		problem = again(s, r, &got)
	}
	if problem != "" {
		t.Fatalf("%s\nrequest %+v\nprompt %+v\ngot %+v, %v\nof %v", problem, r, p, got, f, c)
	}
	return got, code
}

// hold holds a decision against the reference.
func hold(c *signalboxv1.Config, r route.Request, p *prompt, facts *signal.Facts, got *route.Decision, code string) string {
	team := find(c.GetTeams(), r.Team)
	m, version := named(c, r.Model)
	switch {
	case r.Team != "" && team == nil:
		return unless(code, fault.ModelNotAllowed)
	case m == nil:
		return unless(code, fault.ModelNotFound)
	case !like(team.GetModels(), m.GetName()) || !like(r.Allowed, m.GetName()):
		return unless(code, fault.ModelNotAllowed)
	}
	facts.Model, facts.Team, facts.Classes = m.GetName(), r.Team, slices.Clone(r.Classes)
	if team.GetClass() != "" {
		facts.Classes = append(facts.Classes, genai.DataClass(team.GetClass()))
	}
	a := &ask{c: c, r: r, p: p, version: version}
	a.rt, _ = fitting(c, facts)
	a.classes = append(facts.Classes, genai.DataClass(a.rt.GetClass()))
	if got.Route.Name != a.rt.GetName() {
		return "route, want " + a.rt.GetName()
	}
	if a.rt.GetUse() != "" {
		m = find(c.GetModels(), a.rt.GetUse())
	}
	if trial := a.rt.GetCanary(); trial != nil {
		used := find(c.GetModels(), trial.GetUse())
		_, none := a.serve(used)
		can := version == "" && none == ""
		if got.Canary && (!can || trial.GetPercent() == 0) || !got.Canary && can && trial.GetPercent() == 100 {
			return "canary"
		}
		if got.Canary {
			m = used
		}
	} else if got.Canary {
		return "a canary from nowhere"
	}
	may, none := a.serve(m)
	if none != code || got.Model.Name != m.GetName() {
		return "outcome, want " + none
	}
	if code != "" {
		return ""
	}
	for _, x := range got.Order {
		if !slices.ContainsFunc(may, func(k *signalboxv1.ModelCandidate) bool { return k.GetBackend() == x.Backend.Name }) {
			return "an attempt that must not be: " + x.Backend.Name
		}
	}
	return a.checkOrder(m, may, got)
}

func unless(code string, want fault.Kind) string {
	if code == want.Code() {
		return ""
	}
	return "outcome, want " + want.Code()
}

// again makes the decision from what it says of itself, and for the same user
// by another chance.
func again(s *policy.Snapshot, r route.Request, d *route.Decision) string {
	known := r
	known.Weighed, known.Pick, known.Leader, known.Expect = &d.Weighed, 0, nil, nil
	x, _ := route.Decide(s, known)
	if !slices.Equal(names(x.Order), names(d.Order)) || x.Canary != d.Canary {
		return "made again it is another"
	}
	_, user := r.Facts.User()
	if d.Route.Sticky == policy.StickyUser && user || d.Route.Sticky == policy.StickyConversation {
		r.Pick = ^r.Pick
		if x, _ := route.Decide(s, r); x.Canary != d.Canary || !slices.Equal(names(x.Order), names(d.Order)) {
			return "it does not stick"
		}
	}
	return ""
}

func names(order []policy.Candidate) (list []string) {
	for _, c := range order {
		list = append(list, c.Backend.Name)
	}
	return list
}
