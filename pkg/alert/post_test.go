package alert

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/secret"
)

// word is in every URL and token of these tests, and must be in nothing that
// is printed.
const word = "T0pSecret"

// fileWith is a reference to a file that holds text.
func fileWith(t *testing.T, text string) secret.Ref {
	t.Helper()
	f := filepath.Join(t.TempDir(), "s")
	if err := os.WriteFile(f, []byte(text+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return secret.Ref{File: f}
}

func sinkAt(t *testing.T, format, url string) Sink {
	t.Helper()
	s, err := Resolve(t.Context(), policy.Alerts{Sinks: []policy.AlertSink{{Name: "s", Format: format, URL: fileWith(t, url), Token: fileWith(t, word), AllowHTTP: true}}})
	if err != nil {
		t.Fatal(err)
	}
	return s.sinks[0]
}

func TestPostAnswers(t *testing.T) {
	for _, c := range []struct {
		status int
		header string
		want   result
	}{
		{200, "", result{verdict: taken}},
		{204, "", result{verdict: taken}},
		{302, "", result{retry, "it answered 302; redirects are not followed", 0}},
		{400, "", result{verdict: refused, reason: "it answered 400"}},
		{401, "", result{verdict: retry, reason: "it answered 401"}},
		{404, "", result{verdict: retry, reason: "it answered 404"}},
		{429, "17", result{retry, "it answered 429", 17 * time.Second}},
		{429, "99999", result{retry, "it answered 429", maxWait}},
		{429, "-1", result{retry, "it answered 429", 0}},
		{500, "soon", result{retry, "it answered 500", 0}},
	} {
		t.Run(fmt.Sprint(c.status, c.header), func(t *testing.T) {
			hits := 0
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				hits++
				if r.Method != "POST" || r.Header.Get("Content-Type") != "application/json" || r.Header.Get("Authorization") != "Bearer "+word || r.URL.Path != "/"+word {
					t.Errorf("got %s %s %v", r.Method, r.URL, r.Header)
				}
				if c.header != "" {
					w.Header().Set("Retry-After", c.header)
				}
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(c.status)
				fmt.Fprint(w, strings.Repeat("no ", 100000))
			}))
			defer s.Close()
			got := post(t.Context(), newClient(), sinkAt(t, formatWebhook, s.URL+"/"+word), []byte("{}"))
			if got != c.want || hits != 1 {
				t.Errorf("got %+v after %d requests, want %+v", got, hits, c.want)
			}
		})
	}
}

func TestRetryAfterDate(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	if got := retryAfter(now.Add(time.Minute).Format(http.TimeFormat), now); got != time.Minute {
		t.Error(got)
	}
	if got := retryAfter(now.Add(-time.Minute).Format(http.TimeFormat), now); got != 0 {
		t.Error(got)
	}
}

func TestPostFailures(t *testing.T) {
	gone := httptest.NewServer(nil)
	gone.Close()
	plain := httptest.NewTLSServer(nil) // its certificate is nobody's
	plain.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	defer plain.Close()
	cut := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		c, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			c.Close()
		}
	}))
	defer cut.Close()
	release := make(chan struct{})
	hangs := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer hangs.Close()
	defer close(release)
	for _, c := range []struct{ name, url, want string }{
		{"gone", gone.URL, "it refused the connection"},
		{"certificate", plain.URL, "its certificate is not good"},
		{"cut", cut.URL, "the connection failed"},
		{"name", "http://" + word + ".invalid", "its host name was not found"},
		{"hangs", hangs.URL, "it did not answer in time"},
	} {
		t.Run(c.name, func(t *testing.T) {
			client := newClient()
			client.Timeout = 2 * time.Second
			if c.name == "hangs" {
				client.Timeout = 50 * time.Millisecond
			}
			got := post(t.Context(), client, sinkAt(t, formatSlack, c.url+"/"+word), nil)
			if got.verdict != retry || strings.Contains(got.reason, word) {
				t.Errorf("got %+v", got)
			}
			if got.reason != c.want && c.name != "name" { // some networks answer for every name
				t.Errorf("reason %q, want %q", got.reason, c.want)
			}
		})
	}
}

func TestResolve(t *testing.T) {
	for _, c := range []struct{ format, url, want string }{
		{formatWebhook, "https://a.example/x#y", "https://a.example/x"},
		{formatAlertmanager, "https://a.example", "https://a.example/api/v2/alerts"},
		{formatAlertmanager, "https://u:p@a.example:9093/am/", "https://u:p@a.example:9093/am/api/v2/alerts"},
		{formatAlertmanager, "https://a.example/api/v2/alerts", "https://a.example/api/v2/alerts"},
		{formatSlack, "http://a.example/" + word, ""},
		{formatSlack, word, ""},
		{formatSlack, "ftp://a.example/" + word, ""},
		{formatSlack, "https://", ""},
		{formatSlack, "https://a b/" + word, ""},
		{formatSlack, "", ""},
	} {
		s, err := Resolve(t.Context(), policy.Alerts{Sinks: []policy.AlertSink{{Name: "s", Format: c.format, URL: fileWith(t, c.url)}}})
		switch {
		case err != nil:
			if c.want != "" || strings.Contains(err.Error(), word) || !strings.Contains(err.Error(), `sink "s"`) {
				t.Errorf("%s: %v", c.url, err)
			}
		case s.sinks[0].url.Reveal() != c.want:
			t.Errorf("%s: got %s, want %s", c.url, s.sinks[0].url.Reveal(), c.want)
		}
	}
	_, err := Resolve(t.Context(), policy.Alerts{Sinks: []policy.AlertSink{
		{Name: "a", URL: secret.Ref{Env: "NOT_SET_ANYWHERE"}}, {Name: "b", URL: fileWith(t, "https://b"), Token: secret.Ref{File: "/nowhere"}},
	}})
	if err == nil || !strings.Contains(err.Error(), `"a"`) || !strings.Contains(err.Error(), `"b": token`) {
		t.Error(err)
	}
}

func TestSinksPrintWithoutSecrets(t *testing.T) {
	s := sinkAt(t, formatSlack, "https://hooks.example/"+word)
	settings := &Settings{sinks: []Sink{s}}
	for _, text := range []string{fmt.Sprintf("%v %+v %#v", s, s, s), fmt.Sprintf("%v %+v %#v", settings, settings, settings)} {
		if strings.Contains(text, word) {
			t.Error(text)
		}
	}
}

// inbox keeps what was posted to it.
type inbox struct {
	*httptest.Server
	bodies chan string
	fail   chan int // statuses of the first answers
}

func newInbox(t *testing.T) *inbox {
	t.Helper()
	in := &inbox{bodies: make(chan string, 100), fail: make(chan int, 10)}
	in.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || !json.Valid(body) {
			t.Errorf("body %q: %v", body, err)
		}
		select {
		case code := <-in.fail:
			w.WriteHeader(code)
		default:
			in.bodies <- r.URL.Path + " " + string(body)
		}
	}))
	t.Cleanup(in.Close)
	return in
}

func (in *inbox) next(t *testing.T) string {
	t.Helper()
	select {
	case s := <-in.bodies:
		return s
	case <-time.After(10 * time.Second):
		t.Fatal("nothing arrives")
		return ""
	}
}

// A failing provider, told over real connections in all three forms, one of
// whose receivers fails at first.
func TestDelivery(t *testing.T) {
	b := newBench(quick)
	b.post = New(b.o).post
	formats := []string{formatWebhook, formatSlack, formatAlertmanager}
	s := &Settings{rules: rules{resolveAfter: 300 * time.Millisecond, interval: 10 * time.Millisecond, refresh: time.Minute}, site: "here"}
	var boxes []*inbox
	for _, f := range formats {
		in := newInbox(t)
		k := sinkAt(t, f, in.URL)
		k.name = f
		s.sinks, boxes = append(s.sinks, k), append(boxes, in)
	}
	boxes[0].fail <- 503
	b.Configure(s)
	ctx, stop := context.WithCancelCause(t.Context())
	done := make(chan struct{})
	go func() { b.Run(ctx); close(done) }()
	for range 3 {
		b.Notify(Event{Kind: CredentialRejected, Backend: "a<b", RequestID: "r1", Detail: "renew it"})
	}
	for i, want := range []string{`/ {"version":1,"source":"signalbox","site":"here","alerts":[{"id":"`, `/ {"text":"*FIRING* critical: `, `/api/v2/alerts [{"labels":{"alertname":"SignalboxCredentialRejected","backend":"a\u003cb",`} {
		if got := boxes[i].next(t); !strings.HasPrefix(got, want) {
			t.Errorf("got %s", got)
		}
	}
	b.Notify(Event{Kind: CredentialRejected, Backend: "a<b", Resolved: true})
	for i, want := range []string{`"status":"resolved"`, `*RESOLVED*`, `"endsAt"`} {
		if got := boxes[i].next(t); !strings.Contains(got, want) {
			t.Errorf("got %s", got)
		}
	}
	stop(errors.New("enough"))
	<-done
	want := map[string]int{"webhook retried": 1, "webhook sent": 2, "slack sent": 2, "alertmanager sent": 2}
	if diff := cmp.Diff(want, b.counts); diff != "" {
		t.Error(diff)
	}
	if strings.Contains(b.log.String(), boxes[0].URL) {
		t.Errorf("log:\n%s", b.log.String())
	}
}
