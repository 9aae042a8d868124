package envoy

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Admin speaks to Envoy's admin endpoint. It is safe for concurrent use.
type Admin struct {
	base   string
	client *http.Client

	mu   sync.Mutex
	seen map[string]time.Time // clusters, and since when
}

// maxAdmin bounds an answer that is read, in bytes.
const maxAdmin = 64 << 20

// NewAdmin returns a client for "unix:/path" or "host:port".
func NewAdmin(address string) *Admin {
	network, target := "tcp", address
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		network, target = "unix", path
	}
	return &Admin{base: "http://envoy", client: &http.Client{
		Timeout: 10 * time.Second,
		Transport: &http.Transport{
			DisableKeepAlives: true, // Envoy may be another one the next time
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, network, target)
			},
		},
	}}
}

// Ready returns nil when Envoy serves.
func (a *Admin) Ready(ctx context.Context) error {
	_, err := a.do(ctx, http.MethodGet, "/ready")
	return err
}

// epoch returns the hot restart epoch of the Envoy that answers, when it
// serves.
func (a *Admin) epoch(ctx context.Context) (int, error) {
	b, err := a.do(ctx, http.MethodGet, "/server_info")
	if err != nil {
		return 0, err
	}
	var info struct {
		State   string
		Options struct {
			Epoch int `json:"restart_epoch"`
		} `json:"command_line_options"`
	}
	if err := json.Unmarshal(b, &info); err != nil {
		return 0, fmt.Errorf("envoy's state: %w", err)
	}
	if info.State != "LIVE" {
		return 0, fmt.Errorf("envoy is %s", info.State)
	}
	return info.Options.Epoch, nil
}

// ReopenLogs has Envoy open its log files anew.
func (a *Admin) ReopenLogs(ctx context.Context) error {
	_, err := a.do(ctx, http.MethodPost, "/reopen_logs")
	return err
}

// Drain has Envoy take no new connections and ask callers to leave the ones
// they have; running requests go on.
func (a *Admin) Drain(ctx context.Context) error {
	if _, err := a.do(ctx, http.MethodPost, "/healthcheck/fail"); err != nil {
		return err
	}
	_, err := a.do(ctx, http.MethodPost, "/drain_listeners")
	return err
}

// Active is the number of requests that run.
func (a *Admin) Active(ctx context.Context) (int, error) {
	b, err := a.do(ctx, http.MethodGet, "/stats?filter=^http\\.signalbox\\.downstream_rq_active$")
	if err != nil {
		return 0, err
	}
	_, n, ok := strings.Cut(strings.TrimSpace(string(b)), ": ")
	if !ok {
		return 0, nil // no request came yet
	}
	return strconv.Atoi(n)
}

// nameless is how long a cluster may have no address before it counts all the
// same.
const nameless = 5 * time.Second

// Clusters lists the clusters that Envoy serves. A new one is listed when its
// name has resolved, or when it did not for a while: until then a request would
// be refused that a moment later is not.
func (a *Admin) Clusters(ctx context.Context) ([]string, error) {
	b, err := a.do(ctx, http.MethodGet, "/clusters")
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	seen := make(map[string]time.Time)
	var names []string
	for name, resolved := range addressed(b) {
		since, known := a.seen[name]
		if !known {
			since = time.Now()
		}
		seen[name] = since
		if resolved || time.Since(since) > nameless {
			names = append(names, name)
		}
	}
	a.seen = seen
	slices.Sort(names)
	return names, nil
}

// addressed reads Envoy's list of clusters and their endpoints: lines of the
// form "cluster::endpoint::key::value". The value says whether the cluster has
// an endpoint of the first priority.
func addressed(list []byte) map[string]bool {
	m := make(map[string]bool)
	for line := range bytes.Lines(list) {
		name, rest, ok := bytes.Cut(bytes.TrimSpace(line), []byte("::"))
		if ok && (bytes.HasSuffix(rest, []byte("::priority::0")) || !m[string(name)]) {
			m[string(name)] = bytes.HasSuffix(rest, []byte("::priority::0"))
		}
	}
	return m
}

// anew forgets what was seen of an Envoy that was replaced.
func (a *Admin) anew() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.seen = nil
}

func (a *Admin) do(ctx context.Context, method, path string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, a.base+path, nil)
	if err != nil {
		return nil, fmt.Errorf("envoy's admin endpoint: %w", err)
	}
	resp, err := a.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("envoy's admin endpoint: %w", err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxAdmin))
	if err != nil {
		return nil, fmt.Errorf("envoy's admin endpoint: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("envoy's admin endpoint: %s answers %d: %.100s", path, resp.StatusCode, strings.TrimSpace(string(b)))
	}
	return b, nil
}
