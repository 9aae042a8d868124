package xds

import (
	"encoding/json"
	"strings"
	"testing"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/secret"

	_ "github.com/envoyproxy/go-control-plane/envoy/config/trace/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/access_loggers/file/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/access_loggers/filters/cel/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/access_loggers/grpc/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/bootstrap/internal_listener/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/clusters/dns/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/content_parsers/json/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/body_size_limit/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/credential_injector/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/header_mutation/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/json_to_metadata/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/lua/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/sse_to_metadata/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/upstream_codec/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/http/early_header_mutation/header_mutation/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/http/injected_credentials/generic/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/network/dns_resolver/cares/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/resource_monitors/downstream_connections/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/router/cluster_specifiers/priority_group/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
)

// everything is the example with all that may be turned on.
func everything() Input {
	in := example()
	in.Snapshot.Telemetry.OTLP.Endpoint = "collector.example:4317"
	in.Snapshot.Telemetry.Sample = 0.01
	in.Snapshot.Envoy.Concurrency = 2
	in.Snapshot.Routes = []*policy.Route{{Name: "copied", Shadow: &policy.Shadow{Use: &policy.Model{Candidates: []policy.Candidate{{Backend: in.Snapshot.Backends["openai"]}}}}}}
	return in
}

func TestRenderedFitsTheSchema(t *testing.T) {
	in := everything()
	overHTTP := everything()
	overHTTP.Snapshot.Telemetry.OTLP.Protocol, overHTTP.Snapshot.Telemetry.OTLP.Insecure = "http", true
	overHTTP.Processor = "127.0.0.1:9000"
	bare, asking := everything(), everything()
	asking.Control = true
	withoutScript(&bare)
	for _, tc := range []struct {
		name   string
		render func() ([]byte, error)
		into   proto.Message
	}{
		{"bootstrap", func() ([]byte, error) { return Bootstrap(in) }, &bootstrapv3.Bootstrap{}},
		{"bootstrap_over_http", func() ([]byte, error) { return Bootstrap(overHTTP) }, &bootstrapv3.Bootstrap{}},
		{"bootstrap_without_script", func() ([]byte, error) { return Bootstrap(bare) }, &bootstrapv3.Bootstrap{}},
		{"bootstrap_that_asks", func() ([]byte, error) { return Bootstrap(asking) }, &bootstrapv3.Bootstrap{}},
		{"clusters", func() ([]byte, error) { return Clusters(in) }, &discoveryv3.DiscoveryResponse{}},
		{"clusters_that_ask", func() ([]byte, error) { return Clusters(asking) }, &discoveryv3.DiscoveryResponse{}},
		{"secret", func() ([]byte, error) { return Secret("openai", secret.New(`k"\`), "Bearer ") }, &discoveryv3.DiscoveryResponse{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b, err := tc.render()
			if err != nil {
				t.Fatal(err)
			}
			if err := protojson.Unmarshal(b, tc.into); err != nil {
				t.Fatal(err)
			}
			validate(t, tc.name, tc.into)
		})
	}
}

// validate checks a message against its rules, and every message that is
// packed into an Any below it.
func validate(t *testing.T, path string, m proto.Message) {
	t.Helper()
	if v, ok := m.(interface{ ValidateAll() error }); ok {
		if err := v.ValidateAll(); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	descend(t, path, m.ProtoReflect())
}

func descend(t *testing.T, path string, m protoreflect.Message) {
	t.Helper()
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		visit := func(name string, m protoreflect.Message) {
			a, ok := m.Interface().(*anypb.Any)
			if !ok {
				descend(t, name, m)
				return
			}
			inner, err := a.UnmarshalNew()
			if err != nil {
				t.Errorf("%s: %v", name, err)
				return
			}
			validate(t, name+"("+string(inner.ProtoReflect().Descriptor().Name())+")", inner)
		}
		name := path + "." + string(f.Name())
		switch {
		case f.IsMap() && f.MapValue().Message() != nil:
			v.Map().Range(func(_ protoreflect.MapKey, v protoreflect.Value) bool { visit(name, v.Message()); return true })
		case f.IsList() && f.Message() != nil:
			for i := range v.List().Len() {
				visit(name, v.List().Get(i).Message())
			}
		case f.Message() != nil && !f.IsMap():
			visit(name, v.Message())
		}
		return true
	})
}

func TestSecretStaysBelowSDS(t *testing.T) {
	in := everything()
	boot, err := Bootstrap(in)
	if err != nil {
		t.Fatal(err)
	}
	cds, err := Clusters(in)
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{"bootstrap": boot, "clusters": cds} {
		if strings.Contains(string(b), "inline_string\": \"Bearer") || strings.Contains(string(b), "generic_secret") {
			t.Errorf("%s holds a secret", name)
		}
	}
	b, err := Secret("openai", secret.New("k-1"), "Bearer ")
	if err != nil {
		t.Fatal(err)
	}
	var s struct {
		Resources []struct {
			Name   string
			Secret struct {
				Secret struct {
					Text string `json:"inline_string"`
				}
			} `json:"generic_secret"`
		}
	}
	if err := json.Unmarshal(b, &s); err != nil {
		t.Fatal(err)
	}
	if len(s.Resources) != 1 || s.Resources[0].Name != "openai" || s.Resources[0].Secret.Secret.Text != "Bearer k-1" {
		t.Errorf("secret file %s", b)
	}
}
