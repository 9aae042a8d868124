package route_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/route"
	"github.com/signalbox-dev/signalbox/pkg/signal"
)

// conditions are expressions and what they mean, said again in Go. fails says
// that the expression fails.
var conditions = []struct {
	text string
	mean func(f *signal.Facts) (holds, fails bool)
}{
	{`request.stream`, func(f *signal.Facts) (bool, bool) { return f.Call.Stream, false }},
	{`request.choices > 1 || request.tools`, func(f *signal.Facts) (bool, bool) { return f.Call.Choices > 1 || f.Call.HasTools, false }},
	{`request.tokens >= 50`, func(f *signal.Facts) (bool, bool) { return (len(f.Call.Body)*3+11)/12 >= 50, false }},
	{`request.header("h1") == "v1" && request.model != "m0"`, func(f *signal.Facts) (bool, bool) { return sent(f, "h1") == "v1" && f.Model != "m0", false }},
	{`10 / request.max_output > 3`, func(f *signal.Facts) (bool, bool) {
		return f.Call.MaxOutput != 0 && 10/f.Call.MaxOutput > 3, f.Call.MaxOutput == 0
	}},
	{`request.channel in ["ch0", ""] && request.hour < 12`, func(f *signal.Facts) (bool, bool) {
		return (f.Channel == "ch0" || f.Channel == "") && f.Time.UTC().Hour() < 12, false
	}},
	{`"c0" in request.classes || request.weekday > 5`, func(f *signal.Facts) (bool, bool) {
		d := f.Time.UTC().Weekday()
		return slices.Contains(f.Classes, "c0") || d == time.Saturday || d == time.Sunday, false
	}},
	{`request.team == "t1" || request.key_name == "n1"`, func(f *signal.Facts) (bool, bool) { return f.Team == "t1" || f.KeyName == "n1", false }},
}

func sent(f *signal.Facts, name string) string {
	for _, h := range f.Headers {
		if h.Name == name {
			return h.Value
		}
	}
	return ""
}

func among[T ~string](list []string, have ...T) bool {
	for _, h := range have {
		if slices.Contains(list, string(h)) {
			return true
		}
	}
	return len(list) == 0
}

func headed(f *signal.Facts, list ...*signalboxv1.HeaderMatch) bool {
	for _, want := range list {
		if !slices.ContainsFunc(f.Headers, func(h signal.Header) bool {
			return h.Name == want.GetName() && (want.GetValue() == "" || like([]string{want.GetValue()}, h.Value))
		}) {
			return false
		}
	}
	return true
}

// during walks from minute to minute of the hours, as nobody would who is in a
// hurry.
func during(h *signalboxv1.Hours, at time.Time) bool {
	if h == nil {
		return true
	}
	at = at.UTC().Truncate(time.Minute)
	for back := range 8 {
		day := at.AddDate(0, 0, -back)
		number := (int(day.Weekday())+6)%7 + 1
		if len(h.GetDays()) > 0 && !slices.Contains(h.GetDays(), signalboxv1.Hours_Day(number)) {
			continue
		}
		var fh, fm, th, tm int
		_, _ = fmt.Sscanf(h.GetFrom(), "%d:%d", &fh, &fm)
		_, _ = fmt.Sscanf(h.GetTo(), "%d:%d", &th, &tm)
		begin := time.Date(day.Year(), day.Month(), day.Day(), fh, fm, 0, 0, time.UTC)
		end := time.Date(day.Year(), day.Month(), day.Day(), th, tm, 0, 0, time.UTC)
		if !end.After(begin) {
			end = end.AddDate(0, 0, 1)
		}
		if !at.Before(begin) && at.Before(end) {
			return true
		}
	}
	return false
}

// fitting is the route of a request by the configuration itself, and which
// conditions failed on the way.
func fitting(c *signalboxv1.Config, f *signal.Facts) (*signalboxv1.Route, []string) {
	f.Channel = ""
	for _, ch := range slices.Backward(c.GetChannels()) {
		if (ch.GetHeader() == nil || headed(f, ch.GetHeader())) && among(ch.GetKeys(), f.KeyID, f.KeyName) && among(ch.GetTeams(), f.Team) {
			f.Channel = ch.GetName()
		}
	}
	var failed []string
	for _, r := range c.GetRoutes() {
		if !like(r.GetModels(), f.Model) || !among(r.GetTeams(), f.Team) || !among(r.GetKeys(), f.KeyID, f.KeyName) ||
			!among(r.GetChannels(), f.Channel) || !among(r.GetClasses(), f.Classes...) || !among(r.GetPaths(), f.Operation) ||
			!headed(f, r.GetHeaders()...) || !during(r.GetHours(), f.Time) {
			continue
		}
		holds := true
		for _, cond := range conditions {
			if cond.text == r.GetWhen() {
				fails := false
				if holds, fails = cond.mean(f); fails {
					failed = append(failed, r.GetName())
					holds = r.GetWhenError() == signalboxv1.Route_FAILURE_FIT
				}
			}
		}
		if holds {
			return r, failed
		}
	}
	return &signalboxv1.Route{Name: "default"}, failed
}

func (w world) rules(c *signalboxv1.Config) {
	match := func() *signalboxv1.HeaderMatch {
		return &signalboxv1.HeaderMatch{Name: w.pick("h0", "h1"), Value: w.pick("", "v0", "v1", "v*")}
	}
	teams := numbered("t", len(c.GetTeams()))
	for i := range w.IntN(3) {
		ch := &signalboxv1.Channel{Name: fmt.Sprint("ch", i), Teams: w.some(teams)}
		if w.chance(50) {
			ch.Keys = []string{w.pick("key_0", "n1")}
		}
		if w.chance(60) || len(ch.GetTeams())+len(ch.GetKeys()) == 0 {
			ch.Header = match()
		}
		c.Channels = append(c.Channels, ch)
	}
	for _, r := range c.GetRoutes() {
		w.rule(c, r, match)
	}
}

func (w world) rule(c *signalboxv1.Config, r *signalboxv1.Route, match func() *signalboxv1.HeaderMatch) {
	if w.chance(25) {
		r.Keys = []string{w.pick("key_0", "key_1", "n0", "n1")}
	}
	if n := len(c.GetChannels()); n > 0 && w.chance(30) {
		r.Channels = []string{fmt.Sprint("ch", w.IntN(n))}
	}
	for range w.IntN(2) * w.IntN(3) {
		r.Headers = append(r.Headers, match())
	}
	if n := len(c.GetClasses()); n > 0 && w.chance(20) {
		r.Classes = []string{fmt.Sprint("c", w.IntN(n))}
	}
	if w.chance(20) {
		r.Paths = []string{w.pick("chat", "embeddings")}
	}
	if w.chance(25) {
		r.Hours = &signalboxv1.Hours{From: w.pick("00:00", "08:30", "22:00"), To: w.pick("08:30", "17:00", "24:00")}
		for d := range 7 {
			if w.chance(40) {
				r.Hours.Days = append(r.Hours.Days, signalboxv1.Hours_Day(d+1))
			}
		}
	}
	if w.chance(50) {
		r.When = conditions[w.IntN(len(conditions))].text
		if w.chance(30) {
			r.WhenError = signalboxv1.Route_FAILURE_FIT
		}
	}
	if w.chance(30) {
		r.Use = c.GetModels()[w.IntN(len(c.GetModels()))].GetName()
	}
}

func (w world) facts() *signal.Facts {
	f := &signal.Facts{
		KeyID: w.pick("key_0", "key_1"), KeyName: w.pick("n0", "n1", ""), Operation: genai.Operation(w.pick("chat", "embeddings")),
		Time: time.Unix(1_780_000_000+w.Int64N(14*86400), 0),
		Call: &dialect.Request{Stream: w.chance(50), HasTools: w.chance(30), Choices: 1 + w.IntN(2), MaxOutput: w.Int64N(4), Body: make([]byte, w.IntN(400))},
	}
	for _, h := range []string{"h0", "h1"} {
		if w.chance(60) {
			f.Headers = append(f.Headers, signal.Header{Name: h, Value: w.pick("v0", "v1", "x", "")})
		}
	}
	return f
}

// TestRulesAgainstReference compares the routes of random requests on random
// rules with the reference, and proves that no class is violated, whatever
// model a route uses.
func TestRulesAgainstReference(t *testing.T) {
	w := world{rand.New(rand.NewPCG(3, 4))}
	seen, failures := make(map[string]int), 0
	for done := 0; done < pairs(t, 200_000); {
		c := w.config()
		w.rules(c)
		s, err := policy.Compile(c)
		if err != nil {
			if !strings.Contains(err.Error(), "may serve class") && !strings.Contains(err.Error(), "fits no model") {
				t.Fatalf("%v\n%v", err, c)
			}
			continue
		}
		for range 500 {
			done++
			r := w.request(c)
			r.Facts = w.facts()
			name, failed := w.checkRule(t, c, s, r)
			seen[name]++
			failures += failed
		}
	}
	if len(seen) < 5 || failures < 50 {
		t.Errorf("routes %v, %d failures", seen, failures)
	}
	t.Log(seen, failures)
}

func (w world) checkRule(t *testing.T, c *signalboxv1.Config, s *policy.Snapshot, r route.Request) (string, int) {
	t.Helper()
	d, _ := route.Decide(s, r)
	if d.Route == nil { // nothing of the name, or no such team
		return "none", 0
	}
	team := find(c.GetTeams(), r.Team)
	facts := *r.Facts
	facts.Model, facts.Team, facts.Classes = r.Model, r.Team, slices.Clone(r.Classes)
	if team.GetClass() != "" {
		facts.Classes = append(facts.Classes, genai.DataClass(team.GetClass()))
	}
	want, failed := fitting(c, &facts)
	var got []string
	for _, f := range d.Failed {
		got = append(got, f.Name)
	}
	used := r.Model
	if want.GetUse() != "" {
		used = want.GetUse()
	}
	if d.Route.Name != want.GetName() || d.Channel != facts.Channel || d.Model.Name != used || !slices.Equal(got, failed) {
		t.Fatalf("route %s, channel %q, model %s, failed %v\nwant %s, %q, %s, %v\nfor %+v\nof %v", d.Route.Name, d.Channel, d.Model.Name, got, want.GetName(), facts.Channel, used, failed, facts, c)
	}
	classes := append(facts.Classes, genai.DataClass(want.GetClass()))
	for _, x := range d.Order {
		if !lawful(c, classes, x.Backend.Name) || find(c.GetModels(), used) == nil {
			t.Fatalf("%s violates a class of %v", x.Backend.Name, classes)
		}
	}
	return want.GetName(), len(failed)
}
