package route_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"

	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/route"
)

// TestShadowObeysClasses draws policies whose routes all copy to some model, and
// compares where a copy goes with what the configuration says itself.
func TestShadowObeysClasses(t *testing.T) {
	w := world{rand.New(rand.NewPCG(3, 4))}
	sent, kept := 0, 0
	for sent+kept < 20_000 {
		c := w.config()
		for _, r := range c.GetRoutes() {
			r.Shadow = &signalboxv1.Shadow{Use: w.pick("m0", c.GetModels()[len(c.GetModels())-1].GetName())}
		}
		s, err := policy.Compile(c)
		if err != nil {
			continue
		}
		for range 60 {
			r := w.request(c)
			d, f := route.Decide(s, r)
			if f != nil || d.Route.Shadow == nil {
				continue
			}
			rt := find(c.GetRoutes(), d.Route.Name)
			classes := append([]genai.DataClass{genai.DataClass(find(c.GetTeams(), r.Team).GetClass()), genai.DataClass(rt.GetClass())}, r.Classes...)
			var may []string
			for _, x := range find(c.GetModels(), rt.GetShadow().GetUse()).GetCandidates() {
				if lawful(c, classes, x.GetBackend()) && (r.Acknowledged == nil || r.Acknowledged(x.GetBackend())) {
					may = append(may, x.GetBackend())
				}
			}
			r.Facts = nil // what it needs, and how long it is, are not this test's matter
			got, ok := route.Shadow(s, &d, r)
			if ok != (len(may) > 0) || ok && !slices.Contains(may, got.Backend.Name) {
				t.Fatalf("copy goes to %v %v, may go to %v\nrequest %+v\nof %v", got.Backend, ok, may, r, c)
			}
			if ok {
				sent++
			} else {
				kept++
			}
		}
	}
	if sent < 1000 || kept < 1000 {
		t.Errorf("%d copies were sent, %d not", sent, kept)
	}
}
