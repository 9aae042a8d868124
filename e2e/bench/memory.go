package main

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/signalbox-dev/signalbox/e2e/internal/proc"
)

// openStreams holds n streams open through t, after its answers have begun,
// and tells how much the processor's resident memory grew. Some requests go
// before, so that pools and the heap's first growth do not count.
func openStreams(ctx context.Context, t *target, up *upstream, n int) (grown int64, err error) {
	c := newClient(n)
	defer c.CloseIdleConnections()
	warm := work{url: t.url + chatPath, key: t.key, bodies: [][]byte{body(benchModel, 1024, false, "")}, conns: 8, d: 2 * time.Second}
	if o := warm.run(c); o.errors > 0 {
		return 0, fmt.Errorf("%d errors: %s", o.errors, o.first)
	}
	time.Sleep(3 * time.Second)
	before, err := proc.RSS(t.proc)
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer close(up.hold)
	defer cancel()
	if err := hold(ctx, t, c, n); err != nil {
		return 0, err
	}
	time.Sleep(5 * time.Second)
	after, err := proc.RSS(t.proc)
	return after - before, err
}

// hold opens n streams, at most a few at a time, and returns when each has
// its first byte.
func hold(ctx context.Context, t *target, c *http.Client, n int) error {
	w := work{url: t.url + chatPath, key: t.key}
	text := body(benchModel, 1024, true, "hold")
	var failed atomic.Int64
	var wg sync.WaitGroup
	lane := make(chan struct{}, 16)
	for range n {
		lane <- struct{}{}
		wg.Go(func() {
			defer func() { <-lane }()
			resp, err := w.send(ctx, c, text)
			if err != nil {
				failed.Add(1)
				return
			}
			if _, err := resp.Body.Read(make([]byte, 64)); err != nil {
				failed.Add(1)
			}
			context.AfterFunc(ctx, func() { resp.Body.Close() })
		})
	}
	wg.Wait()
	if failed.Load() > 0 {
		return fmt.Errorf("%d of %d streams did not open", failed.Load(), n)
	}
	return nil
}
