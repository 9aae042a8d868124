package alert

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/secret"
)

// The formats of messages, as the configuration names them.
const (
	formatWebhook      = "webhook"
	formatSlack        = "slack"
	formatAlertmanager = "alertmanager"
)

// Settings are the alerts of a configuration with their secrets read.
type Settings struct {
	rules rules
	site  string
	sinks []Sink
}

// Sink is one receiver. It prints without its URL.
type Sink struct {
	name, format string
	url, token   secret.Value
	kinds        uint32 // bits of those it wants
}

// refresh is how often Alertmanager is told that an alert lasts.
const refresh = time.Minute

// Resolve reads the URLs and tokens of all sinks. Its error lists what could
// not be read, and holds none of it.
func Resolve(ctx context.Context, a policy.Alerts) (*Settings, error) {
	s := &Settings{
		rules: rules{resolveAfter: a.ResolveAfter, interval: a.Interval, repeat: a.Repeat, refresh: max(refresh, a.Interval)},
		site:  a.Site,
	}
	var problems []error
	for _, sink := range a.Sinks {
		k, err := resolve(ctx, sink)
		if err != nil {
			problems = append(problems, fmt.Errorf("alert sink %q: %w", sink.Name, err))
			continue
		}
		s.sinks = append(s.sinks, k)
	}
	return s, errors.Join(problems...)
}

func resolve(ctx context.Context, a policy.AlertSink) (Sink, error) {
	text, err := a.URL.Resolve(ctx)
	if err != nil {
		return Sink{}, fmt.Errorf("url: %w", err)
	}
	s := Sink{name: a.Name, format: a.Format, kinds: kindsOf(a.Events)}
	if s.url, err = target(text, a); err != nil {
		return Sink{}, err
	}
	if a.Token.IsZero() {
		return s, nil
	}
	if s.token, err = a.Token.Resolve(ctx); err != nil {
		return Sink{}, fmt.Errorf("token: %w", err)
	}
	return s, nil
}

// target is where messages are posted.
func target(text secret.Value, a policy.AlertSink) (secret.Value, error) {
	u, err := url.Parse(text.Reveal())
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http":
		return secret.Value{}, fmt.Errorf("what %s holds is no URL; it must begin with https://", a.URL)
	case u.Scheme == "http" && !a.AllowHTTP:
		return secret.Value{}, errors.New("its URL is http, which anybody on the way can read; use https, or set allow_http: true")
	}
	u.Fragment = ""
	if path := "/api/v2/alerts"; a.Format == formatAlertmanager && !strings.HasSuffix(u.Path, path) {
		u = u.JoinPath(path)
	}
	return secret.New(u.String()), nil
}

func kindsOf(words []string) uint32 {
	var bits uint32
	for k := Kind(1); k < kinds; k++ {
		if len(words) == 0 {
			bits |= 1 << k
		}
		for _, w := range words {
			if w == k.String() {
				bits |= 1 << k
			}
		}
	}
	return bits
}

func (s *Sink) wants(k Kind) bool { return s.kinds&(1<<k) != 0 }

// forgets reports whether it takes an alert to be over that it does not hear
// of any more.
func (s *Sink) forgets() bool { return s.format == formatAlertmanager }

// same reports whether t is the same receiver.
func (s *Sink) same(t Sink) bool {
	return s.name == t.name && s.format == t.format && s.url.Equal(t.url)
}
