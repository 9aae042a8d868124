package view

import (
	"cmp"
	"slices"
	"time"
)

const (
	minute  = time.Minute
	quarter = 15 * time.Minute
	day     = 24 * time.Hour
)

// span is a range of the overview: its buckets, and what it is compared with.
type span struct {
	length, step time.Duration // at most 100 steps
	tier         time.Duration // whose buckets make a step
	before       time.Duration // the tier of the time that it is compared with
}

func spanOf(name string) (span, bool) {
	switch name {
	case "1h":
		return span{time.Hour, minute, minute, quarter}, true
	case "6h":
		return span{6 * time.Hour, 5 * minute, minute, quarter}, true
	case "", "24h":
		return span{day, quarter, quarter, quarter}, true
	case "7d":
		return span{7 * day, 2 * time.Hour, 2 * time.Hour, 2 * time.Hour}, true
	case "30d":
		return span{30 * day, 8 * time.Hour, 8 * time.Hour, 8 * time.Hour}, true
	}
	return span{}, false
}

// newTraffic is the rollup that the spans read: by team, model as the caller
// asked, and backend.
func newTraffic() *rollup {
	return newRollup(minute, 7*time.Hour, quarter, 8*day+quarter, 2*time.Hour, 15*day, 8*time.Hour, 62*day)
}

// OverviewQuery chooses what the overview counts.
type OverviewQuery struct {
	Range       string // "1h", "6h", "24h" (also when empty), "7d" or "30d"
	Team, Model string // only these; empty: all
	By          string // "model" (also when empty), "team" or "backend"
}

// Overview is the figures of a time.
type Overview struct {
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	Step     int       `json:"step_s"`
	Compared string    `json:"compared"`
	T        []int64   `json:"t"` // milliseconds since the epoch
	Series   lines     `json:"series"`
	Total    Totals    `json:"total"`
	Previous Totals    `json:"previous"`
	Groups   []Group   `json:"groups"`
	Budget   *struct{} `json:"budget"` // no budget is kept yet
}

// lines have a value for each bucket; nil where it is not known.
type lines struct {
	Spend    []*float64 `json:"spend_usd"`
	Requests []float64  `json:"requests_per_s"`
	Tokens   []float64  `json:"tokens_per_s"`
	Errors   []*float64 `json:"error_pct"`
	Fallback []*float64 `json:"fallback_pct"`
	P50      []*float64 `json:"ttft_p50_ms"`
	P95      []*float64 `json:"ttft_p95_ms"`
}

// Totals are the figures of a time as a whole.
type Totals struct {
	Spend     *amount  `json:"spend_pico_usd"`
	Unpriced  int64    `json:"unpriced_attempts"`
	Requests  int64    `json:"requests"`
	Input     int64    `json:"input_tokens"`
	Output    int64    `json:"output_tokens"`
	Errors    int64    `json:"errors"`
	Fallbacks int64    `json:"fallbacks"`
	Refused   int64    `json:"refused"`
	Copies    int64    `json:"shadow_requests"` // which count nowhere else
	Copied    *amount  `json:"shadow_spend_pico_usd"`
	P50       *float64 `json:"ttft_p50_ms"`
	P95       *float64 `json:"ttft_p95_ms"`
}

// Group is the part of one model, team or backend.
type Group struct {
	Name  string     `json:"name"`
	Drawn []*float64 `json:"spend_usd"`
	Totals
}

// sum is figures that are added up.
type sum struct {
	figures
	times dense
}

func (s *sum) add(f *figures) {
	s.figures.add(f)
	s.times.add(f.first)
}

// part is one group: each bucket, and all.
type part struct {
	buckets []figures
	all     sum
}

func totals(f *sum) Totals {
	return Totals{
		Spend: f.money(), Unpriced: f.unpriced, Requests: f.requests, Input: f.input, Output: f.output,
		Errors: f.errors, Fallbacks: f.fallbacks, Refused: f.refused, Copies: f.copies, Copied: &f.copied, P50: f.times.quantile(.5), P95: f.times.quantile(.95),
	}
}

// Overview answers a query; an error names what is wrong with it.
func (v *View) Overview(q OverviewQuery, now time.Time) (*Overview, error) {
	sp, ok := spanOf(q.Range)
	if !ok {
		return nil, &BadQuery{"range", "1h, 6h, 24h, 7d or 30d"}
	}
	by, ok := q.group()
	if !ok {
		return nil, &BadQuery{"by", "model, team or backend"}
	}
	now = now.UTC()
	to := now.Truncate(sp.step).Add(sp.step) // the last bucket is not full yet
	from := to.Add(-sp.length)
	n := int(sp.length / sp.step)
	sums, groups := make([]sum, n), map[string]*part{}
	o := &Overview{From: from, To: now, Step: int(sp.step / time.Second), Compared: "last week"}
	back := 7 * day
	if sp.length > back {
		back, o.Compared = sp.length, "the 30 d before"
	}
	var all, previous sum
	v.lock()
	v.traffic.each(sp.tier, from, to, func(start time.Time, s series, f *figures) {
		if !q.wants(s) {
			return
		}
		i := int(start.Sub(from) / sp.step)
		name := by(s)
		if groups[name] == nil {
			groups[name] = &part{buckets: make([]figures, n)}
		}
		all.add(f)
		sums[i].add(f)
		groups[name].all.add(f)
		groups[name].buckets[i].add(f)
	})
	v.traffic.each(sp.before, from.Add(-back).Truncate(sp.before), now.Add(-back).Truncate(sp.before), func(_ time.Time, s series, f *figures) {
		if q.wants(s) {
			previous.add(f)
		}
	})
	v.mu.Unlock()
	o.draw(sums, sp.step)
	o.Total = totals(&all)
	o.Previous = totals(&previous)
	o.Groups = grouped(groups)
	return o, nil
}

func (q *OverviewQuery) wants(s series) bool {
	return (q.Team == "" || q.Team == s.team) && (q.Model == "" || q.Model == s.model)
}

func (q *OverviewQuery) group() (func(series) string, bool) {
	switch q.By {
	case "", "model":
		return func(s series) string { return s.model }, true
	case "team":
		return func(s series) string { return s.team }, true
	case "backend":
		return func(s series) string { return s.backend }, true
	}
	return nil, false
}

// draw fills in what is drawn.
func (o *Overview) draw(sums []sum, step time.Duration) {
	s := &o.Series
	for i := range sums {
		f := &sums[i]
		start := o.From.Add(time.Duration(i) * step)
		sec := max(1, min(step, o.To.Sub(start)).Seconds())
		o.T = append(o.T, start.UnixMilli())
		s.Spend = append(s.Spend, f.usd())
		s.Requests = append(s.Requests, round(float64(f.requests)/sec, 4))
		s.Tokens = append(s.Tokens, round(float64(f.input+f.output)/sec, 2))
		s.Errors = append(s.Errors, percent(f.errors, f.requests))
		s.Fallback = append(s.Fallback, percent(f.fallbacks, f.requests))
		s.P50 = append(s.P50, f.times.quantile(.5))
		s.P95 = append(s.P95, f.times.quantile(.95))
	}
}

func (f *figures) usd() *float64 {
	m := f.money()
	if m == nil {
		return nil
	}
	x := m.usd()
	return &x
}

// percent is nil of nothing.
func percent(part, whole int64) *float64 {
	if whole == 0 {
		return nil
	}
	x := round(float64(part)/float64(whole)*100, 3)
	return &x
}

// grouped sorts the groups, the dearest first, then the busiest.
func grouped(groups map[string]*part) []Group {
	list := make([]Group, 0, len(groups))
	for name, p := range groups {
		g := Group{Name: name, Totals: totals(&p.all)}
		for i := range p.buckets {
			g.Drawn = append(g.Drawn, p.buckets[i].usd())
		}
		list = append(list, g)
	}
	slices.SortFunc(list, func(a, b Group) int {
		return cmp.Or(cmp.Compare(dear(b), dear(a)), cmp.Compare(b.Requests, a.Requests), cmp.Compare(a.Name, b.Name))
	})
	return list
}

func dear(g Group) float64 {
	if g.Spend == nil {
		return 0
	}
	return g.Spend.usd()
}
