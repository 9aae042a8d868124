package view

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/config"
	"github.com/signalbox-dev/signalbox/pkg/policy"
)

// maxHistory is how many changes of the configuration are kept.
const maxHistory = 50

// loads is what is known of the configurations since the start.
type loads struct {
	current  Load
	previous *Load
	since    int64 // requests that it decided
	refused  *Refusal
	history  []Event
}

// Load is a configuration that was put in force.
type Load struct {
	At            time.Time
	Version, File string
	By            string // what had it loaded
	Text          []byte
	Compile, Swap time.Duration
	Lints         []config.Warning
}

// Config is what serves, and how it came to that.
type Config struct {
	Version  string    `json:"version"`
	Previous *string   `json:"previous"`
	Sum      string    `json:"sha256"`
	File     string    `json:"file"`
	LoadedAt time.Time `json:"loaded_at"`
	LoadedBy string    `json:"loaded_by"`
	Compile  float64   `json:"compile_ms"`
	Swap     float64   `json:"swap_us"`
	Since    int64     `json:"requests_since"`
	Diff     []Edit    `json:"diff"`
	Refused  *Refusal  `json:"refused"`
	Lints    []Lint    `json:"lints"`
	Envoys   []Envoy   `json:"envoys"`
	Rules    []Rule    `json:"rules"`
	History  []Event   `json:"history"`
}

// Refusal is a change that was not taken; nil once one was.
type Refusal struct {
	At    time.Time `json:"at"`
	Where string    `json:"where"`
	Text  string    `json:"text"`
	Note  string    `json:"note"`
}

// Lint is what is hardly meant as it stands in the file.
type Lint struct {
	Level string  `json:"level"`
	Code  string  `json:"code"` // the setting
	At    string  `json:"at"`
	Text  string  `json:"text"`
	Fix   *string `json:"fix"` // text has it
}

// Rule is a route, as rules are tried.
type Rule struct {
	N     int     `json:"n"`
	Name  string  `json:"name"`
	When  string  `json:"when"`
	Hits  int64   `json:"hits"`           // in the last 24 h
	Spend *amount `json:"spend_pico_usd"` // in the last 24 h
}

// Event is a configuration that was loaded or refused.
type Event struct {
	Version *string   `json:"version"` // nil of one that was refused
	At      time.Time `json:"at"`
	Result  string    `json:"result"` // serving, replaced or refused
	What    string    `json:"what"`
}

// Loaded takes the configuration that is in force from now on.
func (v *View) Loaded(l Load) {
	v.lock()
	defer v.mu.Unlock()
	c := &v.config
	what := "first load"
	if old := c.current; old.Text != nil {
		c.previous = &old
		what = summary(diff(old.Text, l.Text))
	}
	for i := range c.history {
		if c.history[i].Result == "serving" {
			c.history[i].Result = "replaced"
		}
	}
	c.current, c.since, c.refused = l, 0, nil
	c.note(Event{&l.Version, l.At.UTC(), "serving", what})
}

// Refused takes that a changed file was not taken, and why.
func (v *View) Refused(err error, now time.Time) {
	v.lock()
	defer v.mu.Unlock()
	c := &v.config
	r := Refusal{At: now.UTC(), Where: c.current.File, Text: err.Error(), Note: c.current.Version + " keeps serving"}
	if list, ok := errors.AsType[config.Errors](err); ok && len(list) > 0 {
		r.Where, r.Text = position(config.Warning(list[0])), strings.TrimPrefix(list[0].Path+": "+list[0].Text, ": ")
		if n := len(list); n > 1 {
			r.Note += "; problems in all: " + strconv.Itoa(n)
		}
	}
	r.Text = masked(r.Text)
	c.refused = &r
	c.note(Event{nil, r.At, "refused", r.Where})
}

func (c *loads) note(e Event) {
	c.history = slices.Insert(c.history, 0, e)
	c.history = c.history[:min(len(c.history), maxHistory)]
}

// position is file:line:column.
func position(w config.Warning) string {
	return w.File + ":" + strconv.Itoa(w.Line) + ":" + strconv.Itoa(w.Column)
}

// Config tells what serves.
func (v *View) Config(now time.Time) *Config {
	envoys, s := v.envoys(), v.o.Snapshot()
	v.lock()
	defer v.mu.Unlock()
	c := &v.config
	l := &c.current
	sum := sha256.Sum256(l.Text)
	x := &Config{
		Version: l.Version, Sum: hex.EncodeToString(sum[:]), File: l.File, LoadedAt: l.At.UTC(), LoadedBy: l.By,
		Compile: round(l.Compile.Seconds()*1e3, 1), Swap: round(l.Swap.Seconds()*1e6, 1), Since: c.since,
		Diff: []Edit{}, Refused: c.refused, Lints: []Lint{}, Envoys: envoys, Rules: v.rules(s, now), History: append([]Event{}, c.history...),
	}
	if c.previous != nil {
		x.Previous, x.Diff = &c.previous.Version, diff(c.previous.Text, l.Text)
	}
	for _, w := range l.Lints {
		x.Lints = append(x.Lints, Lint{Level: "warning", Code: w.Path, At: position(w), Text: w.Text})
	}
	return x
}

// rules are the routes, the built-in one last.
func (v *View) rules(s *policy.Snapshot, now time.Time) []Rule {
	sums := map[string]*figures{}
	to := now.Truncate(quarter).Add(quarter)
	v.routes.each(quarter, to.Add(-day), to, func(_ time.Time, s series, f *figures) {
		if sums[s.model] == nil {
			sums[s.model] = &figures{}
		}
		sums[s.model].add(f)
	})
	list := []Rule{}
	add := func(name, when string) {
		f := cmp.Or(sums[name], &figures{})
		list = append(list, Rule{len(list) + 1, name, when, f.requests, f.money()})
	}
	for _, r := range s.Routes {
		add(r.Name, conditions(r))
	}
	add("default", "all that no other route fits")
	return list
}

// conditions are what a route asks for, as far as a line can say it.
func conditions(r *policy.Route) string {
	var list []string
	if len(r.Models) > 0 {
		list = append(list, "model: "+strings.Join(r.Models, ", "))
	}
	if len(r.Teams) > 0 {
		list = append(list, "team: "+strings.Join(r.Teams, ", "))
	}
	if r.When != "" {
		list = append(list, r.When)
	}
	if len(list) == 0 {
		return "all"
	}
	return strings.Join(list, "; ")
}
