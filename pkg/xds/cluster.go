package xds

import (
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/signalbox-dev/signalbox/pkg/policy"
)

// Clusters renders the file of backend clusters: for each backend a plain one,
// for the first attempt of a request, and one with the attempt filter, for all
// others; and one more like that for copies, where some may go there.
func Clusters(in Input) ([]byte, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	// A version lets an unchanged file go by unnoticed.
	return render(object{"version_info": in.Snapshot.Version, "resources": each(backends(in), func(c object) any {
		return typed(clusterType, c)
	})})
}

const clusterType = "envoy.config.cluster.v3.Cluster"

// backends are the clusters of all backends.
func backends(in Input) (clusters []object) {
	shadowed := in.Snapshot.Shadowed()
	for _, name := range slices.Sorted(maps.Keys(in.Snapshot.Backends)) {
		b := in.Snapshot.Backends[name]
		clusters = append(clusters,
			backend(in, b, b.Cluster(), plainFilters(in, b)),
			backend(in, b, b.AttemptCluster(), attemptFilters(in, b)))
		if shadowed[name] {
			clusters = append(clusters, backend(in, b, b.ShadowCluster(), attemptFilters(in, b)))
		}
	}
	return clusters
}

// backend is one cluster of b.
func backend(in Input, b *policy.Backend, name string, filters list) object {
	c := object{
		"name":            name,
		"connect_timeout": seconds(b.ConnectTimeout),
		"lb_policy":       "LEAST_REQUEST",
		"cluster_type": extension("envoy.cluster.strict_dns", "envoy.extensions.clusters.dns.v3.DnsCluster", object{
			"dns_lookup_family":        "V4_PREFERRED",
			"respect_dns_ttl":          true,
			"dns_min_refresh_rate":     "5s",
			"dns_refresh_rate":         "30s",
			"dns_failure_refresh_rate": object{"base_interval": "1s", "max_interval": "10s"},
		}),
		"load_assignment":   assignment(b, name),
		"circuit_breakers":  breakers(),
		"outlier_detection": ejection(),
		"metadata": object{"filter_metadata": object{namespace: object{
			"backend": b.Name, "provider": b.Provider,
		}}},
		"typed_extension_protocol_options": protocol(upstream(b, filters)),
	}
	if b.Scheme == "https" {
		c["transport_socket"] = providerTLS(in)
	}
	return c
}

// refusing is how many endpoints below the real ones refuse at once: enough
// that the ejection of all real ones leaves the majority of all.
const refusing = 8

// assignment holds the backend's host, and below it, at priority 1, endpoints
// that refuse connections: nothing can listen on port 0. Envoy retries a
// refused connection elsewhere; a request that finds no host at all it answers
// itself.
func assignment(b *policy.Backend, name string) object {
	var dead list
	for i := range refusing {
		dead = append(dead, object{"endpoint": object{"hostname": b.Host, "address": socket("127.0.0."+strconv.Itoa(i+1), 0)}})
	}
	return object{
		"cluster_name": name,
		// One healthy host is enough for priority 0 to take all requests.
		"policy": object{"overprovisioning_factor": 100000},
		"endpoints": list{
			object{"priority": 0, "lb_endpoints": list{
				object{"endpoint": object{"hostname": b.Host, "address": socket(b.Host, b.Port)}},
			}},
			object{"priority": 1, "lb_endpoints": dead},
		},
	}
}

// ejection takes a host out for a while that five times in a row could not be
// connected, reset or kept us waiting, or that answered nothing but gateway
// errors. Half of the endpoints at most, so that refusing ones always remain.
func ejection() object {
	return object{
		"interval":                                   "1s",
		"base_ejection_time":                         "5s",
		"max_ejection_time":                          "30s",
		"max_ejection_percent":                       50,
		"split_external_local_origin_errors":         true,
		"consecutive_local_origin_failure":           5,
		"enforcing_consecutive_local_origin_failure": 100,
		// One overloaded model answers 503, too: that is not the host's end.
		"consecutive_gateway_failure":               30,
		"enforcing_consecutive_gateway_failure":     100,
		"enforcing_consecutive_5xx":                 0,
		"enforcing_success_rate":                    0,
		"enforcing_local_origin_success_rate":       0,
		"enforcing_failure_percentage":              0,
		"enforcing_failure_percentage_local_origin": 0,
	}
}

// breakers are open as wide as they go: Envoy does not retry a request that a
// breaker stopped, and its defaults are small for calls that last minutes.
func breakers() object {
	return object{"thresholds": list{object{
		"max_connections": math.MaxInt32, "max_pending_requests": math.MaxInt32,
		"max_requests": math.MaxInt32, "max_retries": math.MaxInt32,
	}}}
}

// upstream is how the cluster speaks HTTP. A connection is given up before a
// server would close it: a request that meets that moment would be reset, and
// go to another provider for nothing. Small local servers close after 5 s,
// load balancers after a minute or more.
func upstream(b *policy.Backend, filters list) object {
	o := object{"http_filters": append(filters,
		extension("envoy.filters.http.upstream_codec", "envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec", nil))}
	if b.Scheme != "https" {
		o["explicit_http_config"] = object{"http_protocol_options": object{}}
		o["common_http_protocol_options"] = object{"idle_timeout": "4s"}
		return o
	}
	o["auto_config"] = object{"http2_protocol_options": object{
		"connection_keepalive": object{"interval": "30s", "timeout": "10s"},
	}}
	o["common_http_protocol_options"] = object{"idle_timeout": "50s"}
	return o
}

// plainFilters serve the first attempt, whose request the request filter wrote.
func plainFilters(in Input, b *policy.Backend) list {
	l := list{strip("signalbox.strip", credentialHeaders(in.Snapshot), true, false)}
	return append(l, credential(in, b)...)
}

// attemptFilters serve every other attempt. The first strip keeps the previous
// attempt's credential out of the attempt filter's sight, the second one keeps
// out of the provider's what that filter let pass.
func attemptFilters(in Input, b *policy.Backend) list {
	keys := credentialHeaders(in.Snapshot)
	l := list{
		strip("signalbox.strip.before", keys, false, false),
		attemptFilter(in),
		strip("signalbox.strip", keys, true, true),
	}
	return append(l, credential(in, b)...)
}

// credential injects the backend's key, which Envoy asks for or reads from a
// file of its own: no filter's message holds it. Without one, nothing is sent.
func credential(in Input, b *policy.Backend) list {
	if b.Credential.IsZero() {
		return nil
	}
	source := asked()
	if !in.Control {
		source = file(filepath.Join(in.secrets(), b.Name+".json"), in.secrets())
	}
	return list{extension("signalbox.credential", "envoy.extensions.filters.http.credential_injector.v3.CredentialInjector", object{
		"overwrite": true,
		"credential": extension("generic", "envoy.extensions.http.injected_credentials.generic.v3.Generic", object{
			"header": strings.ToLower(b.CredentialHeader),
			"credential": object{
				"name":       b.Name,
				"sds_config": source,
			},
		}),
	})}
}

// providerTLS verifies the provider by the endpoint's name, not by what the
// caller asked for.
func providerTLS(in Input) object {
	ca := in.CAFile
	if ca == "" {
		ca = SystemCA()
	}
	return extension("envoy.transport_sockets.tls", "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext", object{
		"auto_host_sni":           true,
		"auto_sni_san_validation": true,
		"common_tls_context": object{
			"tls_params":         object{"tls_minimum_protocol_version": "TLSv1_2"},
			"validation_context": object{"trusted_ca": object{"filename": ca}},
		},
	})
}

// SystemCA is the file of the system's trusted roots: SSL_CERT_FILE or the
// first that exists of the places where distributions keep it.
func SystemCA() string {
	places := []string{
		os.Getenv("SSL_CERT_FILE"),
		"/etc/ssl/certs/ca-certificates.crt", // Debian, Alpine
		"/etc/pki/tls/certs/ca-bundle.crt",   // Fedora, RHEL
		"/etc/ssl/ca-bundle.pem",             // SUSE
		"/etc/ssl/cert.pem",                  // BSD, macOS
	}
	for _, p := range places {
		if _, err := os.Stat(p); p != "" && err == nil {
			return p
		}
	}
	return places[1]
}
