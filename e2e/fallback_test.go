package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/signalbox-dev/signalbox/e2e/internal/bed"
	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/provider"
)

// TestFallbackBytes lets two providers refuse and checks what each of three
// received: the exact bytes, path, host and credential that are meant for it.
func TestFallbackBytes(t *testing.T) {
	r := start(t, plan{providers: named("a", "b", "c")})
	for _, h2 := range []bool{false, true} {
		for _, extra := range []string{"", streamed, withUsage} {
			for _, s := range r.at {
				s.Journal().Reset()
			}
			text := "Grüße \u2028 <&> \\ \"\n#fault backend=a,b status=500"
			body := chat(extra+` "x-unknown" : [1.50, 1e3], `, text)
			a := r.do(t, request{body: body, h2: h2, headers: []string{"Cookie", "session=1", "Baggage", "a=b"}})
			if a.status != 200 || a.err != nil {
				t.Fatalf("h2 %v %q: %d %s %v", h2, extra, a.status, a.body, a.err)
			}
			for _, name := range []string{"a", "b", "c"} {
				checkReceived(t, r.at[name], body, extra == streamed)
			}
			if got := a.header.Get("x-signalbox-provider") + " " + a.header.Get("x-signalbox-model") + " " + a.header.Get("x-signalbox-attempts"); got != "c c-model 3" {
				t.Errorf("answer's headers say %q", got)
			}
			s := r.settledOne(t, a)
			if got := s.outcomes(); !slices.Equal(got, []string{"a:HTTP_ERROR", "b:HTTP_ERROR", "c:COMPLETED"}) || s.state() != "COMPLETED" {
				t.Errorf("h2 %v %q: ledger says %v %s", h2, extra, got, s.state())
			}
			checkUsage(t, s, r.at["c"])
		}
	}
}

// checkReceived compares the one request that a provider got with what the
// caller sent.
func checkReceived(t *testing.T, s *provider.Server, body string, injected bool) {
	t.Helper()
	name := s.Name()
	want := strings.Replace(body, `"chat"`, `"`+name+`-model"`, 1)
	all := s.Journal().Exchanges()
	if len(all) != 1 {
		t.Fatalf("%s got %d requests", name, len(all))
	}
	x := all[0]
	got := string(x.Body)
	if injected { // and nothing else
		got = strings.Replace(got, `"stream_options":{"include_usage":true},`, "", 1)
	}
	if got != want {
		t.Errorf("%s got body\n%s\nwant\n%s", name, x.Body, want)
	}
	if host := strings.TrimPrefix(s.URL, "http://"); !strings.HasPrefix(host, x.Host+"/") || x.Target != host[len(x.Host):]+"/chat/completions" {
		t.Errorf("%s got host %q target %q, its URL is %s", name, x.Host, x.Target, s.URL)
	}
	if got := x.Header["authorization"]; !slices.Equal(got, []string{"Bearer " + credential(name)}) {
		t.Errorf("%s got credential %q", name, got)
	}
	if got := x.Header["content-length"]; !slices.Equal(got, []string{fmt.Sprint(len(x.Body))}) {
		t.Errorf("%s got content-length %q and transfer-encoding %q for %d bytes", name, got, x.Header["transfer-encoding"], len(x.Body))
	}
	for h := range x.Header {
		foreign := strings.HasPrefix(h, "x-envoy-") || strings.HasPrefix(h, "x-signalbox-") || strings.HasPrefix(h, "x-forwarded-")
		if foreign || slices.Contains([]string{"cookie", "x-api-key", "api-key", "baggage"}, h) {
			t.Errorf("%s got header %s: %q", name, h, x.Header[h])
		}
	}
}

// checkUsage compares the ledger with what the last provider reported.
func checkUsage(t *testing.T, s *story, last *provider.Server) {
	t.Helper()
	u := last.Journal().Exchanges()[0].Delivered.Usage
	if in, out := s.usage(); u == nil || in != u.Prompt || out != u.Completion {
		t.Errorf("ledger says %d in, %d out, the provider %+v", in, out, u)
	}
}

// TestFallbackCauses goes through the ways in which a first provider can fail
// before its answer begins: the second one must serve.
func TestFallbackCauses(t *testing.T) {
	r := start(t, plan{providers: named("a", "b"), configure: func(c *bed.Config, _ map[string]*provider.Server) {
		c.Routes = []bed.Section{{"name": "quick", "models": []string{"*"}, "first_byte_timeout": "300ms", "answer_timeout": "500ms"}}
	}})
	for _, c := range []struct{ name, fault, extra, outcome string }{
		{"500", "status=500", "", "HTTP_ERROR"},
		{"503_retry_after", "status=503 retry-after=60", "", "HTTP_ERROR"},
		{"429_retry_after", "status=429 retry-after=60", "", "RATE_LIMITED"},
		{"401_ours", "status=401", "", "CREDENTIAL_REJECTED"},
		{"403_ours", "status=403", streamed, "CREDENTIAL_REJECTED"},
		{"html_502", "html", streamed, "HTTP_ERROR"},
		{"reset", "reset", "", "RESET"},
		{"reset_stream", "reset", streamed, "RESET"},
		{"stall_unary", "stall-before=3s", "", "TIMEOUT"},
		{"stall_stream", "stall-before=3s", streamed, "TIMEOUT"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := r.do(t, request{body: chat(c.extra, "Hello\n#fault backend=a "+c.fault)})
			if a.status != 200 || a.err != nil || a.header.Get("x-signalbox-provider") != "b" {
				t.Fatalf("%d %v %s %v", a.status, a.header, a.body, a.err)
			}
			s := r.settledOne(t, a)
			if got := s.outcomes(); !slices.Equal(got, []string{"a:" + c.outcome, "b:COMPLETED"}) {
				t.Errorf("ledger says %v", got)
			}
		})
	}
	t.Run("refused", func(t *testing.T) {
		if err := r.at["a"].Suspend(); err != nil {
			t.Fatal(err)
		}
		a := r.do(t, request{body: chat("", "Hello")})
		if a.status != 200 || a.header.Get("x-signalbox-provider") != "b" {
			t.Fatalf("%d %v %s %v", a.status, a.header, a.body, a.err)
		}
		if got := r.settledOne(t, a).outcomes(); !slices.Equal(got, []string{"a:CONNECT_FAILURE", "b:COMPLETED"}) {
			t.Errorf("ledger says %v", got)
		}
	})
}

// TestAllFail checks the last answer and that it says nothing of the providers.
func TestAllFail(t *testing.T) {
	r := start(t, plan{providers: named("a", "b")})
	for _, c := range []struct {
		name, fault string
		status      int
	}{
		{"500", "status=500", 500},
		{"429", "status=429 retry-after=7", 429},
		{"401", "status=401", 503},
		{"html", "html", 502},
		{"reset", "reset", 503},
		{"empty", "empty status=500", 500},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := r.do(t, request{body: chat("", "Hello\n#fault "+c.fault)})
			var v map[string]map[string]any
			if a.status != c.status || json.Unmarshal([]byte(a.body), &v) != nil || len(v["error"]) != 4 {
				t.Errorf("%d, want %d: %v\n%s", a.status, c.status, a.header, a.body)
			}
			for _, secret := range []string{"sk-", "org-", "Bearer", "simulated", "127.0.0.1"} {
				if strings.Contains(a.body, secret) {
					t.Errorf("the answer shows %q: %s", secret, a.body)
				}
			}
			for _, h := range []string{"openai-organization", "openai-project", "anthropic-organization-id"} {
				if a.header.Get(h) != "" {
					t.Errorf("the answer shows the account's header %s", h)
				}
			}
			if s := r.settledOne(t, a); len(s.attempts) != 2 || s.state() != "FAILED" {
				t.Errorf("ledger says %v %s", s.outcomes(), s.state())
			}
		})
	}
}

// TestCredentialHeaders gives two backends keys in headers of their own. All
// attempts of a request share one map of headers: neither key may go on to the
// next provider, nor one that a caller sends under that name.
func TestCredentialHeaders(t *testing.T) {
	r := start(t, plan{providers: named("a", "b", "c"), configure: func(c *bed.Config, _ map[string]*provider.Server) {
		for i, name := range []string{"x-key-of-a", "x-key-of-b"} {
			backend := c.Providers[i]["backends"].([]bed.Section)[0]
			backend["credential"].(bed.Section)["header"] = name
		}
	}})
	a := r.do(t, request{body: chat("", "x"), headers: []string{"X-Key-Of-B", "caller"}})
	if a.status != 200 || a.err != nil {
		t.Fatalf("%d %s %v", a.status, a.body, a.err)
	}
	for name, own := range map[string]string{"a": "x-key-of-a", "b": "x-key-of-b", "c": "authorization"} {
		all := r.at[name].Journal().Exchanges()
		if len(all) != 1 {
			t.Fatalf("%s got %d requests", name, len(all))
		}
		for _, h := range []string{"x-key-of-a", "x-key-of-b", "authorization"} {
			got := all[0].Header[h]
			if h != own && len(got) > 0 {
				t.Errorf("%s got header %s", name, h)
			}
			if h == own && (len(got) != 1 || !strings.Contains(got[0], credential(name))) {
				t.Errorf("%s did not get its own key in %s", name, h)
			}
		}
	}
}
