package xds

import (
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/policy"
)

// cutoff is an address that takes connections and closes them at once.
func cutoff(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Close()
		}
	}()
	return l.Addr().String()
}

func TestFailover(t *testing.T) {
	answer := func(status int) string {
		return serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("retry-after", "60")
			w.WriteHeader(status)
		})
	}
	l := newLab(t, map[string]string{
		"good": echo(t), "refuses": "127.0.0.1:1", "cuts": cutoff(t), "unresolved": "no-such-host.invalid:80",
		"e401": answer(401), "e403": answer(403), "e408": answer(408), "e409": answer(409), "e425": answer(425), "e429": answer(429),
		"e500": answer(500), "e503": answer(503), "e529": answer(529), "e404": answer(404),
		"slow": serve(t, func(w http.ResponseWriter, r *http.Request) { time.Sleep(2 * time.Second) }),
	}, nil)
	for _, first := range []string{"refuses", "cuts", "unresolved", "e401", "e403", "e408", "e409", "e425", "e429", "e500", "e503", "e529", "slow"} {
		start := time.Now()
		resp, body := l.post(`{"model":"x"}`, "x-lab-order", first+",refuses~,good~", "x-lab-timeout", "100")
		if resp.StatusCode != 200 || got(t, body).Path != "/for/good~" {
			t.Errorf("after %s: %d %s", first, resp.StatusCode, body)
		}
		if n := resp.Header.Get("x-signalbox-attempts"); n != "3" {
			t.Errorf("after %s: %s attempts", first, n)
		}
		if d := time.Since(start); d > time.Second {
			t.Errorf("after %s: took %v", first, d)
		}
	}
	resp, _ := l.post(`{"model":"x"}`, "x-lab-order", "e404,good~")
	if resp.StatusCode != 404 {
		t.Errorf("404 was retried: %d", resp.StatusCode)
	}
	resp, _ = l.post(`{"model":"x"}`, "x-lab-order", "e500,e429~")
	if resp.StatusCode != 429 || resp.Header.Get("x-signalbox-attempts") != "2" {
		t.Errorf("the last answer does not reach the caller: %d", resp.StatusCode)
	}
}

// A host that was ejected, or all that a name resolves to, must fail over and
// not end the request.
func TestEjectedHostFailsOver(t *testing.T) {
	l := newLab(t, map[string]string{"good": echo(t), "refuses": "127.0.0.1:1"}, nil)
	var wg sync.WaitGroup
	for range 50 { // at once, with more failures than eject
		wg.Go(func() {
			for range 8 {
				if resp, body := l.post(`{"model":"x"}`, "x-lab-order", "refuses,good~"); resp.StatusCode != 200 {
					t.Errorf("%d %s", resp.StatusCode, body)
				}
			}
		})
	}
	wg.Wait()
	_, clusters := l.admin("/clusters")
	if !strings.Contains(clusters, "refuses::127.0.0.1:1::health_flags::/failed_outlier_check") {
		t.Error("the host was not ejected")
	}
	if n := strings.Count(clusters, ":0::health_flags::healthy"); n < 2*refusing+refusing/2 {
		t.Errorf("of %d refusing endpoints %d are healthy", 4*refusing, n)
	}
	resp, body := l.post(`{"model":"x"}`, "x-lab-order", "refuses")
	checkError(t, "alone", resp, body, 503, "provider_unreachable")
}

func TestFilesAreFollowed(t *testing.T) {
	l := newLab(t, map[string]string{"a": echo(t)}, nil)
	key := func() string {
		_, body := l.post(`{"model":"x"}`, "x-lab-order", "a")
		return got(t, body).Header.Get("authorization")
	}
	if k := key(); k != "Bearer key-of-a" {
		t.Fatalf("key %q", k)
	}
	start := time.Now()
	l.secret("a", "new-key")
	for key() != "Bearer new-key" {
		if time.Since(start) > 5*time.Second {
			t.Fatal("the new key is not used")
		}
	}
	t.Logf("key changed after %v", time.Since(start))

	host, port, err := hostPort(echo(t))
	if err != nil {
		t.Fatal(err)
	}
	b := *l.in.Snapshot.Backends["a"]
	b.Name, b.Host, b.Port = "late", host, port
	l.in.Snapshot.Version = "changed00000"
	l.in.Snapshot.Backends = map[string]*policy.Backend{"a": l.in.Snapshot.Backends["a"], "late": &b}
	l.secret("late", "late-key")
	start = time.Now()
	l.clusters()
	for {
		resp, body := l.post(`{"model":"x"}`, "x-lab-order", "late")
		if resp.StatusCode == 200 {
			if k := got(t, body).Header.Get("authorization"); k != "Bearer late-key" {
				t.Errorf("key of the new backend: %q", k)
			}
			break
		}
		if time.Since(start) > 5*time.Second {
			t.Fatal("the new backend is not served")
		}
	}
	t.Logf("backend added after %v", time.Since(start))
	delete(l.in.Snapshot.Backends, "a")
	l.clusters()
	for range 100 {
		if resp, _ := l.post(`{"model":"x"}`, "x-lab-order", "a"); resp.StatusCode == 503 {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Error("the removed backend is still served")
}

func TestHTTP2Callers(t *testing.T) {
	l := newLab(t, map[string]string{"a": echo(t)}, nil)
	var p http.Protocols
	p.SetUnencryptedHTTP2(true)
	c := &http.Client{Transport: &http.Transport{Protocols: &p}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, l.url+"/v1/chat/completions", strings.NewReader(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("x-lab-order", "a")
	req.Header.Set("x-envoy-max-retries", strconv.Itoa(9))
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.ProtoMajor != 2 || resp.StatusCode != 200 {
		t.Errorf("%s %d", resp.Proto, resp.StatusCode)
	}
	for _, n := range l.notes() {
		if strings.Contains(n, "x-envoy-max-retries") {
			t.Errorf("client's control header was shown: %s", n)
		}
	}
}
