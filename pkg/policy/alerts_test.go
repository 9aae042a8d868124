package policy_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/secret"
)

func TestAlerts(t *testing.T) {
	old := compile(t, example)
	want := policy.Alerts{ResolveAfter: 5 * time.Minute, Interval: 10 * time.Second, Repeat: 4 * time.Hour}
	if diff := cmp.Diff(want, old.Alerts); diff != "" {
		t.Error(diff)
	}
	next := compile(t, example+`alerts: {repeat: 0s, site: north, sinks: [{name: a, url: {env: A}}, {name: b, format: alertmanager, url: {file: b}, token: {env: T}, allow_http: true, events: [breaker_open, fallback]}]}`+"\n")
	want.Repeat, want.Site = 0, "north"
	want.Sinks = []policy.AlertSink{
		{Name: "a", Format: "webhook", URL: secret.Ref{Env: "A"}},
		{Name: "b", Format: "alertmanager", URL: secret.Ref{File: "b"}, Token: secret.Ref{Env: "T"}, AllowHTTP: true, Events: []string{"breaker_open", "fallback"}},
	}
	if diff := cmp.Diff(want, next.Keep(old).Alerts); diff != "" {
		t.Error(diff)
	}
}
