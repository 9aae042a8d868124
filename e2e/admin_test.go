package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/signalbox-dev/signalbox/e2e/internal/bed"
	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/provider"
	"github.com/signalbox-dev/signalbox/pkg/view"
)

// look asks the admin endpoint.
func look[T any](t *testing.T, r *rig, path string) (v T) {
	t.Helper()
	resp, err := http.Get(r.Admin + "/admin/v1/" + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != 200 {
		t.Fatalf("%s: %d %s %v", path, resp.StatusCode, b, err)
	}
	for _, secret := range []string{r.key, credential("a"), "Open sesame"} {
		if strings.Contains(string(b), secret) {
			t.Fatalf("%s shows %q", path, secret)
		}
	}
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatalf("%s: %v: %s", path, err, b)
	}
	return v
}

// figure is a part of the overview that tests look at; its money is opaque to
// package view's readers.
type figure struct {
	Total struct {
		Spend     *string `json:"spend_pico_usd"`
		Requests  int64   `json:"requests"`
		Fallbacks int64   `json:"fallbacks"`
		Refused   int64   `json:"refused"`
		Input     int64   `json:"input_tokens"`
		Output    int64   `json:"output_tokens"`
	} `json:"total"`
}

// row is a request as the list and its own page have it.
type row struct {
	ID        string  `json:"id"`
	Outcome   string  `json:"outcome"`
	Objective string  `json:"objective"`
	Decide    float64 `json:"decide_us"`
	Key       string  `json:"key"`
	Newer     string  `json:"newer"`
	Served    *view.Place
	Cost      string       `json:"cost_pico_usd"`
	Attempts  []attemptRow `json:"attempts"`
	Usage     struct {
		Source string `json:"source"`
		Lines  []struct {
			Cost string `json:"cost_pico_usd"`
		} `json:"lines"`
	} `json:"usage"`
	Candidates []struct{ Backend, Signal, Reason string } `json:"candidates"`
}

// configuration is what tests look at of what serves.
type configuration struct {
	Version  string
	Previous *string
	Diff     []view.Edit
	Refused  *view.Refusal
	Envoys   []view.Envoy
	History  []view.Event
	Rules    []struct{ Name string }
}

type attemptRow struct {
	Backend, Outcome string
	OK               bool
	Phases           []view.Phase
}

// TestAdmin looks at a gateway as its operator does: what was asked of it, why,
// what it costs, how the backends are, what serves; and after a restart again.
func TestAdmin(t *testing.T) {
	r := start(t, plan{providers: named("a", "b"), configure: func(c *bed.Config, _ map[string]*provider.Server) {
		c.Candidates("chat")[0]["price"] = bed.Section{"input": "1", "output": "2"}
		c.Candidates("chat")[1]["price"] = bed.Section{"input": "3", "output": "4"}
	}})
	for range 3 {
		r.do(t, request{body: chat(streamed, "Open sesame")})
	}
	r.do(t, request{body: chat(streamed, "Open sesame\n#fault backend=a status=500")})
	r.do(t, request{body: strings.Replace(chat("", "Open sesame"), "chat", "cat", 1)})
	eventually(t, 10*time.Second, "all is settled", func() bool { return look[figure](t, r, "overview?range=1h").Total.Requests == 5 })
	before := look[figure](t, r, "overview")
	if x := before.Total; x.Fallbacks != 1 || x.Refused != 1 || x.Spend == nil || *x.Spend == "0" || x.Input == 0 || x.Output == 0 {
		t.Errorf("%+v", x)
	}
	list := look[struct{ Decisions []row }](t, r, "decisions?q=team:test").Decisions
	if len(list) != 5 || list[0].Outcome != "blocked" || list[1].Outcome != "fallback" || list[1].Served.Backend != "b" || list[2].Outcome != "served" || list[2].Key != t.Name() {
		t.Fatalf("%+v", list)
	}
	d := look[row](t, r, "decisions/"+list[1].ID)
	if len(d.Attempts) != 2 || d.Attempts[0].OK || !d.Attempts[1].OK || len(d.Attempts[1].Phases) < 2 || len(d.Candidates) != 2 || d.Objective != "configured" || d.Decide <= 0 || d.Usage.Source != "provider" || len(d.Usage.Lines) != 2 || d.Newer != list[0].ID || d.Cost == "" {
		t.Errorf("%+v", d)
	}
	if s := look[view.Status](t, r, "status"); !s.Loopback || s.Policy == "" || s.Envoys.Connected != 1 || s.Witness.Matched == nil || *s.Witness.Matched != 100 || len(s.Views) != 5 || s.Models[0] != "chat" {
		t.Errorf("%+v", s)
	}
	if h := breakers(t, r)["a"]; h.Signal != "clear" || h.State != "healthy" || h.Spark[len(h.Spark)-1] == nil {
		t.Errorf("%+v", h)
	}
	look[view.Attention](t, r, "attention")
	keys := look[struct {
		Keys []struct {
			Name     string
			Requests int64
		}
	}](t, r, "teams/test").Keys
	if len(keys) != 1 || keys[0].Name != t.Name() || keys[0].Requests != 5 {
		t.Errorf("%+v", keys)
	}
	again := r.replay(t, d.ID)
	if !again.Identical || !again.Today.Same {
		t.Errorf("%+v", again)
	}
	r.reloads(t)
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := r.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, 5*time.Second, "the figures are as before", func() bool {
		after := look[figure](t, r, "overview")
		return after.Total.Requests == 5 && *after.Total.Spend == *before.Total.Spend && after.Total.Output == before.Total.Output
	})
	if again := look[row](t, r, "decisions/"+list[1].ID); again.Outcome != "fallback" || again.Cost != d.Cost {
		t.Errorf("%+v", again)
	}
}

// replay has a decision made again.
func (r *rig) replay(t *testing.T, id string) (v view.Replayed) {
	t.Helper()
	resp, err := http.Post(r.Admin+"/admin/v1/decisions/"+id+"/replay", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err == nil {
		err = json.Unmarshal(b, &v)
	}
	if err != nil || resp.StatusCode != 200 {
		t.Errorf("%d %s %v", resp.StatusCode, b, err)
	}
	return v
}

// reloads changes the configuration, badly and well, and sees both.
func (r *rig) reloads(t *testing.T) {
	t.Helper()
	old := look[configuration](t, r, "config")
	if old.Refused != nil || len(old.Diff) != 0 || len(old.History) != 1 || old.Rules[0].Name != "default" || len(old.Envoys) != 1 || *old.Envoys[0].Config != old.Version || old.Envoys[0].AckedAt == nil {
		t.Errorf("%+v", old)
	}
	if err := os.WriteFile(r.File, []byte("models: [{nam: x}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, 5*time.Second, "the refusal is seen", func() bool { return look[configuration](t, r, "config").Refused != nil })
	if items := look[view.Attention](t, r, "attention").Items; len(items) != 2 || items[0].Href != "#/decisions?only=fallback" || items[1].Href != "#/config" {
		t.Errorf("%+v", items)
	}
	if r.Metric(t.Context(), "signalbox_config_last_reload_successful") != 0 {
		t.Error("the metric does not say that the file was refused")
	}
	r.Config.Teams = append(r.Config.Teams, bed.Section{"name": "another"})
	if err := r.WriteConfig(); err != nil {
		t.Fatal(err)
	}
	eventually(t, 5*time.Second, "the change is seen", func() bool { return look[configuration](t, r, "config").Version != old.Version })
	c := look[configuration](t, r, "config")
	if c.Refused != nil || *c.Previous != old.Version || len(c.Diff) == 0 || len(c.History) != 3 || c.History[0].Result != "serving" {
		t.Errorf("%+v", c)
	}
	if n := len(look[struct{ Teams []struct{ ID string } }](t, r, "teams").Teams); n != 2 {
		t.Errorf("%d teams", n)
	}
}
