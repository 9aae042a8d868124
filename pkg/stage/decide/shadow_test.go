package decide

import (
	"testing"

	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/route"
)

func TestCopies(t *testing.T) {
	for name, c := range map[string]struct {
		percent  float64
		change   func(*policy.Route)
		single   bool
		low, top int
		lost     int
	}{
		"none":      {0, nil, false, 0, 0, 0},
		"all":       {100, nil, false, 2000, 2000, 0},
		"some":      {25, nil, false, 400, 600, 0},
		"no_memory": {100, nil, true, 0, 0, 0},
		"forbidden": {100, func(r *policy.Route) { r.Class = genai.DataClass("nobody") }, false, 0, 0, 2000},
	} {
		t.Run(name, func(t *testing.T) {
			s, lost, copies := stage(), 0, 0
			s.NoShadow = func() { lost++ }
			x := exchange(t)
			if f := s.RequestBody(x); f != nil {
				t.Fatal(f)
			}
			r := *x.Decision.Route
			r.Shadow = &policy.Shadow{Use: x.Decision.Model, Percent: c.percent}
			if c.change != nil {
				c.change(&r)
			}
			x.Decision.Route, x.Single = &r, c.single
			for range 2000 {
				x.Copy = nil
				s.shadow(x, route.Request{Model: "m"})
				if x.Copy == nil {
					continue
				}
				copies++
				if p := x.Copy; p.Path != "/v1/chat/completions?trace=1" || p.Target.Model != "at-a" || p.Owned || p.Translated {
					t.Fatalf("%+v", p)
				}
			}
			if copies < c.low || copies > c.top || lost != c.lost {
				t.Errorf("%d copies, %d without a candidate", copies, lost)
			}
		})
	}
}
