package config

import (
	"errors"
	"slices"
	"time"
	_ "time/tzdata" // zones of hours are the same on every machine

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"

	"github.com/signalbox-dev/signalbox/pkg/signal/when"
)

// credentialHeaders are read by the gateway alone.
var credentialHeaders = []string{"authorization", "x-api-key", "api-key", "x-goog-api-key", "cookie", "proxy-authorization"} //nolint:gochecknoglobals // a closed list

func (k *checker) channels() {
	for i, c := range k.c.GetChannels() {
		p := path("channels").item(i)
		if c.GetHeader() == nil && len(c.GetKeys()) == 0 && len(c.GetTeams()) == 0 {
			k.fail(p, "says nothing of its callers; add header: {name: x-channel, value: %s}, keys or teams", c.GetName())
		}
		k.header(p.field("header"), c.GetHeader().GetName())
		k.references(k.teamNames, p.field("teams"), c.GetTeams())
	}
}

// matching checks by what a route tells requests apart, besides model and team.
func (k *checker) matching(p path, r *signalboxv1.Route) {
	k.references(k.channelNames, p.field("channels"), r.GetChannels())
	k.references(k.classes, p.field("classes"), r.GetClasses())
	for i, h := range r.GetHeaders() {
		k.header(p.field("headers").item(i), h.GetName())
	}
	k.hours(p.field("hours"), r.GetHours())
	k.refer(k.modelNames, r.GetUse(), p.field("use"))
	k.refer(k.modelNames, r.GetShadow().GetUse(), p.field("shadow").field("use"))
	if r.GetWhen() != "" {
		k.when(p.field("when"), r.GetWhen())
	} else if r.GetWhenError() == signalboxv1.Route_FAILURE_FIT {
		k.fail(p.field("when_error"), "says what a condition counts as that failed, but there is none; add when, or remove it")
	}
}

func (k *checker) references(g *register, p path, names []string) {
	for i, name := range names {
		k.refer(g, name, p.item(i))
	}
}

func (k *checker) header(p path, name string) {
	if slices.Contains(credentialHeaders, name) {
		k.fail(p.field("name"), "carries credentials, which nothing but authentication looks at; use keys or teams to tell callers apart")
	}
}

func (k *checker) hours(p path, h *signalboxv1.Hours) {
	if h == nil {
		return
	}
	distinct(k, p.field("days"), h.GetDays())
	if _, err := time.LoadLocation(h.GetZone()); err != nil || h.GetZone() == "Local" {
		k.fail(p.field("zone"), "unknown time zone %s; write it as UTC or Europe/Berlin", quote(h.GetZone()))
	}
}

func (k *checker) when(p path, text string) {
	if k.conditions == nil {
		c, err := when.New()
		if err != nil {
			k.fail(p, "%v", err)
			return
		}
		k.conditions = c
	}
	c, err := k.conditions.Compile(text)
	if err == nil {
		for _, name := range c.Headers() {
			if slices.Contains(credentialHeaders, name) {
				k.fail(p, "header %s carries credentials, which nothing but authentication looks at; use request.key or request.team", name)
			}
		}
		return
	}
	var e *when.Error
	if errors.As(err, &e) && e.Name != "" {
		var names []string
		for _, f := range when.Facts() {
			names = append(names, f.Name)
		}
		if near := Near(e.Name, names); len(near) > 0 {
			k.fail(p, "%v; did you mean %s?", err, near[0])
			return
		}
	}
	k.fail(p, "%v; docs/rules.md lists what it can look at", err)
}
