package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/signalbox-dev/signalbox/e2e/internal/bed"
	"github.com/signalbox-dev/signalbox/e2e/internal/proc"
)

// target is an Envoy under load with the processor beside it.
type target struct {
	name, url, key string
	envoy, proc    int // process ids; proc is 0 for Envoy alone
	flags          string
	stop           []func() error
}

func (t *target) close() error {
	var err error
	for _, f := range t.stop {
		err = errors.Join(err, f())
	}
	return err
}

// site is what all targets share.
type site struct {
	dir, envoy string
	up         *upstream
	traces     string // OTLP over HTTP
}

// plain starts Envoy alone, or with the no-op processor when responseBody is
// a body mode.
func (s site) plain(ctx context.Context, name, responseBody string) (*target, error) {
	ports, err := freePorts(3)
	if err != nil {
		return nil, err
	}
	c := envoyConfig{listen: ports[0], admin: ports[1], upstream: s.up.port, responseBody: responseBody}
	t := &target{name: name, url: "http://" + local(c.listen)}
	if responseBody != "" {
		c.processor = ports[2]
		args := []string{"-listen", local(c.processor), "-echo=" + strconv.FormatBool(responseBody == duplex)}
		if err := t.start(proc.Options{Path: filepath.Join(s.dir, "noop"), Args: args}, &t.proc); err != nil {
			return t, err
		}
	}
	text, err := c.render()
	if err != nil {
		return t, err
	}
	file := filepath.Join(s.dir, name+".json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return t, err
	}
	args := []string{"-c", file, "-l", "off", "--concurrency", "1", "--use-dynamic-base-id"}
	t.flags = "envoy " + fmt.Sprint(args)
	if err := t.start(proc.Options{Path: s.envoy, Args: args}, &t.envoy); err != nil {
		return t, err
	}
	return t, until(ctx, "http://"+local(c.admin)+"/ready")
}

func (t *target) start(o proc.Options, pid *int) error {
	p, err := proc.Start(o)
	if err != nil {
		return err
	}
	*pid = p.PID()
	t.stop = append(t.stop, func() error { return p.Stop(5 * time.Second) })
	return nil
}

// signalbox starts the real thing with everything on.
func (s site) signalbox(ctx context.Context) (*target, error) {
	bin, err := bed.Build(ctx, s.dir)
	if err != nil {
		return nil, err
	}
	c := &bed.Config{
		Teams:     []bed.Section{{"name": "bench"}},
		Envoy:     bed.Section{"concurrency": 1},
		Health:    bed.Section{},
		Telemetry: bed.Section{"otlp": bed.Section{"endpoint": s.traces, "protocol": "http", "insecure": true}, "sample": 0.01},
	}
	c.Add(bed.Backend{Name: "upstream", URL: "http://" + local(s.up.port) + "/v1", Key: "sk-bench"})
	c.Model(benchModel, "upstream")
	c.Add(bed.Backend{Name: "other", URL: "http://" + local(s.up.port), Key: "sk-other", Dialect: "anthropic"})
	c.Model(translatedModel, "other")
	b, err := bed.Start(ctx, bed.Options{Binary: bin, Envoy: s.envoy, Config: c})
	if err != nil {
		return nil, err
	}
	t := &target{name: "signalbox", url: b.API, proc: b.Process().PID(), flags: "signalbox run, envoy.concurrency 1", stop: []func() error{b.Close}}
	if t.key, err = b.NewKey(ctx, "bench", "bench"); err != nil {
		return t, err
	}
	t.envoy, err = b.EnvoyPID()
	return t, err
}

func freePorts(n int) ([]int, error) {
	var out []int
	for range n {
		p, err := proc.FreePort()
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// until waits for a 200.
func until(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		if resp, err := http.DefaultClient.Do(r); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return errors.New("no answer from " + url + " within 20 s")
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func megabytes(n int64) float64 { return float64(n) / (1 << 20) }

func number(f float64) string { return strconv.FormatFloat(f, 'f', 3, 64) }
