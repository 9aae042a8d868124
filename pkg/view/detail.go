package view

import (
	"cmp"
	"encoding/hex"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/ledger"
	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/price"
	"github.com/signalbox-dev/signalbox/pkg/route/account"
	"github.com/signalbox-dev/signalbox/pkg/settle"
	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// Detail is all that is known of a request.
type Detail struct {
	Row
	RequestID  *string        `json:"request_id"`
	ClientID   *string        `json:"client_request_id"`
	TraceID    *string        `json:"trace_id"`
	Policy     *string        `json:"policy_version"`
	Book       *string        `json:"price_book"` // there is none but the configuration
	Objective  *string        `json:"objective"`
	Decide     *float64       `json:"decide_us"`
	Status     uint32         `json:"http_status"`
	Code       *string        `json:"error_code"`
	Stayed     *string        `json:"stayed"`
	Newer      *string        `json:"newer"`
	Older      *string        `json:"older"`
	Rules      []account.Rule `json:"rules"`
	When       *string        `json:"when"`
	Signals    []account.Fact `json:"signals"`
	Findings   []struct{}     `json:"findings"`
	Candidates []account.Seen `json:"candidates"`
	Attempts   []Attempt      `json:"attempts"`
	Usage      Usage          `json:"usage"`
	Budget     *struct{}      `json:"budget"`
}

// Attempt is one that was made.
type Attempt struct {
	N uint32 `json:"n"`
	Place
	Cluster string  `json:"cluster"`
	Status  *uint32 `json:"status"`
	Outcome string  `json:"outcome"`
	OK      bool    `json:"ok"`
	Phases  []Phase `json:"phases"`
	Input   int64   `json:"input_tokens"`
	Output  int64   `json:"output_tokens"`
	Cost    *amount `json:"cost_pico_usd"`
}

// Phase is a part of an attempt; 0 is the request's arrival.
type Phase struct {
	Name string  `json:"name"`
	From float64 `json:"from_ms"`
	To   float64 `json:"to_ms"`
	Kind string  `json:"kind"` // wait, first, stream or bad
}

// Usage is what the last attempt used and what that costs.
type Usage struct {
	Source   string  `json:"source"`
	Lines    []Line  `json:"lines"`
	Reserved *amount `json:"reserved_pico_usd"` // nothing is reserved yet
	Settled  *amount `json:"settled_pico_usd"`
}

// Line is one sort of token.
type Line struct {
	Name   string  `json:"name"`
	Tokens int64   `json:"tokens"`
	Price  *amount `json:"price_pico_usd"` // of one
	Cost   *amount `json:"cost_pico_usd"`
}

// Decision tells all of a request that is named by its id, the caller's id or
// its trace; nil when it is not known.
func (v *View) Decision(id string) *Detail {
	v.lock()
	list := slices.Clone(v.recent.all())
	v.mu.Unlock()
	for i := len(list) - 1; i >= 0; i-- {
		if !list[i].named(id) {
			continue
		}
		d := v.detail(list[i])
		if i > 0 {
			d.Older = &list[i-1].id
		}
		if i+1 < len(list) {
			d.Newer = &list[i+1].id
		}
		return d
	}
	if e := v.find(id); e != nil {
		return v.detail(e)
	}
	return nil
}

// find looks for a request that ended in the ledger, nil when it is not there.
func (v *View) find(id string) *entry {
	if v.o.Find == nil || len(id) < shortest {
		return nil
	}
	v.finding.Lock() // it reads a lot
	defer v.finding.Unlock()
	s := v.o.Find(id)
	if s == nil {
		return nil
	}
	r := recent{list: []*entry{entryOf(s.Settled)}}
	for _, j := range s.Adjustments {
		r.adjust(j)
	}
	return r.list[0]
}

// shortest is how long an id must be that the ledger is searched for.
const shortest = 8

// Found is a request of the ledger.
type Found struct {
	settle.Settled
	Adjustments []*signalboxv1.Adjustment
}

// Replayed is a decision that was made again.
type Replayed struct {
	Identical bool     `json:"identical"`
	Compared  []string `json:"compared"`
	Differs   []string `json:"differs"`
	Policy    string   `json:"policy_version"`
	Book      *string  `json:"price_book"`
	Took      int64    `json:"took_us"`
	Today     today    `json:"today"`
}

// today is what the policy in force would decide.
type today struct {
	Policy string   `json:"policy_version"`
	Same   bool     `json:"same_choice"`
	Unsure []string `json:"unsure"` // what had to be guessed
}

// Unreplayable is why a decision cannot be made again.
type Unreplayable struct{ error }

// Replay makes a decision again; nil without an error when it is not known.
func (v *View) Replay(id string) (*Replayed, error) {
	v.lock()
	list := slices.Clone(v.recent.all())
	v.mu.Unlock()
	i := slices.IndexFunc(list, func(e *entry) bool { return e.named(id) })
	var e *entry
	if i >= 0 {
		e = list[i]
	} else {
		e = v.find(id)
	}
	if e == nil || v.o.Replay == nil {
		return nil, nil
	}
	if e.open == nil {
		return nil, Unreplayable{errors.New("The request passed no decision of this gateway.")}
	}
	r, err := v.o.Replay(e.open)
	if err != nil {
		return nil, Unreplayable{err}
	}
	return r, nil
}

func (e *entry) named(id string) bool {
	return e.id == id || e.terminal.GetRequestId() == id || e.open.GetClientRequestId() == id || len(id) == 32 && trace(e.decision()) == id
}

// trace is the id of the proxy's trace, empty when there is none.
func trace(d *signalboxv1.Decision) string { return hex.EncodeToString(d.GetTraceId()) }

func (v *View) detail(e *entry) *Detail {
	t, s := e.terminal, v.o.Policy(e.open.GetPolicy())
	a := account.Account{Open: e.open, Decision: e.decision()}
	shown := a.Show(s)
	x := &Detail{
		Row: e.row(namesOf(v.o.Keys())), RequestID: word(t.GetRequestId()), ClientID: word(e.open.GetClientRequestId()), TraceID: word(shown.TraceID),
		Policy: word(e.open.GetPolicy()), Objective: word(shown.Objective), Status: t.GetStatus(), Code: word(cmp.Or(t.GetCode(), shown.Refused)),
		Rules: shown.Rules, When: word(shown.When), Signals: shown.Signals, Findings: []struct{}{}, Candidates: shown.Candidates, Attempts: []Attempt{},
	}
	if ns := a.GetTookNs(); ns > 0 {
		us := round(float64(ns)/1e3, 1)
		x.Decide = &us
	}
	if len(x.Candidates) == 0 {
		x.Candidates = ordered(e.open)
	}
	for i, r := range x.Rules {
		x.Rules[i].Result = strings.Replace(r.Result, "fits", "matched", 1)
	}
	for _, a := range e.attempts {
		x.Attempts = append(x.Attempts, e.attempt(a))
	}
	x.Usage = usage(e.last(), s)
	x.Usage.Settled = x.Cost
	return x
}

// ordered are the candidates of a request whose decision was not written down.
func ordered(o *signalboxv1.Open) []account.Seen {
	list := []account.Seen{}
	for i, c := range o.GetOrder() {
		n, reason := i+1, "first in the order"
		if i > 0 {
			reason = "fallback " + strconv.Itoa(i)
		}
		list = append(list, account.Seen{
			Model: c.GetModel(), Backend: c.GetBackend(), Provider: c.GetProvider(), Region: c.GetRegion(), Signal: "clear", Order: &n, Reason: reason,
		})
	}
	return list
}

// lower is the word of an enum's value.
func lower(name, prefix string) string {
	return strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(name, prefix)), "_", " ")
}

// attempt is what became of one.
func (e *entry) attempt(a *signalboxv1.Attempt) Attempt {
	u := ledger.UsageOf(a.GetUsage())
	x := Attempt{
		N: a.GetNumber(), Place: Place{a.GetModel(), a.GetBackend(), a.GetRegion()}, Cluster: a.GetBackend(), Outcome: ended(a),
		OK:    a.GetOutcome() == signalboxv1.Attempt_OUTCOME_COMPLETED || a.GetOutcome() == signalboxv1.Attempt_OUTCOME_CLIENT_GONE,
		Input: u.Input, Output: u.Output,
	}
	if x.N > 1 {
		x.Cluster += "~"
	}
	if s := a.GetStatus(); s != 0 {
		x.Status = &s
	}
	if cost, priced := costOf(a); priced {
		x.Cost = amountOf(cost)
	}
	x.Phases = e.phases(a, x.OK, x.Outcome)
	return x
}

// ended is how an attempt ended, in words.
func ended(a *signalboxv1.Attempt) string {
	switch a.GetOutcome() {
	case signalboxv1.Attempt_OUTCOME_COMPLETED:
		return "complete"
	case signalboxv1.Attempt_OUTCOME_HTTP_ERROR:
		return "status " + strconv.FormatUint(uint64(a.GetStatus()), 10)
	case signalboxv1.Attempt_OUTCOME_RATE_LIMITED:
		return "429, at capacity"
	case signalboxv1.Attempt_OUTCOME_REJECTED:
		return "turned down at a gate"
	case signalboxv1.Attempt_OUTCOME_CLIENT_GONE:
		return "the caller left"
	case signalboxv1.Attempt_OUTCOME_CUT:
		return "broke off"
	}
	return lower(a.GetOutcome().String(), "OUTCOME_")
}

func (e *entry) phases(a *signalboxv1.Attempt, ok bool, how string) []Phase {
	zero := e.start()
	ms := func(ns uint64) float64 { return round(max(0, at(ns).Sub(zero).Seconds()*1e3), 1) }
	list := []Phase{}
	start, first, end := ms(a.GetStartNs()), ms(a.GetFirstByteNs()), ms(a.GetEndNs())
	if a.GetEndNs() < a.GetStartNs() || a.GetEndNs() == 0 {
		return list // nobody knows
	}
	if a.GetNumber() == 1 && start > 0 {
		list = append(list, Phase{"decide", 0, start, "wait"})
	}
	answered := a.GetFirstByteNs() >= a.GetStartNs() && a.GetFirstByteNs() > 0 && a.GetFirstByteNs() <= a.GetEndNs()
	switch {
	case answered && ok:
		list = append(list, Phase{"first byte", start, first, "first"}, Phase{"answer", first, end, "stream"})
	case answered:
		list = append(list, Phase{"first byte", start, first, "wait"}, Phase{how, first, end, "bad"})
	default:
		list = append(list, Phase{how, start, end, "bad"})
	}
	return list
}

// usage is that of an attempt, by the prices of the policy that decided; nil
// where that is gone.
func usage(a *signalboxv1.Attempt, s *policy.Snapshot) Usage {
	u := Usage{Source: lower(a.GetSource().String(), "SOURCE_"), Lines: []Line{}}
	if a.GetUsage() == nil {
		return u
	}
	var p *price.Price
	if s != nil {
		p = priceOf(s, a)
	}
	n := ledger.UsageOf(a.GetUsage())
	line := func(name string, tokens int64, of func(*price.Price) genai.Money, part genai.Usage) {
		if tokens == 0 {
			return
		}
		l := Line{Name: name, Tokens: tokens}
		if p != nil {
			l.Price, l.Cost = amountOf(of(p)), amountOf(p.Cost(part))
		}
		u.Lines = append(u.Lines, l)
	}
	line("uncached input", n.Input-n.CacheRead-n.CacheWrite5m-n.CacheWrite1h, func(p *price.Price) genai.Money { return p.Input },
		genai.Usage{Input: n.Input - n.CacheRead - n.CacheWrite5m - n.CacheWrite1h})
	line("cache read", n.CacheRead, func(p *price.Price) genai.Money { return p.CacheRead }, genai.Usage{Input: n.CacheRead, CacheRead: n.CacheRead})
	line("cache write", n.CacheWrite5m, func(p *price.Price) genai.Money { return p.CacheWrite5m }, genai.Usage{Input: n.CacheWrite5m, CacheWrite5m: n.CacheWrite5m})
	line("cache write, 1 h", n.CacheWrite1h, func(p *price.Price) genai.Money { return p.CacheWrite1h }, genai.Usage{Input: n.CacheWrite1h, CacheWrite1h: n.CacheWrite1h})
	line("output", n.Output, func(p *price.Price) genai.Money { return p.Output }, genai.Usage{Output: n.Output})
	return u
}

// priceOf is the price of the candidate that an attempt went to, nil where none
// is known.
func priceOf(s *policy.Snapshot, a *signalboxv1.Attempt) *price.Price {
	for _, name := range s.Names() {
		for i := range s.Models[name].Candidates {
			if c := &s.Models[name].Candidates[i]; c.Backend.Name == a.GetBackend() && c.Model == a.GetModel() && c.Price != nil {
				return c.Price
			}
		}
	}
	return nil
}
