package alert

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// render is the body of a message in the form of its sink.
func render(format, site string, list []Alert, lasts time.Time) ([]byte, error) {
	switch format {
	case formatSlack:
		return json.Marshal(struct {
			Text string `json:"text"`
		}{slackText(site, list)})
	case formatAlertmanager:
		return json.Marshal(alertmanager(site, list, lasts))
	}
	return json.Marshal(webhook(site, list))
}

// message is the body of a webhook.
type message struct {
	Version int    `json:"version"`
	Source  string `json:"source"`
	Site    string `json:"site,omitempty"`
	Alerts  []item `json:"alerts"`
}

type item struct {
	ID        string     `json:"id"` // the same while the alert lasts and when it is resolved
	Status    string     `json:"status"`
	Kind      string     `json:"kind"`
	Severity  string     `json:"severity"`
	Title     string     `json:"title"`
	Backend   string     `json:"backend,omitempty"`
	Model     string     `json:"model,omitempty"`
	What      string     `json:"what,omitempty"`
	Detail    string     `json:"detail,omitempty"`
	RequestID string     `json:"request_id,omitempty"`
	Count     int64      `json:"count"`
	StartsAt  time.Time  `json:"starts_at"`
	LastAt    time.Time  `json:"last_at"`
	EndsAt    *time.Time `json:"ends_at,omitempty"`
}

func webhook(site string, list []Alert) message {
	m := message{Version: 1, Source: "signalbox", Site: site}
	for _, a := range list {
		e := a.Event
		it := item{
			ID: id(site, a), Status: status(a), Kind: e.Kind.String(), Severity: e.Kind.Severity(), Title: e.Kind.trait().title,
			Backend: e.Backend, Model: e.Model, What: e.What, Detail: e.Detail, RequestID: e.RequestID,
			Count: a.Count, StartsAt: a.Starts.UTC(), LastAt: a.Last.UTC(),
		}
		if !a.Ends.IsZero() {
			ends := a.Ends.UTC()
			it.EndsAt = &ends
		}
		m.Alerts = append(m.Alerts, it)
	}
	return m
}

func status(a Alert) string {
	if a.Ends.IsZero() {
		return "firing"
	}
	return "resolved"
}

func id(site string, a Alert) string {
	e := a.Event
	sum := sha256.Sum256(fmt.Appendf(nil, "%q%q%q%q%q%d", site, e.Kind, e.Backend, e.Model, e.What, a.Starts.UnixNano()))
	return hex.EncodeToString(sum[:8])
}

// slackText is the text of a message, in Slack's mrkdwn.
func slackText(site string, list []Alert) string {
	var b strings.Builder
	for i, a := range list {
		if i > 0 {
			b.WriteString("\n\n")
		}
		word := "FIRING"
		if !a.Ends.IsZero() {
			word = "RESOLVED"
		}
		e := a.Event
		fmt.Fprintf(&b, "*%s* %s: %s\n", word, e.Kind.Severity(), e.Kind.trait().title)
		var facts []string
		for _, f := range []struct{ name, value string }{{"site", site}, {"backend", e.Backend}, {"model", e.Model}, {"what", e.What}, {"request", e.RequestID}} {
			if f.value != "" {
				facts = append(facts, f.name+" "+slackEscape(f.value))
			}
		}
		facts = append(facts, times(a))
		b.WriteString(strings.Join(facts, ", "))
		if e.Detail != "" {
			b.WriteString("\n" + slackEscape(e.Detail))
		}
	}
	return b.String()
}

func times(a Alert) string {
	const form = "2006-01-02 15:04:05 UTC"
	text := "since " + a.Starts.UTC().Format(form)
	if a.Count > 1 {
		text = fmt.Sprintf("%d times %s", a.Count, text)
	}
	if !a.Ends.IsZero() {
		text += ", last " + a.Last.UTC().Format(form)
	}
	return text
}

// slackEscape makes the three characters harmless that mrkdwn reads anywhere.
func slackEscape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

// posted is an alert as Alertmanager's API takes it.
type posted struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	StartsAt    time.Time         `json:"startsAt"`
	EndsAt      time.Time         `json:"endsAt"`
}

// alertmanager lists alerts; those that last end at lasts, unless they are
// posted again before. Labels are the cause alone, so that an alert stays the
// same alert.
func alertmanager(site string, list []Alert, lasts time.Time) []posted {
	all := make([]posted, 0, len(list))
	for _, a := range list {
		e, t := a.Event, a.Event.Kind.trait()
		p := posted{
			Labels:      map[string]string{"alertname": "Signalbox" + camel(t.word), "severity": t.severity, "service": "signalbox"},
			Annotations: map[string]string{"summary": t.title, "description": times(a)},
			StartsAt:    a.Starts.UTC(), EndsAt: lasts.UTC(),
		}
		if !a.Ends.IsZero() {
			p.EndsAt = a.Ends.UTC()
		}
		put(p.Labels, "site", site)
		put(p.Labels, "backend", e.Backend)
		put(p.Labels, "model", e.Model)
		put(p.Labels, "what", e.What)
		put(p.Annotations, "detail", e.Detail)
		put(p.Annotations, "request_id", e.RequestID)
		all = append(all, p)
	}
	return all
}

func put(m map[string]string, name, value string) {
	if value != "" {
		m[name] = value
	}
}

// camel is "ledger_down" as LedgerDown.
func camel(word string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(word, "_") {
		b.WriteString(strings.ToUpper(part[:1]) + part[1:])
	}
	return b.String()
}
