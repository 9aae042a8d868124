package policy

import (
	"strings"

	"github.com/signalbox-dev/signalbox/pkg/config"
	"github.com/signalbox-dev/signalbox/pkg/genai"
)

// Snapshot is one configuration, compiled. Nothing in it may be changed.
type Snapshot struct {
	Version string // 12 hexadecimal digits that change with the configuration

	Backends map[string]*Backend
	Models   map[string]*Model
	Routes   []*Route // as configured, without the built-in default
	Teams    map[string]*Team
	Classes  map[genai.DataClass]*Class
	Keys     []Key // of the configuration; the state directory may have more

	Envoy     Envoy
	State     State
	Admin     Admin
	Telemetry Telemetry
	Alerts    Alerts
	Health    Health

	channels  []channel
	ruled     bool              // see Ruled
	estimates bool              // see Estimates
	headers   []string          // that channels and routes look at, sorted
	fallback  *Route            // for what no route fits
	names     []string          // of the models, sorted
	known     map[string]*Model // by name and alias
}

// Route is how requests for a model by a team are tried of which nothing else
// is known: the first configured route that fits, a built-in default otherwise.
// It never returns nil.
func (s *Snapshot) Route(model, team string) *Route {
	if m, ok := s.Models[model]; ok {
		r, _ := m.Choose(team, nil)
		return r
	}
	for _, r := range s.Routes {
		if config.MatchAny(r.Models, model) && r.fits(team) && !r.rule.narrow {
			return r
		}
	}
	return s.fallback
}

// Ruled reports whether a decision looks at more of some request than its model
// and its team: a route by what it fits or how it chooses, or a model of whose
// candidates not all can serve every request.
func (s *Snapshot) Ruled() bool {
	return s.ruled
}

// Find is the model of a name or an alias, and the version that was asked for,
// as in NAME@VERSION; nil when there is no such model.
func (s *Snapshot) Find(asked string) (m *Model, version string) {
	if m = s.known[asked]; m != nil {
		return m, ""
	}
	if i := strings.LastIndexByte(asked, '@'); i > 0 && i+1 < len(asked) {
		return s.known[asked[:i]], asked[i+1:]
	}
	return nil, ""
}

// Estimates reports whether some route orders candidates by estimates.
func (s *Snapshot) Estimates() bool { return s.estimates }

// Shadowed reports by name the backends that copies of requests may go to.
func (s *Snapshot) Shadowed() map[string]bool {
	names := make(map[string]bool)
	for _, r := range s.Routes {
		if r.Shadow == nil {
			continue
		}
		for i := range r.Shadow.Use.Candidates {
			names[r.Shadow.Use.Candidates[i].Backend.Name] = true
		}
	}
	return names
}

// Names are the names of all models, sorted.
func (s *Snapshot) Names() []string { return s.names }

// Near returns up to three names of models that model may have been meant to
// be.
func (s *Snapshot) Near(model string) []string { return config.Near(model, s.names) }

// NearAmong is Near within some names.
func NearAmong(model string, names []string) []string { return config.Near(model, names) }

// Mask has a bit for each candidate of m that requests of a class may reach:
// bit i for m.Candidates[i]. It is 0 for a class that is not known.
func (s *Snapshot) Mask(m *Model, class genai.DataClass) uint64 {
	if class == "" {
		return m.All()
	}
	c := s.Classes[class]
	if c == nil {
		return 0
	}
	return m.masks[c.index]
}
