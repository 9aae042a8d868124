package policy_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/signalbox-dev/signalbox/pkg/policy"
)

func TestNeedsRestart(t *testing.T) {
	old := compile(t, example)
	for _, c := range []struct {
		name, more     string
		envoy, process []string
	}{
		{"nothing", "", nil, nil},
		{"envoy", `envoy: {listen: "127.0.0.1:1", binary: /e, body_limit: 1MiB, answer_limit: 1MiB, concurrency: 1, lua: false, access_log_flush: 1s, admin: "unix:/a", use_remote_address: false, trusted_hops: 1, processor: "unix:/p", control: files}`, []string{
			"envoy.listen", "envoy.binary", "envoy.body_limit", "envoy.answer_limit", "envoy.concurrency", "envoy.lua",
			"envoy.access_log_flush", "envoy.admin", "envoy.use_remote_address", "envoy.trusted_hops", "envoy.processor", "envoy.control",
		}, nil},
		{"listener", `envoy: {listen: "127.0.0.1:1", body_limit: 1MiB, answer_limit: 1MiB, use_remote_address: false, trusted_hops: 1}`, nil, nil},
		{"rotation", `envoy: {rotate_log_at: 1MiB}`, nil, nil},
		{"state", `state: {dir: x, session_memory: 1GiB, ledger_sync: 1s, unknown_after: 1s, segment_size: 1MiB}`, []string{"state.dir"}, []string{
			"state.ledger_sync", "state.segment_size", "state.session_memory", "state.unknown_after",
		}},
		{"admin", `admin: {listen: "127.0.0.1:1", token: {command: [vault, a]}}`, nil, []string{"admin.listen", "admin.token"}},
		{"pprof", `admin: {pprof: true}`, nil, []string{"admin.pprof"}},
		{"admin_token", `admin: {token: {env: A}}`, nil, []string{"admin.token"}},
		{"telemetry", `telemetry: {otlp: {endpoint: "a:1"}, sample: 1, log: {level: debug}}`, []string{"telemetry.otlp", "telemetry.sample"}, []string{"telemetry.log"}},
		{"long_answers", `  - {name: slow, answer_timeout: 1h}`, nil, nil},
		{"other_routes", `  - {name: other, answer_timeout: 1m}`, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			next := compile(t, example+c.more+"\n")
			if diff := cmp.Diff(c.envoy, policy.NeedsEnvoyRestart(old, next)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(c.process, policy.NeedsRestart(old, next)); diff != "" {
				t.Error(diff)
			}
			kept := next.Keep(old)
			if left := append(policy.NeedsEnvoyRestart(old, kept), policy.NeedsRestart(old, kept)...); len(left) > 0 {
				t.Errorf("not kept: %v", left)
			}
			if kept.Version != next.Version || kept.Envoy.RotateLogAt != next.Envoy.RotateLogAt || c.envoy == nil && kept.Envoy != next.Envoy || len(kept.Routes) != len(next.Routes) {
				t.Error("what could be taken was not")
			}
		})
	}
}
