package control

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"

	"github.com/signalbox-dev/signalbox/pkg/xds"
)

// envoy is one connected Envoy: what it has, and what it was sent and has not
// answered.
type envoy struct {
	has     map[xds.Kind]map[string]string // versions by name, of the kinds that it asks for
	sent    map[string]sent                // by nonce
	refused map[xds.Kind]refusal

	// serves: it had clusters when it came or has taken some since. Before that
	// it takes no callers.
	serves bool
}

type sent struct {
	kind     xds.Kind
	versions map[string]string
	removed  []string
}

// refusal is what Envoy would not take, and why.
type refusal struct {
	sent
	detail string
}

// ErrRefused says that an Envoy did not take what it was sent.
var ErrRefused = errors.New("envoy refuses its configuration")

// Clusters lists the clusters that every serving Envoy has. False: none is
// connected, or none serves yet.
func (c *Control) Clusters() (names []string, known bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	count, serving := map[string]int{}, 0
	for _, e := range c.envoys {
		if !e.serves {
			continue
		}
		serving++
		for name := range e.has[xds.KindCluster] {
			count[name]++
		}
	}
	maps.DeleteFunc(count, func(_ string, n int) bool { return n < serving })
	return slices.Sorted(maps.Keys(count)), serving > 0
}

// Err says what an Envoy has refused of what is handed out; nil: nothing.
func (c *Control) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, err := c.settled()
	return err
}

// Settled waits until every serving Envoy has taken all that is handed out, or
// one has refused a part of it, ErrRefused. Where none serves there is nothing
// to wait for.
func (c *Control) Settled(ctx context.Context) error {
	for {
		c.mu.Lock()
		done, err := c.settled()
		changed := c.changed
		c.mu.Unlock()
		if done || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}

func (c *Control) settled() (done bool, err error) {
	done = true
	for _, e := range c.envoys {
		for kind, r := range e.refused {
			if !c.current(r.sent) {
				continue
			}
			err = fmt.Errorf("%w: %v%s", ErrRefused, kind, r.detail)
		}
		done = done && (!e.serves || c.upToDate(e))
	}
	return done, err
}

// current reports whether a part of s is still handed out.
func (c *Control) current(s sent) bool {
	for name, version := range s.versions {
		if c.wanted[s.kind][name] == version {
			return true
		}
	}
	return false
}

// upToDate reports whether e has all that it asks for. Of the credentials it
// asks for those of its clusters.
func (c *Control) upToDate(e *envoy) bool {
	for kind, has := range e.has {
		for name, version := range c.wanted[kind] {
			old, ok := has[name]
			if old != version && (ok || kind != xds.KindSecret) {
				return false
			}
		}
	}
	return true
}

// news wakes whoever waits. c.mu is held.
func (c *Control) news() {
	close(c.changed)
	c.changed = make(chan struct{})
}

// asked takes a request of an Envoy: the first one of a kind says what it has,
// later ones answer what it was sent.
func (c *Control) asked(id int64, q *discoveryv3.DeltaDiscoveryRequest) {
	kind := kindOf(q.GetTypeUrl())
	if kind == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.envoys[id]
	if e.has[kind] == nil {
		e.has[kind] = map[string]string{}
		maps.Copy(e.has[kind], q.GetInitialResourceVersions())
		e.serves = e.serves || kind == xds.KindCluster && len(e.has[kind]) > 0
	}
	for _, name := range q.GetResourceNamesUnsubscribe() {
		delete(e.has[kind], name)
	}
	if s, ok := e.sent[q.GetResponseNonce()]; ok {
		delete(e.sent, q.GetResponseNonce())
		c.answered(e, s, q)
	}
	c.news()
}

func (c *Control) answered(e *envoy, s sent, q *discoveryv3.DeltaDiscoveryRequest) {
	if q.GetErrorDetail() != nil {
		detail := ""
		if s.kind != xds.KindSecret { // Envoy may quote what it refuses
			detail = ": " + brief(q.GetErrorDetail().GetMessage())
		}
		e.refused[s.kind] = refusal{s, detail}
		c.o.Log.Error("envoy refuses its configuration and keeps what it has", slog.String("kind", s.kind.String()), slog.String("cause", detail))
		return
	}
	delete(e.refused, s.kind)
	maps.Copy(e.has[s.kind], s.versions)
	for _, name := range s.removed {
		delete(e.has[s.kind], name)
	}
	e.serves = e.serves || s.kind == xds.KindCluster
}

// brief is the beginning of a text, on one line.
func brief(s string) string {
	const most = 500
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "..."
	}
	return s
}

// callbacks are what the server tells of its streams.
type callbacks struct{ c *Control }

func (k callbacks) OnDeltaStreamOpen(_ context.Context, id int64, _ string) error {
	k.c.mu.Lock()
	k.c.envoys[id] = &envoy{has: map[xds.Kind]map[string]string{}, sent: map[string]sent{}, refused: map[xds.Kind]refusal{}}
	n := len(k.c.envoys)
	k.c.mu.Unlock()
	k.c.o.Connected(n)
	return nil
}

func (k callbacks) OnDeltaStreamClosed(id int64, _ *corev3.Node) {
	k.c.mu.Lock()
	delete(k.c.envoys, id)
	n := len(k.c.envoys)
	k.c.news()
	k.c.mu.Unlock()
	k.c.o.Connected(n)
	k.c.o.Changed()
}

func (k callbacks) OnStreamDeltaRequest(id int64, q *discoveryv3.DeltaDiscoveryRequest) error {
	k.c.asked(id, q)
	if q.GetResponseNonce() != "" {
		k.c.o.Answered(kindOf(q.GetTypeUrl()), q.GetErrorDetail() == nil)
	}
	k.c.o.Changed()
	return nil
}

func (k callbacks) OnStreamDeltaResponse(id int64, q *discoveryv3.DeltaDiscoveryRequest, r *discoveryv3.DeltaDiscoveryResponse) {
	s := sent{kind: kindOf(q.GetTypeUrl()), versions: map[string]string{}, removed: r.GetRemovedResources()}
	if s.kind == 0 {
		return
	}
	for _, x := range r.GetResources() {
		s.versions[x.GetName()] = x.GetVersion()
	}
	k.c.mu.Lock()
	defer k.c.mu.Unlock()
	k.c.envoys[id].sent[r.GetNonce()] = s
}
