package e2e

import (
	"fmt"
	"io"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/signalbox-dev/signalbox/e2e/internal/bed"
	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/provider"
)

// wants is the header by which the tests choose among routes.
const wants = "x-want"

func wanting(name, what string) bed.Section {
	s := bed.Section{"name": name, "models": []string{"chat"}, "headers": []bed.Section{{"name": wants, "value": name}}}
	for _, pair := range strings.Fields(what) {
		k, v, _ := strings.Cut(pair, "=")
		s[k] = v
	}
	return s
}

func objectives(c *bed.Config, _ map[string]*provider.Server) {
	c.Models = []bed.Section{{
		"name": "chat", "aliases": []string{"talk"},
		"candidates": []bed.Section{
			{"backend": "a", "model": "a-model", "quality": 0.9, "price": bed.Section{"input": "3", "output": "15"}},
			{"backend": "b", "model": "b-model", "quality": 0.5, "price": bed.Section{"input": 1, "output": 2}, "capabilities": []string{"tools"}, "context": 300, "version": "v1"},
			{"backend": "c", "model": "c-model", "quality": 0.7, "price": bed.Section{"input": 2, "output": "4.5"}, "context": 2000},
		},
	}}
	floor := wanting("floor", "order=cheapest")
	floor["min_quality"] = 0.6
	c.Routes = []bed.Section{wanting("cheapest", "order=cheapest"), wanting("strongest", "order=strongest"), wanting("fastest", "order=fastest"), floor}
}

// TestObjectives has requests served by price and quality, and by what can
// serve them.
func TestObjectives(t *testing.T) {
	r := start(t, plan{providers: named("a", "b", "c"), configure: objectives})
	as := func(model, body string) string { return strings.Replace(body, `"chat"`, `"`+model+`"`, 1) }
	picture := `{"model":"chat","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://a.example.com/b.png"}}]}]}`
	long := chat("", strings.Repeat("word ", 400))
	for _, c := range []struct{ name, want, body, got string }{
		{"cheapest", "cheapest", chat("", "Hello"), "200 b"},
		{"cheapest_streamed", "cheapest", chat(streamed, "Hello"), "200 b"},
		{"strongest", "strongest", chat("", "Hello"), "200 a"},
		{"cheapest_above_a_floor", "floor", chat("", "Hello"), "200 c"},
		{"cheapest_with_a_picture", "cheapest", picture, "200 c"},
		{"cheapest_of_long_contexts", "cheapest", long, "200 c"},
		{"alias", "cheapest", as("talk", chat("", "Hello")), "200 b"},
		{"version", "strongest", as("chat@v1", chat("", "Hello")), "200 b"},
		{"version_of_an_alias", "strongest", as("talk@v1", chat("", "Hello")), "200 b"},
		{"no_such_version", "strongest", as("chat@v2", chat("", "Hello")), "404 model_not_found"},
		{"picture_for_a_version", "cheapest", as("chat@v1", picture), "400 model_not_capable"},
		{"too_long_for_a_version", "cheapest", as("chat@v1", long), "400 context_length_exceeded"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := r.do(t, request{body: c.body, headers: []string{wants, c.want}})
			if got := fmt.Sprint(a.status, " ", a.header.Get("x-signalbox-provider")+a.code()); got != c.got {
				t.Errorf("%s, want %s: %s", got, c.got, a.body)
			}
		})
	}
	a := r.do(t, request{method: "GET", path: "/v1/models"})
	if !strings.Contains(a.body, `"chat"`) || !strings.Contains(a.body, `"talk"`) {
		t.Errorf("models are %s", a.body)
	}
}

// TestFastest has the quickest of three backends serve nearly everything, once
// all of them are known.
func TestFastest(t *testing.T) {
	r := start(t, plan{providers: named("a", "b", "c"), configure: func(c *bed.Config, _ map[string]*provider.Server) {
		c.Routes = []bed.Section{{"name": "fast", "models": []string{"chat"}, "order": "fastest"}}
		c.Health = bed.Section{"enabled": true}
	}})
	for name, ttft := range map[string]string{"a": "250ms", "b": "120ms", "c": "5ms"} {
		if err := r.at[name].SetFaults("ttft=" + ttft); err != nil {
			t.Fatal(err)
		}
	}
	l := startLoad(t, r, 20)
	defer l.end(t)
	for began := time.Now(); ; {
		share := shares(r, 3*time.Second)
		t.Logf("%.0f s: %v", time.Since(began).Seconds(), share)
		if share["c"] >= .9 {
			return
		}
		if time.Since(began) > 90*time.Second { // a leader leads for half a minute
			t.Fatal("the fastest does not serve most")
		}
	}
}

// TestCanary gives a trial its share of the users, who stay in it or out of it.
func TestCanary(t *testing.T) {
	r := start(t, plan{providers: named("a", "b"), configure: func(c *bed.Config, _ map[string]*provider.Server) {
		c.Models = append(c.Models, bed.Section{"name": "new", "candidates": []bed.Section{{"backend": "b", "model": "new-model"}}})
		c.Routes = []bed.Section{{"name": "trial", "models": []string{"chat"}, "sticky": "user", "leave": "decision", "canary": bed.Section{"use": "new", "percent": 5}}}
	}})
	users, rounds := 5000, 2
	if raced {
		users = 1000
	}
	got := make([]string, users*rounds)
	var wg sync.WaitGroup
	for worker := range 16 {
		wg.Go(func() {
			tr := transport(false)
			defer tr.CloseIdleConnections()
			for i := worker; i < len(got); i += 16 {
				resp, err := r.open(t, tr, request{body: chat(fmt.Sprintf(`"user":"user %d",`, i%users), "Hello")})
				if err != nil {
					t.Error(err)
					return
				}
				got[i] = resp.Header.Get("x-signalbox-model")
				_, _ = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
		})
	}
	wg.Wait()
	trials := 0
	for i, model := range got {
		if model == "" || model != got[i%users] {
			t.Fatalf("user %d is served by %q, then by %q", i%users, got[i%users], model)
		}
		if model == "new-model" {
			trials++
		}
	}
	share := float64(trials) / float64(len(got))
	t.Logf("%d of %d requests are in the trial", trials, len(got))
	if math.Abs(share-.05) > map[bool]float64{false: .01, true: .02}[raced] {
		t.Errorf("%.4f of the requests are in the trial", share)
	}
}
