package control

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/envoyproxy/go-control-plane/pkg/cache/types"
	cachev3 "github.com/envoyproxy/go-control-plane/pkg/cache/v3"
	resourcev3 "github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	deltav3 "github.com/envoyproxy/go-control-plane/pkg/server/delta/v3"
	"google.golang.org/grpc"

	"github.com/signalbox-dev/signalbox/pkg/xds"
)

// Options say who is told. All may be nil, and none may call back.
type Options struct {
	Log *slog.Logger

	// Changed is called when Clusters may say something else.
	Changed func()

	// Answered is called with each answer of an Envoy to what it was sent.
	Answered func(kind xds.Kind, taken bool)

	// Connected is called with the number of Envoys that are connected.
	Connected func(n int)
}

// Control hands out resources to every Envoy that connects, all of them the
// same ones. It is safe for concurrent use.
type Control struct {
	o      Options
	cache  cachev3.SnapshotCache
	server deltav3.Server

	setting sync.Mutex // serializes what is handed out
	version string
	rest    map[xds.Kind][]types.Resource // without credentials
	secrets map[string]types.Resource
	seen    map[string]decoded // what was decoded last, by kind and name
	dirty   bool               // something changed since the last Set

	mu      sync.Mutex
	wanted  map[xds.Kind]map[string]string // versions by name
	envoys  map[int64]*envoy
	changed chan struct{} // closed with the next change
}

// decoded is a resource with the text that it was read from.
type decoded struct {
	json string
	m    types.Resource
}

// New returns a Control that hands out nothing yet.
func New(o Options) *Control {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Changed == nil {
		o.Changed = func() {}
	}
	if o.Answered == nil {
		o.Answered = func(xds.Kind, bool) {}
	}
	if o.Connected == nil {
		o.Connected = func(int) {}
	}
	c := &Control{
		o: o, cache: cachev3.NewSnapshotCache(true, everyone{}, nil),
		secrets: map[string]types.Resource{}, envoys: map[int64]*envoy{}, changed: make(chan struct{}),
	}
	c.server = deltav3.NewServer(context.Background(), c.cache, callbacks{c})
	return c
}

// everyone is one name for all Envoys.
type everyone struct{}

func (everyone) ID(*corev3.Node) string { return "" }

// Register adds the service to a server. The streams end with the server.
func (c *Control) Register(s grpc.ServiceRegistrar) {
	discoveryv3.RegisterAggregatedDiscoveryServiceServer(s, service{c: c})
}

// service speaks the incremental protocol alone.
type service struct {
	discoveryv3.UnimplementedAggregatedDiscoveryServiceServer
	c *Control
}

func (s service) DeltaAggregatedResources(st discoveryv3.AggregatedDiscoveryService_DeltaAggregatedResourcesServer) error {
	return s.c.server.DeltaStreamHandler(st, resourcev3.AnyType)
}

// Set replaces all that is handed out but the credentials. Version names the
// whole for whoever looks into Envoy. The result says whether anything changed
// since the last Set, credentials included.
func (c *Control) Set(version string, all []xds.Resource) (changed bool, err error) {
	c.setting.Lock()
	defer c.setting.Unlock()
	rest, seen := map[xds.Kind][]types.Resource{}, map[string]decoded{}
	for _, r := range all {
		d, ok := c.seen[r.String()]
		if !ok || d.json != string(r.JSON) {
			m, err := decode(r)
			if err != nil {
				return false, err
			}
			d = decoded{string(r.JSON), m}
		}
		seen[r.String()] = d
		rest[r.Kind] = append(rest[r.Kind], d.m)
	}
	c.version, c.rest, c.seen = version, rest, seen
	err = c.publish()
	changed, c.dirty = c.dirty, false
	return changed, err
}

// SetSecret adds or replaces a credential.
func (c *Control) SetSecret(r xds.Resource) error {
	m, err := decode(r)
	if err != nil {
		return err
	}
	c.setting.Lock()
	defer c.setting.Unlock()
	c.secrets[r.Name] = m
	return c.publish()
}

// publish sends what changed to the Envoys that ask for it.
func (c *Control) publish() error {
	all := map[resourcev3.Type][]types.Resource{typeURL(xds.KindSecret): slices.Collect(maps.Values(c.secrets))}
	for kind, list := range c.rest {
		all[typeURL(kind)] = list
	}
	s, err := cachev3.NewSnapshot(c.version, all)
	if err != nil {
		return err
	}
	if err := s.ConstructVersionMap(); err != nil {
		return err
	}
	wanted := map[xds.Kind]map[string]string{}
	for k := xds.KindCluster; k <= xds.KindSecret; k++ {
		wanted[k] = s.GetVersionMap(typeURL(k))
	}
	c.mu.Lock()
	c.dirty = c.dirty || !maps.EqualFunc(c.wanted, wanted, maps.Equal)
	c.wanted = wanted
	c.mu.Unlock()
	return c.cache.SetSnapshot(context.Background(), "", s)
}
