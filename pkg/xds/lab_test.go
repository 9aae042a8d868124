package xds

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/secret"
)

// lab is a real Envoy with the rendered configuration, beside a processor that
// does what the headers of a request ask for:
//
//	x-lab-order    clusters to try, "a,b~"; none: no order is emitted
//	x-lab-facts    a word for the facts
//	x-lab-hide     sets hide_usage
//	x-lab-stranger no metadata of ours
//	x-lab-refuse   answer at once with this status
//	x-lab-timeout  per-try timeout, ms
type lab struct {
	t    *testing.T
	in   Input
	url  string
	log  *os.File
	logs *bufio.Reader

	mu   sync.Mutex
	seen []string // header lists of attempt messages
	gone func()

	early entries
}

func envoyBinary(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("short: no real Envoy")
	}
	for _, p := range []string{os.Getenv("ENVOY"), "envoy"} {
		if bin, err := exec.LookPath(p); err == nil {
			return bin
		}
	}
	t.Skip("no Envoy: set ENVOY or put envoy into PATH")
	return ""
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// newLab starts Envoy; change may edit the input before it is rendered.
func newLab(t *testing.T, backends map[string]string, change func(*Input)) *lab {
	t.Helper()
	bin := envoyBinary(t)
	dir, err := os.MkdirTemp("", "sb") // short: sockets live there
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	port := freePort(t)
	l := &lab{t: t, url: "http://127.0.0.1:" + strconv.Itoa(port)}
	l.in = example()
	l.in.StateDir, l.in.Dir, l.in.Processor = dir, dir, "unix:"+filepath.Join(dir, "p.sock")
	l.in.Snapshot.Envoy.Listen = "127.0.0.1:" + strconv.Itoa(port)
	l.in.Snapshot.Backends = map[string]*policy.Backend{}
	for name, address := range backends {
		host, p, err := hostPort(address)
		if err != nil {
			t.Fatal(err)
		}
		l.in.Snapshot.Backends[name] = &policy.Backend{
			Name: name, Provider: "p-" + name, Scheme: "http", Host: host, Port: p, Authority: address,
			Credential: secret.Ref{Env: "X"}, CredentialHeader: "authorization", CredentialPrefix: "Bearer ", ConnectTimeout: time.Second,
		}
	}
	if change != nil {
		change(&l.in)
	}
	l.write()
	l.gone = l.processor()
	l.start(bin)
	return l
}

func (l *lab) write() {
	l.t.Helper()
	boot, err := Bootstrap(l.in)
	if err != nil {
		l.t.Fatal(err)
	}
	put(l.t, filepath.Join(l.in.Dir, "bootstrap.json"), boot)
	for name := range l.in.Snapshot.Backends {
		l.secret(name, "key-of-"+name)
	}
	l.clusters()
}

func (l *lab) clusters() {
	l.t.Helper()
	cds, err := Clusters(l.in)
	if err != nil {
		l.t.Fatal(err)
	}
	put(l.t, l.in.clusters(), cds)
}

func (l *lab) secret(name, value string) {
	l.t.Helper()
	s, err := Secret(name, secret.New(value), "Bearer ")
	if err != nil {
		l.t.Fatal(err)
	}
	put(l.t, filepath.Join(l.in.secrets(), name+".json"), s)
}

// put replaces a file by renaming.
func put(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+".new", data, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

func (l *lab) start(bin string) {
	l.t.Helper()
	args := append(Flags(l.in.Snapshot), "-c", filepath.Join(l.in.Dir, "bootstrap.json"), "--disable-hot-restart", "-l", "warning")
	args = append(args, strings.Fields(os.Getenv("LAB_ENVOY_ARGS"))...)
	cmd := exec.Command(bin, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		l.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	l.t.Cleanup(func() {
		cmd.Process.Kill()
		<-ended
		if l.t.Failed() || os.Getenv("LAB_ENVOY_ARGS") != "" {
			l.t.Logf("envoy: %s", out.String())
		}
	})
	for range 200 {
		select {
		case err := <-ended:
			ended <- err
			l.t.Fatalf("envoy ended: %v", err)
		default:
		}
		if _, body := l.admin("/ready"); strings.HasPrefix(body, "LIVE") {
			l.openLog()
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	l.t.Fatal("envoy is not ready")
}

func (l *lab) admin(path string) (int, string) {
	c := http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", l.in.admin())
	}}}
	resp, err := c.Get("http://admin" + path)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b)
}

func (l *lab) openLog() {
	f, err := os.Open(l.in.accessLog())
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { f.Close() })
	l.log, l.logs = f, bufio.NewReader(f)
}

// lines reads the log until n lines of the given kind have come, and returns
// all that were read.
func (l *lab) lines(kind string, n int) (all []map[string]any, raw []string) {
	l.t.Helper()
	var part string
	for waits := 0; waits < 100; {
		s, err := l.logs.ReadString('\n')
		part += s
		if err != nil {
			waits++
			time.Sleep(50 * time.Millisecond)
			continue
		}
		var m map[string]any
		if err := json.Unmarshal([]byte(part), &m); err != nil {
			l.t.Fatalf("line %q: %v", part, err)
		}
		all, raw, part = append(all, m), append(raw, part), ""
		if m["k"] == kind {
			if n--; n == 0 {
				return all, raw
			}
		}
	}
	l.t.Fatalf("missing %d lines of %s in %q", n, kind, raw)
	return nil, nil
}

// post sends a chat request.
func (l *lab) post(body string, header ...string) (*http.Response, string) {
	l.t.Helper()
	req, err := http.NewRequestWithContext(l.t.Context(), http.MethodPost, l.url+"/v1/chat/completions", strings.NewReader(body))
	if err != nil {
		l.t.Fatal(err)
	}
	req.Header.Set("content-type", "application/json")
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		l.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		l.t.Logf("body: %v", err)
	}
	return resp, string(b)
}
