package route

import "github.com/signalbox-dev/signalbox/pkg/policy"

// Shadow is the candidate that a copy of the decided request goes to: of those
// of the model that the route names which the classes of the request permit and
// that can take it, the first by the route's order. false when there is none.
// How well a candidate is does not matter: nobody waits for a copy.
func Shadow(s *policy.Snapshot, d *Decision, r Request) (policy.Candidate, bool) {
	team, f := teamOf(s, r.Team)
	if f != nil {
		return policy.Candidate{}, false
	}
	c := chooser{s: s, r: &r, team: team}
	to := Decision{Route: d.Route, Model: d.Route.Shadow.Use, Weighed: Weighed{Pick: d.Weighed.Pick}}
	sieve := c.sift(&to)
	served := sieve[len(sieve)-1]
	if served == 0 {
		return policy.Candidate{}, false
	}
	k := c.rank(&to, served)
	return k.list(nil, to.Model, k.mask, 1)[0], true
}
