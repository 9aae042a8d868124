package policy

import (
	"fmt"
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
}

// header is one that a request must have.
type header struct{ name, pattern string }

func (h header) holds(f *signal.Facts) bool {
	value, ok := f.Has(h.name)
	return ok && (h.pattern == "" || config.Match(h.pattern, value))
}

// holds tests what is cheap first. An error is that of the condition.
func (r *rule) holds(f *signal.Facts) (bool, error) {
	typed := (len(r.channels) == 0 || r.channels[f.Channel]) &&
		(len(r.keys) == 0 || r.keys[f.KeyID] || r.keys[f.KeyName]) &&
		(len(r.operations) == 0 || r.operations[f.Operation]) &&
		(len(r.classes) == 0 || slices.ContainsFunc(f.Classes, func(c genai.DataClass) bool { return r.classes[c] })) &&
		!slices.ContainsFunc(r.headers, func(h header) bool { return !h.holds(f) }) &&
		(r.hours == nil || r.hours.hold(f.Time))
	if !typed || r.when == nil {
		return typed, nil
	}
	return r.when.Eval(f)
}

// Choose returns the first route that a request fits, the built-in one when it
// fits none. f may be nil: then only routes that look at no more than model and
// team can fit. failed are those whose condition failed: they do not fit.
func (m *Model) Choose(team string, f *signal.Facts) (fit *Route, failed []*Route) {
	for _, r := range m.routes {
		if !r.fits(team) {
			continue
		}
		if !r.rule.narrow {
			return r, failed
		}
		if f == nil {
			continue
		}
		holds, err := r.rule.holds(f)
		if err != nil {
			failed = append(failed, r)
		}
		if holds {
			return r, failed
		}
	}
	return m.fallback, failed
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
		if (c.header == nil || c.header.holds(f)) && (len(c.keys) == 0 || c.keys[f.KeyID] || c.keys[f.KeyName]) && (len(c.teams) == 0 || c.teams[f.Team]) {
			return c.name
		}
	}
	return ""
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
		k.Use = s.Models[r.GetUse()]
		k.rule = rule{
			narrow: config.Narrow(r),
			keys:   set[string](r.GetKeys()), channels: set[string](r.GetChannels()), classes: set[genai.DataClass](r.GetClasses()),
			operations: set[genai.Operation](r.GetPaths()), hours: compileHours(r.GetHours()),
		}
		s.ruled = s.ruled || k.rule.narrow
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
