package account

import (
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/route"
	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// View is an account for people and for the admin server. Times are in the unit
// that their name ends with; what is not known is nil or empty.
type View struct {
	RequestID  string `json:"request_id"`
	TraceID    string `json:"trace_id,omitempty"`
	At         string `json:"at"` // RFC 3339
	Policy     string `json:"policy_version"`
	Team       string `json:"team,omitempty"`
	KeyID      string `json:"key_id,omitempty"`
	KeyName    string `json:"key,omitempty"`
	Channel    string `json:"channel,omitempty"`
	Class      string `json:"class,omitempty"`
	Operation  string `json:"operation"`
	Stream     bool   `json:"stream"`
	Requested  string `json:"requested_model"`
	Model      string `json:"model,omitempty"` // whose candidates serve
	Route      string `json:"route,omitempty"`
	Objective  string `json:"objective,omitempty"`
	Canary     bool   `json:"canary,omitempty"`
	Refused    string `json:"refused,omitempty"` // our error code
	DecideUS   int64  `json:"decide_us"`
	Rules      []Rule `json:"rules"`
	When       string `json:"when,omitempty"` // condition of the route that fitted
	Signals    []Fact `json:"signals"`
	Candidates []Seen `json:"candidates"` // clear, held, closed
}

// Rule is a route that was tried.
type Rule struct {
	Name   string `json:"name"`
	Result string `json:"result"` // "fits", or "no: " and by what
}

// Fact is something that was found out about the request.
type Fact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	From  string `json:"from"`
}

// Seen is a candidate.
type Seen struct {
	Model    string   `json:"model"` // as the backend has it
	Backend  string   `json:"backend"`
	Provider string   `json:"provider"`
	Region   string   `json:"region"`
	Signal   string   `json:"signal"` // clear, held, closed
	Order    *int     `json:"order"`  // 1 is tried first
	Code     string   `json:"code"`
	Reason   string   `json:"reason"`
	Cost     *string  `json:"est_cost_pico_usd"`
	TTFT     *float64 `json:"est_ttft_ms"`
	Total    *float64 `json:"est_total_ms"`
	Quality  *float64 `json:"quality"`
}

// Show makes the view of a. s is the snapshot that made the decision, nil where
// that is gone: then routes that did not fit have no names.
func (a Account) Show(s *policy.Snapshot) View {
	o := a.Open
	v := View{
		RequestID: o.GetRequestId(), At: stamp(o.GetTimeNs()), Policy: o.GetPolicy(),
		Team: o.GetTeam(), KeyID: o.GetKeyId(), KeyName: a.GetKeyName(), Channel: a.GetChannel(), Class: o.GetClass(),
		Operation: o.GetOperation(), Stream: o.GetStream(), Requested: o.GetModel(), Model: a.GetModel(),
		Route: o.GetRoute(), Objective: a.GetObjective(), Canary: a.GetCanary(), Refused: a.GetRefused(),
		DecideUS: (a.GetTookNs() + 500) / 1000, Signals: []Fact{}, Rules: []Rule{}, Candidates: []Seen{},
	}
	if id := a.GetTraceId(); len(id) > 0 {
		v.TraceID = hex.EncodeToString(id)
	}
	for _, r := range rules(a, s) {
		v.Rules = append(v.Rules, Rule{r.name, results[r.tried]})
		if s != nil && r.route != nil && fits(r.tried) {
			v.When = r.route.When
		}
	}
	for _, x := range a.GetSignals() {
		v.Signals = append(v.Signals, Fact{x.GetName(), x.GetValue(), origin(x.GetName())})
	}
	for state := signalboxv1.Decision_STATE_CLEAR; state <= signalboxv1.Decision_STATE_CLOSED; state++ {
		v.Candidates = append(v.Candidates, a.seen(state)...)
	}
	return v
}

// results are the words for what became of a route.
var results = map[signalboxv1.Decision_Tried]string{ //nolint:gochecknoglobals // a table that nothing changes
	signalboxv1.Decision_TRIED_FITS:        "fits",
	signalboxv1.Decision_TRIED_TEAM:        "no: team",
	signalboxv1.Decision_TRIED_CHANNEL:     "no: channel",
	signalboxv1.Decision_TRIED_KEY:         "no: key",
	signalboxv1.Decision_TRIED_PATH:        "no: path",
	signalboxv1.Decision_TRIED_CLASS:       "no: class",
	signalboxv1.Decision_TRIED_HEADER:      "no: header",
	signalboxv1.Decision_TRIED_HOURS:       "no: hours",
	signalboxv1.Decision_TRIED_WHEN:        "no: condition",
	signalboxv1.Decision_TRIED_FAILED:      "no: condition failed",
	signalboxv1.Decision_TRIED_FAILED_FITS: "fits: condition failed",
}

func fits(t signalboxv1.Decision_Tried) bool {
	return t == signalboxv1.Decision_TRIED_FITS || t == signalboxv1.Decision_TRIED_FAILED_FITS
}

// rule is a route that was tried, and what became of it.
type rule struct {
	name  string
	route *policy.Route // nil: not known
	tried signalboxv1.Decision_Tried
}

// rules are the routes that were tried, by their numbers where s, the snapshot
// that made the decision, is not known.
func rules(a Account, s *policy.Snapshot) []rule {
	var routes []*policy.Route
	if s != nil {
		if m, _ := s.Find(a.Open.GetModel()); m != nil {
			routes = m.Tried()
		}
	}
	var list []rule
	for i, t := range a.GetTried() {
		r := rule{name: "route " + strconv.Itoa(i+1), tried: signalboxv1.Decision_Tried(t)}
		if i < len(routes) {
			r.route, r.name = routes[i], routes[i].Name
		}
		list = append(list, r)
	}
	if n := len(list); a.Open.GetRoute() != "" && (n == 0 || !fits(list[n-1].tried)) {
		r := rule{name: a.Open.GetRoute(), tried: signalboxv1.Decision_TRIED_FITS}
		for _, x := range routes {
			if x.Name == r.name {
				r.route = x
			}
		}
		list = append(list, r)
	}
	return list
}

// origin says how a fact is found.
func origin(name string) string {
	for _, f := range callFields {
		if f.name == name {
			return "request"
		}
	}
	for _, f := range shapeFields {
		if f.name == name {
			return "prompt"
		}
	}
	return "last message"
}

// seen are the candidates of a state, those in the order first.
func (a Account) seen(state signalboxv1.Decision_State) []Seen {
	var ordered, others []Seen
	options := a.GetOptions()
	for n := 0; n <= len(options); n++ {
		for _, o := range options {
			if o.GetState() != state || int(o.GetOrder()) != n {
				continue
			}
			if n == 0 {
				others = append(others, a.candidate(o))
				continue
			}
			ordered = append(ordered, a.candidate(o))
		}
	}
	return append(ordered, others...)
}

func (a Account) candidate(o *signalboxv1.Decision_Option) Seen {
	s := Seen{
		Model: o.GetModel(), Backend: o.GetBackend(), Provider: o.GetProvider(), Region: o.GetRegion(),
		Signal: strings.ToLower(strings.TrimPrefix(o.GetState().String(), "STATE_")),
		TTFT:   millis(o.GetTtftNs()), Total: millis(o.GetTotalNs()),
	}
	if n := int(o.GetOrder()); n > 0 {
		s.Order = &n
	}
	if o.CostPicoUsd != nil {
		text := strconv.FormatInt(o.GetCostPicoUsd(), 10)
		s.Cost = &text
	}
	if q := o.GetQuality(); q > 0 {
		s.Quality = &q
	}
	s.Code, s.Reason = a.reason(o)
	return s
}

func millis(ns int64) *float64 {
	if ns <= 0 {
		return nil
	}
	ms := float64(ns) / 1e6
	return &ms
}

// reason says in words why a candidate is where it is. The code is one of the
// page's: class, capability, context, breaker, capacity, quality, order, or one
// of ours.
func (a Account) reason(o *signalboxv1.Decision_Option) (code, text string) {
	if o.GetOrder() > 0 {
		return a.place(o)
	}
	switch code := o.GetCode(); route.Reason(code) {
	case route.ReasonClass:
		if o.GetRegion() == "" {
			return code, "class " + a.Open.GetClass() + " does not allow it: " + o.GetProvider() + ", which says no region"
		}
		return code, "class " + a.Open.GetClass() + " does not allow it: " + o.GetProvider() + " in region " + o.GetRegion()
	case route.ReasonVersion:
		return code, "it is of another version than the one asked for"
	case route.ReasonCapability:
		return code, "it cannot do all that the request needs"
	case route.ReasonContext:
		return code, "its context is shorter than the " + strconv.FormatInt(a.GetLength(), 10) + " tokens of the request"
	case route.ReasonQuality:
		return code, "its quality is below the route's least"
	case route.ReasonDialect:
		if o.GetLate() {
			return code, "the request could not be written in its dialect"
		}
		return code, "its dialect has no such requests"
	case route.ReasonLoss:
		return code, "its dialect would lose fields, and the caller forbade that"
	case route.ReasonUnacknowledged:
		return code, "the proxy did not serve it yet"
	case route.ReasonLimit:
		return "order", "better candidates used the route's attempts up"
	}
	if o.GetCode() == codeMemory {
		return codeMemory, "no memory to keep the request for another attempt"
	}
	return o.GetCode(), o.GetCode()
}

// place says why a candidate is at its place in the order.
func (a Account) place(o *signalboxv1.Decision_Option) (code, text string) {
	at := "first: " + a.why()
	if o.GetOrder() > 1 {
		at = "fallback " + strconv.Itoa(int(o.GetOrder())-1)
	}
	switch o.GetGrade() {
	case "probe":
		return "", at + "; half-open: this request is the probe"
	case "slow":
		return "breaker", at + "; slower than it used to be"
	case "throttled":
		return "capacity", at + "; it said that it has no capacity"
	case "ill":
		return "breaker", at + "; its requests failed of late"
	}
	return "", at
}

// why says what put the first candidate first.
func (a Account) why() string {
	switch a.GetObjective() {
	case "weighted":
		return "drawn by weight"
	case "configured":
		return "as configured"
	case "cheapest", "fastest", "strongest":
		return "the " + a.GetObjective()
	}
	return a.GetObjective()
}
