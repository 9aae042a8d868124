package envoy

import (
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

const clusterList = `a::observability_name::a
a::default_priority::max_connections::1024
a::added_via_api::true
a::127.0.0.1:0::hostname::x
a::127.0.0.1:0::priority::1
a::10.0.0.7:443::priority::0
a::127.0.0.2:0::priority::1
b~::observability_name::b~
b~::127.0.0.1:0::priority::1
nowhere::observability_name::nowhere
`

func TestAddressed(t *testing.T) {
	want := map[string]bool{"a": true, "b~": false, "nowhere": false}
	if d := cmp.Diff(want, addressed([]byte(clusterList))); d != "" {
		t.Error(d)
	}
	if m := addressed([]byte("\n::\nx\n")); len(m) > 1 {
		t.Errorf("%v", m)
	}
}

func FuzzOutputs(f *testing.F) {
	f.Add(clusterList)
	f.Add("envoy  version: 9e5580933739775e8bce696a57a2e1bc99368f23/1.40.0/Clean/RELEASE/BoringSSL")
	f.Fuzz(func(t *testing.T, s string) {
		for name := range addressed([]byte(s)) {
			if !strings.Contains(s, name+"::") {
				t.Errorf("no cluster %q", name)
			}
		}
		if v, ok := parseVersion(s); ok && !strings.Contains(s, "/"+v) {
			t.Errorf("version %q", v)
		}
	})
}

func TestAdmin(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "a.sock")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	var asked []string
	s := &httptest.Server{Listener: l, Config: &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.URL.Path)
		switch r.URL.Path {
		case "/clusters":
			w.Write([]byte(clusterList))
		case "/stats":
			w.Write([]byte("http.signalbox.downstream_rq_active: 7\n"))
		case "/ready":
			http.Error(w, "INITIALIZING", http.StatusServiceUnavailable)
		}
	})}}
	s.Start()
	defer s.Close()
	a := NewAdmin("unix:" + socket)
	names, err := a.Clusters(t.Context())
	if err != nil || !slices.Equal(names, []string{"a"}) {
		t.Errorf("clusters %v, %v", names, err)
	}
	a.seen["b~"] = time.Now().Add(-time.Minute)
	names, err = a.Clusters(t.Context())
	if err != nil || !slices.Equal(names, []string{"a", "b~"}) {
		t.Errorf("after a while %v, %v", names, err)
	}
	if n, err := a.Active(t.Context()); n != 7 || err != nil {
		t.Errorf("active %d, %v", n, err)
	}
	if err := a.Ready(t.Context()); err == nil {
		t.Error("ready")
	}
	if err := a.Drain(t.Context()); err != nil {
		t.Error(err)
	}
	if err := a.ReopenLogs(t.Context()); err != nil {
		t.Error(err)
	}
	want := []string{"GET /clusters", "GET /clusters", "GET /stats", "GET /ready", "POST /healthcheck/fail", "POST /drain_listeners", "POST /reopen_logs"}
	if d := cmp.Diff(want, asked); d != "" {
		t.Error(d)
	}
}

func TestPauseEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{})
		if !s.pause(t.Context(), time.Hour) {
			t.Error("ended early")
		}
		close(s.stop)
		if s.pause(t.Context(), time.Hour) {
			t.Error("went on")
		}
	})
}
