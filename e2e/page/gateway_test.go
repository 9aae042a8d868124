package page

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/signalbox-dev/signalbox/e2e/internal/bed"
	"github.com/signalbox-dev/signalbox/e2e/internal/envoybin"
	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/provider"
)

// gateway runs a Signalbox with a real Envoy, of which the first backend always
// fails and only the second has a price.
func gateway(t *testing.T) *bed.Bed {
	t.Helper()
	envoy, err := envoybin.Find()
	if errors.Is(err, envoybin.ErrNone) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	bin, err := bed.Build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	c := &bed.Config{Teams: []bed.Section{{"name": "support"}}}
	for name, faults := range map[string][]string{"north": {"status=503"}, "south": nil} {
		s, err := provider.Serve(provider.Options{Name: name, Key: "sk-" + name + "-0123456789abcdef", Faults: faults}, "")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		c.Add(bed.Of(name, "sk-"+name+"-0123456789abcdef", s))
	}
	c.Model("chat", "north/north-model", "south/south-model")
	c.Candidates("chat")[1]["price"] = bed.Section{"input": "0.15", "output": "0.60"}
	b, err := bed.Prepare(bed.Options{Binary: bin, Envoy: envoy, Config: c})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Errorf("end of signalbox: %v", err)
		}
	})
	if err := b.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return b
}

// talk sends requests until n were answered, and returns their contents.
func talk(t *testing.T, b *bed.Bed, n int) string {
	t.Helper()
	key, err := b.NewKey(t.Context(), "support", "desk")
	if err != nil {
		t.Fatal(err)
	}
	const content = "a-sentence-that-nobody-shows"
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for done := 0; done < n; {
		r, _ := http.NewRequestWithContext(ctx, http.MethodPost, b.API+"/v1/chat/completions", strings.NewReader(`{"model":"chat","stream":true,"messages":[{"role":"user","content":"`+content+`"}]}`))
		r.Header.Set("authorization", "Bearer "+strings.TrimSpace(key))
		r.Header.Set("content-type", "application/json")
		a, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.Copy(io.Discard, a.Body)
		if err = errors.Join(err, a.Body.Close()); err != nil {
			t.Fatal(err)
		}
		if a.StatusCode == 200 { // a new key takes a moment
			done++
		}
	}
	return content
}

// TestGateway shows every view of a real gateway after a few requests that fell
// back.
func TestGateway(t *testing.T) {
	browser := start(t)
	b := gateway(t)
	content := talk(t, b, 5)
	p := browser.open(t)
	axe := readAxe(t)
	p.visit(b.Admin + "/#/decisions")
	p.until(`document.querySelectorAll('#main .live tbody tr').length >= 1`) // a sample
	p.until(`document.getElementById('main').innerText.includes('fallback')`)
	id := p.text(`[...document.querySelectorAll('#main .live tbody tr')].find(r => r.innerText.includes('fallback')).dataset.key`)
	p.visit(b.Admin + "/#/decisions/" + id)
	p.until(`document.querySelector('#main .track .set')`) // the route that served it
	for _, route := range []string{"overview", "decisions", "decisions/" + id, "models", "teams", "teams/support", "config"} {
		p.visit(b.Admin + "/#/" + route)
		p.until(`!document.querySelector('#main [role=alert]') && document.querySelector('#main .panel')`)
		if axe != "" {
			p.eval(axe+`; 0`, nil)
		}
		name := "gateway-" + strings.ReplaceAll(strings.Split(route, "/"+id)[0], "/", "-")
		if strings.Contains(route, id) {
			name = "gateway-decision"
		}
		for _, width := range widths {
			p.dress(width, themes[0])
			p.shoot(fmt.Sprint(name, "-", width))
			look(p, width, name)
			if axe != "" {
				check(p, name)
			}
		}
		if strings.Contains(p.text(`document.documentElement.outerHTML`), content) {
			t.Errorf("%s shows what was said", route)
		}
	}
	var views []string
	p.eval(`fetch('/admin/v1/status').then(r => r.json()).then(s => s.views)`, &views)
	t.Log("views: ", views)
	if raw, _ := json.Marshal(views); strings.Contains(string(raw), "privacy") {
		t.Error("a view that is not built is promised")
	}
}
