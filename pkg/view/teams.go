package view

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/key"
	"github.com/signalbox-dev/signalbox/pkg/policy"
)

// third is the step of the tier that days and months are made of.
const third = 8 * time.Hour

// Teams are all teams of the configuration.
type Teams struct {
	Org   Budget `json:"org"`
	Teams []Team `json:"teams"`
}

// Budget is what was spent in the month so far. What a limit brings is nil:
// none is kept yet.
type Budget struct {
	Limit    *amount `json:"limit_pico_usd"`
	Spent    *amount `json:"spent_pico_usd"`
	Forecast *amount `json:"forecast_pico_usd"`
	Elapsed  float64 `json:"elapsed_pct"` // of the month
}

// Team is one team in the month so far.
type Team struct {
	ID string `json:"id"`
	Budget
	Period      string     `json:"period"` // 2006-01
	Zone        string     `json:"zone"`
	Unpriced    int64      `json:"unpriced_attempts"`
	Requests    int64      `json:"requests"`
	Errors      int64      `json:"errors"`
	Input       int64      `json:"input_tokens"`
	Output      int64      `json:"output_tokens"`
	Reserved    *amount    `json:"reserved_pico_usd"`
	Low         *amount    `json:"forecast_low_pico_usd"`
	High        *amount    `json:"forecast_high_pico_usd"`
	Exhausts    *string    `json:"exhausts_on"`
	AtLimit     *string    `json:"at_limit"`
	Signal      string     `json:"signal"`
	Thresholds  []int      `json:"thresholds"`
	Crossed     []struct{} `json:"crossed"`
	Blocked     int64      `json:"blocked"` // requests that the gateway refused
	Downgraded  *int64     `json:"downgraded"`
	RateLimited *int64     `json:"rate_limited"`
	Used        []*float64 `json:"used_usd"` // at the end of each day so far
	ForecastUSD []float64  `json:"forecast_usd"`
	Keys        []Key      `json:"keys"` // nil in the list of teams
}

// Key is a virtual key in the month so far. The key itself is not known.
type Key struct {
	ID       string     `json:"id"`
	Name     string     `json:"name"`
	UseCase  *string    `json:"use_case"`
	State    string     `json:"state"` // active, expired or revoked
	Models   []string   `json:"models"`
	Created  time.Time  `json:"created_at"`
	Expires  *time.Time `json:"expires_at"`
	LastUsed *time.Time `json:"last_used_at"`
	Requests int64      `json:"requests"`
	Spent    *amount    `json:"spent_pico_usd"`
	Limit    *int64     `json:"limit_rpm"`
	Peak     *int64     `json:"peak_rpm"` // requests of the busiest minute since the ledger's first
}

// month is the one that now is in.
func month(now time.Time) (from, to time.Time) {
	now = now.UTC()
	from = time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
	return from, from.AddDate(0, 1, 0)
}

// Teams lists the teams, without their keys.
func (v *View) Teams(now time.Time) *Teams {
	s := v.o.Snapshot()
	v.lock()
	defer v.mu.Unlock()
	t := &Teams{Teams: []Team{}}
	var all figures
	for _, f := range v.days("", now) {
		all.add(&f)
	}
	t.Org = budget(&all, now)
	for _, name := range slices.Sorted(maps.Keys(s.Teams)) {
		t.Teams = append(t.Teams, v.team(name, now))
	}
	return t
}

// Team tells of one team and its keys; nil when there is none.
func (v *View) Team(name string, now time.Time) *Team {
	s := v.o.Snapshot()
	if s.Teams[name] == nil {
		return nil
	}
	v.lock()
	defer v.mu.Unlock()
	t := v.team(name, now)
	t.Keys = v.keysOf(s, name, now)
	return &t
}

// days are the figures of each day of the month so far, of one team or of all.
func (v *View) days(team string, now time.Time) []figures {
	from, _ := month(now)
	list := make([]figures, now.UTC().Day())
	v.traffic.each(third, from, now.Truncate(third).Add(third), func(start time.Time, s series, f *figures) {
		if i := start.Day() - 1; (team == "" || s.team == team) && i < len(list) {
			list[i].add(f)
		}
	})
	return list
}

func (v *View) team(name string, now time.Time) Team {
	from, _ := month(now)
	t := Team{ID: name, Period: from.Format("2006-01"), Zone: "UTC", Signal: "clear", Thresholds: []int{}, Crossed: []struct{}{}, Used: []*float64{}}
	var all figures
	for _, f := range v.days(name, now) {
		all.add(&f)
		t.Used = append(t.Used, all.usd())
	}
	t.Budget = budget(&all, now)
	t.Unpriced, t.Requests, t.Errors, t.Blocked, t.Input, t.Output = all.unpriced, all.requests, all.errors, all.refused, all.input, all.output
	return t
}

func budget(f *figures, now time.Time) Budget {
	from, to := month(now)
	return Budget{Spent: f.money(), Elapsed: round(float64(now.Sub(from))/float64(to.Sub(from))*100, 1)}
}

// keysOf lists the keys of a team, those of use first.
func (v *View) keysOf(s *policy.Snapshot, team string, now time.Time) []Key {
	list := []Key{}
	from, _ := month(now)
	used := map[string]*figures{}
	v.keys.each(third, from, now.Truncate(third).Add(third), func(_ time.Time, s series, f *figures) {
		if used[s.team] == nil {
			used[s.team] = &figures{}
		}
		used[s.team].add(f)
	})
	for _, k := range v.o.Keys().All() {
		if k.Team != team {
			continue
		}
		f := cmp.Or(used[k.ID], &figures{})
		x := Key{ID: k.ID, Name: k.Name, State: state(k, now), Models: k.Models, Created: k.Created, Requests: f.requests, Spent: f.money()}
		if len(x.Models) == 0 {
			x.Models = mayUse(s, team)
		}
		if !k.Expires.IsZero() {
			x.Expires = &k.Expires
		}
		if u := v.used[k.ID]; u != nil {
			last, peak := u.last, u.peak
			x.LastUsed, x.Peak = &last, &peak
		}
		list = append(list, x)
	}
	slices.SortStableFunc(list, func(a, b Key) int { return cmp.Compare(a.State, b.State) }) // active, expired, revoked
	return list
}

// mayUse are the models of a team.
func mayUse(s *policy.Snapshot, team string) []string {
	names := []string{}
	for _, m := range s.Names() {
		if s.Teams[team].May(m) {
			names = append(names, m)
		}
	}
	return names
}

func state(k *key.Key, now time.Time) string {
	switch {
	case !k.Revoked.IsZero():
		return "revoked"
	case !k.Expires.IsZero() && !now.Before(k.Expires):
		return "expired"
	}
	return "active"
}
