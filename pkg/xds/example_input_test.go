package xds

import (
	"time"

	"github.com/signalbox-dev/signalbox/pkg/dialect/openai"
	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/secret"
)

// example is the input that the goldens are rendered from.
func example() Input {
	return Input{
		Dir: "/var/lib/signalbox/envoy", StateDir: "/var/lib/signalbox",
		Processor:  "unix:/var/lib/signalbox/extproc.sock",
		UsagePaths: openai.New().Usage.Paths(),
		CAFile:     "/etc/ssl/certs/ca-certificates.crt",
		Snapshot: &policy.Snapshot{
			Version: "0123456789ab",
			Backends: map[string]*policy.Backend{
				"openai": {
					Name: "openai", Provider: "openai", Dialect: "openai", Kind: "openai",
					Scheme: "https", Host: "api.openai.com", Port: 443, Authority: "api.openai.com", BasePath: "/v1",
					Credential: secret.Ref{Env: "OPENAI_API_KEY"}, CredentialHeader: "authorization", CredentialPrefix: "Bearer ",
					ConnectTimeout: 2 * time.Second,
				},
				"local": {
					Name: "local", Provider: "vllm", Dialect: "openai", Kind: "openai",
					Scheme: "http", Host: "10.0.0.7", Port: 8000, Authority: "10.0.0.7:8000", BasePath: "/v1",
					ConnectTimeout: 2 * time.Second,
				},
			},
			Envoy: policy.Envoy{
				Listen: "127.0.0.1:10000", BodyLimit: 20 << 20, AnswerLimit: 64 << 20, Lua: true,
				AccessLogFlush: 100 * time.Millisecond, UseRemoteAddress: true,
			},
		},
	}
}
