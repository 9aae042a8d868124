package route

import (
	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/policy"
)

// match sets the route of a request, and the model whose candidates serve it:
// the one that is asked for, or the one that the route uses in its place.
func match(s *policy.Snapshot, d *Decision, m *policy.Model, r *Request) {
	if f := r.Facts; f != nil {
		f.Model, f.Team, f.Classes = m.Name, r.Team, classes(s, r)
		f.Channel = s.Channel(f)
		d.Channel = f.Channel
	}
	d.Route, d.Failed = m.Choose(r.Team, r.Facts)
	d.Model = m
	if d.Route.Use != nil {
		d.Model = d.Route.Use
	}
}

// classes are those of the key and of the team.
func classes(s *policy.Snapshot, r *Request) []genai.DataClass {
	if t := s.Teams[r.Team]; t != nil && t.Class != "" {
		return append(r.Classes[:len(r.Classes):len(r.Classes)], t.Class)
	}
	return r.Classes
}
