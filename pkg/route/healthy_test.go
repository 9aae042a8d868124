package route_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/signalbox-dev/signalbox/pkg/health"
	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/route"
)

// TestHealthOnlyOrders compares decisions with grades to the same ones without:
// the candidates and their reasons are the same but for the limit of attempts,
// and a better grade always comes before a worse one.
func TestHealthOnlyOrders(t *testing.T) {
	w := world{rand.New(rand.NewPCG(3, 4))}
	graded, allIll := 0, 0
	for range 400 {
		c := w.config()
		s, err := policy.Compile(c)
		if err != nil {
			continue
		}
		for range 30 {
			r := w.request(c)
			plain, f := route.Decide(s, r)
			grades := w.Uint64()
			r.Grade = func(c *policy.Candidate) health.Grade {
				return health.Grade(grades >> (4 * (c.Backend.Name[1] - '0')) % 5)
			}
			d, g := route.Decide(s, r)
			if (f == nil) != (g == nil) || len(d.Order) != len(plain.Order) || len(d.Out) != len(plain.Out) {
				t.Fatalf("%+v, %v\nwithout grades %+v, %v", d, g, plain, f)
			}
			checkGrades(t, r, d)
			graded += min(len(d.Graded), 1)
			if d.AllIll() {
				allIll++
				for _, o := range d.Order {
					if r.Grade(&o) <= health.Well {
						t.Fatalf("all ill, and yet %+v", d)
					}
				}
			}
		}
	}
	if graded < 500 || allIll < 50 {
		t.Errorf("%d decisions with grades, %d without anything well", graded, allIll)
	}
}

func checkGrades(t *testing.T, r route.Request, d route.Decision) {
	t.Helper()
	var order []health.Grade
	for _, c := range d.Order {
		order = append(order, seen(r, d, &c))
	}
	if !slices.IsSorted(order) {
		t.Fatalf("grades %v of %+v", order, d)
	}
	for _, o := range d.Out {
		if o.Reason == route.ReasonLimit && grade(r, d, o.Backend) < order[len(order)-1] {
			t.Fatalf("%s is healthier than some of %+v", o.Backend, d)
		}
	}
	for _, g := range d.Graded {
		if g.Grade == health.Well {
			t.Fatalf("%+v", d)
		}
	}
}

// seen is a candidate's grade for the order: a probe goes first only where the
// order is drawn, and the candidate has a chance.
func seen(r route.Request, d route.Decision, c *policy.Candidate) health.Grade {
	g := r.Grade(c)
	if g == health.Probe && (d.Route.Order != policy.OrderWeighted || c.Weight == 0) {
		return health.Well
	}
	return g
}

func grade(r route.Request, d route.Decision, backend string) health.Grade {
	for i := range d.Model.Candidates {
		if d.Model.Candidates[i].Backend.Name == backend {
			return seen(r, d, &d.Model.Candidates[i])
		}
	}
	return health.Well
}
