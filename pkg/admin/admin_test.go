package admin

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/signalbox-dev/signalbox/pkg/secret"
)

func ask(t *testing.T, o Options, path, auth string) (int, string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1"+path, nil)
	if auth != "" {
		r.Header.Set("authorization", auth)
	}
	w := httptest.NewRecorder()
	New(o).Handler.ServeHTTP(w, r)
	body, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Code, string(body)
}

func TestReadiness(t *testing.T) {
	bad := error(nil)
	o := Options{Metrics: http.NotFoundHandler(), Ready: []Check{
		{Name: "ledger", Run: func(context.Context) error { return bad }},
		{Name: "envoy", Run: func(context.Context) error { return nil }},
	}}
	if code, body := ask(t, o, "/readyz", ""); code != 200 || !strings.Contains(body, `"ready":true`) {
		t.Errorf("%d %s", code, body)
	}
	bad = errors.New("disk full")
	if code, body := ask(t, o, "/readyz", ""); code != 503 || !strings.Contains(body, `"ledger":"disk full"`) || !strings.Contains(body, `"envoy":"ok"`) {
		t.Errorf("%d %s", code, body)
	}
	if code, _ := ask(t, o, "/healthz", ""); code != 200 {
		t.Errorf("a process that is not ready lives: %d", code)
	}
}

func TestToken(t *testing.T) {
	o := Options{Metrics: http.NotFoundHandler(), Token: secret.New("planted")}
	for auth, want := range map[string]int{"": 401, "Bearer other": 401, "Bearer planted": 200} {
		code, body := ask(t, o, "/healthz", auth)
		if code != want || strings.Contains(body, "planted") {
			t.Errorf("%q: %d %s, want %d", auth, code, body, want)
		}
	}
}

func TestPprofIsOff(t *testing.T) {
	for on, want := range map[bool]int{false: http.StatusNotFound, true: http.StatusOK} {
		if code, _ := ask(t, Options{Metrics: http.NotFoundHandler(), Pprof: on}, "/debug/pprof/cmdline", ""); code != want {
			t.Errorf("%v: %d", on, code)
		}
	}
	if code, _ := ask(t, Options{Metrics: http.NotFoundHandler(), Pprof: true, Token: secret.New("planted")}, "/debug/pprof/cmdline", ""); code != http.StatusUnauthorized {
		t.Errorf("without the token: %d", code)
	}
}
