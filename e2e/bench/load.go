package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"
)

// work is one slice of load on one target.
type work struct {
	url, key string   // url with the path
	bodies   [][]byte // sent in turn
	conns    int      // closed loop of so many connections, when there is no rate
	rate     float64  // requests a second, started on time whatever the answers take
	d        time.Duration
}

// outcome is what the load saw.
type outcome struct {
	n, errors int
	first     string // first error
	latency   []time.Duration
}

func (o *outcome) merge(p outcome) {
	o.n += p.n
	o.errors += p.errors
	if o.first == "" {
		o.first = p.first
	}
	o.latency = append(o.latency, p.latency...)
}

// quantile of the latencies, which must be sorted.
func (o *outcome) quantile(q float64) time.Duration {
	if len(o.latency) == 0 {
		return 0
	}
	return o.latency[int(q*float64(len(o.latency)-1))]
}

func (w work) run(c *http.Client) outcome {
	var all outcome
	if w.rate > 0 {
		all = w.paced(c)
	} else {
		all = w.loop(c)
	}
	slices.Sort(all.latency)
	return all
}

// loop keeps the connections busy.
func (w work) loop(c *http.Client) outcome {
	var all outcome
	var mu sync.Mutex
	var wg sync.WaitGroup
	end := time.Now().Add(w.d)
	for i := range w.conns {
		wg.Go(func() {
			var mine outcome
			for k := i; time.Now().Before(end); k++ {
				mine.add(w.one(c, k), time.Now)
			}
			mu.Lock()
			defer mu.Unlock()
			all.merge(mine)
		})
	}
	wg.Wait()
	return all
}

// paced starts requests at even distances; latency counts from the planned
// start.
func (w work) paced(c *http.Client) outcome {
	var all outcome
	var mu sync.Mutex
	var wg sync.WaitGroup
	step := time.Duration(float64(time.Second) / w.rate)
	start := time.Now()
	for k := range int(w.d / step) {
		due := start.Add(time.Duration(k) * step)
		time.Sleep(time.Until(due))
		wg.Go(func() {
			s := w.one(c, k)
			s.start = due
			mu.Lock()
			defer mu.Unlock()
			all.add(s, time.Now)
		})
	}
	wg.Wait()
	return all
}

// shot is one request.
type shot struct {
	start time.Time
	err   error
}

func (o *outcome) add(s shot, now func() time.Time) {
	o.n++
	if s.err != nil {
		o.errors++
		if o.first == "" {
			o.first = s.err.Error()
		}
		return
	}
	o.latency = append(o.latency, now().Sub(s.start))
}

func (w work) one(c *http.Client, k int) shot {
	s := shot{start: time.Now()}
	resp, err := w.send(context.Background(), c, w.bodies[k%len(w.bodies)])
	if err != nil {
		s.err = err
		return s
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		s.err = err
	}
	return s
}

// send starts a request; any status but 200 is an error.
func (w work) send(ctx context.Context, c *http.Client, body []byte) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+w.key)
	resp, err := c.Do(r)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 500))
		resp.Body.Close()
		return nil, fmt.Errorf("status %d: %s", resp.StatusCode, text)
	}
	return resp, nil
}

func newClient(conns int) *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: conns, DisableCompression: true}}
}
