package e2e

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/signalbox-dev/signalbox/e2e/internal/bed"
	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/provider"
)

// TestDiskFull fills the disk under the ledger: no open frame, no request; and
// it goes on by itself when there is room again.
func TestDiskFull(t *testing.T) {
	r := prepare(t, plan{providers: named("a")})
	dir := filepath.Join(r.State, "ledger")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m,mode=0700"); err != nil {
		t.Skipf("needs the right to mount: %v", err)
	}
	t.Cleanup(func() {
		if err := errors.Join(r.Stop(), syscall.Unmount(dir, 0)); err != nil {
			t.Error(err)
		}
	})
	if err := r.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	var err error
	if r.key, err = r.NewKey(t.Context(), "test", t.Name()); err != nil {
		t.Fatal(err)
	}
	r.keyKnown(t)
	if a := r.do(t, request{body: chat("", "Hello")}); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	filler := filepath.Join(dir, "filler")
	fill(t, filler)
	eventually(t, 5*time.Second, "requests are refused", func() bool {
		a := r.do(t, request{body: chat("", strings.Repeat("Hello", 100))})
		return a.status == 503 && a.code() == "ledger_unavailable"
	})
	if up := r.Metric(t.Context(), "signalbox_ledger_up"); up != 0 {
		t.Errorf("signalbox_ledger_up is %v", up)
	}
	before, _ := r.at["a"].Journal().Count()
	if a := r.do(t, request{body: chat("", "Hello")}); a.status != 503 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if after, _ := r.at["a"].Journal().Count(); after != before {
		t.Error("a request without an open frame reached the provider")
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	eventually(t, 10*time.Second, "requests are served again", func() bool {
		return r.do(t, request{body: chat("", "Hello")}).status == 200
	})
	compareAll(t, r, false)
}

// fill writes a file until the disk is full.
func fill(t *testing.T, name string) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 64 << 10; size > 0; {
		n, err := f.Write(make([]byte, size))
		if err != nil && n == 0 {
			size /= 2
		}
	}
}

// TestLogGone takes Envoy's log file away: nothing that Envoy serves
// afterwards is lost.
func TestLogGone(t *testing.T) {
	r := start(t, plan{providers: named("a")})
	log := filepath.Join(r.State, "envoy", "access.log")
	for i := range 30 {
		if i == 10 {
			if err := os.Remove(log); err != nil {
				t.Fatal(err)
			}
		}
		if i == 20 {
			time.Sleep(time.Second)
		}
		if a := r.do(t, request{body: chat(streamed, fmt.Sprint("Hello ", i))}); a.status != 200 {
			t.Fatalf("%d %s", a.status, a.body)
		}
	}
	compareAll(t, r, false)
}

// TestRotation makes Envoy's log turn over many times under load, and kills
// Signalbox in between: nothing is lost or counted twice.
func TestRotation(t *testing.T) {
	r := start(t, plan{providers: named("a"), configure: func(c *bed.Config, _ map[string]*provider.Server) {
		c.Envoy = bed.Section{"rotate_log_at": "64KiB"}
		c.State = bed.Section{"segment_size": "64KiB"}
	}})
	for i := range 6 {
		var done []func()
		for range 10 {
			_, wait := fly(t, r, 20, func(int) string { return chat(streamed, "Hello") })
			done = append(done, wait)
		}
		for _, wait := range done {
			wait()
		}
		if i%2 == 1 {
			if err := r.Process().Kill(); err != nil {
				t.Fatal(err)
			}
			if err := r.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	compareAll(t, r, true)
	segments, err := filepath.Glob(filepath.Join(r.State, "ledger", "*.log"))
	if err != nil || len(segments) < 3 {
		t.Errorf("%d ledger segments %v", len(segments), err)
	}
}

// TestNothingLeaks looks for content and secrets in everything that is kept or
// shown.
func TestNothingLeaks(t *testing.T) {
	r := start(t, plan{providers: named("a", "b")})
	const content = "pineapple-on-pizza"
	for _, fault := range []string{"", "backend=a status=500", "status=401", "error200", "cut=100"} {
		for _, extra := range []string{"", streamed} {
			r.do(t, request{body: chat(extra, content+"\n#fault "+fault), headers: []string{"x-request-id", "client-id"}})
		}
	}
	r.do(t, request{body: `{"model":"` + content + `x","messages":[` + content})
	compareAll(t, r, false)
	secrets := []string{content, r.key, credential("a"), credential("b"), "simulated provider"}
	check := func(what, text string) {
		for _, s := range secrets {
			if strings.Contains(text, s) {
				t.Errorf("%s shows %q", what, s)
			}
		}
	}
	check("the log", r.Logs())
	metrics := r.Metrics(t.Context())
	check("metrics", fmt.Sprint(metrics))
	err := filepath.WalkDir(r.State, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		if strings.Contains(path, "/sds/") {
			return nil // the place of credentials
		}
		text, err := os.ReadFile(path)
		check(path, string(text))
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
