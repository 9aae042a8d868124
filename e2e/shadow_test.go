package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/signalbox-dev/signalbox/e2e/internal/bed"
	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/provider"
)

// shadowed are one provider that serves, in the EU, and providers of each
// dialect in the US that copies go to, by what the header x-way says.
func shadowed() plan {
	return plan{
		providers: []provider.Options{{Name: "a"}, {Name: "o"}, {Name: "an", Dialect: provider.Anthropic}, {Name: "g", Dialect: provider.Gemini}},
		configure: func(c *bed.Config, _ map[string]*provider.Server) {
			for i, region := range []string{"eu", "us", "us", "us"} {
				c.Providers[i]["backends"].([]bed.Section)[0]["region"] = region
			}
			c.Models = nil
			c.Model("chat", "a/a-model")
			way := func(name, use string, more bed.Section) {
				r := bed.Section{
					"name": name, "models": []string{"chat"}, "headers": []bed.Section{{"name": "x-way", "value": name}},
					"shadow": bed.Section{"use": use, "percent": 100},
				}
				for k, v := range more {
					r[k] = v
				}
				c.Routes = append(c.Routes, r)
			}
			for _, name := range []string{"o", "an", "g"} {
				c.Model("use-"+name, name+"/"+name+"-model")
				c.Models[len(c.Models)-1]["price"] = bed.Section{"input": "1", "output": "2"}
				way(name, "use-"+name, nil)
			}
			c.Classes = []bed.Section{{"name": "eu-only", "regions": []string{"eu"}}}
			way("decided", "use-o", bed.Section{"leave": "decision"})
			way("attached", "use-o", bed.Section{"metering": "attached"})
			way("bound", "use-o", bed.Section{"class": "eu-only"})
			way("gated", "use-o", bed.Section{"gates": []string{"empty"}})
			way("impatient", "use-o", bed.Section{"answer_timeout": "400ms", "first_byte_timeout": "400ms"})
		},
	}
}

// copyOf waits for the end of the copy of a request.
func (r *rig) copyOf(t *testing.T, s *story) *story {
	t.Helper()
	var c *story
	eventually(t, 20*time.Second, "the copy has a terminal row", func() bool {
		for _, x := range r.stories(t) {
			if x.open.GetShadowOf() == s.id && len(x.terminals) > 0 {
				c = x
				return true
			}
		}
		return false
	})
	return c
}

// TestShadow sends copies to providers of three dialects: the caller gets its
// own answer, each provider what is meant for it, and each row is of its own.
func TestShadow(t *testing.T) {
	r := start(t, shadowed())
	for way, to := range map[string]string{"o": "o", "an": "an", "g": "g", "decided": "o", "attached": "o", "gated": "o"} {
		for _, extra := range []string{"", streamed, withUsage} {
			t.Run(fmt.Sprintf("%s_%d", way, len(extra)), func(t *testing.T) { r.shadows(t, way, to, extra) })
		}
	}
	out, err := r.Command(t.Context(), "usage", "-json", "-by", "backend")
	if err != nil {
		t.Fatal(err)
	}
	var lines []struct {
		Backend  string
		Shadow   bool
		Requests int64
	}
	if err := json.Unmarshal([]byte(out), &lines); err != nil {
		t.Fatal(err)
	}
	for _, l := range lines {
		want := map[string]int64{"a": 18, "o": 12, "an": 3, "g": 3}[l.Backend]
		if l.Shadow != (l.Backend != "a") || l.Requests != want {
			t.Errorf("usage says %+v", l)
		}
	}
	for _, m := range []struct {
		name, backend string
		want          float64
	}{
		{"signalbox_shadow_requests_total", "o", 12},
		{"signalbox_shadow_requests_total", "a", 0},
		{"signalbox_attempts_total", "a", 18},
		{"signalbox_attempts_total", "o", 0},
	} {
		if got := r.Metric(t.Context(), m.name, fmt.Sprintf("backend=%q", m.backend)); got != m.want {
			t.Errorf("%s of %s is %v, want %v", m.name, m.backend, got, m.want)
		}
	}
}

func (r *rig) shadows(t *testing.T, way, to, extra string) {
	for _, s := range r.at {
		s.Journal().Reset()
	}
	body := chat(extra, "Grüße")
	a := r.do(t, request{body: body, headers: []string{"x-way", way, "cookie", "session=1", "x-signalbox-shadow", "forged"}})
	if a.status != 200 || a.err != nil || a.header.Get("x-signalbox-provider") != "a" {
		t.Fatalf("%d %v %s %v", a.status, a.header, a.body, a.err)
	}
	s := r.settledOne(t, a)
	c := r.copyOf(t, s)
	checkReceived(t, r.at["a"], body, extra == streamed)
	checkUsage(t, s, r.at["a"])
	checkUsage(t, c, r.at[to])
	if got := s.outcomes(); !slices.Equal(got, []string{"a:COMPLETED"}) || s.open.GetShadowOf() != "" {
		t.Errorf("the caller's rows say %v", got)
	}
	if got := c.outcomes(); !slices.Equal(got, []string{to + ":COMPLETED"}) || c.state() != "COMPLETED" || c.attempts[0].GetShadowOf() != s.id || c.terminals[0].GetShadowOf() != s.id {
		t.Errorf("the copy's rows say %v %s %v", got, c.state(), c.attempts)
	}
	if got := c.attempts[0]; got.GetModel() != to+"-model" || got.GetRequestedModel() != "chat" || got.GetTeam() != "test" || got.GetStream() != (extra != "") {
		t.Errorf("the copy's row: %v", got)
	}
	if u := c.attempts[0].GetUsage(); c.attempts[0].CostPicoUsd == nil || c.attempts[0].GetCostPicoUsd() != 1e6*(u.GetInput()+2*u.GetOutput()) || s.attempts[0].CostPicoUsd != nil {
		t.Errorf("the copy costs %v for %v, the request %v", c.attempts[0].CostPicoUsd, u, s.attempts[0].CostPicoUsd)
	}
	if to == "o" {
		checkReceived(t, r.at["o"], body, extra == streamed)
	}
	for _, x := range r.at[to].Journal().Exchanges() {
		for h, v := range x.Header {
			if strings.HasPrefix(h, "x-signalbox-") || strings.HasPrefix(h, "x-envoy-") || h == "cookie" || strings.Contains(fmt.Sprint(v), r.key) || strings.Contains(fmt.Sprint(v), credential("a")) {
				t.Errorf("%s got header %s: %q", to, h, v)
			}
		}
	}
	for name, s := range r.at {
		if n := len(s.Journal().Exchanges()); n > 0 && name != "a" && name != to {
			t.Errorf("%s got %d requests", name, n)
		}
	}
}

// TestShadowHarmsNobody has copies fail, stall and be forbidden.
func TestShadowHarmsNobody(t *testing.T) {
	r := start(t, shadowed())
	for _, c := range []struct{ name, way, fault, outcome string }{
		{"refused", "o", "status=500", "HTTP_ERROR"},
		{"reset", "decided", "reset", "RESET"},
		{"stalled", "impatient", "stall-before=3s", "TIMEOUT"},
		{"broken", "o", "malformed", "COMPLETED"},
	} {
		for _, extra := range []string{"", streamed} {
			t.Run(fmt.Sprintf("%s_%d", c.name, len(extra)), func(t *testing.T) {
				began := time.Now()
				a := r.do(t, request{body: chat(extra, "Hello\n#fault backend=o "+c.fault), headers: []string{"x-way", c.way}})
				if a.status != 200 || a.err != nil || time.Since(began) > 2*time.Second {
					t.Fatalf("%d %s %v after %v", a.status, a.body, a.err, time.Since(began))
				}
				s := r.settledOne(t, a)
				if got := r.copyOf(t, s).outcomes(); !slices.Equal(got, []string{"o:" + c.outcome}) {
					t.Errorf("the copy's rows say %v", got)
				}
			})
		}
	}
	t.Run("large", func(t *testing.T) {
		text := strings.Repeat("x", 15<<20) + "\n#fault backend=o stall-before=2s"
		began := time.Now()
		a := r.do(t, request{body: chat("", text), headers: []string{"x-way", "decided"}})
		if a.status != 200 || a.err != nil {
			t.Fatalf("%d %.200s %v", a.status, a.body, a.err)
		}
		t.Logf("15 MiB: %v", time.Since(began))
		c := r.copyOf(t, r.settledOne(t, a))
		if got := c.outcomes(); !slices.Equal(got, []string{"o:COMPLETED"}) || c.attempts[0].RequestBytes < 15<<20 {
			t.Errorf("the copy's rows say %v", c.attempts)
		}
	})
	t.Run("forbidden", func(t *testing.T) {
		r.at["o"].Journal().Reset()
		for range 20 {
			if a := r.do(t, request{body: chat("", "Hello"), headers: []string{"x-way", "bound"}}); a.status != 200 || a.err != nil {
				t.Fatalf("%d %s %v", a.status, a.body, a.err)
			}
		}
		eventually(t, 5*time.Second, "copies are counted as not sent", func() bool {
			return r.Metric(t.Context(), "signalbox_shadow_skipped_total", `reason="no_candidate"`) == 20
		})
		if n := len(r.at["o"].Journal().Exchanges()); n > 0 {
			t.Errorf("a backend outside the class got %d copies", n)
		}
	})
}
