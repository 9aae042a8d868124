package route

import (
	"math/bits"

	"github.com/signalbox-dev/signalbox/pkg/policy"
)

// Shadow is the candidate that a copy of the decided request goes to: the first
// of the model that the route names, of those that the classes of the request
// permit and that can take it. false when there is none. How well a candidate is
// does not matter: nobody waits for a copy.
func Shadow(s *policy.Snapshot, d *Decision, r Request) (policy.Candidate, bool) {
	team, f := teamOf(s, r.Team)
	if f != nil {
		return policy.Candidate{}, false
	}
	c := chooser{s: s, r: &r, team: team}
	copied := Decision{Route: d.Route, Model: d.Route.Shadow.Use}
	left := c.sift(&copied)[byProxy]
	if left == 0 {
		return policy.Candidate{}, false
	}
	return copied.Model.Candidates[bits.TrailingZeros64(left)], true
}
