package route

import (
	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/health"
	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/signal"
)

// Request is what a choice depends on.
type Request struct {
	Model   string            // as asked for: a name or an alias, perhaps with @ and a version
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
	// Speed says how fast a candidate has been of late; nil: nothing is known.
	Speed func(c *policy.Candidate) health.Speed
	// Stick is what requests that a user or a conversation has in common are drawn
	// by, of the number of that: it must spread well and tell nothing of it. nil:
	// the number alone is spread.
	Stick func(n uint64) uint64
	// Expect is how many tokens an answer is likely to have, 0 where that is not
	// known; nil: it never is.
	Expect func(route *policy.Route, m *policy.Model) int64
	// Leader says who leads a race; nil: nobody does.
	Leader func(Race) Leader
	Pick   uint64 // random; it alone decides what is left to chance
	// Facts are what routes can look at besides the above, which is entered
	// there; nil: nothing is known.
	Facts *signal.Facts
	// Weighed is what an earlier decision made of the same request, in place of
	// Facts, Expect and Leader; nil: none.
	Weighed *Weighed
}

// Decision is the choice and its reasons. Route and Model are set as far as the
// choice got, also beside a fault.
type Decision struct {
	Asked     string // the model asked for by its name, with @ and the version if there was one
	Route     *policy.Route
	Model     *policy.Model
	Canary    bool               // Model is the one on trial
	Channel   string             // empty: none
	Failed    []*policy.Route    // whose condition failed; they fit when they say so
	Order     []policy.Candidate // first choice first; perhaps shared with the snapshot: not to be changed
	Objective string             // what put it in order: "configured", "weighted", "cheapest", "fastest" or "strongest"
	Estimates []Estimate         // of the model's candidates; nil where the objective needs none
	Weighed   Weighed
	Race      Race
	Lead      string   // backend that leads the race from now on; empty: there is none
	Graded    []Graded // candidates that are not well, as the model lists them
	Class     string   // the classes that bound it, sorted, joined by '+'
	Out       []Out    // candidates that are not in Order, as the model lists them
	Policy    string   // version of the snapshot
}

// Weighed is what a decision made of a request beyond its rule: by it and the
// same snapshot the decision can be made again.
type Weighed struct {
	Needs  policy.Capability // beyond text; 0 also where all candidates can all
	Length int64             // tokens that a context must hold; 0: any will do, or nothing asked
	Input  int64             // tokens of the prompt; 0: nothing asked
	Output int64             // tokens of the answer that are expected; 0: nothing asked
	Pick   uint64            // what chance came to: the same for requests that are drawn alike
	Leader Leader

	Untried bool // it was drawn for a canary that could not serve it
}

// Decide chooses. It does not keep r and is safe for concurrent use.
func Decide(s *policy.Snapshot, r Request) (Decision, *fault.Error) {
	d := Decision{Policy: s.Version}
	team, f := teamOf(s, r.Team)
	if f != nil {
		return d, f
	}
	m, version := s.Find(r.Model)
	if m == nil {
		return d, notFound(s, r)
	}
	d.Asked = m.Name
	if version != "" {
		d.Asked += "@" + version
	}
	match(s, &d, m, &r)
	d.Objective = d.Route.Order.String()
	if !team.May(m.Name) || !policy.Allows(r.Allowed, m.Name) {
		return d, notAllowed(m.Name)
	}
	c := chooser{s: s, r: &r, team: team, version: version}
	d.Weighed.Pick = c.pick(d.Route)
	d.Weighed.Untried = r.Weighed != nil && r.Weighed.Untried
	if version == "" && c.onTrial(&d) {
		trial := d
		trial.Model, trial.Canary = d.Route.Canary, true
		if c.choose(&trial) == nil {
			return trial, nil
		}
		d.Weighed.Untried = true
	}
	return d, c.choose(&d)
}

// chooser makes the choice for one request.
type chooser struct {
	s       *policy.Snapshot
	r       *Request
	team    *policy.Team
	version string // empty: any
}

// choose completes d by the candidates of its model.
func (c *chooser) choose(d *Decision) *fault.Error {
	sieve := c.sift(d)
	served := sieve[len(sieve)-1]
	if served == 0 {
		d.Out = out(d.Model, &sieve, nil)
		return c.none(d, &sieve)
	}
	k := c.rank(d, served)
	d.Objective = k.order.String()
	d.Order, d.Graded = c.healthiest(&k, d)
	sieve[byQuality] = k.mask
	d.Out = out(d.Model, &sieve, d.Order)
	return nil
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
