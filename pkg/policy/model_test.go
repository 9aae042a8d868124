package policy_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/price"
)

const abilities = `
providers: [{name: p, backends: [{name: a, base_url: "https://a.example.com"}, {name: b, base_url: "https://b.example.com"}]}]
models:
  - name: m
    aliases: [short]
    capabilities: [tools, vision]
    context: 128000
    price: {input: 3, output: 15, cache_read: 0.3, cache_write: 3.75}
    quality: 0.8
    candidates:
      - {backend: a}
      - {backend: b, version: v2, capabilities: [tools, audio], context: 8000, price: {input: "0.15", output: "0.6"}, quality: 0.5}
  - {name: plain, candidates: [{backend: a}]}
routes: [{name: r, order: fastest, sticky: conversation, min_quality: 0.4, canary: {use: plain, percent: 25}}, {name: all, canary: {use: m, percent: 100}}]
`

func TestAbilities(t *testing.T) {
	s := compile(t, abilities)
	m := s.Models["m"]
	want := []policy.Candidate{{
		Backend: s.Backends["a"], Model: "m", Weight: 1, Capabilities: policy.Tools | policy.Vision, Context: 128000, Quality: .8,
		Price: &price.Price{Input: 3_000_000, Output: 15_000_000, CacheRead: 300_000, CacheWrite5m: 3_750_000, CacheWrite1h: 3_750_000},
	}, {
		Backend: s.Backends["b"], Model: "m", Weight: 1, Version: "v2", Capabilities: policy.Tools | policy.Audio, Context: 8000, Quality: .5,
		Price: &price.Price{Input: 150_000, Output: 600_000, CacheRead: 150_000, CacheWrite5m: 150_000, CacheWrite1h: 150_000},
	}}
	if diff := cmp.Diff(want, m.Candidates); diff != "" {
		t.Error(diff)
	}
	if m.Able != policy.Tools || m.Context != 8000 {
		t.Errorf("all can %b within %d", m.Able, m.Context)
	}
	if p := s.Models["plain"]; p.Able != policy.All || p.Context != 0 || p.Candidates[0].Price != nil {
		t.Errorf("%+v", p)
	}
	r := s.Routes[0]
	if r.Order != policy.OrderFastest || r.Sticky != policy.StickyConversation || r.MinQuality != .4 || r.Canary != s.Models["plain"] || r.Share != 1<<62 || s.Routes[1].Share != 1<<64-1 {
		t.Errorf("%+v", r)
	}
	if !s.Ruled() || !s.Estimates() {
		t.Error("decisions look at nothing")
	}
}

func TestFind(t *testing.T) {
	s := compile(t, abilities)
	for asked, want := range map[string]string{"m": "m", "short": "m", "short@v2": "m v2", "m@x": "m x", "plain@": "", "@v": "", "none@v": "", "M": ""} {
		m, version := s.Find(asked)
		got := ""
		if m != nil {
			got = m.Name
			if version != "" {
				got += " " + version
			}
		}
		if got != want {
			t.Errorf("%s is %q, want %q", asked, got, want)
		}
	}
}
