package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/signalbox-dev/signalbox/e2e/internal/bed"
	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/provider"
)

// alarms collects what arrives at a webhook.
type alarms struct {
	mu     sync.Mutex
	bodies []string
	all    []alarm
}

type alarm struct {
	Status, Kind, Backend, Model, What, ID string
	Count                                  int
}

func (a *alarms) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var m struct{ Alerts []alarm }
	if err == nil {
		err = json.Unmarshal(body, &m)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.bodies = append(a.bodies, string(body))
	a.all = append(a.all, m.Alerts...)
	if err != nil || r.URL.Path != "/"+hookSecret {
		a.bodies = append(a.bodies, fmt.Sprintf("bad post to %s: %v", r.URL.Path, err))
	}
}

// of is what was said of a kind, in order.
func (a *alarms) of(kind string) []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []string
	for _, x := range a.all {
		if x.Kind == kind {
			out = append(out, strings.Trim(fmt.Sprint(x.Status, " ", x.Backend, x.What, " ", x.Model), " "))
		}
	}
	return out
}

// hookSecret makes the webhook's URL one that must be printed nowhere.
const hookSecret = "T0123/very-secret"

// TestAlerts has a provider reject our credential, a reload refused and Envoy
// killed: each is told once, and once more when it is over.
func TestAlerts(t *testing.T) {
	got := &alarms{}
	hook := httptest.NewServer(got)
	defer hook.Close()
	r := start(t, plan{
		providers: named("a", "b"),
		env:       []string{"HOOK_URL=" + hook.URL + "/" + hookSecret},
		configure: func(c *bed.Config, _ map[string]*provider.Server) {
			c.Alerts = bed.Section{
				"resolve_after": "1s", "interval": "100ms",
				"sinks": []bed.Section{{"name": "hook", "url": bed.Section{"env": "HOOK_URL"}, "allow_http": true}},
			}
		},
	})
	says := func(kind string, want ...string) {
		t.Helper()
		eventually(t, 10*time.Second, kind+" is told as "+strings.Join(want, ", "), func() bool { return slices.Equal(got.of(kind), want) })
	}
	for range 8 {
		a := r.do(t, request{body: chat("", "the prompt\n#fault backend=a status=401")})
		if a.status != 200 || a.header.Get("x-signalbox-provider") != "b" {
			t.Fatalf("%d %v %s", a.status, a.header, a.body)
		}
	}
	says("credential_rejected", "firing a")
	says("fallback", "firing a chat", "resolved a chat")
	says("credential_rejected", "firing a") // nobody says that it is good again
	if a := r.do(t, request{body: chat("", "the prompt")}); a.header.Get("x-signalbox-provider") != "a" {
		t.Fatalf("%d %v %s", a.status, a.header, a.body)
	}
	says("credential_rejected", "firing a", "resolved a")
	got.last(t, "credential_rejected", 8)

	if err := os.WriteFile(r.File, []byte("nonsense: true\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	says("reload_refused", "firing config")
	if err := r.WriteConfig(); err != nil {
		t.Fatal(err)
	}
	says("reload_refused", "firing config", "resolved config")

	if err := r.KillEnvoy(); err != nil {
		t.Fatal(err)
	}
	says("envoy_restarted", "firing", "resolved")
	got.clean(t, r)
}

// last checks the end of the only alert of a kind: its count and its id.
func (a *alarms) last(t *testing.T, kind string, count int) {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	var of []alarm
	for _, x := range a.all {
		if x.Kind == kind {
			of = append(of, x)
		}
	}
	if n := len(of); of[0].ID != of[n-1].ID || of[n-1].Count != count {
		t.Errorf("%s: %+v", kind, of)
	}
}

// clean looks for secrets and content in alerts, logs and metrics.
func (a *alarms) clean(t *testing.T, r *rig) {
	t.Helper()
	resp, err := http.Get(r.Admin + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	metrics := string(page)
	if !strings.Contains(metrics, `signalbox_alert_messages_total{result="sent",sink="hook"}`) {
		t.Errorf("metrics lack the messages:\n%s", metrics)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, text := range append(a.bodies, r.Logs(), metrics) {
		for _, secret := range []string{hookSecret, "the prompt", "sk-", r.key, "bad post"} {
			if strings.Contains(text, secret) {
				t.Errorf("%q is in %s", secret, tail(text, 3000))
			}
		}
	}
}
