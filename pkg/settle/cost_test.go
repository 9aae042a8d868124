package settle

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"

	"github.com/signalbox-dev/signalbox/pkg/price"
)

// priced knows the price of b's tokens: two for input, three for output.
func priced(a *signalboxv1.Attempt) *price.Price {
	if a.GetBackend() != "b" {
		return nil
	}
	return &price.Price{Input: 2, Output: 3}
}

func cost(n *int64) string {
	if n == nil {
		return "?"
	}
	return fmt.Sprint(*n)
}

// costs shows rows and adjustments: backend or number, and the cost.
func costs(b *Book) (list []string) {
	for _, r := range b.Take().Records {
		switch m := r.(type) {
		case *signalboxv1.Attempt:
			list = append(list, m.GetBackend()+" "+cost(m.CostPicoUsd))
		case *signalboxv1.Adjustment:
			list = append(list, fmt.Sprintf("adjust %d %s by %s", m.GetNumber(), cost(m.CostPicoUsd), cost(m.CostDeltaPicoUsd)))
		}
	}
	return list
}

func TestCost(t *testing.T) {
	for _, c := range []struct {
		name string
		run  func(b *Book)
		want []string
	}{
		{"refused_and_served", func(b *Book) {
			b.Upstream(up(1, "a", 0, 429, "-"), at(0))
			b.Upstream(up(1, "b~", time.Second, 200, "-"), at(0))
			b.Downstream(down(1, "b~", 2, 200, "-", viaUpstream).with(10, 4), at(0))
		}, []string{"a 0", "b 32"}},
		{"no_price", func(b *Book) {
			b.Upstream(up(1, "a", 0, 200, "-"), at(0))
			b.Downstream(down(1, "a", 1, 200, "-", viaUpstream).with(10, 4), at(0))
		}, []string{"a ?"}},
		{"estimated", func(b *Book) {
			b.Upstream(up(1, "a", 0, 0, "UF"), at(0))
			b.Upstream(up(1, "b~", time.Second, 200, "DC"), at(0))
			b.Downstream(down(1, "b~", 2, 200, "DC", "downstream_remote_disconnect"), at(0))
		}, []string{"a 0", fmt.Sprint("b ", 2*1110+3*1050)}},
		{"never_told_and_then_late", func(b *Book) {
			b.Upstream(up(1, "a", 0, 429, "-"), at(0))
			b.Tick(at(10 * time.Minute))
			b.Upstream(up(1, "b~", time.Second, 200, "-"), at(11*time.Minute))
			b.Downstream(down(1, "b~", 2, 200, "-", viaUpstream).with(10, 4), at(11*time.Minute))
		}, []string{"a 0", "b ?", "adjust 1 0 by 0", "adjust 2 32 by ?"}},
		{"never_told_and_never_was", func(b *Book) {
			b.Upstream(up(1, "a", 0, 503, "-"), at(0))
			b.Tick(at(10 * time.Minute))
			b.Downstream(down(1, "a", 1, 503, "-", viaUpstream), at(11*time.Minute))
		}, []string{"a 0", "b ?", "adjust 1 0 by 0", "adjust 2 0 by ?"}},
		{"read_late", func(b *Book) {
			b.Upstream(up(1, "a", 0, 429, "-"), at(0))
			b.Upstream(up(1, "b~", time.Second, 200, "-"), at(0))
			b.Downstream(down(1, "b~", 2, 200, "-", viaUpstream), at(0))
			m := Metered{Attempt: 2, Cluster: "b", Status: 200, Found: true, Done: true}
			m.Usage.Input = 1
			b.Metered(ticket(1), m, at(time.Second))
		}, []string{"a 0", fmt.Sprint("b ", 2*1110+3*1050), fmt.Sprint("adjust 2 2 by ", 2-2*1110-3*1050)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := New(Options{Estimator: new(guess), Price: priced})
			b.Open(opened(1))
			c.run(b)
			if diff := cmp.Diff(c.want, costs(b)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
