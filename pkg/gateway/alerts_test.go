package gateway

import (
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/alert"
	"github.com/signalbox-dev/signalbox/pkg/pipeline"
	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/secret"
	"github.com/signalbox-dev/signalbox/pkg/settle"
	"github.com/signalbox-dev/signalbox/pkg/telemetry"
	"github.com/signalbox-dev/signalbox/pkg/view"
	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// heard keeps the events that were told.
type heard struct{ events []alert.Event }

func (h *heard) Notify(e alert.Event) { h.events = append(h.events, e) }

func (h *heard) take() []alert.Event {
	all := h.events
	h.events = nil
	return all
}

// The log must be unreadable for a while before anybody hears of it.
func TestBlindness(t *testing.T) {
	h := &heard{}
	b := blindness{alerts: h}
	now := time.Unix(0, 0)
	see := func(blind bool, d time.Duration) []alert.Event {
		for range d / time.Second {
			now = now.Add(time.Second)
			b.see(blind, now)
		}
		return h.take()
	}
	for _, e := range slices.Concat(see(false, 5*time.Second), see(true, 4*time.Second), see(false, time.Second), see(true, 5*time.Second)) {
		if !e.Resolved || e.Kind != alert.WitnessDown {
			t.Fatalf("told %+v", e)
		}
	}
	if all := see(true, 10*time.Second); len(all) != 2 || all[0].Resolved {
		t.Errorf("told %+v", all)
	}
	if all := see(false, time.Second); len(all) != 1 || !all[0].Resolved {
		t.Errorf("told %+v", all)
	}
}

func TestObserverAlerts(t *testing.T) {
	h := &heard{}
	o := &observer{
		view:    view.New(view.Options{Snapshot: func() *policy.Snapshot { return &policy.Snapshot{} }}),
		metrics: telemetry.NewMetrics(), log: slog.New(slog.DiscardHandler), alerts: h,
		forget: func(pipeline.Ticket) {}, parents: map[pipeline.Ticket]telemetry.Parent{},
	}
	o.settled(settle.Settled{
		Terminal: &signalboxv1.Terminal{RequestId: "r", Model: "m", Attempts: 2, State: signalboxv1.Terminal_STATE_COMPLETED},
		Attempts: []*signalboxv1.Attempt{
			{Backend: "a", Number: 1, Outcome: signalboxv1.Attempt_OUTCOME_TIMEOUT},
			{Backend: "b", Number: 2, Outcome: signalboxv1.Attempt_OUTCOME_COMPLETED, Last: true},
		},
	})
	o.event(settle.Event{Kind: settle.CredentialRejected, RequestID: "r", Backend: "a"})
	want := []alert.Event{
		{Kind: alert.Fallback, Backend: "a", Model: "m", RequestID: "r", Detail: "a: timeout; served by b"},
		{Kind: alert.CredentialRejected, Backend: "b", Resolved: true},
		{Kind: alert.CredentialRejected, Backend: "a", RequestID: "r", Detail: "renew the credential of backend a"},
	}
	if got := h.take(); !slices.Equal(got, want) {
		t.Errorf("told %+v", got)
	}
}

func TestLedgerAlert(t *testing.T) {
	g := &Gateway{metrics: telemetry.NewMetrics(), log: slog.New(slog.DiscardHandler)}
	synctest.Test(t, func(t *testing.T) {
		if err := g.openAlerts(t.Context(), &policy.Snapshot{Alerts: policy.Alerts{ResolveAfter: time.Minute}}); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		go g.alerts.Run(ctx)
		for _, err := range []error{nil, errors.New("no space"), nil} { // the last begins its end
			g.observeLedger(time.Millisecond, err)
		}
		synctest.Wait()
		stop()
	})
	page := httptest.NewRecorder()
	g.metrics.Handler().ServeHTTP(page, httptest.NewRequest("GET", "/metrics", nil))
	if want := `signalbox_alerts_firing{kind="ledger_down"} 1`; !strings.Contains(page.Body.String(), want) {
		t.Errorf("no %s in\n%s", want, page.Body)
	}
}

// A sink whose URL cannot be read keeps the gateway from starting, and the
// error says which.
func TestAlertSinkIsMissing(t *testing.T) {
	g := &Gateway{metrics: telemetry.NewMetrics(), log: slog.New(slog.DiscardHandler), opts: Options{ConfigFile: "c.yaml"}}
	err := g.openAlerts(t.Context(), &policy.Snapshot{Alerts: policy.Alerts{Sinks: []policy.AlertSink{{Name: "chat", URL: secret.Ref{Env: "NOT_SET_ANYWHERE"}}}}})
	if err == nil || !strings.Contains(err.Error(), `alert sink "chat"`) || !strings.Contains(err.Error(), "c.yaml") {
		t.Error(err)
	}
}
