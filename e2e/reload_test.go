package e2e

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/signalbox-dev/signalbox/e2e/internal/bed"
	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/provider"
)

// TestReload changes the configuration of a running gateway: new backends are
// served, a bad file changes nothing, running streams go on.
func TestReload(t *testing.T) {
	r := start(t, plan{providers: named("a")})
	flights, wait := fly(t, r, 5, func(int) string { return chat(streamed, "Hello\n#fault tokens=100 gap=20ms") })
	next, err := provider.Serve(provider.Options{Name: "next", Key: credential("a")}, "")
	if err != nil {
		t.Fatal(err)
	}
	defer next.Close()
	good := *r.Config
	r.Config.Add(bed.Backend{Name: "next", URL: next.URL, More: bed.Section{"credential": bed.Section{"env": "SB_TEST_KEY_A"}}})
	r.Config.Model("new", "next")
	if err := r.WriteConfig(); err != nil {
		t.Fatal(err)
	}
	body := strings.Replace(chat("", "Hello"), "chat", "new", 1)
	eventually(t, 5*time.Second, "the new backend serves", func() bool {
		return r.do(t, request{body: body}).header.Get("x-signalbox-provider") == "next"
	})
	if err := os.WriteFile(r.File, []byte("models: [{nam: x}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	time.Sleep(500 * time.Millisecond)
	if a := r.do(t, request{body: body}); a.status != 200 {
		t.Errorf("a bad file took effect: %d %s", a.status, a.body)
	}
	*r.Config = good
	if err := r.WriteConfig(); err != nil {
		t.Fatal(err)
	}
	eventually(t, 5*time.Second, "the model is gone", func() bool { return r.do(t, request{body: body}).status == 404 })
	wait()
	for i, f := range flights {
		if f.err != nil || !strings.HasSuffix(f.body.String(), "[DONE]\n\n") {
			t.Errorf("stream %d was cut: %v", i, f.err)
		}
	}
}

// TestCredentialRotation changes the file that holds a provider's key: the new
// one is used without a restart.
func TestCredentialRotation(t *testing.T) {
	file := t.TempDir() + "/key"
	if err := os.WriteFile(file, []byte(credential("a")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	second, err := provider.Serve(provider.Options{Name: "second", Key: "sk-rotated-0123456789"}, "")
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	r := start(t, plan{providers: named("a"), configure: func(c *bed.Config, _ map[string]*provider.Server) {
		c.Add(bed.Backend{Name: "second", URL: second.URL, More: bed.Section{"credential": bed.Section{"file": file}}})
		c.Model("rotated", "second")
	}})
	body := strings.Replace(chat("", "Hello"), "chat", "rotated", 1)
	if a := r.do(t, request{body: body}); a.status != 503 {
		t.Errorf("with the wrong key: %d %s", a.status, a.body)
	}
	if err := os.WriteFile(file, []byte("sk-rotated-0123456789\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, 10*time.Second, "the new key is used", func() bool { return r.do(t, request{body: body}).status == 200 })
}

// TestKeyRevocation takes a key away from a running gateway.
func TestKeyRevocation(t *testing.T) {
	r := start(t, plan{providers: named("a")})
	out, err := r.Command(t.Context(), "keys", "list")
	if err != nil {
		t.Fatal(err)
	}
	at := strings.Index(out, "key_")
	if at < 0 {
		t.Fatalf("no key in the list:\n%s", out)
	}
	id := strings.Fields(out[at:])[0]
	if strings.Contains(out, r.key) {
		t.Error("the list shows the key")
	}
	// The id comes last: flags go before it.
	cmd := []string{"keys", "revoke"}
	if _, err := r.CommandWith(t.Context(), cmd, id); err != nil {
		t.Fatal(err)
	}
	revoked := time.Now()
	eventually(t, time.Second, "the key is refused", func() bool {
		return r.do(t, request{method: "GET", path: "/v1/models"}).status == 401
	})
	if took := time.Since(revoked); took > 150*time.Millisecond {
		t.Errorf("the revoked key was good for %v", took)
	}
}

// TestKeyExpiry checks a key that ends while it is used.
func TestKeyExpiry(t *testing.T) {
	r := start(t, plan{providers: named("a")})
	short, err := r.NewKey(t.Context(), "test", "short", "--expires", "2s")
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, time.Second, "the key is accepted", func() bool { return r.do(t, request{body: chat("", "x"), key: short}).status == 200 })
	eventually(t, 4*time.Second, "the key has expired", func() bool {
		a := r.do(t, request{body: chat("", "x"), key: short})
		return a.status == 401 && a.code() == "expired_api_key"
	})
}

// TestUsageReport compares `signalbox usage` with what the provider delivered.
func TestUsageReport(t *testing.T) {
	r := start(t, plan{providers: named("a")})
	var want int64
	for i := range 5 {
		r.do(t, request{body: chat(streamed, fmt.Sprintf("Hello\n#fault prompt=%d tokens=%d", 100+i, 10+i))})
		want += int64(100 + i + 10 + i)
	}
	r.settled(t, 5)
	rows, err := r.Usage(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got int64
	for _, row := range rows {
		for _, name := range []string{"input_tokens", "output_tokens"} {
			v, _ := row[name].(float64)
			got += int64(v)
		}
	}
	if got != want {
		t.Errorf("usage reports %d tokens, want %d: %v", got, want, rows)
	}
}

// TestDeclaredKey takes a key from the configuration, while the gateway runs,
// and gives it up when it is gone from there.
func TestDeclaredKey(t *testing.T) {
	r := start(t, plan{providers: named("a")})
	out, err := r.Command(t.Context(), "keys", "new", "-yaml", "-name", "ci", "-team", "test")
	if err != nil {
		t.Fatal(err)
	}
	text := out[strings.LastIndex(strings.TrimSpace(out), "\n")+1:]
	hash := regexp.MustCompile("[0-9a-f]{64}").FindString(out)
	ask := request{body: chat("", "Hello"), key: strings.TrimSpace(text)}
	if a := r.do(t, ask); a.status != 401 {
		t.Fatalf("a key that is nowhere: %d", a.status)
	}
	good := *r.Config
	r.Config.Keys = []bed.Section{{"name": "ci", "team": "test", "sha256": hash}}
	if err := r.WriteConfig(); err != nil {
		t.Fatal(err)
	}
	eventually(t, time.Second, "the key is accepted", func() bool { return r.do(t, ask).status == 200 })
	*r.Config = good
	if err := r.WriteConfig(); err != nil {
		t.Fatal(err)
	}
	eventually(t, time.Second, "the key is refused", func() bool { return r.do(t, ask).status == 401 })
}
