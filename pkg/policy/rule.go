package policy

import (
	"fmt"
	"math"
	"slices"
	"time"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"

	"github.com/signalbox-dev/signalbox/pkg/config"
	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/signal"
	"github.com/signalbox-dev/signalbox/pkg/signal/when"
)

// rule is what a route looks at besides model and team.
type rule struct {
	narrow     bool            // it looks at something
	keys       map[string]bool // ids or names; empty: all, as below
	channels   map[string]bool
	headers    []header
	classes    map[genai.DataClass]bool
	operations map[genai.Operation]bool
	hours      *hours
	when       *when.Condition
	fails      bool // what a condition counts as that failed
}

// header is one that a request must have.
type header struct{ name, pattern string }

func (h header) holds(f *signal.Facts) bool {
	value, ok := f.Has(h.name)
	return ok && (h.pattern == "" || config.Match(h.pattern, value))
}

// try says whether a request fits what r looks at besides the model, and if not
// why. It tests what is cheap first. f may be nil where the rule looks at
// nothing.
func (r *Route) try(team string, f *signal.Facts) signalboxv1.Decision_Tried {
	k := &r.rule
	switch {
	case !r.fits(team):
		return signalboxv1.Decision_TRIED_TEAM
	case !k.narrow:
		return signalboxv1.Decision_TRIED_FITS
	case len(k.channels) > 0 && !k.channels[f.Channel]:
		return signalboxv1.Decision_TRIED_CHANNEL
	case len(k.keys) > 0 && !k.keys[f.KeyID] && !k.keys[f.KeyName]:
		return signalboxv1.Decision_TRIED_KEY
	case len(k.operations) > 0 && !k.operations[f.Operation]:
		return signalboxv1.Decision_TRIED_PATH
	case len(k.classes) > 0 && !slices.ContainsFunc(f.Classes, func(c genai.DataClass) bool { return k.classes[c] }):
		return signalboxv1.Decision_TRIED_CLASS
	case len(k.headers) > 0 && !r.headed(f):
		return signalboxv1.Decision_TRIED_HEADER
	case k.hours != nil && !k.hours.hold(f.Time):
		return signalboxv1.Decision_TRIED_HOURS
	case k.when == nil:
		return signalboxv1.Decision_TRIED_FITS
	}
	return r.condition(f)
}

// headed reports whether a request has the headers that r wants.
func (r *Route) headed(f *signal.Facts) bool {
	if tried, ok := f.Recalled(r.Name); ok {
		return signalboxv1.Decision_Tried(tried) != signalboxv1.Decision_TRIED_HEADER
	}
	return !slices.ContainsFunc(r.rule.headers, func(h header) bool { return !h.holds(f) })
}

// condition runs the condition of r.
func (r *Route) condition(f *signal.Facts) signalboxv1.Decision_Tried {
	if len(r.rule.when.Headers()) > 0 {
		if tried, ok := f.Recalled(r.Name); ok {
			return signalboxv1.Decision_Tried(tried)
		}
	}
	holds, err := r.rule.when.Eval(f)
	switch {
	case err != nil && r.rule.fails:
		return signalboxv1.Decision_TRIED_FAILED_FITS
	case err != nil:
		return signalboxv1.Decision_TRIED_FAILED
	case holds:
		return signalboxv1.Decision_TRIED_FITS
	}
	return signalboxv1.Decision_TRIED_WHEN
}

// Choose returns the first route that a request fits, the built-in one when it
// fits none. f may be nil: then only routes that look at no more than model and
// team can fit; else it takes down what became of each. failed are those whose
// condition failed: they fit when they say so.
func (m *Model) Choose(team string, f *signal.Facts) (fit *Route, failed []*Route) {
	if f != nil {
		f.Try()
	}
	for _, r := range m.routes {
		if f == nil && r.rule.narrow {
			continue
		}
		tried := r.try(team, f)
		if f != nil {
			f.Tried = append(f.Tried, byte(tried))
		}
		switch tried {
		case signalboxv1.Decision_TRIED_FITS:
			return r, failed
		case signalboxv1.Decision_TRIED_FAILED:
			failed = append(failed, r)
		case signalboxv1.Decision_TRIED_FAILED_FITS:
			return r, append(failed, r)
		}
	}
	return m.fallback, failed
}

// Tried are the routes that are tried for a model, in order.
func (m *Model) Tried() []*Route { return m.routes }

// Headed reports whether the route looks at headers.
func (r *Route) Headed() bool {
	return len(r.rule.headers) > 0 || r.rule.when != nil && len(r.rule.when.Headers()) > 0
}

// channel is a kind of callers.
type channel struct {
	name   string
	header *header
	keys   map[string]bool
	teams  map[string]bool
}

// Channel is the first channel that a request fits, empty when it fits none.
func (s *Snapshot) Channel(f *signal.Facts) string {
	for i := range s.channels {
		c := &s.channels[i]
		if c.headed(f) && (len(c.keys) == 0 || c.keys[f.KeyID] || c.keys[f.KeyName]) && (len(c.teams) == 0 || c.teams[f.Team]) {
			return c.name
		}
	}
	return ""
}

func (c *channel) headed(f *signal.Facts) bool {
	if c.header == nil {
		return true
	}
	if name, ok := f.RecalledChannel(); ok {
		return name == c.name
	}
	return c.header.holds(f)
}

// Headers are the names of the headers that channels and routes look at,
// sorted.
func (s *Snapshot) Headers() []string { return s.headers }

func (s *Snapshot) compileChannels(list []*signalboxv1.Channel) {
	for _, c := range list {
		k := channel{name: c.GetName(), keys: set[string](c.GetKeys()), teams: set[string](c.GetTeams())}
		if h := c.GetHeader(); h != nil {
			k.header = &header{h.GetName(), h.GetValue()}
			s.headers = append(s.headers, h.GetName())
		}
		s.channels = append(s.channels, k)
	}
}

// compileRules completes the routes by what they look at, and where they lead.
func (s *Snapshot) compileRules(c *config.Checked) error {
	for i, r := range c.Full.GetRoutes() {
		k := s.Routes[i]
		k.Use, k.When = s.Models[r.GetUse()], r.GetWhen()
		k.Canary, k.Share = s.Models[r.GetCanary().GetUse()], share(r.GetCanary().GetPercent())
		if w := r.GetShadow(); w != nil {
			k.Shadow = &Shadow{Use: s.Models[w.GetUse()], Percent: w.GetPercent()}
		}
		k.rule = rule{
			narrow: config.Narrow(r),
			keys:   set[string](r.GetKeys()), channels: set[string](r.GetChannels()), classes: set[genai.DataClass](r.GetClasses()),
			operations: set[genai.Operation](r.GetPaths()), hours: compileHours(r.GetHours()),
			fails: r.GetWhenError() == signalboxv1.Route_FAILURE_FIT,
		}
		s.estimates = s.estimates || k.Order >= OrderCheapest
		s.ruled = s.ruled || k.rule.narrow || k.Sticky != StickyNone || k.Order >= OrderCheapest
		for _, h := range r.GetHeaders() {
			k.rule.headers = append(k.rule.headers, header{h.GetName(), h.GetValue()})
			s.headers = append(s.headers, h.GetName())
		}
		if r.GetWhen() == "" {
			continue
		}
		var err error
		if k.rule.when, err = c.Condition(r.GetWhen()); err != nil {
			return fmt.Errorf("route %q: when %w", k.Name, err)
		}
		s.headers = append(s.headers, k.rule.when.Headers()...)
	}
	slices.Sort(s.headers)
	s.headers = slices.Compact(s.headers)
	return nil
}

// share is a percentage in parts of 2^64.
func share(percent float64) uint64 {
	if percent >= 100 {
		return math.MaxUint64
	}
	return uint64(percent / 100 * (1 << 64))
}

func set[T ~string](names []string) map[T]bool {
	if len(names) == 0 {
		return nil
	}
	m := make(map[T]bool, len(names))
	for _, n := range names {
		m[T(n)] = true
	}
	return m
}

// hours are times of the week.
type hours struct {
	days     [7]bool // by time.Weekday, on which they begin
	from, to int     // minutes of the day; to <= from: on the next day
	zone     *time.Location
}

func (h *hours) hold(t time.Time) bool {
	t = t.In(h.zone)
	day, at := int(t.Weekday()), t.Hour()*60+t.Minute()
	if h.from < h.to {
		return h.days[day] && h.from <= at && at < h.to
	}
	return h.days[day] && at >= h.from || h.days[(day+6)%7] && at < h.to
}

func compileHours(h *signalboxv1.Hours) *hours {
	if h == nil {
		return nil
	}
	k := &hours{from: minutes(h.GetFrom()), to: minutes(h.GetTo()), zone: time.UTC}
	if zone, err := time.LoadLocation(h.GetZone()); err == nil { // checked
		k.zone = zone
	}
	for i := range k.days {
		k.days[i] = len(h.GetDays()) == 0
	}
	for _, d := range h.GetDays() {
		k.days[d%7] = true // Monday is 1 in both, Sunday 7 and 0
	}
	return k
}

// minutes reads a checked hh:mm.
func minutes(text string) int {
	var hour, minute int
	if _, err := fmt.Sscanf(text, "%d:%d", &hour, &minute); err != nil {
		return 0
	}
	return hour*60 + minute
}
