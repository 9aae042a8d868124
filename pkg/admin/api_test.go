package admin

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/admin/page"
	"github.com/signalbox-dev/signalbox/pkg/key"
	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/secret"
	"github.com/signalbox-dev/signalbox/pkg/view"
)

func serving(o Options) Options {
	o.Metrics = http.NotFoundHandler()
	o.View = view.New(view.Options{
		Version: "1.2.3", Started: time.Now(),
		Snapshot: func() *policy.Snapshot { return &policy.Snapshot{Version: "abc"} },
		Keys:     func() *key.Set { return nil },
	})
	return o
}

func TestAnswers(t *testing.T) {
	page := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	for name, c := range map[string]struct {
		method, url string
		fields      http.Header
		token       string
		status      int
	}{
		"status":          {url: "http://127.0.0.1/admin/v1/status", status: 200},
		"by-name":         {url: "http://localhost:9090/admin/v1/status", status: 200},
		"ipv6":            {url: "http://[::1]:9090/admin/v1/status", status: 200},
		"own-name":        {url: "http://Box.example:9090/admin/v1/status", status: 200},
		"rebound":         {url: "http://evil.example/admin/v1/status", status: 421},
		"rebound-page":    {url: "http://evil.example/", status: 421},
		"no-name":         {url: "http:///admin/v1/status", status: 421},
		"name-with-token": {url: "http://evil.example/admin/v1/status", token: "t", fields: http.Header{"Authorization": {"Bearer t"}}, status: 200},
		"no-token":        {url: "http://127.0.0.1/admin/v1/status", token: "t", status: 401},
		"no-token-health": {url: "http://127.0.0.1/healthz", token: "t", status: 401},
		"no-token-absent": {url: "http://127.0.0.1/admin/v1/nothing", token: "t", status: 401},
		"page":            {url: "http://127.0.0.1/", token: "t", status: 204},
		"page-file":       {url: "http://127.0.0.1/page.js", token: "t", status: 204},
		"absent":          {url: "http://127.0.0.1/admin/v1/nothing", status: 404},
		"absent-deep":     {url: "http://127.0.0.1/admin/v1/status/x", status: 404},
		"method":          {method: http.MethodDelete, url: "http://127.0.0.1/admin/v1/status", status: 405},
		"other-origin":    {method: http.MethodPost, url: "http://127.0.0.1/admin/v1/status", fields: http.Header{"Sec-Fetch-Site": {"cross-site"}}, status: 403},
		"parameter":       {url: "http://127.0.0.1/admin/v1/status?token=x", status: 400},
		"range":           {url: "http://127.0.0.1/admin/v1/overview?range=2h", status: 400},
		"by":              {url: "http://127.0.0.1/admin/v1/overview?by=key", status: 400},
	} {
		t.Run(name, func(t *testing.T) {
			o := serving(Options{Page: page, Host: "box.example", Token: secret.New(c.token)})
			if c.method == "" {
				c.method = http.MethodGet
			}
			r := httptest.NewRequestWithContext(t.Context(), c.method, c.url, nil)
			for k, v := range c.fields {
				r.Header[k] = v
			}
			w := httptest.NewRecorder()
			New(o).Handler.ServeHTTP(w, r)
			if w.Code != c.status {
				t.Fatalf("%d %s, want %d", w.Code, w.Body, c.status)
			}
			for _, k := range []string{"Access-Control-Allow-Origin", "Access-Control-Allow-Methods"} {
				if w.Header().Get(k) != "" {
					t.Errorf("%s: %s", k, w.Header().Get(k))
				}
			}
			if w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("fields %v", w.Header())
			}
			if c.status < 400 || c.status == 403 {
				return
			}
			var p problem
			if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || p.Status != c.status || p.Title == "" || p.Detail == "" || w.Header().Get("Content-Type") != "application/problem+json" {
				t.Errorf("%v %q %s", err, w.Header().Get("Content-Type"), w.Body)
			}
		})
	}
}

// The page is there without the token, with all its files, in folders too.
func TestPageIsServedWhole(t *testing.T) {
	h := New(serving(Options{Page: page.Handler(), Token: secret.New("t")})).Handler
	for _, path := range []string{"/", "/page.js", "/style.css", "/views/overview.js", "/views/parts.js"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1"+path, nil))
		if w.Code != http.StatusOK || w.Header().Get("Content-Security-Policy") != page.Policy {
			t.Errorf("%s: %d %v", path, w.Code, w.Header())
		}
	}
}
