package xds

import (
	"errors"
	"fmt"
	"math"
	"net"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/signalbox-dev/signalbox/pkg/policy"
)

// Input is what Envoy's configuration is rendered from.
type Input struct {
	Snapshot *policy.Snapshot
	Dir      string // Envoy's files: bootstrap, clusters, secrets, log, admin socket

	// Processor is where Envoy reaches Signalbox: unix:/path or host:port.
	Processor string

	// StateDir is the state directory; Dir is StateDir/envoy when empty.
	StateDir string

	// UsagePaths are the counts of a unary answer's usage object that are
	// lifted out of it, by dotted path: the union of what the dialects read. One
	// that is there twice counts once.
	UsagePaths []string

	// Control has Envoy ask the processor's socket for listener, clusters and
	// credentials; else it reads them from its files.
	Control bool

	Node   string // of this Envoy, on every record; "signalbox" when empty
	CAFile string // trusted roots for providers; SystemCA() when empty
}

func (in Input) dir() string {
	if in.Dir == "" {
		return filepath.Join(in.StateDir, "envoy")
	}
	return in.Dir
}

// AccessLog is the file that Envoy writes and the witness reads.
func (in Input) accessLog() string { return filepath.Join(in.dir(), "access.log") }
func (in Input) clusters() string  { return filepath.Join(in.dir(), "cds.json") }
func (in Input) secrets() string   { return filepath.Join(in.dir(), "sds") }
func (in Input) admin() string     { return filepath.Join(in.dir(), "admin.sock") }

func (in Input) node() string {
	if in.Node == "" {
		return "signalbox"
	}
	return in.Node
}

// check refuses what Envoy would refuse with a worse message.
func (in Input) check() error {
	if in.Snapshot == nil {
		return errors.New("envoy configuration: no snapshot")
	}
	if len(in.UsagePaths) == 0 {
		return errors.New("envoy configuration: no usage paths")
	}
	sockets := []string{in.admin()}
	if p, ok := strings.CutPrefix(in.Processor, "unix:"); ok {
		sockets = append(sockets, p)
	}
	for _, s := range sockets {
		if len(s) > maxSocketPath {
			return fmt.Errorf("socket path of %d bytes: the system allows %d; choose a shorter state directory than %s", len(s), maxSocketPath, in.StateDir)
		}
	}
	return nil
}

// maxSocketPath is the room in sockaddr_un on Linux, without the final zero.
const maxSocketPath = 107

// Bootstrap renders Envoy's bootstrap: all but the backends, and but what Envoy
// asks for.
func Bootstrap(in Input) ([]byte, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	listener, err := listener(in)
	if err != nil {
		return nil, err
	}
	processor, err := processorClusters(in)
	if err != nil {
		return nil, err
	}
	static := object{"clusters": append(list{deadEndCluster(), shadowUpstream()}, processor...)}
	dynamic := object{"cds_config": file(in.clusters(), in.dir())}
	if in.Control {
		dynamic = object{"ads_config": controlSource(), "cds_config": asked(), "lds_config": asked()}
	} else {
		static["listeners"] = list{listener, shadowListener(in)}
	}
	return render(object{
		"node":                      object{"id": in.node(), "cluster": "signalbox"},
		"admin":                     object{"address": object{"pipe": object{"path": in.admin(), "mode": ownerOnly}}},
		"dynamic_resources":         dynamic,
		"static_resources":          static,
		"typed_dns_resolver_config": resolver(),
		"overload_manager":          overload(),
		"bootstrap_extensions":      list{internalListeners()},
	})
}

// ownerOnly is the mode of a socket: 0600.
const ownerOnly = 0o600

// file is a source that follows a file in dir, which is replaced by renaming.
func file(path, dir string) object {
	return object{
		"path_config_source":   object{"path": path, "watched_directory": object{"path": dir}},
		"resource_api_version": "V3",
	}
}

// resolver gives up on a silent name server soon and asks again: until a name
// has resolved, its backend is out.
func resolver() object {
	return extension("envoy.network.dns_resolver.cares", "envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig", object{
		"query_timeout_seconds": 2,
		"query_tries":           2,
	})
}

// maxConnections bounds the callers' connections; Envoy warns without a bound.
const maxConnections = 50000

func overload() object {
	return object{"resource_monitors": list{
		extension("envoy.resource_monitors.global_downstream_max_connections",
			"envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
			object{"max_active_downstream_connections": maxConnections}),
	}}
}

// deadEndCluster has no endpoints: what is sent there is refused.
func deadEndCluster() object {
	return object{"name": deadEnd, "type": "STATIC", "connect_timeout": "1s"}
}

// processorClusters are the ones that Envoy itself talks to.
func processorClusters(in Input) (list, error) {
	address, kind, err := reach(in.Processor)
	if err != nil {
		return nil, fmt.Errorf("address of the processor: %w", err)
	}
	clusters := list{unthrottled(grpcCluster(processorCluster, kind, address))}
	if in.Snapshot.Telemetry.OTLP.Endpoint == "" {
		return clusters, nil
	}
	c, err := collector(in)
	if err != nil {
		return nil, fmt.Errorf("address of the collector: %w", err)
	}
	return append(clusters, c), nil
}

// unthrottled lets the cluster c take whatever Envoy has for it: Envoy 1.40
// crashes when a filter of a cluster, as the attempt filter is, is told to wait
// for it. What is sent there is bounded by the bodies of requests and answers.
func unthrottled(c object) object {
	c["per_connection_buffer_limit_bytes"] = 0
	c["typed_extension_protocol_options"] = http2(math.MaxInt32)
	return c
}

// grpcCluster is a cluster with one HTTP/2 endpoint.
func grpcCluster(name, kind string, address object) object {
	return object{
		"name":                              name,
		"type":                              kind,
		"connect_timeout":                   "1s",
		"per_connection_buffer_limit_bytes": 32 << 20,
		"circuit_breakers":                  breakers(),
		"load_assignment":                   endpoints(name, object{"endpoint": object{"address": address}}),
		"typed_extension_protocol_options":  http2(1 << 20),
	}
}

// http2 is HTTP/2 with a window for each stream, which also bounds what waits
// to be sent in one.
func http2(window int) object {
	return protocol(object{"explicit_http_config": object{"http2_protocol_options": object{
		"initial_stream_window_size":     window,
		"initial_connection_window_size": 16 << 20,
	}}})
}

func endpoints(name string, e ...any) object {
	return object{"cluster_name": name, "endpoints": list{object{"lb_endpoints": list(e)}}}
}

func protocol(fields object) object {
	const message = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
	return object{message: typed(message, fields)}
}

// reach turns "unix:/path" or "host:port" into an address and the type of a
// cluster that can hold it.
func reach(s string) (address object, kind string, err error) {
	if path, ok := strings.CutPrefix(s, "unix:"); ok {
		return object{"pipe": object{"path": path}}, "STATIC", nil
	}
	host, port, err := hostPort(s)
	if err != nil {
		return nil, "", err
	}
	if net.ParseIP(host) != nil {
		return socket(host, port), "STATIC", nil
	}
	return socket(host, port), "STRICT_DNS", nil
}

func hostPort(s string) (host string, port uint32, err error) {
	host, p, err := net.SplitHostPort(s)
	if err != nil {
		return "", 0, err
	}
	n, err := strconv.ParseUint(p, 10, 16)
	if err != nil {
		return "", 0, fmt.Errorf("port of %q: %w", s, err)
	}
	return host, uint32(n), nil
}

func socket(host string, port uint32) object {
	return object{"socket_address": object{"address": host, "port_value": port}}
}
