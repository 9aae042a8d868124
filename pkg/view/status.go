package view

import (
	"cmp"
	"maps"
	"slices"
	"time"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// Status is what every view shows.
type Status struct {
	Version  string        `json:"version"`
	Uptime   int64         `json:"uptime_s"`
	Policy   string        `json:"policy"`
	LoadedAt time.Time     `json:"loaded_at"`
	Envoys   envoyCount    `json:"envoys"`
	Witness  witnessStatus `json:"witness"`
	Ledger   ledgerStatus  `json:"ledger"`
	Loopback bool          `json:"loopback"`
	Teams    []string      `json:"teams"`
	Models   []string      `json:"models"`
	Views    []string      `json:"views"`
}

type envoyCount struct {
	Connected int `json:"connected"`
	Of        int `json:"of"`
}

type witnessStatus struct {
	Matched *float64 `json:"matched_pct"`
	Lag     *float64 `json:"lag_ms"`
}

type ledgerStatus struct {
	Lag       *float64 `json:"lag_ms"`
	Unsettled int      `json:"unsettled"`
}

// views are the pages whose data this package has.
func views() []string { return []string{"overview", "decisions", "models", "teams", "config"} }

// Status tells what serves.
func (v *View) Status(now time.Time) *Status {
	s := v.o.Snapshot()
	st := &Status{
		Version: v.o.Version, Uptime: int64(now.Sub(v.o.Started).Seconds()), Policy: s.Version, Loopback: v.o.Loopback,
		Teams: append([]string{}, slices.Sorted(maps.Keys(s.Teams))...), Models: append([]string{}, s.Names()...), Views: views(),
	}
	for _, e := range v.envoys() {
		st.Envoys.Of++
		if e.Signal == "clear" {
			st.Envoys.Connected++
		}
	}
	if v.o.Running != nil {
		st.Ledger.Unsettled = v.o.Running()
	}
	if v.o.Append != nil {
		st.Ledger.Lag = millis(v.o.Append())
	}
	v.lock()
	defer v.mu.Unlock()
	st.LoadedAt = v.config.current.At
	st.Witness = witnessStatus{v.recent.matched(), millis(v.lag)}
	return st
}

// matched is the share of the recent requests that the proxy's log told all of.
func (r *recent) matched() *float64 {
	var all, good int64
	for _, e := range r.list {
		t := e.terminal
		if t.GetState() == signalboxv1.Terminal_STATE_REFUSED {
			continue
		}
		all++
		if !t.GetUnwitnessed() && !t.GetIncomplete() && !t.GetStranger() {
			good++
		}
	}
	return percent(good, all)
}

// millis is nil of nothing.
func millis(d time.Duration) *float64 {
	if d == 0 {
		return nil
	}
	ms := round(d.Seconds()*1e3, 2)
	return &ms
}

// Envoy is a proxy, and what it has of the configuration.
type Envoy struct {
	Node    string     `json:"node"`
	Version *string    `json:"version"`
	Profile *string    `json:"profile"`
	Config  *string    `json:"config"` // the version that it serves all of
	AckedAt *time.Time `json:"acked_at"`
	Streams *int       `json:"streams"`
	Signal  string     `json:"signal"`
}

func (v *View) envoys() []Envoy {
	if v.o.Envoys == nil {
		return []Envoy{}
	}
	return append([]Envoy{}, v.o.Envoys()...)
}

// Item is something that wants an operator.
type Item struct {
	Signal string     `json:"signal"` // closed: requests fail or go uncounted; held: they are served, by less than there should be
	Text   string     `json:"text"`
	More   string     `json:"more"`
	Since  *time.Time `json:"since"`
	Href   string     `json:"href"` // in the page
}

// Attention is what wants an operator.
type Attention struct {
	Items []Item `json:"items"`
}

// Attention lists it, the worst first: the alerts that fire, and what is ill
// without an alert.
func (v *View) Attention(now time.Time) *Attention {
	items := []Item{}
	if v.o.Alerts != nil {
		items = append(items, v.o.Alerts()...)
	}
	cells := v.Health(now).Cells
	for i := range cells {
		c := &cells[i]
		if c.Signal == "held" {
			items = append(items, Item{c.Signal, c.Model + " on " + c.Backend + ": " + c.State, "other candidates come first", c.Since, "#/models?cell=" + c.Backend + "/" + c.Region})
		}
	}
	for _, e := range v.envoys() {
		if e.Signal != "clear" {
			items = append(items, Item{e.Signal, "Envoy " + e.Node + " does not serve the whole configuration", "backends that it lacks get no requests", e.AckedAt, "#/config"})
		}
	}
	slices.SortStableFunc(items, func(a, b Item) int { return cmp.Compare(a.Signal, b.Signal) }) // closed before held
	return &Attention{items}
}
