package xds

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const usageText = `"usage":{"prompt_tokens":3,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":1}}`

// received is what the echo provider got.
type received struct {
	Path, Host, Body string
	Length           int64
	Header           http.Header
}

// echo is a provider that answers with what it got, and claims what it must
// not.
func echo(t *testing.T) string {
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		for _, h := range append(account(), "x-signalbox-model", "x-envoy-upstream-service-time", "x-forwarded-host") {
			w.Header().Set(h, "forged")
		}
		w.Header().Set("x-request-id", "req_of_provider")
		w.Header().Set("content-type", "application/json; charset=utf-8")
		got, _ := json.Marshal(received{r.URL.Path, r.Host, string(b), r.ContentLength, r.Header})
		fmt.Fprintf(w, `{"got":%s,"model":"served",%s}`, got, usageText)
	})
}

// serve starts a provider and returns its address.
func serve(t *testing.T, h http.HandlerFunc) string {
	s := httptest.NewServer(h)
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return strings.TrimPrefix(s.URL, "http://")
}

func got(t *testing.T, body string) received {
	t.Helper()
	var a struct{ Got received }
	if err := json.Unmarshal([]byte(body), &a); err != nil {
		t.Fatalf("answer %q: %v", body, err)
	}
	return a.Got
}

func TestEnvoyAcceptsRendered(t *testing.T) {
	bin := envoyBinary(t)
	t.Run("script", func(t *testing.T) { testAccepts(t, bin, example()) })
	t.Run("filters", func(t *testing.T) {
		in := example()
		withoutScript(&in)
		testAccepts(t, bin, in)
	})
}

func testAccepts(t *testing.T, bin string, in Input) {
	in.Snapshot.Routes = everything().Snapshot.Routes
	dir := t.TempDir()
	in.Snapshot.Telemetry.OTLP.Endpoint = "127.0.0.1:4317"
	in.Snapshot.Telemetry.Sample = 0.01
	boot, err := Bootstrap(in)
	if err != nil {
		t.Fatal(err)
	}
	// Validation opens the files that the bootstrap names.
	text := strings.ReplaceAll(string(boot), in.Dir, dir)
	put(t, filepath.Join(dir, "bootstrap.json"), []byte(text))
	cds, err := Clusters(in)
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(dir, "cds.json"), cds)
	if err := os.MkdirAll(filepath.Join(dir, "sds"), 0o700); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(bin, "--mode", "validate", "-c", filepath.Join(dir, "bootstrap.json"), "-l", "warning").CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, "[warning]") && !strings.Contains(line, "marked as work-in-progress") {
			t.Errorf("warning: %s", line)
		}
	}
}

func TestProvidersSeeTheirOwnHeadersOnly(t *testing.T) {
	p := echo(t)
	l := newLab(t, map[string]string{"a": p, "b": p, "dead": "127.0.0.1:1"}, nil)
	sent := []string{
		"x-request-id", `mine"1`, "x-envoy-max-retries", "9", "x-envoy-retry-on", "5xx", "x-signalbox-ticket", "forged",
		"authorization", "Bearer caller", "api-key", "k", "cookie", "c=1", "baggage", "b=1", "accept-encoding", "gzip",
		"x-forwarded-for", "192.0.2.1", "x-real-ip", "192.0.2.1", "openai-organization", "org-caller", "x-api-key", "caller",
		"x-goog-api-key", "caller", "x-goog-user-project", "caller", "anthropic-organization-id", "caller", "signalbox-strict", "true",
	}
	want := []string{"Authorization", "Content-Length", "Content-Type", "User-Agent", "X-Lab-Order", "X-Request-Id"}
	for _, tc := range []struct{ order, backend, path, host, model string }{
		{"a", "a", "/first", "first.example", "model-of-first"},
		{"a~", "a", "/for/a~", "host-of-a~", "model-of-a~"},
		{"dead,b~", "b", "/for/b~", "host-of-b~", "model-of-b~"},
	} {
		resp, body := l.post(`{"model":"x"}`, append([]string{"x-lab-order", tc.order}, sent...)...)
		r := got(t, body)
		var names []string
		for h := range r.Header {
			names = append(names, h)
		}
		slices.Sort(names)
		if !slices.Equal(names, want) {
			t.Errorf("%s: provider got headers %v, want %v", tc.order, names, want)
		}
		if a := r.Header.Get("authorization"); a != "Bearer key-of-"+tc.backend {
			t.Errorf("%s: authorization %q", tc.order, a)
		}
		if r.Path != tc.path || r.Host != tc.host || r.Length != int64(len(r.Body)) {
			t.Errorf("%s: got %+v", tc.order, r)
		}
		id := resp.Header.Get("x-signalbox-request-id")
		if len(id) != 36 || r.Header.Get("x-request-id") != id || resp.Header.Get("x-request-id") != id {
			t.Errorf("%s: request id %q, provider saw %q, SDKs read %q", tc.order, id, r.Header.Get("x-request-id"), resp.Header.Get("x-request-id"))
		}
		if m := resp.Header.Get("x-signalbox-model"); m != tc.model {
			t.Errorf("%s: model %q, want %q", tc.order, m, tc.model)
		}
		if m := resp.Header.Get("x-signalbox-provider"); m != "p-"+tc.backend {
			t.Errorf("%s: provider %q", tc.order, m)
		}
		for h := range resp.Header {
			if resp.Header.Get(h) == "forged" || strings.HasPrefix(h, "X-Envoy-") {
				t.Errorf("%s: the provider's %s reached the caller", tc.order, h)
			}
		}
	}
	for _, n := range l.notes() {
		if strings.HasPrefix(n, "attempt") && (strings.Contains(n, "key-of-") || strings.Contains(n, "caller") || strings.Contains(n, "x-envoy")) {
			t.Errorf("attempt filter was shown %s", n)
		}
		if strings.HasPrefix(n, "head") && !strings.Contains(n, `x-signalbox-client-request-id:mine"1`) {
			t.Errorf("request filter misses the client's id: %s", n)
		}
		if strings.Contains(n, "x-signalbox-ticket") || strings.Contains(n, "x-envoy-max-retries") {
			t.Errorf("client's control header was shown: %s", n)
		}
	}
}

func TestLostOrderReachesNobody(t *testing.T) {
	l := newLab(t, map[string]string{"a": echo(t)}, nil)
	for _, order := range []string{"", "unknown", "nowhere"} {
		resp, body := l.post(`{"model":"x"}`, "x-lab-order", order)
		checkError(t, "order "+order, resp, body, 503, "no_backend_available")
	}
}

func checkError(t *testing.T, name string, resp *http.Response, body string, status int, code string) {
	t.Helper()
	var e struct{ Error map[string]any }
	if err := json.Unmarshal([]byte(body), &e); err != nil {
		t.Fatalf("%s: %d %q: %v", name, resp.StatusCode, body, err)
	}
	if resp.StatusCode != status || e.Error["code"] != code || len(e.Error) != 4 || e.Error["message"] == "" {
		t.Errorf("%s: %d %s, want %d %s", name, resp.StatusCode, body, status, code)
	}
	id := resp.Header.Get("x-signalbox-request-id")
	if resp.Header.Get("content-type") != "application/json" || id == "" || resp.Header.Get("x-request-id") != id {
		t.Errorf("%s: headers %v", name, resp.Header)
	}
}

func TestOwnErrorsHaveOurShape(t *testing.T) {
	cut := serve(t, func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) })
	slow := serve(t, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // only then does the server see the client leave
		<-r.Context().Done()
	})
	l := newLab(t, map[string]string{"a": echo(t), "cut": cut, "slow": slow, "dead": "127.0.0.1:1"}, nil)
	for _, tc := range []struct {
		name   string
		header []string
		status int
		code   string
	}{
		{"processor_fails", []string{"x-lab-fail", "1"}, 503, "processor_unavailable"},
		{"connection_refused", []string{"x-lab-order", "dead"}, 503, "provider_unreachable"},
		{"connection_cut", []string{"x-lab-order", "cut"}, 503, "provider_unreachable"},
		{"no_first_byte", []string{"x-lab-order", "slow", "x-lab-timeout", "100"}, 504, "provider_timeout"},
	} {
		resp, body := l.post(`{"model":"x"}`, tc.header...)
		checkError(t, tc.name, resp, body, tc.status, tc.code)
		if strings.Contains(body, "127.0.0.1") || strings.Contains(body, "upstream") || strings.Contains(body, "ext_proc") {
			t.Errorf("%s: leaks %s", tc.name, body)
		}
	}
	resp, body := l.post(`{"model":"x"}`, "x-lab-refuse", "418")
	if resp.StatusCode != 418 || body != `{"ours":1}` {
		t.Errorf("our own answer was changed: %d %s", resp.StatusCode, body)
	}
	l.gone()
	resp, body = l.post(`{"model":"x"}`)
	checkError(t, "processor down", resp, body, 503, "processor_unavailable")
}

func TestBodyLimits(t *testing.T) {
	big := serve(t, func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		w.Header().Set("content-type", "application/json")
		size := map[string]int{"/first": 30 << 20, "/for/big~": 70 << 20}[r.URL.Path]
		fmt.Fprintf(w, `{"n":%d,"x":"%s",%s}`, n, strings.Repeat("x", size), usageText)
	})
	l := newLab(t, map[string]string{"big": big}, withoutScript) // which keeps no answer back
	limit := int(l.in.Snapshot.Envoy.BodyLimit)
	resp, body := l.post(strings.Repeat("x", limit), "x-lab-order", "big")
	if resp.StatusCode != 200 || len(body) < 30<<20 || !strings.HasPrefix(body, fmt.Sprintf(`{"n":%d,`, limit)) {
		t.Errorf("at the limit: %d, %d bytes, %.40s", resp.StatusCode, len(body), body)
	}
	// Between the two limits the request filter refuses; above both, Envoy does.
	resp, body = l.post(strings.Repeat("x", int(l.in.Snapshot.Envoy.AnswerLimit)+1), "x-lab-order", "big")
	checkError(t, "above the limit", resp, body, 413, "request_too_large")
	resp, body = l.post(`{}`, "x-lab-order", "big~")
	checkError(t, "large answer", resp, body, 502, "provider_error")
	lines, _ := l.lines("DownstreamEnd", 3)
	for _, m := range lines {
		if m["k"] == "DownstreamEnd" && m["s"] == 200.0 && fmt.Sprint(m["u"]) != `map[usage.completion_tokens:2 usage.prompt_tokens:3 usage.prompt_tokens_details.cached_tokens:1]` {
			t.Errorf("usage of the large answer: %v", m["u"])
		}
	}
}
