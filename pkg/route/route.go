package route

import (
	"math/bits"
	"slices"
	"strings"

	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/health"
	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/signal"
)

// Request is what a choice depends on.
type Request struct {
	Model   string
	Team    string            // empty: none
	Allowed []string          // models that the key names; empty: all
	Classes []genai.DataClass // of the key and of the request; the team's and the route's are added
	// Acknowledged reports whether the proxy serves a backend; nil: all.
	Acknowledged func(backend string) bool
	// Takes reports whether a backend can be sent the request, in its own
	// dialect or translated; nil: all can.
	Takes func(b *policy.Backend) bool
	// Grade says how ill a candidate is; nil: all are well.
	Grade func(c *policy.Candidate) health.Grade
	Pick  uint64 // random; it alone decides what is left to chance
	// Facts are what routes can look at besides the above, which is entered
	// there; nil: nothing is known.
	Facts *signal.Facts
}

// Decision is the choice and its reasons. Route and Model are set as far as the
// choice got, also beside a fault.
type Decision struct {
	Route   *policy.Route
	Model   *policy.Model
	Channel string             // empty: none
	Failed  []*policy.Route    // whose condition failed; they fit when they say so
	Order   []policy.Candidate // first choice first; perhaps shared with the snapshot: not to be changed
	Graded  []Graded           // candidates that are not well, as the model lists them
	Class   string             // the classes that bound it, sorted, joined by '+'
	Out     []Out              // candidates that are not in Order, as the model lists them
	Policy  string             // version of the snapshot
}

// Out is a candidate that is not in the order, and why.
type Out struct {
	Backend string
	Reason  Reason
}

// Reason is why a candidate is not in the order.
type Reason string

const (
	ReasonClass          Reason = "class"          // a class of the request forbids its region
	ReasonDialect        Reason = "dialect"        // the request cannot be translated for it
	ReasonLoss           Reason = "loss"           // a translation would lose fields, which the caller forbade
	ReasonUnacknowledged Reason = "unacknowledged" // the proxy does not serve it, yet or any more
	ReasonLimit          Reason = "max_attempts"   // better candidates used the attempts up
)

// Decide chooses. It does not keep r and is safe for concurrent use.
func Decide(s *policy.Snapshot, r Request) (Decision, *fault.Error) {
	d := Decision{Policy: s.Version}
	team, f := teamOf(s, r.Team)
	if f != nil {
		return d, f
	}
	m := s.Models[r.Model]
	if m == nil {
		return d, notFound(s, r)
	}
	match(s, &d, m, &r)
	if !team.May(m.Name) || !policy.Allows(r.Allowed, m.Name) {
		return d, notAllowed(m.Name)
	}
	m = d.Model
	permitted, class := bound(s, &d, team, r.Classes)
	d.Class = class
	able := permitted & takers(m, r.Takes)
	served := able & acknowledged(m, r.Acknowledged)
	d.Order, d.Graded = healthiest(d.Route, m, served, r)
	d.Out = out(m, permitted, able, served, d.Order)
	if permitted == 0 {
		return d, noCompliant(m.Name, d.Class)
	}
	if able == 0 {
		return d, fault.New(fault.NotTranslatable, "No backend of the model "+quote(m.Name)+" takes requests of this kind. Ask for another model, or use the API that its backends speak; GET /v1/models lists the models.").With("model")
	}
	if served == 0 {
		return d, fault.New(fault.NoBackend, "No backend of the model is in service at the moment. Try again later.")
	}
	return d, nil
}

// Usable are the names of the models that a team's key may use, sorted.
func Usable(s *policy.Snapshot, team string, allowed []string) []string {
	t, f := teamOf(s, team)
	if f != nil {
		return nil
	}
	var names []string
	for _, name := range s.Names() {
		if t.May(name) && policy.Allows(allowed, name) {
			names = append(names, name)
		}
	}
	return names
}

// teamOf is nil without a fault for a caller without a team. A team that is
// gone from the configuration may do nothing: its limits are gone too.
func teamOf(s *policy.Snapshot, name string) (*policy.Team, *fault.Error) {
	if name == "" {
		return nil, nil
	}
	t := s.Teams[name]
	if t == nil {
		return nil, fault.New(fault.ModelNotAllowed, "The team of this key is not in the gateway's configuration. Ask its operator for a key of a team that is.")
	}
	return t, nil
}

func takers(m *policy.Model, takes func(*policy.Backend) bool) uint64 {
	if takes == nil {
		return m.All()
	}
	var mask uint64
	for i := range m.Candidates {
		if takes(m.Candidates[i].Backend) {
			mask |= 1 << i
		}
	}
	return mask
}

func acknowledged(m *policy.Model, serves func(string) bool) uint64 {
	if serves == nil {
		return m.All()
	}
	var mask uint64
	for i := range m.Candidates {
		if serves(m.Candidates[i].Backend.Name) {
			mask |= 1 << i
		}
	}
	return mask
}

// out lists what is not in order: a shared slice of all candidates has none.
func out(m *policy.Model, permitted, able, served uint64, order []policy.Candidate) []Out {
	if len(order) == len(m.Candidates) {
		return nil
	}
	list := make([]Out, 0, len(m.Candidates)-len(order))
	for i := range m.Candidates {
		b := m.Candidates[i].Backend
		switch bit := uint64(1) << i; {
		case permitted&bit == 0:
			list = append(list, Out{b.Name, ReasonClass})
		case able&bit == 0:
			list = append(list, Out{b.Name, ReasonDialect})
		case served&bit == 0:
			list = append(list, Out{b.Name, ReasonUnacknowledged})
		case !slices.ContainsFunc(order, func(c policy.Candidate) bool { return c.Backend == b }):
			list = append(list, Out{b.Name, ReasonLimit})
		}
	}
	return list
}

// order lists the candidates of mask, at most limit.
func order(r *policy.Route, m *policy.Model, mask uint64, limit int, pick uint64) []policy.Candidate {
	n := min(bits.OnesCount64(mask), limit)
	if r.Order == policy.OrderWeighted {
		return weighted(m, mask, n, pick)
	}
	if mask == m.All() {
		return m.Candidates[:n:n]
	}
	list := make([]policy.Candidate, 0, n)
	for ; len(list) < n; mask &= mask - 1 {
		list = append(list, m.Candidates[bits.TrailingZeros64(mask)])
	}
	return list
}

func notFound(s *policy.Snapshot, r Request) *fault.Error {
	usable := Usable(s, r.Team, r.Allowed)
	text := "The model " + quote(r.Model) + " does not exist here."
	if near := policy.NearAmong(r.Model, usable); len(near) > 0 {
		text += " Did you mean " + strings.Join(near, ", ") + "?"
	}
	return fault.New(fault.ModelNotFound, text+" GET /v1/models lists those that this key may use.").With("model")
}

func notAllowed(model string) *fault.Error {
	return fault.New(fault.ModelNotAllowed, "This key may not use the model "+quote(model)+". GET /v1/models lists those that it may.").With("model")
}

func noCompliant(model, class string) *fault.Error {
	return fault.New(fault.NoCompliantBackend, "No backend of the model "+quote(model)+" may process requests of class "+quote(class)+". Choose another model, or ask the gateway's operator for a backend in a region that the class allows.")
}
