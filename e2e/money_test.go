package e2e

import (
	"fmt"
	"math/big"
	"testing"
	"time"

	"github.com/signalbox-dev/signalbox/e2e/internal/bed"
	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/provider"
)

// TestMoney reads what requests cost from the ledger, from `usage` and from the
// metrics: all three agree, a failed attempt costs nothing, an attempt without
// a price is flagged, and a price that changes while an answer runs does not
// change what that costs.
func TestMoney(t *testing.T) {
	r := start(t, plan{providers: named("a", "b", "free"), configure: func(c *bed.Config, _ map[string]*provider.Server) {
		list := c.Models[0]["candidates"].([]bed.Section)
		list[0]["price"] = bed.Section{"input": "1000", "output": "0.000001"}
		list[1]["price"] = bed.Section{"input": "0.15", "cache_read": "0.075", "output": "0.6"}
	}})
	want := new(big.Rat)
	send := func(text string) *story {
		t.Helper()
		a := r.do(t, request{body: chat(streamed, text)})
		if a.status != 200 || a.err != nil {
			t.Fatalf("%d %s %v", a.status, a.body, a.err)
		}
		return r.settledOne(t, a)
	}
	cost := func(s *story, i int, input, cached, output string) {
		t.Helper()
		row := s.attempts[i]
		u := row.Usage
		sum := new(big.Rat)
		for price, n := range map[string]int64{input: u.GetInput() - u.GetCacheRead(), cached: u.GetCacheRead(), output: u.GetOutput()} {
			p, _ := new(big.Rat).SetString(price)
			sum.Add(sum, p.Mul(p, big.NewRat(n, 1_000_000)))
		}
		if row.CostPicoUsd == nil || big.NewRat(*row.CostPicoUsd, 1e12).Cmp(sum) != 0 {
			t.Errorf("%s cost %v, want %s", row.Backend, row.CostPicoUsd, sum.FloatString(12))
		}
		want.Add(want, sum)
	}
	cost(send("Hello"), 0, "1000", "1000.0", "0.000001")
	s := send("Hello\n#fault backend=a status=500")
	cost(s, 0, "0", "0", "0")
	cost(s, 1, "0.15", "0.075", "0.6")
	if s := send("Hello\n#fault backend=a,b status=500"); s.attempts[2].CostPicoUsd != nil {
		t.Errorf("an attempt without a price cost %d", *s.attempts[2].CostPicoUsd)
	}

	slow := make(chan answer, 1)
	go func() { slow <- r.do(t, request{body: chat(streamed, "Hello\n#fault tokens=100 gap=20ms")}) }()
	eventually(t, 5*time.Second, "the stream has begun", func() bool { n, _ := r.at["a"].Journal().Count(); return n == 4 })
	r.Config.Models[0]["candidates"].([]bed.Section)[0]["price"] = bed.Section{"input": "2000", "output": "7"}
	if err := r.WriteConfig(); err != nil {
		t.Fatal(err)
	}
	eventually(t, 5*time.Second, "the price has changed", func() bool {
		return r.Metric(t.Context(), "signalbox_reloads_total", `kind="config"`, `result="ok"`) == 1
	})
	cost(send("Hello"), 0, "2000", "2000.0", "7")
	cost(r.settledOne(t, <-slow), 0, "1000", "1000.0", "0.000001")

	lines, err := r.Usage(t.Context())
	if err != nil || len(lines) != 1 {
		t.Fatalf("%v %v", lines, err)
	}
	got, ok := new(big.Rat).SetString(fmt.Sprint(lines[0]["cost_usd"]))
	if !ok || got.Cmp(want) != 0 || lines[0]["unpriced_attempts"] != 1.0 {
		t.Errorf("usage says %v and %v, want %s and 1", lines[0]["cost_usd"], lines[0]["unpriced_attempts"], want.FloatString(12))
	}
	usd, _ := want.Float64()
	if got := r.Metric(t.Context(), "signalbox_cost_usd_total"); got < usd*.999999 || got > usd*1.000001 {
		t.Errorf("the metric says %v, want %v", got, usd)
	}
	if got := r.Metric(t.Context(), "signalbox_unpriced_attempts_total"); got != 1 {
		t.Errorf("the metric says %v attempts without a price", got)
	}
}
