package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/signalbox-dev/signalbox/e2e/internal/bed"
	"github.com/signalbox-dev/signalbox/e2e/internal/envoybin"
)

// team is the one that asks.
const team = "conformance"

// behindEnvoy replays every subject that is evidence through a real Envoy,
// and judges what the caller, the upstream and the ledger saw. To w it says how
// the gateway left the answers.
func behindEnvoy(ctx context.Context, o options, w io.Writer, subjects []*subject, t *translator) (err error) {
	exchanges, config := plan(subjects, t)
	if len(exchanges) == 0 {
		return nil
	}
	up, err := startUpstream(exchanges)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, up.close()) }()
	b, cleanup, err := start(ctx, config(up.url), o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cleanup()) }()
	key, err := b.NewKey(ctx, team, team)
	if err != nil {
		return err
	}
	c := newCaller(b.API, key, o.workers)
	if err := c.accepted(ctx); err != nil {
		return fmt.Errorf("%w\n%s", err, b.Logs())
	}
	if err := c.all(ctx, exchanges); err != nil {
		return err
	}
	fmt.Fprintln(w, left(b.Metrics(ctx), len(exchanges)))
	rows, err := await(ctx, filepath.Join(b.State, "ledger"), exchanges)
	if err != nil {
		return err
	}
	for _, x := range exchanges {
		x.settled(rows[x.id])
	}
	compare(exchanges, rows)
	for _, x := range exchanges {
		x.judged[x.mode] = true
		x.failures[x.mode] = append(x.failures[x.mode], x.failed...)
	}
	return nil
}

// left tells from the gateway's metrics how it left the answers: a witness
// that is never asked would prove nothing.
func left(metrics map[string]float64, n int) string {
	parts := []string{fmt.Sprintf("behind Envoy: %d answers", n)}
	for _, how := range slices.Sorted(maps.Keys(metrics)) {
		if label, ok := strings.CutPrefix(how, "signalbox_answers_total{how="); ok {
			parts = append(parts, fmt.Sprintf("%.0f %s", metrics[how], strings.Trim(label, `"}`)))
		}
	}
	return strings.Join(parts, ", ")
}

// plan makes the exchanges and the configuration in which they work: a
// provider for each label of the data, with a model name for each of its
// models and each way of metering.
func plan(subjects []*subject, t *translator) ([]*exchange, func(url string) *bed.Config) {
	var exchanges []*exchange
	backends, models := map[string]string{}, map[string]string{}
	var order []*exchange // the first exchange of each backend or model
	for _, s := range subjects {
		if s.skip != "" || s.d == nil {
			continue
		}
		for _, mode := range []string{witness, pieces, attached, across} {
			x := &exchange{subject: s, mode: mode, asks: &s.ask, by: t}
			if mode == across && !t.cross(s) {
				continue
			}
			if mode == across {
				x.asks = s.crossing()
			}
			exchanges = append(exchanges, x)
			metering := mode
			if mode == pieces || mode == across {
				metering = witness
			}
			family := s.Provider + "\n" + s.d.Family
			backend := backends[family]
			if backend == "" {
				backend = fmt.Sprintf("%s-%d", hostname(s.Provider), len(backends))
				backends[family] = backend
			}
			x.key, x.backend = "sk-"+backend, backend
			id := metering + "\n" + backend + "\n" + s.ask.model
			if models[id] == "" {
				models[id] = fmt.Sprintf("%s/%d", metering, len(models))
				order = append(order, x)
			}
			x.alias = models[id]
		}
	}
	return exchanges, func(url string) *bed.Config { return configure(url, order) }
}

func configure(url string, order []*exchange) *bed.Config {
	c := &bed.Config{
		Teams:  []bed.Section{{"name": team}},
		Routes: []bed.Section{{"name": attached, "models": []string{attached + "/*"}, "metering": "attached"}},
	}
	added := map[string]bool{}
	for _, x := range order {
		if !added[x.backend] {
			added[x.backend] = true
			c.Add(bed.Backend{Name: x.backend, URL: x.base(url + "/" + x.backend), Key: x.key, Kind: x.kind, Dialect: x.d.Family})
		}
		c.Model(x.alias, x.backend+"/"+x.ask.model)
	}
	return c
}

// hostname keeps of a label what may stand in the name of a backend.
func hostname(label string) string {
	clean := strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || '0' <= r && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(label))
	return clean[:min(len(clean), 30)]
}

// start builds signalbox and runs it with Envoy.
func start(ctx context.Context, c *bed.Config, o options) (*bed.Bed, func() error, error) {
	c.Envoy = bed.Section{"lua": !o.noLua}
	envoy, err := envoybin.Find()
	if err != nil {
		return nil, nil, err
	}
	dir, err := os.MkdirTemp("", "conformance")
	if err != nil {
		return nil, nil, err
	}
	bin, err := bed.Build(ctx, dir)
	if err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	b, err := bed.Start(ctx, bed.Options{Binary: bin, Envoy: envoy, Config: c})
	if err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	return b, func() error { return errors.Join(b.Close(), os.RemoveAll(dir)) }, nil
}

// accepted waits until the new key is known.
func (c *caller) accepted(ctx context.Context) error {
	ctx, stop := context.WithTimeout(ctx, 10*time.Second)
	defer stop()
	for {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.api+"/v1/models", nil)
		if err != nil {
			return err
		}
		r.Header.Set("authorization", "Bearer "+c.key)
		resp, err := c.http.Do(r)
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
			err = fmt.Errorf("status %d", resp.StatusCode)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("list of models: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
