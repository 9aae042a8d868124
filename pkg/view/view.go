package view

import (
	"cmp"
	"sync"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/health"
	"github.com/signalbox-dev/signalbox/pkg/key"
	"github.com/signalbox-dev/signalbox/pkg/ledger"
	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/settle"
	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// Options are where the view looks for what it is not fed with. Snapshot,
// Keys and Policy must be set, the others may be nil. All are called concurrently.
type Options struct {
	Version  string
	Started  time.Time
	Loopback bool // the admin endpoint is reached from this machine only
	Snapshot func() *policy.Snapshot
	Keys     func() *key.Set
	Policy   func(version string) *policy.Snapshot // nil: it is gone
	Find     func(id string) *Found                // in the ledger; nil: it is not there
	Replay   func(o *signalboxv1.Open) (*Replayed, error)
	Health   func(now time.Time) []health.Status
	Envoys   func() []Envoy
	Running  func() int           // requests that are not settled
	Append   func() time.Duration // that the last append to the ledger took
	Alerts   func() []Item        // that fire, worst first
}

// View is all that is shown. It is safe for concurrent use.
type View struct {
	o Options

	finding sync.Mutex
	inbox   sync.Mutex
	news    []news

	mu      sync.Mutex // taken before inbox
	spare   []news
	traffic *rollup // by team, model and backend
	routes  *rollup // by route, in the place of the model
	keys    *rollup // by key, in the place of the team
	used    uses
	cells   map[health.Key]*cell
	events  []Change // of the cells, newest first
	recent  recent
	rate    rate
	config  loads
	lag     time.Duration // from the end of a request to its settlement, of late
}

// New returns an empty view.
func New(o Options) *View {
	return &View{
		o: o, traffic: newTraffic(), used: uses{}, cells: map[health.Key]*cell{},
		routes: newRollup(quarter, day), keys: newRollup(8*time.Hour, 32*day),
	}
}

// BadQuery is a parameter that cannot be read.
type BadQuery struct{ Name, Want string }

func (e *BadQuery) Error() string { return e.Name + " must be " + e.Want }

// Settled takes a request that ended. It never waits for a reader.
func (v *View) Settled(s settle.Settled, now time.Time) {
	v.inbox.Lock()
	defer v.inbox.Unlock()
	v.news = append(v.news, news{settled: s, at: now})
}

// news is what was told and is not counted yet: a request that ended, or a
// correction.
type news struct {
	settled  settle.Settled
	adjusted *signalboxv1.Adjustment
	at       time.Time
}

// Tick counts what was told, so that it does not pile up while nobody looks.
func (v *View) Tick() {
	v.lock()
	v.mu.Unlock()
}

// lock takes mu and counts what was told.
func (v *View) lock() {
	v.mu.Lock()
	v.inbox.Lock()
	list := v.news
	v.news = v.spare[:0]
	v.inbox.Unlock()
	for _, n := range list {
		if n.adjusted != nil {
			v.adjusted(n.adjusted, &v.recent)
			continue
		}
		v.ended(n.settled, n.at)
	}
	clear(list)
	v.spare = list
}

func (v *View) ended(s settle.Settled, now time.Time) {
	v.settled(s)
	if s.Terminal.GetShadowOf() != "" {
		return
	}
	v.used.count(s)
	v.rate.count(now)
	if end := at(s.Terminal.GetTimeNs()); now.After(end) {
		v.lag += (now.Sub(end) - v.lag) / 8
	}
	v.recent.push(entryOf(s))
	if s.Open.GetPolicy() == v.config.current.Version {
		v.config.since++
	}
}

// settled enters a request into the figures.
func (v *View) settled(s settle.Settled) {
	t := s.Terminal
	start := at(cmp.Or(t.GetStartNs(), t.GetTimeNs()))
	model := v.named(t)
	v.count(place{series{t.GetTeam(), model, t.GetBackend()}, t.GetRoute(), t.GetKeyId()}, start, func(f *figures) { f.ended(t, 1) })
	for _, a := range s.Attempts {
		v.attempt(a)
	}
}

// named is the model of a request. The name in one that was refused may be any
// word, so that it counts only where the configuration has it.
func (v *View) named(t *signalboxv1.Terminal) string {
	if t.GetState() == signalboxv1.Terminal_STATE_REFUSED && v.o.Snapshot().Models[t.GetModel()] == nil {
		return ""
	}
	return t.GetModel()
}

// ended counts a request n times: 1, or -1 to take it back.
func (f *figures) ended(t *signalboxv1.Terminal, n int64) {
	if t.GetShadowOf() != "" {
		f.copies += n
		return
	}
	f.requests += n
	switch t.GetState() {
	case signalboxv1.Terminal_STATE_FAILED:
		f.errors += n
	case signalboxv1.Terminal_STATE_REFUSED:
		f.refused += n
	case signalboxv1.Terminal_STATE_COMPLETED:
		if t.GetAttempts() > 1 {
			f.fallbacks += n
		}
	}
}

// place is where figures belong.
type place struct {
	series
	route, keyID string // empty: none
}

// count puts figures into every rollup.
func (v *View) count(p place, t time.Time, put func(*figures)) {
	v.traffic.at(p.series, t, put)
	if p.route != "" {
		v.routes.at(series{model: p.route}, t, put)
	}
	if p.keyID != "" {
		v.keys.at(series{team: p.keyID}, t, put)
	}
}

func (v *View) attempt(a *signalboxv1.Attempt) {
	usage := ledger.UsageOf(a.GetUsage())
	cost, priced := costOf(a)
	ttft := firstToken(a)
	v.count(place{series{a.GetTeam(), modelOf(a), a.GetBackend()}, a.GetRoute(), a.GetKeyId()}, at(a.GetStartNs()), func(f *figures) {
		if a.GetShadowOf() != "" {
			f.copied.add(cost)
			return
		}
		f.attempts++
		f.spent(usage, cost, priced)
		if !priced {
			f.unpriced++
		}
		if ttft > 0 {
			f.first.add(ttft)
		}
	})
	if a.GetShadowOf() == "" {
		v.cell(health.Key{Backend: a.GetBackend(), Model: a.GetModel()}).count(a)
	}
}

func (f *figures) spent(u genai.Usage, cost genai.Money, priced bool) {
	f.input += u.Input
	f.output += u.Output
	if priced {
		f.spend.add(cost)
	}
}

// modelOf is the model that an attempt is counted under: the one asked for,
// where we know it.
func modelOf(a interface {
	GetRequestedModel() string
	GetServedModel() string
	GetModel() string
}) string {
	return cmp.Or(a.GetRequestedModel(), a.GetServedModel(), a.GetModel())
}

// firstToken is how long a stream took to begin, 0 where that is not known.
func firstToken(a *signalboxv1.Attempt) time.Duration {
	first := cmp.Or(a.GetFirstTokenNs(), a.GetFirstByteNs())
	if !a.GetStream() || a.GetStatus() >= 400 || first <= a.GetStartNs() {
		return 0
	}
	return time.Duration(first - a.GetStartNs())
}

// costOf is what an attempt cost; false where nobody knows.
func costOf(a *signalboxv1.Attempt) (genai.Money, bool) {
	return genai.Money(a.GetCostPicoUsd()), a.CostPicoUsd != nil
}

func at(ns uint64) time.Time { return time.Unix(0, int64(ns)).UTC() }

// rate counts what happened in the last seconds.
type rate struct {
	seconds [window]int64 // counts, by second modulo
	stamps  [window]int64
}

const window = 32

func (r *rate) count(now time.Time) {
	s := now.Unix()
	i := s % window
	if r.stamps[i] != s {
		r.stamps[i], r.seconds[i] = s, 0
	}
	r.seconds[i]++
}

// perSecond is the mean of the last 30 whole seconds.
func (r *rate) perSecond(now time.Time) float64 {
	var sum int64
	for i, s := range r.stamps {
		if age := now.Unix() - s; age >= 1 && age <= 30 {
			sum += r.seconds[i]
		}
	}
	return round(float64(sum)/30, 2)
}
