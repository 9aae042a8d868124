package xds

import (
	"fmt"
	"log/slog"

	"github.com/signalbox-dev/signalbox/pkg/secret"
)

// Kind is a kind of resource that Envoy asks for.
type Kind uint8

// The kinds.
const (
	KindCluster Kind = iota + 1
	KindListener
	KindSecret
)

// String is a word for k in logs and metrics.
func (k Kind) String() string { return [...]string{"", "clusters", "listener", "credentials"}[k] }

// Type is the full name of the message that holds such a resource.
func (k Kind) Type() string {
	return [...]string{"", clusterType, "envoy.config.listener.v3.Listener", secretType}[k]
}

// Resource is a thing that Envoy asks for, by kind and name. JSON is in the
// form of Envoy's API; that of a credential is a secret, so a Resource prints
// its kind and name alone.
type Resource struct {
	Kind Kind
	Name string
	JSON []byte
}

// String, GoString, Format and LogValue keep the JSON out of logs.
func (r Resource) String() string             { return r.Kind.String() + " " + r.Name }
func (r Resource) GoString() string           { return r.String() }
func (r Resource) Format(s fmt.State, _ rune) { fmt.Fprint(s, r.String()) }
func (r Resource) LogValue() slog.Value       { return slog.StringValue(r.String()) }

// Resources renders the listeners and the clusters of the backends: all that an
// Envoy with Input.Control asks for but the credentials.
func Resources(in Input) ([]Resource, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	l, err := listener(in)
	if err != nil {
		return nil, err
	}
	var all []Resource
	for _, c := range backends(in) {
		r, err := resource(KindCluster, c)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	for _, l := range []object{shadowListener(in), l} {
		r, err := resource(KindListener, l)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}

// SecretResource is the credential of a backend: prefix and value are the text
// of the header.
func SecretResource(backend string, value secret.Value, prefix string) (Resource, error) {
	return resource(KindSecret, header(backend, value, prefix))
}

func resource(kind Kind, tree object) (Resource, error) {
	b, err := render(tree)
	if err != nil {
		return Resource{}, err
	}
	return Resource{kind, tree["name"].(string), b}, nil
}

// asked is the source of what Envoy asks the processor's socket for.
func asked() object { return object{"ads": object{}, "resource_api_version": "V3"} }

// controlSource is where Envoy asks. It comes back soon after Signalbox was
// away: until then it serves what it knows.
func controlSource() object {
	return object{
		"api_type":                       "DELTA_GRPC",
		"transport_api_version":          "V3",
		"set_node_on_first_message_only": true,
		"grpc_services": list{object{"envoy_grpc": object{
			"cluster_name": processorCluster,
			"retry_policy": object{"retry_back_off": object{"base_interval": "0.05s", "max_interval": "0.25s"}},
		}}},
	}
}
