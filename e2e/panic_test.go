package e2e

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/gateway"
	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/provider"
	"github.com/signalbox-dev/signalbox/pkg/pipeline"
)

// mine is a stage that panics on a word in the prompt.
type mine struct{}

func (mine) Name() string            { return "mine" }
func (mine) Access() pipeline.Access { return pipeline.Access{} }
func (mine) RequestBody(x *pipeline.Exchange) *fault.Error {
	if bytes.Contains(x.Body, []byte("step here")) {
		panic("with content: " + string(x.Body)) //nolint:forbidigo // what the test is about
	}
	return nil
}

// log is a writer for several goroutines.
type log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// TestPanic runs the gateway in this process, with a stage that panics: one
// request fails, closed and counted, and all others go on.
func TestPanic(t *testing.T) {
	r := prepare(t, plan{providers: []provider.Options{{Name: "a"}}})
	t.Setenv("SB_TEST_KEY_A", credential("a"))
	t.Setenv("ENVOY", need(t).envoy)
	var out log
	ctx, stop := context.WithCancel(t.Context())
	g, err := gateway.New(ctx, gateway.Options{
		ConfigFile: r.File, StateDir: r.State, Supervise: true, Drain: 5 * time.Second, LogTo: &out,
		Stages: func(s []pipeline.Stage) []pipeline.Stage { return append(s, mine{}) },
	})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- g.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	eventually(t, 20*time.Second, "the gateway is ready", func() bool {
		resp, err := http.Get(r.Admin + "/readyz")
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
	if r.key, err = r.NewKey(t.Context(), "test", "panic"); err != nil {
		t.Fatal(err)
	}
	r.keyKnown(t)
	for range 3 {
		a := r.do(t, request{body: chat("", "step here")})
		if a.status != 500 || a.code() != "internal_error" {
			t.Errorf("%d %s", a.status, a.body)
		}
		if a := r.do(t, request{body: chat("", "hello")}); a.status != 200 {
			t.Errorf("another request: %d %s", a.status, a.body)
		}
	}
	if n := r.Metric(t.Context(), "signalbox_panics_total", `stage="mine"`); n != 3 {
		t.Errorf("%v panics are counted", n)
	}
	if len(r.at["a"].Journal().Exchanges()) != 3 {
		t.Errorf("the provider got %d requests, not the 3 good ones", len(r.at["a"].Journal().Exchanges()))
	}
	if s := out.String(); strings.Contains(s, "step here") || !strings.Contains(s, "panic recovered") {
		t.Errorf("log: %s", tail(s, 2000))
	}
}
