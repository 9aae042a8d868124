package gateway

import (
	"fmt"
	"testing"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/policy"
	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// shop has two models over the same backend, and a route that leads to the
// second.
func shop(t *testing.T, version string) *policy.Snapshot {
	t.Helper()
	const file = `
providers: [{name: p, backends: [{name: b, base_url: "https://api.example.com/v1"}]}]
models:
  - {name: one, aliases: [uno], price: {input: "1", output: "2"}, candidates: [{backend: b, model: real}]}
  - {name: two, price: {input: "3", output: "4"}, candidates: [{backend: b, model: real}]}
teams: [{name: x}]
routes: [{name: led, teams: [x], use: two}, {name: plain}]
`
	l, err := loaded{}.next("c.yaml", t.TempDir(), []byte(file))
	if err != nil {
		t.Fatal(err)
	}
	l.snapshot.Version = version
	return l.snapshot
}

func TestPastKnowsWhatDecided(t *testing.T) {
	var p past
	if m, c := p.candidate(&signalboxv1.Attempt{}); m != nil || c != nil {
		t.Error("a candidate of no policy")
	}
	for i := range maxPast + 3 {
		p.add(shop(t, fmt.Sprint("v", i)))
	}
	p.add(shop(t, "v5"))
	if len(p.list) != maxPast || p.of("v5") != p.list[0] || p.of("v4").Version != "v4" || p.of("v0").Version != "v5" {
		t.Errorf("%d policies, the newest %s", len(p.list), p.list[0].Version)
	}
	for _, c := range []struct {
		name string
		a    *signalboxv1.Attempt
		want string
	}{
		{"asked_for", &signalboxv1.Attempt{RequestedModel: "one", Route: "plain", Backend: "b", Model: "real"}, "one"},
		{"alias", &signalboxv1.Attempt{RequestedModel: "uno", Route: "plain", Backend: "b", Model: "real"}, "one"},
		{"stranger", &signalboxv1.Attempt{Backend: "b", Model: "real"}, "one"},
		{"led_elsewhere", &signalboxv1.Attempt{RequestedModel: "one", Route: "led", Backend: "b", Model: "real"}, "two"},
		{"gone", &signalboxv1.Attempt{RequestedModel: "one", Route: "plain", Backend: "b", Model: "other"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := ""
			if m, _ := p.candidate(c.a); m != nil {
				got = m.Name
			}
			if got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestPriceIsThatOfThePolicyThatDecided(t *testing.T) {
	var p past
	p.add(shop(t, "old"))
	now := shop(t, "new")
	now.Models["two"].Candidates[0].Price = nil
	p.add(now)
	a := &signalboxv1.Attempt{RequestedModel: "one", Route: "led", Backend: "b", Model: "real", Policy: "old"}
	if got := p.price(a); got == nil || got.Input.String() != "0.000003" {
		t.Errorf("%+v", got)
	}
	for _, version := range []string{"new", "forgotten"} {
		a.Policy = version
		if got := p.price(a); got != nil {
			t.Errorf("%s: %+v", version, got)
		}
	}
}

func TestLengthsAreLearnedFromWholeAnswers(t *testing.T) {
	p := new(past)
	p.add(shop(t, "v"))
	l := &lengths{past: p}
	row := func(o signalboxv1.Attempt_Outcome, s signalboxv1.Usage_Source, output int64) *signalboxv1.Attempt {
		return &signalboxv1.Attempt{
			RequestedModel: "one", Route: "led", Backend: "b", Model: "real", Policy: "v", Stream: true,
			Outcome: o, Source: s, Usage: &signalboxv1.Usage{Output: output},
		}
	}
	for range 5 {
		l.learn(row(signalboxv1.Attempt_OUTCOME_COMPLETED, signalboxv1.Usage_SOURCE_PROVIDER, 100))
		l.learn(row(signalboxv1.Attempt_OUTCOME_CUT, signalboxv1.Usage_SOURCE_PROVIDER, 1))
		l.learn(row(signalboxv1.Attempt_OUTCOME_COMPLETED, signalboxv1.Usage_SOURCE_ESTIMATED, 9000))
	}
	s := p.of("v")
	if n := l.expect(s.Routes[0], s.Models["two"], true, 0); n != 100 {
		t.Errorf("%d tokens", n)
	}
	if n := l.expect(s.Routes[0], s.Models["two"], true, 30); n != 30 {
		t.Errorf("%d tokens where 30 are allowed", n)
	}
}

func TestWritingIsWithoutTheFirstByteOfStreams(t *testing.T) {
	a := &signalboxv1.Attempt{
		Outcome: signalboxv1.Attempt_OUTCOME_COMPLETED, Source: signalboxv1.Usage_SOURCE_PROVIDER, Usage: &signalboxv1.Usage{Output: 7},
		StartNs: uint64(time.Second), FirstByteNs: uint64(3 * time.Second), EndNs: uint64(8 * time.Second),
	}
	if s, _ := sample(a); s.Output != 7 || s.Writing != 7*time.Second {
		t.Errorf("%+v", s)
	}
	a.Stream = true
	if s, _ := sample(a); s.Writing != 5*time.Second || s.FirstByte != 2*time.Second {
		t.Errorf("%+v of a stream", s)
	}
	a.FirstTokenNs = uint64(4 * time.Second)
	if s, _ := sample(a); s.Writing != 4*time.Second || s.FirstByte != 2*time.Second || s.FirstToken != 3*time.Second {
		t.Errorf("%+v of a stream that was read", s)
	}
	a.EndNs = 1
	if s, _ := sample(a); s.Writing != 0 {
		t.Errorf("%+v of one that ended before", s)
	}
}
