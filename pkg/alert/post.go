package alert

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"time"
)

const (
	postTimeout = 10 * time.Second
	maxAnswer   = 16 << 10 // bytes of an answer that are read, so that its connection can be used again
	maxWait     = 10 * time.Minute
)

// verdict is what became of a message.
type verdict uint8

const (
	taken   verdict = iota + 1
	refused         // the message itself was not wanted: sending it again is no use
	retry
)

// result is a verdict with its reason, in words of ours.
type result struct {
	verdict verdict
	reason  string
	wait    time.Duration // what the sink asked for; 0: nothing
}

func newClient() *http.Client {
	t := &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		TLSHandshakeTimeout: postTimeout,
		MaxIdleConns:        4,
		IdleConnTimeout:     time.Minute,
		ForceAttemptHTTP2:   true,
	}
	return &http.Client{
		Transport: t, Timeout: postTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// post sends one message. Nothing that it returns holds the URL.
func post(ctx context.Context, c *http.Client, s Sink, body []byte) result {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url.Reveal(), bytes.NewReader(body))
	if err != nil {
		return result{verdict: retry, reason: "its URL is not good"}
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "signalbox")
	if !s.token.Empty() {
		r.Header.Set("Authorization", "Bearer "+s.token.Reveal())
	}
	a, err := c.Do(r)
	if err != nil {
		return result{verdict: retry, reason: reason(err)}
	}
	defer a.Body.Close()
	_, _ = io.CopyN(io.Discard, a.Body, maxAnswer) // what it says does not count
	return judge(a, time.Now())
}

func judge(a *http.Response, now time.Time) result {
	text := fmt.Sprintf("it answered %d", a.StatusCode)
	switch code := a.StatusCode; {
	case code >= 200 && code < 300:
		return result{verdict: taken}
	case code >= 300 && code < 400:
		return result{verdict: retry, reason: text + "; redirects are not followed"}
	case code == http.StatusBadRequest || code == http.StatusMethodNotAllowed || code == http.StatusRequestEntityTooLarge ||
		code == http.StatusUnsupportedMediaType || code == http.StatusUnprocessableEntity:
		return result{verdict: refused, reason: text}
	}
	return result{verdict: retry, reason: text, wait: retryAfter(a.Header.Get("Retry-After"), now)}
}

// retryAfter reads seconds or a date, within a bound.
func retryAfter(text string, now time.Time) time.Duration {
	var wait time.Duration
	if n, err := strconv.ParseUint(text, 10, 32); err == nil {
		wait = time.Duration(n) * time.Second
	} else if at, err := http.ParseTime(text); err == nil {
		wait = at.Sub(now)
	}
	return min(max(wait, 0), maxWait)
}

// reason says why there was no answer, without addresses: some have secrets in
// their names.
func reason(err error) string {
	if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() {
		return "it did not answer in time"
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return "its host name was not found"
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "its certificate is not good"
	}
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "it refused the connection"
	case errors.Is(err, context.Canceled):
		return "it was not asked any more"
	}
	return "the connection failed"
}
