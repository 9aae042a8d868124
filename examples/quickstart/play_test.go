package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// stage runs the services of docker-compose.yaml as processes: the same
// commands, with this machine's addresses and folders in place of the
// containers'.
type stage struct {
	dir, bin string
	replace  []string
	env      []string
}

// TestComposePlays starts what the containers would run, in their order and on a
// real Envoy, and asks: the flags, the files and the rights fit together.
func TestComposePlays(t *testing.T) {
	if os.Getenv("ENVOY") == "" || testing.Short() {
		t.Skip("no $ENVOY to run it on")
	}
	c, s := compose(t), newStage(t)
	for _, d := range doubles() {
		url := s.ready(t, c.Services[d.options.Name])
		s.replace = append(s.replace, "http://"+d.options.Name+":"+d.address[len("127.0.0.1:"):], strings.TrimSuffix(url, d.base()))
	}
	s.configure(t)
	if out, err := s.command(t.Context(), c.Services["prepare"]).CombinedOutput(); err != nil {
		t.Fatalf("prepare: %v\n%s", err, out)
	}
	log := s.run(t, c.Services["signalbox"])
	token, err := os.ReadFile(filepath.Join(s.dir, "admin.token"))
	if err != nil {
		t.Fatal(err)
	}
	admin := "http://" + s.at("0.0.0.0:9090")
	await(t, admin+"/healthz", string(token), log)
	envoy := c.Services["envoy"]
	envoy.Command = append(envoy.Command, "--use-dynamic-base-id") // others may run on this machine
	log = s.run(t, envoy)
	await(t, admin+"/readyz", string(token), log)
	out, err := s.command(t.Context(), service{Command: []string{"signalbox", "keys", "new", "-team", "quickstart", "-name", "me"}, Environment: c.Services["signalbox"].Environment}).Output()
	if err != nil {
		t.Fatal(err)
	}
	box := &setup{api: "http://" + s.at("0.0.0.0:10000") + "/v1"}
	key := strings.TrimSpace(string(out))
	var a *chat
	for range 100 {
		if a, err = box.ask(t.Context(), key, anyModel); err == nil {
			break
		}
		time.Sleep(20 * time.Millisecond) // until the new key is known
	}
	if err != nil || a.header.Get("x-signalbox-provider") != "alpha" {
		t.Errorf("answer %+v: %v", a, err)
	}
	for _, file := range []string{"admin.token", "keys.json", "envoy/bootstrap.json", "envoy/access.log"} {
		if info, err := os.Stat(filepath.Join(s.dir, file)); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v %v", file, info, err)
		}
	}
}

func newStage(t *testing.T) *stage {
	t.Helper()
	dir, err := os.MkdirTemp("", "cp") // sockets want a short path
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s := &stage{dir: filepath.Join(dir, "state"), bin: filepath.Join(dir, "bin")}
	if err := os.MkdirAll(s.bin, 0o700); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", s.bin, "./cmd/signalbox", "./cmd/simprovider").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	envoy, err := filepath.Abs(os.Getenv("ENVOY"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(envoy, filepath.Join(s.bin, "envoy")); err != nil {
		t.Fatal(err)
	}
	s.env = append(os.Environ(), "PATH="+s.bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	s.replace = []string{"/etc/signalbox/signalbox.yaml", filepath.Join(dir, "signalbox.yaml"), "/etc/signalbox/prepare.sh", "examples/compose/prepare.sh", "/state", s.dir}
	for _, address := range []string{"0.0.0.0:10000", "0.0.0.0:9090", "collector:4317"} {
		s.replace = append(s.replace, address, free(t))
	}
	for _, d := range doubles() {
		s.replace = append(s.replace, strings.Replace(d.address, "127.0.0.1", "0.0.0.0", 1), "127.0.0.1:0")
	}
	return s
}

func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// at is what stands here for a text of the containers.
func (s *stage) at(text string) string { return strings.NewReplacer(s.replace...).Replace(text) }

// configure writes the configuration where the services look for it.
func (s *stage) configure(t *testing.T) {
	t.Helper()
	text, err := os.ReadFile(composeConfig)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.at("/etc/signalbox/signalbox.yaml"), []byte(s.at(string(text))), 0o600); err != nil {
		t.Fatal(err)
	}
}

// command is a service's, as docker would start it. Two dollars are one.
func (s *stage) command(ctx context.Context, v service) *exec.Cmd {
	var words []string
	for _, w := range append(v.Entrypoint, v.Command...) {
		words = append(words, s.at(strings.ReplaceAll(w, "$$", "$")))
	}
	if words[0] == "sh" {
		words = append(words, s.dir) // prepare.sh takes the folder
	}
	path := words[0]
	if own := filepath.Join(s.bin, path); !filepath.IsAbs(path) && path != "sh" {
		path = own
	}
	c := exec.CommandContext(ctx, path, words[1:]...)
	c.Env = s.env
	for k, value := range v.Environment {
		c.Env = append(c.Env, k+"="+s.at(value))
	}
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	return c
}

// run starts a service until the test ends and returns what it writes.
func (s *stage) run(t *testing.T, v service) *text {
	t.Helper()
	out := &text{}
	c := s.command(context.WithoutCancel(t.Context()), v)
	c.Stdout, c.Stderr = out, out
	s.start(t, c)
	return out
}

func (s *stage) start(t *testing.T, c *exec.Cmd) {
	t.Helper()
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Process.Signal(syscall.SIGTERM); err != nil {
			t.Errorf("%s ended before: %v", c.Path, err)
		}
		c.Wait() //nolint:errcheck // Envoy ends by the signal
	})
}

// ready starts a simulated provider and returns the URL that it prints.
func (s *stage) ready(t *testing.T, v service) string {
	t.Helper()
	c := s.command(context.WithoutCancel(t.Context()), v)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	s.start(t, c)
	line, err := bufio.NewReader(out).ReadString('\n')
	url, ok := strings.CutPrefix(strings.TrimSpace(line), "ready base_url=")
	if err != nil || !ok {
		t.Fatalf("%v: %q", err, line)
	}
	return url
}

// await waits until a URL of the operator's endpoint answers 200.
func await(t *testing.T, url, token string, log *text) {
	t.Helper()
	last := ""
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			last = err.Error()
			continue
		}
		b, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			return
		}
		last = fmt.Sprint(resp.StatusCode, " ", string(b))
	}
	t.Fatalf("%s: %s\n%s", url, last, log)
}

// text collects the output of a process.
type text struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *text) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *text) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}
