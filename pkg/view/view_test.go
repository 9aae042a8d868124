package view

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"iter"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"github.com/signalbox-dev/signalbox/pkg/config"
	"github.com/signalbox-dev/signalbox/pkg/health"
	"github.com/signalbox-dev/signalbox/pkg/key"
	"github.com/signalbox-dev/signalbox/pkg/ledger"
	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/settle"
	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// noon is in the middle of a month and of every bucket's day.
var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

const file = `
providers:
  - name: acme
    backends:
      - {name: eu, region: eu, base_url: "https://eu.example/v1", credential: {env: KEY}}
      - {name: us, region: us, base_url: "https://us.example/v1", credential: {env: KEY}}
models:
  - name: chat
    price: {input: "1", cache_read: "0.1", output: "2"}
    candidates: [{backend: eu, model: big}, {backend: us, model: big}]
  - name: other
    candidates: [{backend: eu, model: small}]
teams: [{name: support}, {name: legal, models: [other]}]
routes:
  - {name: strong, models: [chat], teams: [support]}
`

func snapshot(t testing.TB) *policy.Snapshot {
	t.Helper()
	c, err := config.Parse("signalbox.yaml", []byte(file))
	if err != nil {
		t.Fatal(err)
	}
	s, err := policy.Compile(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func fixture(t testing.TB) *View {
	t.Helper()
	return New(fixtureOptions(t))
}

func fixtureOptions(t testing.TB) Options {
	t.Helper()
	s := snapshot(t)
	return Options{
		Version: "1", Started: noon.Add(-time.Hour), Snapshot: func() *policy.Snapshot { return s },
		Policy: func(v string) *policy.Snapshot {
			if v == s.Version {
				return s
			}
			return nil
		},
		Keys: func() *key.Set {
			return (*key.Set)(nil).With([]key.Key{
				{ID: "key_000000000001", Name: "desk", Team: "support", Hash: [32]byte{1}, Created: noon.Add(-day)},
				{ID: "key_000000000002", Name: "old", Team: "support", Hash: [32]byte{2}, Created: noon.Add(-2 * day), Revoked: noon},
			})
		},
	}
}

// request is one that ended, n seconds before noon.
type request struct {
	ago      time.Duration
	n        byte
	model    string
	state    signalboxv1.Terminal_State
	backends []string // one attempt each; all but the last fail
	cost     int64    // of the last attempt, -1: not known
	policy   string
}

func (r request) settled() settle.Settled {
	start := noon.Add(-r.ago)
	ns := func(d time.Duration) uint64 { return uint64(start.Add(d).UnixNano()) }
	ticket := []byte{0xfe, 0xdc, 0xba, 15: r.n}
	id := "00000000-0000-4000-8000-0000000000" + hex.EncodeToString([]byte{r.n})
	model := r.model
	if model == "" {
		model = "chat"
	}
	o := &signalboxv1.Open{Ticket: ticket, RequestId: id, ClientRequestId: "mine-" + id, TimeNs: ns(0), Team: "support", KeyId: "key_000000000001", Model: model, Route: "strong", Class: "internal", Policy: r.policy}
	var err error
	o.Decision, err = proto.Marshal(&signalboxv1.Decision{
		Model: model, Objective: "configured", Channel: "live", TookNs: 40_000, TraceId: append([]byte{15: r.n}, []byte{}...),
		Options: []*signalboxv1.Decision_Option{
			{Backend: "us", Model: "big", Region: "us", State: signalboxv1.Decision_STATE_CLOSED, Code: "class"},
			{Backend: "eu", Model: "big", Region: "eu", State: signalboxv1.Decision_STATE_CLEAR, Order: 1},
		},
	})
	if err != nil {
		panic(err) // cannot happen
	}
	s := settle.Settled{Open: o, Terminal: &signalboxv1.Terminal{
		Ticket: ticket, RequestId: id, StartNs: ns(0), TimeNs: ns(2 * time.Second), State: r.state, Attempts: uint32(len(r.backends)),
		Status: 200, Team: "support", Model: model, Route: "strong", KeyId: "key_000000000001",
	}}
	for i, b := range r.backends {
		s.Terminal.Backend = b
		a := &signalboxv1.Attempt{
			Ticket: ticket, RequestId: id, Number: uint32(i + 1), StartNs: ns(10 * time.Millisecond), EndNs: ns(500 * time.Millisecond), Backend: b, Region: b, Model: "big",
			RequestedModel: model, Team: "support", KeyId: "key_000000000001", Route: "strong", Stream: true, Status: 503, Outcome: signalboxv1.Attempt_OUTCOME_HTTP_ERROR, CostPicoUsd: new(int64),
		}
		if i == len(r.backends)-1 {
			a.StartNs, a.FirstByteNs, a.EndNs, a.Status, a.Outcome = ns(510*time.Millisecond), ns(time.Second), ns(2*time.Second), 200, signalboxv1.Attempt_OUTCOME_COMPLETED
			a.Usage, a.Source, a.CostPicoUsd = &signalboxv1.Usage{Input: 100, CacheRead: 40, Output: 10}, signalboxv1.Usage_SOURCE_PROVIDER, &r.cost
			if r.cost < 0 {
				a.CostPicoUsd = nil
			}
		}
		s.Attempts = append(s.Attempts, a)
	}
	return s
}

func requests(version string) []settle.Settled {
	done, failed, refused := signalboxv1.Terminal_STATE_COMPLETED, signalboxv1.Terminal_STATE_FAILED, signalboxv1.Terminal_STATE_REFUSED
	return []settle.Settled{
		request{ago: 40 * day, n: 1, state: done, backends: []string{"eu"}, cost: 5, policy: version}.settled(),
		request{ago: 7*day + time.Hour, n: 2, state: done, backends: []string{"eu"}, cost: 7, policy: version}.settled(),
		request{ago: 3 * time.Hour, n: 3, state: failed, backends: []string{"us"}, cost: -1, policy: version}.settled(),
		request{ago: 30 * time.Minute, n: 4, state: done, backends: []string{"eu", "us"}, cost: 9_000_000_000_000_000_000, policy: version}.settled(),
		request{ago: 29 * time.Minute, n: 5, state: done, backends: []string{"eu"}, cost: 9_000_000_000_000_000_000, policy: version}.settled(),
		request{ago: time.Minute, n: 6, model: "any word", state: refused, policy: version}.settled(),
	}
}

func shown(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestOverview(t *testing.T) {
	v := fixture(t)
	for _, s := range requests("") {
		v.Settled(s, noon)
	}
	for name, c := range map[string]struct {
		q                              OverviewQuery
		requests, errors, falls, steps int64
		spend, before                  string
		groups                         string
	}{
		"hour":    {q: OverviewQuery{Range: "1h"}, requests: 3, falls: 1, steps: 60, spend: `"18000000000000000000"`, before: `"7"`, groups: "chat "},
		"day":     {q: OverviewQuery{}, requests: 4, errors: 1, falls: 1, steps: 96, spend: `"18000000000000000000"`, before: `"7"`, groups: "chat "},
		"week":    {q: OverviewQuery{Range: "7d", By: "team"}, requests: 4, errors: 1, falls: 1, steps: 84, spend: `"18000000000000000000"`, before: `"7"`, groups: "support"},
		"month":   {q: OverviewQuery{Range: "30d", By: "backend"}, requests: 5, errors: 1, falls: 1, steps: 90, spend: `"18000000000000000007"`, before: `"5"`, groups: "eu us "},
		"model":   {q: OverviewQuery{Model: "other"}, steps: 96, spend: `"0"`, before: `"0"`},
		"unknown": {q: OverviewQuery{Range: "6h", Team: "support"}, requests: 4, errors: 1, falls: 1, steps: 72, spend: `"18000000000000000000"`, before: `"7"`, groups: "chat "},
	} {
		t.Run(name, func(t *testing.T) {
			o, err := v.Overview(c.q, noon.Add(time.Second))
			if err != nil {
				t.Fatal(err)
			}
			if o.Total.Requests != c.requests || o.Total.Errors != c.errors || o.Total.Fallbacks != c.falls || int64(len(o.T)) != c.steps || len(o.Series.P95) != len(o.T) {
				t.Errorf("%+v", o.Total)
			}
			if got := shown(t, o.Total.Spend); got != c.spend {
				t.Errorf("spend %s, want %s", got, c.spend)
			}
			if got := shown(t, o.Previous.Spend); got != c.before {
				t.Errorf("spent before %s, want %s", got, c.before)
			}
			var groups []string
			for _, g := range o.Groups {
				groups = append(groups, g.Name)
			}
			if got := strings.Join(groups, " "); strings.TrimSpace(got) != strings.TrimSpace(c.groups) {
				t.Errorf("groups %q, want %q", got, c.groups)
			}
		})
	}
	o, err := v.Overview(OverviewQuery{Model: "chat"}, noon.Add(-2*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if o.Total.Spend != nil || o.Total.Unpriced != 1 {
		t.Errorf("a price that nobody knows is not 0: %s", shown(t, o.Total))
	}
	if p := o.Total.P50; p == nil || *p < 450 || *p > 530 {
		t.Errorf("490 ms to the first token are shown as %s", shown(t, p))
	}
}

// records is the ledger's form of requests.
func records(list []settle.Settled) iter.Seq2[ledger.Entry, error] {
	return func(yield func(ledger.Entry, error) bool) {
		for _, s := range list {
			all := []ledger.Record{s.Open}
			for _, a := range s.Attempts {
				all = append(all, a)
			}
			for _, r := range append(all, s.Terminal) {
				if !yield(ledger.Entry{Record: r}, nil) || !yield(ledger.Entry{Record: r, Copy: true}, nil) {
					return
				}
			}
			yield(ledger.Entry{}, errors.New("damage"))
		}
	}
}

// copies are copies of requests, which are counted apart.
func copies() []settle.Settled {
	all := requests("")
	for _, s := range all {
		s.Open.ShadowOf, s.Terminal.ShadowOf = "x", "x"
		for _, a := range s.Attempts {
			a.ShadowOf = "x"
		}
	}
	return all
}

// What was before a restart is shown as if there had been none.
func TestRestart(t *testing.T) {
	all := requests("")
	one, two := fixture(t), fixture(t)
	for _, s := range append(copies(), all...) {
		one.Settled(s, noon)
	}
	for _, s := range all[4:] {
		two.Settled(s, noon)
	}
	two.Fill(records(append(copies(), all[:4]...)))
	for _, q := range []string{"1h", "6h", "24h", "7d", "30d"} {
		a, err := one.Overview(OverviewQuery{Range: q}, noon)
		b, err2 := two.Overview(OverviewQuery{Range: q}, noon)
		if d := cmp.Diff(shown(t, a), shown(t, b)); d != "" || err != nil || err2 != nil {
			t.Errorf("%s: %s %v %v", q, d, err, err2)
		}
	}
	if d := cmp.Diff(shown(t, one.Teams(noon)), shown(t, two.Teams(noon))); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(shown(t, one.Team("support", noon)), shown(t, two.Team("support", noon))); d != "" {
		t.Error(d)
	}
	if a, b := len(one.recent.list), len(two.recent.list); a != b || two.recent.list[0].id != one.recent.list[0].id {
		t.Errorf("%d requests, want %d", b, a)
	}
}

func TestAdjusted(t *testing.T) {
	v := fixture(t)
	s := request{ago: time.Minute, n: 9, state: signalboxv1.Terminal_STATE_UNKNOWN, backends: []string{"eu"}, cost: -1}.settled()
	v.Settled(s, noon)
	v.Tick()
	before := v.recent.list[0]
	cost := int64(250)
	v.Adjusted(&signalboxv1.Adjustment{
		Ticket: s.Terminal.Ticket, Number: 1, StartNs: s.Attempts[0].StartNs, Backend: "eu", Team: "support", RequestedModel: "chat", Route: "strong", KeyId: "key_000000000001",
		State: signalboxv1.Terminal_STATE_FAILED, Delta: &signalboxv1.Usage{Input: 11, Output: 5}, Usage: &signalboxv1.Usage{Input: 111, CacheRead: 40, Output: 15}, CostPicoUsd: &cost,
	})
	o, err := v.Overview(OverviewQuery{Range: "1h"}, noon)
	if err != nil {
		t.Fatal(err)
	}
	if x := o.Total; x.Input != 111 || x.Output != 15 || x.Errors != 1 || x.Requests != 1 || x.Unpriced != 0 || shown(t, x.Spend) != `"250"` {
		t.Errorf("%s", shown(t, x))
	}
	d, err := v.Decisions(DecisionsQuery{}, noon)
	if err != nil || d.Rows[0].Outcome != "failed" || d.Rows[0].Input != 111 || shown(t, d.Rows[0].Cost) != `"250"` {
		t.Errorf("%v %s", err, shown(t, d))
	}
	if before.terminal.State != signalboxv1.Terminal_STATE_UNKNOWN || before.attempts[0].Usage.Input != 100 {
		t.Error("what was handed out has changed")
	}
}

// Callers cannot fill the memory with names, and what they name is not lost.
func TestManySeries(t *testing.T) {
	v := fixture(t)
	for i := range 20_000 {
		s := request{ago: time.Minute, n: 1, state: signalboxv1.Terminal_STATE_COMPLETED, backends: []string{"eu"}, cost: 1}.settled()
		name := strings.Repeat("x", i%50) + hex.EncodeToString([]byte{byte(i >> 8), byte(i)})
		s.Terminal.Model, s.Attempts[0].RequestedModel, s.Terminal.KeyId, s.Terminal.Route, s.Attempts[0].Route = name, name, name, name, name
		v.Settled(s, noon)
	}
	o, err := v.Overview(OverviewQuery{Range: "1h"}, noon)
	if err != nil || o.Total.Requests != 20_000 || shown(t, o.Total.Spend) != `"20000"` || len(o.Groups) > maxCells+1 {
		t.Errorf("%v %d groups, %s", err, len(o.Groups), shown(t, o.Total))
	}
	if len(v.traffic.known) > maxSeries || len(v.used) > maxUsed || len(v.recent.list) > 2*keep {
		t.Errorf("%d series, %d keys, %d requests", len(v.traffic.known), len(v.used), len(v.recent.list))
	}
}

func TestDecisions(t *testing.T) {
	v := fixture(t)
	for _, s := range requests(snapshot(t).Version) {
		v.Settled(s, noon)
	}
	id := func(n string) string { return "00000000-0000-4000-8000-0000000000" + n }
	for name, c := range map[string]struct {
		q    DecisionsQuery
		want string // the ends of ids
	}{
		"all":       {DecisionsQuery{}, "06 05 04 03 02 01"},
		"limit":     {DecisionsQuery{Limit: 2}, "06 05"},
		"before":    {DecisionsQuery{Before: id("05"), Limit: 2}, "04 03"},
		"gone":      {DecisionsQuery{Before: "gone"}, ""},
		"fallback":  {DecisionsQuery{Only: "fallback"}, "04"},
		"blocked":   {DecisionsQuery{Only: "blocked"}, "06"},
		"findings":  {DecisionsQuery{Only: "findings"}, ""},
		"region":    {DecisionsQuery{Words: "region:us"}, "04"},
		"two-words": {DecisionsQuery{Words: "Team:supp outcome:served"}, "05 02 01"},
		"client-id": {DecisionsQuery{Words: "mine-" + id("03")}, "03"},
		"trace":     {DecisionsQuery{Words: strings.Repeat("0", 31) + "2"}, "02"},
		"key":       {DecisionsQuery{Words: "key:desk", Team: "support", Model: "any word"}, "06"},
		"no-field":  {DecisionsQuery{Words: "x:y"}, ""},
		"ticket":    {DecisionsQuery{Words: "fedcba"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := v.Decisions(c.q, noon)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, r := range d.Rows {
				got = append(got, r.ID[len(r.ID)-2:])
			}
			if g := strings.Join(got, " "); g != c.want {
				t.Errorf("%q, want %q", g, c.want)
			}
		})
	}
	for _, q := range []DecisionsQuery{{Only: "good"}, {Limit: -1}, {Limit: 501}} {
		if _, err := v.Decisions(q, noon); err == nil {
			t.Errorf("%+v is taken", q)
		}
	}
}

// The list of a busy gateway is a sample, and says so; a filter shows all.
func TestSample(t *testing.T) {
	v := fixture(t)
	for i := range 100 {
		s := request{ago: 10*time.Second - time.Duration(i)*100*time.Millisecond, n: byte(i), state: signalboxv1.Terminal_STATE_COMPLETED, backends: []string{"eu"}}.settled()
		v.Settled(s, noon.Add(time.Duration(i-100)*100*time.Millisecond))
	}
	d, err := v.Decisions(DecisionsQuery{}, noon)
	if err != nil || len(d.Rows) != 10 || d.OneIn != 10 || d.Rate != 3.33 {
		t.Errorf("%v %d rows, one in %d, %v/s", err, len(d.Rows), d.OneIn, d.Rate)
	}
	d, err = v.Decisions(DecisionsQuery{Team: "support", Limit: 100}, noon)
	if err != nil || len(d.Rows) != 100 || d.OneIn != 1 {
		t.Errorf("%v %d rows, one in %d", err, len(d.Rows), d.OneIn)
	}
}

func TestDecision(t *testing.T) {
	v := fixture(t)
	all := requests(snapshot(t).Version)
	for _, s := range all {
		v.Settled(s, noon)
	}
	id := all[3].Terminal.RequestId
	for _, name := range []string{id, "mine-" + id, strings.Repeat("0", 31) + "4"} {
		d := v.Decision(name)
		if d == nil || d.ID != id {
			t.Fatalf("%s: %+v", name, d)
		}
		if *d.Older != all[2].Terminal.RequestId || *d.Newer != all[4].Terminal.RequestId {
			t.Errorf("between %s and %s", *d.Older, *d.Newer)
		}
	}
	d := v.Decision(id)
	if len(d.Candidates) != 2 || d.Candidates[0].Backend != "eu" || d.Candidates[1].Signal != "closed" || d.Rules[0].Name != "strong" || d.Rules[0].Result != "matched" {
		t.Errorf("%s", shown(t, d))
	}
	want := []Phase{{"first byte", 510, 1000, "first"}, {"answer", 1000, 2000, "stream"}}
	if diff := cmp.Diff(want, d.Attempts[1].Phases); diff != "" {
		t.Error(diff)
	}
	lines := shown(t, d.Usage.Lines)
	if want := `[{"name":"uncached input","tokens":60,"price_pico_usd":"1000000","cost_pico_usd":"60000000"},{"name":"cache read","tokens":40,"price_pico_usd":"100000","cost_pico_usd":"4000000"},{"name":"output","tokens":10,"price_pico_usd":"2000000","cost_pico_usd":"20000000"}]`; lines != want {
		t.Errorf("%s", lines)
	}
	if v.Decision("fedcba") != nil || strings.Contains(shown(t, d), "fedcba") || v.Decision("") != nil {
		t.Error("a ticket is shown or taken")
	}
	refused := v.Decision(all[5].Terminal.RequestId)
	if refused.Served != nil || refused.Outcome != "blocked" || len(refused.Attempts) != 0 || refused.Attempts == nil {
		t.Errorf("%s", shown(t, refused))
	}
}

func TestStranger(t *testing.T) {
	v := fixture(t)
	s := request{ago: time.Minute, n: 7, state: signalboxv1.Terminal_STATE_COMPLETED, backends: []string{"eu"}}.settled()
	s.Open, s.Terminal.RequestId, s.Terminal.Team, s.Terminal.KeyId, s.Terminal.Route = nil, "", "", "", ""
	v.Settled(s, noon)
	d, err := v.Decisions(DecisionsQuery{}, noon)
	if err != nil || !strings.HasPrefix(d.Rows[0].ID, "dec_") || d.Rows[0].Team != nil || v.Decision(d.Rows[0].ID) == nil {
		t.Errorf("%v %s", err, shown(t, d))
	}
}

func TestHealth(t *testing.T) {
	v := fixture(t)
	v.o.Health = func(time.Time) []health.Status {
		return []health.Status{
			{Key: health.Key{Backend: "eu", Model: "big"}, State: health.Open, Grade: health.Ill, Since: noon.Add(-time.Minute)},
			{Key: health.Key{Backend: "us", Model: "big"}, State: health.Open, Grade: health.Throttled},
			{Key: health.Key{Backend: "eu", Model: "small"}},
		}
	}
	for _, s := range requests("")[3:] {
		v.Settled(s, noon)
	}
	for i := range byte(3) {
		v.Settled(request{ago: 20 * time.Second, n: i, state: signalboxv1.Terminal_STATE_COMPLETED, backends: []string{"eu", "us"}}.settled(), noon)
	}
	v.Breaker(health.Change{Key: health.Key{Backend: "eu", Model: "big"}, State: health.Open, Grade: health.Ill}, noon)
	h := v.Health(noon.Add(-time.Second))
	if len(h.Cells) != 3 || len(h.Events) != 1 || h.Events[0].Cell != "big eu eu" || h.Events[0].What != "opened" {
		t.Fatalf("%s", shown(t, h))
	}
	eu, us, small := h.Cells[0], h.Cells[1], h.Cells[2]
	if eu.Signal != "closed" || *eu.Breaker != "open" || us.Signal != "held" || *us.Breaker != "closed" || small.Signal != "clear" {
		t.Errorf("%s", shown(t, h.Cells))
	}
	if *eu.Errors != 100 || eu.P50 != nil || us.P50 == nil || *us.Errors != 0 || small.Errors != nil || small.P50 != nil || small.Requests != 0 {
		t.Errorf("%s", shown(t, h.Cells))
	}
	if eu.Spark[slots-1] != nil || us.Spark[slots-1] == nil || len(eu.Spark) != slots {
		t.Errorf("%s", shown(t, us.Spark))
	}
	if *us.Tokens != 10 || shown(t, us.Price.Input) != `"1000000"` || small.Price != nil {
		t.Errorf("%s", shown(t, us))
	}
	items := v.Attention(noon).Items
	if len(items) != 1 || items[0].Signal != "held" {
		t.Errorf("%s", shown(t, items))
	}
}

func TestTeams(t *testing.T) {
	v := fixture(t)
	for _, s := range requests("")[1:] {
		v.Settled(s, noon)
	}
	all := v.Teams(noon)
	if len(all.Teams) != 2 || all.Teams[0].ID != "legal" || shown(t, all.Org.Spent) != `"18000000000000000007"` || all.Org.Elapsed != 78.3 {
		t.Errorf("%s", shown(t, all))
	}
	team := v.Team("support", noon)
	if team.Requests != 5 || team.Blocked != 1 || len(team.Used) != 24 || *team.Used[15] != 0 || *team.Used[16] != 7e-12 || team.Limit != nil {
		t.Errorf("%s", shown(t, team))
	}
	if len(team.Keys) != 2 || team.Keys[0].Name != "desk" || team.Keys[0].Requests != 5 || team.Keys[0].LastUsed == nil || *team.Keys[0].Peak != 1 ||
		team.Keys[1].State != "revoked" || team.Keys[1].LastUsed != nil || len(team.Keys[0].Models) != 2 {
		t.Errorf("%s", shown(t, team.Keys))
	}
	if v.Team("nobody", noon) != nil {
		t.Error("a team that is not there")
	}
}

func TestReport(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ledger")
	log, _, err := ledger.Open(dir, ledger.Options{SegmentSize: 1 << 20, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	all := requests("")
	write := func(list []settle.Settled) {
		for _, s := range list {
			batch := []ledger.Record{s.Open}
			for _, a := range s.Attempts {
				batch = append(batch, a)
			}
			if err := log.Append(append(batch, s.Terminal)...); err != nil {
				t.Fatal(err)
			}
		}
	}
	write(all[:4])
	end := log.End()
	write(all[4:])
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	v := fixture(t)
	v.Fill(ledger.ReadUntil(dir, time.Time{}, end))
	if n := len(v.recent.list); n != 4 {
		t.Errorf("%d requests were there before", n)
	}
	v = fixture(t)
	v.Fill(ledger.Read(dir))
	lines, err := ledger.Report(dir, ledger.Query{Since: noon.Add(-30 * day), By: ledger.ByTeam})
	if err != nil {
		t.Fatal(err)
	}
	o, err := v.Overview(OverviewQuery{Range: "30d"}, noon)
	if err != nil {
		t.Fatal(err)
	}
	var sum ledger.Line
	for _, l := range lines {
		sum.Requests += l.Requests
		sum.Failed += l.Failed
		sum.Usage = sum.Usage.Add(l.Usage)
	}
	if o.Total.Requests != sum.Requests || o.Total.Errors != sum.Failed || o.Total.Input != sum.Usage.Input || o.Total.Output != sum.Usage.Output {
		t.Errorf("%s\nthe report has %+v", shown(t, o.Total), sum)
	}
}

// A copy of a request is no request.
func TestShadow(t *testing.T) {
	for _, how := range []string{"live", "filled"} {
		v := fixture(t)
		s := request{ago: time.Minute, n: 8, state: signalboxv1.Terminal_STATE_FAILED, backends: []string{"eu"}, cost: 40}.settled()
		s.Terminal.ShadowOf, s.Attempts[0].ShadowOf = "another", "another"
		if how == "live" {
			v.Settled(s, noon)
		} else {
			v.Fill(records([]settle.Settled{s}))
		}
		cost, delta := int64(42), int64(2)
		v.Adjusted(&signalboxv1.Adjustment{
			Ticket: s.Terminal.Ticket, Number: 1, StartNs: s.Attempts[0].StartNs, Backend: "eu", Team: "support", RequestedModel: "chat", ShadowOf: "another",
			Delta: &signalboxv1.Usage{Output: 1}, Usage: &signalboxv1.Usage{Output: 1}, CostPicoUsd: &cost, CostDeltaPicoUsd: &delta,
		})
		o, err := v.Overview(OverviewQuery{Range: "1h"}, noon)
		if err != nil {
			t.Fatal(err)
		}
		x := o.Total
		if x.Copies != 1 || shown(t, x.Copied) != `"42"` || x.Requests+x.Errors+x.Input+x.Output != 0 || shown(t, x.Spend) != `"0"` || x.P50 != nil {
			t.Errorf("%s: %s", how, shown(t, x))
		}
		if d, err := v.Decisions(DecisionsQuery{}, noon); err != nil || len(d.Rows) != 0 || v.Health(noon).Cells[0].Requests != 0 {
			t.Errorf("%s: %v %s", how, err, shown(t, d))
		}
	}
}

func TestLedgerIsSearched(t *testing.T) {
	v := fixture(t)
	s := request{ago: day, n: 8, state: signalboxv1.Terminal_STATE_UNKNOWN, backends: []string{"eu"}, cost: 40}.settled()
	asked := 0
	v.o.Find = func(id string) *Found {
		asked++
		if id != s.Terminal.RequestId {
			return nil
		}
		return &Found{s, []*signalboxv1.Adjustment{{Ticket: s.Terminal.Ticket, Number: 1, State: signalboxv1.Terminal_STATE_COMPLETED, Usage: s.Attempts[0].Usage}}}
	}
	v.o.Replay = func(o *signalboxv1.Open) (*Replayed, error) {
		if o != s.Open {
			return nil, errors.New("another")
		}
		return &Replayed{Identical: true}, nil
	}
	if d := v.Decision(s.Terminal.RequestId); d == nil || d.Outcome != "served" || d.Cost != nil || d.Newer != nil {
		t.Errorf("%s", shown(t, d))
	}
	if r, err := v.Replay(s.Terminal.RequestId); err != nil || r == nil || !r.Identical {
		t.Errorf("%v %v", r, err)
	}
	if v.Decision("not there") != nil || v.Decision("short") != nil || asked != 3 {
		t.Errorf("asked %d times", asked)
	}
	s.Open = nil
	if _, err := v.Replay(s.Terminal.RequestId); !errors.As(err, new(Unreplayable)) {
		t.Errorf("%v", err)
	}
}
