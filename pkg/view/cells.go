package view

import (
	"slices"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/health"
	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/price"
	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

const (
	slot      = 30 * time.Second
	slots     = 40 // twenty minutes
	maxBoard  = 1024
	maxEvents = 50
)

// cell is what a backend did for a model in the last twenty minutes.
type cell struct{ slots [slots]sample }

type sample struct {
	number  int64 // of the slot, since the epoch
	n       int64
	failed  int64
	refused int64 // for lack of capacity
	output  int64 // tokens of streams
	seconds float64
	first   histogram
}

func (v *View) cell(k health.Key) *cell {
	c := v.cells[k]
	if c == nil {
		c = &cell{}
		if len(v.cells) < maxBoard {
			v.cells[k] = c
		}
	}
	return c
}

// count enters an attempt where it ended.
func (c *cell) count(a *signalboxv1.Attempt) {
	n := int64(max(a.GetEndNs(), a.GetStartNs())) / int64(slot)
	s := &c.slots[max(n, 0)%slots]
	if n < s.number {
		return
	}
	if n > s.number {
		*s = sample{number: n}
	}
	s.n++
	switch {
	case a.GetOutcome() == signalboxv1.Attempt_OUTCOME_RATE_LIMITED:
		s.refused++
	case failed(a):
		s.failed++
	}
	if d := firstToken(a); d > 0 {
		s.first.add(d)
		if from := a.GetStartNs() + uint64(d); a.GetEndNs() > from {
			s.output += a.GetUsage().GetOutput()
			s.seconds += float64(a.GetEndNs()-from) / 1e9
		}
	}
}

// failed reports whether an attempt failed by its backend's fault.
func failed(a *signalboxv1.Attempt) bool {
	switch a.GetOutcome() {
	case signalboxv1.Attempt_OUTCOME_COMPLETED, signalboxv1.Attempt_OUTCOME_CLIENT_GONE,
		signalboxv1.Attempt_OUTCOME_UNKNOWN, signalboxv1.Attempt_OUTCOME_UNSPECIFIED:
		return false
	case signalboxv1.Attempt_OUTCOME_HTTP_ERROR:
		return a.GetStatus() >= 500
	}
	return true
}

// Health is how the backends are.
type Health struct {
	Book   *string  `json:"book"` // of prices: there is none but the configuration
	Cells  []Cell   `json:"cells"`
	Events []Change `json:"events"`
}

// Cell is a backend and one model of its.
type Cell struct {
	Model    string     `json:"model"` // as the backend has it
	Backend  string     `json:"backend"`
	Region   string     `json:"region"`
	Names    []string   `json:"names"` // models of the configuration that it serves
	Signal   string     `json:"signal"`
	Breaker  *string    `json:"breaker"` // nil: health is off
	State    string     `json:"state"`
	Since    *time.Time `json:"since"`
	Requests float64    `json:"requests_per_s"`
	Errors   *float64   `json:"error_pct"`
	Capacity *float64   `json:"capacity_pct"`
	P50      *float64   `json:"ttft_p50_ms"`
	P95      *float64   `json:"ttft_p95_ms"`
	Usual    *float64   `json:"ttft_usual_ms"`
	Tokens   *float64   `json:"tokens_per_s"`
	Spark    []*float64 `json:"ttft_spark_ms"`
	Price    *prices    `json:"price"`
}

// prices are of one token.
type prices struct {
	Input     *amount `json:"input_pico_usd"`
	CacheRead *amount `json:"cache_read_pico_usd"`
	Output    *amount `json:"output_pico_usd"`
	Source    string  `json:"source"`
}

// Change is what happened to a cell.
type Change struct {
	At     time.Time `json:"at"`
	Cell   string    `json:"cell"`
	What   string    `json:"what"`
	Why    string    `json:"why"`
	Signal string    `json:"signal"`
}

// Health lists the cells of the configuration, in the order of the models.
func (v *View) Health(now time.Time) *Health {
	var book []health.Status
	if v.o.Health != nil {
		book = v.o.Health(now)
	}
	list := board(v.o.Snapshot())
	v.lock()
	defer v.mu.Unlock()
	for i := range list {
		c := &list[i]
		k := health.Key{Backend: c.Backend, Model: c.Model}
		c.measure(v.cells[k], now)
		c.judge(book, k)
	}
	return &Health{Cells: list, Events: append([]Change{}, v.events...)}
}

// board are the cells of a configuration, each once.
func board(s *policy.Snapshot) []Cell {
	list := []Cell{}
	index := map[health.Key]int{}
	for _, name := range s.Names() {
		for i := range s.Models[name].Candidates {
			c := &s.Models[name].Candidates[i]
			k := health.Key{Backend: c.Backend.Name, Model: c.Model}
			if at, ok := index[k]; ok {
				list[at].Names = append(list[at].Names, name)
				continue
			}
			index[k] = len(list)
			list = append(list, Cell{
				Model: c.Model, Backend: c.Backend.Name, Region: string(c.Backend.Region), Names: []string{name},
				Signal: "clear", State: "healthy", Price: pricesOf(c.Price),
			})
		}
	}
	return list
}

func pricesOf(p *price.Price) *prices {
	if p == nil {
		return nil
	}
	return &prices{amountOf(p.Input), amountOf(p.CacheRead), amountOf(p.Output), "configuration"}
}

// measure fills in what was counted: of the slot that runs and the one before.
func (c *Cell) measure(m *cell, now time.Time) {
	c.Spark = make([]*float64, slots)
	if m == nil {
		return
	}
	number := now.UnixNano() / int64(slot)
	var sum sample
	for i := range c.Spark {
		s := &m.slots[(number-slots+1+int64(i))%slots]
		if s.number != number-slots+1+int64(i) {
			continue
		}
		c.Spark[i] = s.first.quantile(.5)
		if len(s.first) > 0 { // of the newest slot that has some
			c.P50, c.P95 = c.Spark[i], s.first.quantile(.95)
		}
		if s.seconds > 0 {
			rate := round(float64(s.output)/s.seconds, 1)
			c.Tokens = &rate
		}
		if i >= slots-2 {
			sum.n, sum.failed, sum.refused = sum.n+s.n, sum.failed+s.failed, sum.refused+s.refused
		}
	}
	length := slot + time.Duration(now.UnixNano()%int64(slot))
	c.Requests = round(float64(sum.n)/length.Seconds(), 3)
	c.Errors, c.Capacity = percent(sum.failed, sum.n), percent(sum.refused, sum.n)
}

// judge fills in what the breaker says.
func (c *Cell) judge(book []health.Status, k health.Key) {
	i := slices.IndexFunc(book, func(s health.Status) bool { return s.Key == k })
	if i < 0 {
		return
	}
	s := &book[i]
	breaker := "closed"
	if !s.Since.IsZero() {
		t := s.Since.UTC()
		c.Since = &t
	}
	if s.Usual > 0 {
		ms := round(s.Usual.Seconds()*1e3, 1)
		c.Usual = &ms
	}
	switch s.State {
	case health.HalfOpen:
		breaker, c.Signal, c.State = "half-open", "held", "half-open, a growing share of its requests"
	case health.Open:
		switch s.Grade {
		case health.Slow:
			c.Signal, c.State = "held", "slow, comes last"
		case health.Throttled:
			c.Signal, c.State = "held", "at capacity, comes last"
		default:
			breaker, c.Signal, c.State = "open", "closed", "breaker open, gets probes"
		}
	case health.Closed:
	}
	c.Breaker = &breaker
}

// Breaker takes a change of a cell.
func (v *View) Breaker(c health.Change, now time.Time) {
	e := Change{At: now.UTC(), Cell: c.Key.Model + " " + c.Key.Backend, Signal: "held"}
	if b := v.o.Snapshot().Backends[c.Key.Backend]; b != nil {
		e.Cell += " " + string(b.Region)
	}
	switch {
	case c.State == health.Closed:
		e.What, e.Why, e.Signal = "recovered", "it had been "+c.Grade.String(), "clear"
	case c.State == health.HalfOpen:
		e.What, e.Why = "half-open", "its probes were good; its share of requests grows"
	case c.Grade == health.Slow:
		e.What, e.Why = "demoted", "far slower to the first token than usual"
	case c.Grade == health.Throttled:
		e.What, e.Why = "at capacity", "it answers 429"
	default:
		e.What, e.Why, e.Signal = "opened", "too many of its requests fail", "closed"
	}
	v.lock()
	defer v.mu.Unlock()
	v.events = slices.Insert(v.events, 0, e)
	v.events = v.events[:min(len(v.events), maxEvents)]
}
