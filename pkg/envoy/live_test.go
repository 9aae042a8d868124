package envoy

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// stage is a directory with the configuration of a real Envoy.
type stage struct {
	t      *testing.T
	binary Binary
	dir    string
	listen string
	config map[string]any
}

func newStage(t *testing.T) *stage {
	t.Helper()
	if testing.Short() {
		t.Skip("short: no real Envoy")
	}
	b, err := Find(t.Context(), "")
	if err != nil {
		t.Skip(err)
	}
	dir, err := os.MkdirTemp("", "sb") // short: a socket lives there
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	s := &stage{t: t, binary: b, dir: dir, listen: l.Addr().String()}
	t.Cleanup(func() {
		if now, ok := load(filepath.Join(dir, "envoy.json")); ok {
			for _, p := range append(now.Older, now.process) {
				end(p)
			}
		}
		if t.Failed() {
			out, _ := os.ReadFile(filepath.Join(dir, "envoy.log"))
			t.Logf("envoy: %s", out)
		}
		os.RemoveAll(dir)
	})
	return s
}

// write writes a configuration that answers with body, or proxies to upstream.
func (s *stage) write(body, upstream string) {
	s.t.Helper()
	const types = "type.googleapis.com/"
	host, port, err := net.SplitHostPort(s.listen)
	if err != nil {
		s.t.Fatal(err)
	}
	route := map[string]any{"match": map[string]any{"prefix": "/"}, "direct_response": map[string]any{"status": 200, "body": map[string]any{"inline_string": body}}}
	clusters := []any{}
	if upstream != "" {
		h, p, err := net.SplitHostPort(upstream)
		if err != nil {
			s.t.Fatal(err)
		}
		route = map[string]any{"match": map[string]any{"prefix": "/"}, "route": map[string]any{"cluster": "up", "timeout": "0s"}}
		clusters = append(clusters, map[string]any{"name": "up", "connect_timeout": "1s", "load_assignment": map[string]any{"cluster_name": "up", "endpoints": []any{map[string]any{"lb_endpoints": []any{
			map[string]any{"endpoint": map[string]any{"address": address(h, p)}},
		}}}}})
	}
	hcm := map[string]any{
		"@type": types + "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager", "stat_prefix": "signalbox",
		"http_filters": []any{map[string]any{"name": "router", "typed_config": map[string]any{"@type": types + "envoy.extensions.filters.http.router.v3.Router"}}},
		"route_config": map[string]any{"virtual_hosts": []any{map[string]any{"name": "all", "domains": []any{"*"}, "routes": []any{route}}}},
	}
	b, err := json.Marshal(map[string]any{
		"admin": map[string]any{"address": map[string]any{"pipe": map[string]any{"path": filepath.Join(s.dir, "admin.sock")}}},
		"static_resources": map[string]any{"clusters": clusters, "listeners": []any{map[string]any{
			"name": "l", "address": address(host, port),
			"filter_chains": []any{map[string]any{"filters": []any{map[string]any{"name": "hcm", "typed_config": hcm}}}},
		}}},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.raw(b)
}

func (s *stage) raw(b []byte) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, "bootstrap.json"), b, 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func address(host, port string) map[string]any {
	return map[string]any{"socket_address": map[string]any{"address": host, "port_value": json.Number(port)}}
}

func (s *stage) supervisor(change func(*Options)) *Supervisor {
	o := Options{
		Binary: s.binary, Dir: s.dir, Config: filepath.Join(s.dir, "bootstrap.json"), Flags: []string{"--concurrency", "1"},
		Admin: "unix:" + filepath.Join(s.dir, "admin.sock"), Listen: func() string { return s.listen }, StartTimeout: 20 * time.Second,
	}
	if change != nil {
		change(&o)
	}
	return New(o)
}

func (s *stage) get() string {
	s.t.Helper()
	c := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := c.Get("http://" + s.listen)
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

func start(t *testing.T, s *Supervisor, wantAdopted bool) state {
	t.Helper()
	adopted, err := s.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if adopted != wantAdopted {
		t.Fatalf("adopted: %v", adopted)
	}
	now, _ := s.current()
	return now
}

func TestAdoptAndReplace(t *testing.T) {
	s := newStage(t)
	s.write("one", "")
	first := start(t, s.supervisor(nil), false)
	if b := s.get(); b != "one" {
		t.Fatalf("answer %q", b)
	}
	again := start(t, s.supervisor(nil), true)
	if again.PID != first.PID {
		t.Errorf("adopted %d, want %d", again.PID, first.PID)
	}
	s.write("two", "")
	sup := s.supervisor(nil)
	second := start(t, sup, false)
	if second.Epoch != 1 || second.PID == first.PID {
		t.Errorf("replaced by %+v", second)
	}
	if b := s.get(); b != "two" {
		t.Errorf("answer %q", b)
	}
	if !first.alive() {
		t.Error("the replaced one did not stay to drain")
	}
	sup.Stop(t.Context())
	if first.alive() || second.alive() {
		t.Error("still running after Stop")
	}
}

func TestRestartAfterDeath(t *testing.T) {
	s := newStage(t)
	s.write("one", "")
	ready, gone := make(chan bool, 9), make(chan time.Time, 9)
	sup := s.supervisor(func(o *Options) {
		o.Ready, o.Gone = func() { ready <- true }, func(at time.Time) { gone <- at }
	})
	now := start(t, sup, false)
	<-ready
	done := make(chan error, 1)
	go func() { done <- sup.Run(context.WithoutCancel(t.Context())) }()
	for range 2 {
		now.signal(syscall.SIGKILL)
		<-gone
		<-ready
		if b := s.get(); b != "one" {
			t.Errorf("answer %q", b)
		}
		now, _ = sup.current()
	}
	sup.Stop(t.Context())
	if err := <-done; err != nil {
		t.Error(err)
	}
	if len(gone) > 0 {
		t.Error("Stop was taken for a death")
	}
}

func TestStartFails(t *testing.T) {
	s := newStage(t)
	s.raw([]byte(`{"static_resources":{"clusters":[{"name":"a","bogus":1}]}}`))
	_, err := s.supervisor(nil).Start(t.Context())
	if err == nil || !strings.Contains(err.Error(), "bogus") {
		t.Errorf("bad configuration: %v", err)
	}
	l, err := net.Listen("tcp", s.listen)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s.write("one", "")
	if _, err = s.supervisor(nil).Start(t.Context()); err == nil || !strings.Contains(err.Error(), "envoy.listen") {
		t.Errorf("address taken: %v", err)
	}
	_, err = s.supervisor(func(o *Options) { o.Listen = nil }).Start(t.Context())
	if err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("address taken, seen by Envoy alone: %v", err)
	}
}

func TestStopWaitsForRequests(t *testing.T) {
	for _, tc := range []struct {
		name     string
		deadline time.Duration
		want     string
	}{{"until_the_end", 20 * time.Second, "begin end"}, {"until_the_deadline", 300 * time.Millisecond, "begin "}} {
		t.Run(tc.name, func(t *testing.T) {
			s := newStage(t)
			release := make(chan bool)
			up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				fmt.Fprint(w, "begin ")
				http.NewResponseController(w).Flush()
				<-release
				fmt.Fprint(w, "end")
			}))
			defer func() { up.CloseClientConnections(); up.Close() }()
			s.write("", strings.TrimPrefix(up.URL, "http://"))
			sup := s.supervisor(nil)
			start(t, sup, false)
			resp, err := http.Get("http://" + s.listen)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			ctx, cancel := context.WithTimeout(t.Context(), tc.deadline)
			defer cancel()
			stopped := make(chan bool)
			go func() { sup.Stop(ctx); close(stopped) }()
			for range 100 { // no new caller gets in
				if strings.Contains(s.get(), "refused") {
					break
				}
				time.Sleep(10 * time.Millisecond)
			}
			if tc.want != "begin end" {
				<-stopped
			}
			close(release)
			b, _ := io.ReadAll(resp.Body)
			if string(b) != tc.want {
				t.Errorf("body %q, want %q", b, tc.want)
			}
			<-stopped
			if now, _ := sup.current(); now.alive() {
				t.Error("still running")
			}
		})
	}
}
