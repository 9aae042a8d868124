package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/builtin"
	"github.com/signalbox-dev/signalbox/pkg/fault"
)

// patience bounds one request.
const patience = time.Minute

// caller is the application that asks.
type caller struct {
	api, key string
	workers  int
	http     *http.Client
}

func newCaller(api, key string, workers int) *caller {
	return &caller{api, key, max(workers, 1), &http.Client{
		Timeout:   patience,
		Transport: &http.Transport{MaxIdleConnsPerHost: workers, DisableCompression: true},
	}}
}

// all sends every exchange.
func (c *caller) all(ctx context.Context, exchanges []*exchange) error {
	work := make(chan int)
	var wg sync.WaitGroup
	for range c.workers {
		wg.Go(func() {
			for n := range work {
				c.send(ctx, n, exchanges[n])
			}
		})
	}
	for n := range exchanges {
		if ctx.Err() == nil {
			work <- n
		}
	}
	close(work)
	wg.Wait()
	c.http.CloseIdleConnections()
	return context.Cause(ctx)
}

// send does one exchange and judges what the caller and the upstream got.
func (c *caller) send(ctx context.Context, n int, x *exchange) {
	r, err := c.request(ctx, n, x)
	if err != nil {
		x.fault("request: %v", err)
		return
	}
	resp, err := c.http.Do(r)
	if err != nil {
		x.fault("no answer: %v", err)
		return
	}
	defer resp.Body.Close()
	x.id = resp.Header.Get("x-signalbox-request-id")
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		x.fault("answer broken off after %d bytes: %v", len(body), err)
	}
	x.received()
	x.delivered(resp, body)
}

func (c *caller) request(ctx context.Context, n int, x *exchange) (*http.Request, error) {
	asked, err := x.asks.as(x.alias)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, asked.target(c.api, asked.api.path), bytes.NewReader(asked.body))
	if err != nil {
		return nil, err
	}
	if x.Request != nil && x.mode != across {
		for name, value := range x.Request.Header {
			if !slices.Contains(framing(), strings.ToLower(name)) && !strings.EqualFold(name, "host") {
				r.Header.Set(name, value)
			}
		}
	}
	r.Header.Set("content-type", "application/json")
	name := credentialHeader(asked.api.dialect)
	r.Header.Set(name, credential(name, c.key))
	r.Header.Set(rowHeader, strconv.Itoa(n))
	return r, nil
}

// credentialHeader is where the callers and providers of a dialect have keys.
func credentialHeader(dialect string) string {
	switch dialect {
	case "anthropic":
		return "x-api-key"
	case "gemini":
		return "x-goog-api-key"
	}
	return "authorization"
}

// credential is a key as a header carries it.
func credential(header, key string) string {
	if header == "authorization" {
		return "Bearer " + key
	}
	return key
}

// sameTarget compares two paths with their queries, escapes undone.
func sameTarget(a, b string) bool {
	x, err := url.Parse(a)
	y, err2 := url.Parse(b)
	return err == nil && err2 == nil && x.Path == y.Path && x.RawQuery == y.RawQuery
}

// fault notes a difference of this exchange.
func (x *exchange) fault(format string, args ...any) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.failed = append(x.failed, fmt.Sprintf(format, args...))
}

// received judges the request as it arrived at the upstream.
func (x *exchange) received() {
	x.mu.Lock()
	hits, got, target, auth := x.hits, x.got, x.target, x.auth
	x.mu.Unlock()
	if hits != 1 {
		x.fault("%d requests arrive at the provider, want 1", hits)
		return
	}
	if auth != credential(credentialHeader(x.api.dialect), x.key) {
		x.fault("the credential at the provider is not that of its backend")
	}
	want := x.ask.target(x.base("/"+x.backend), x.below())
	if x.mode == across {
		want = x.crossed()
	}
	if !sameTarget(target, want) {
		x.fault("the request arrives on another path or with another query")
	}
	if x.mode == across {
		return // what becomes of requests is tested with the dialects
	}
	if diff := x.ask.differs(got); diff != "" {
		x.fault("%s", diff)
	}
}

// delivered judges the answer as the caller got it.
func (x *exchange) delivered(resp *http.Response, body []byte) {
	status := x.Response.Status
	if x.mode == across {
		x.translated(resp, body)
		return
	}
	switch {
	case x.rejected():
		x.replaced(resp, body)
		return
	case x.refused():
		x.told(resp, body)
	default:
		if diff := differ("answer", body, x.shown()); diff != "" {
			x.fault("%s", diff)
		}
		x.same(resp, "content-type")
	}
	if resp.StatusCode != status {
		x.fault("status %d, want %d", resp.StatusCode, status)
	}
	for name := range x.headers() {
		if name == "retry-after" || strings.HasPrefix(name, "x-ratelimit-") {
			x.same(resp, name)
		}
	}
}

func (x *exchange) same(resp *http.Response, name string) {
	if got, want := resp.Header.Get(name), x.headers()[name]; got != strings.TrimSpace(want) {
		x.fault("header %s is not what the provider sent", name)
	}
}

// shown is what the caller may see of a good answer: its bytes, without the
// usage event where the gateway asked for it on its own account.
func (x *exchange) shown() []byte {
	if x.ask.inject && strings.HasPrefix(strings.ToLower(x.contentType()), "text/event-stream") {
		return withoutUsageEvents(x.Response.Body)
	}
	return x.Response.Body
}

// replaced judges the answer to a provider's refusal of our credential: it is
// about the gateway, not about the caller's key.
func (x *exchange) replaced(resp *http.Response, body []byte) {
	status := fault.ProviderCredential.Status()
	if x.complains() {
		status = x.Response.Status
	}
	if resp.StatusCode != status {
		x.fault("status %d for a rejected credential, want %d", resp.StatusCode, status)
	}
	x.agrees(resp, body)
	dialect := x.asks.api.dialect
	if err := shape(dialect, body); err != nil {
		x.fault("error body: %v", err)
	}
	want := builtin.Table()[dialect].Errors.Fault(fault.New(fault.ProviderCredential, "").At(status), x.id)
	if code(dialect, body) != code(dialect, want) {
		x.fault("a rejected credential has not its own code")
	}
}

// agrees compares the status with that in an error of Google's shape.
func (x *exchange) agrees(resp *http.Response, body []byte) {
	var e struct {
		Error struct {
			Code any `json:"code"`
		} `json:"error"`
	}
	if x.asks.api.dialect == "gemini" && json.Unmarshal(body, &e) == nil && e.Error.Code != float64(resp.StatusCode) {
		x.fault("the error says %v under the status %d", e.Error.Code, resp.StatusCode)
	}
}

// told judges any other error: the dialect's shape, in the provider's own bytes
// where they have it.
func (x *exchange) told(resp *http.Response, body []byte) {
	if err := shape(x.api.dialect, body); err != nil {
		x.fault("error body: %v", err)
	}
	if got := resp.Header.Get("content-type"); !strings.HasPrefix(got, "application/json") {
		x.fault("the error's content type is %q", got)
	}
	x.agrees(resp, body)
	if diff := differ("error body", body, x.refusal(x.id)); diff != "" {
		x.fault("%s", diff)
	}
}
