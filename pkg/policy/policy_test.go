package policy_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"google.golang.org/protobuf/proto"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"

	"github.com/signalbox-dev/signalbox/pkg/config"
	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/secret"
)

const example = `
providers:
  - name: openai
    backends:
      - {name: us, base_url: "https://API.example.com/v1/", region: us, credential: {env: US_KEY}}
      - {name: eu, base_url: "https://eu.example.com:8443", region: eu, inject_usage: false, credential: {file: /run/eu, header: api-key}}
  - name: own
    kind: mistral
    backends:
      - {name: own, base_url: "http://[::1]:8000/a/b", allow_private: true, connect_timeout: 5s, credential: {command: [vault, read], refresh: 1m, prefix: ""}}
models:
  - {name: gpt-4o, candidates: [{backend: us}, {backend: eu, model: gpt-4o-eu, weight: 0}, {backend: own, weight: 7}]}
  - {name: small, candidates: [{backend: own}]}
classes: [{name: eu-only, regions: [eu]}, {name: west, regions: [us, eu]}]
teams: [{name: search, models: ["gpt-*"]}, {name: law, class: eu-only}, {name: free}]
routes:
  - {name: law, models: [gpt-4o], teams: [law], order: weighted, max_attempts: 2, first_byte_timeout: 1s, answer_timeout: 2s, stream_timeout: 3s, class: west, leave: decision, metering: attached}
  - {name: gpt, models: ["gpt-*"], stream_timeout: 5s}
`

func parse(t *testing.T, text string) *signalboxv1.Config {
	t.Helper()
	c, err := config.Parse("example", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func compile(t *testing.T, text string) *policy.Snapshot {
	t.Helper()
	s, err := policy.Compile(parse(t, text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestBackends(t *testing.T) {
	want := map[string]*policy.Backend{
		"us": {
			Name: "us", Provider: "openai", Dialect: "openai", Kind: "openai", Region: "us",
			Scheme: "https", Host: "api.example.com", Port: 443, Authority: "api.example.com", BasePath: "/v1",
			InjectUsage: true, Credential: secret.Ref{Env: "US_KEY"}, CredentialHeader: "authorization", CredentialPrefix: "Bearer ", ConnectTimeout: 2 * time.Second,
		},
		"eu": {
			Name: "eu", Provider: "openai", Dialect: "openai", Kind: "openai", Region: "eu",
			Scheme: "https", Host: "eu.example.com", Port: 8443, Authority: "eu.example.com:8443",
			Credential: secret.Ref{File: "/run/eu"}, CredentialHeader: "api-key", ConnectTimeout: 2 * time.Second,
		},
		"own": {
			Name: "own", Provider: "own", Dialect: "openai", Kind: "mistral",
			Scheme: "http", Host: "::1", Port: 8000, Authority: "[::1]:8000", BasePath: "/a/b", AllowPrivate: true,
			InjectUsage: true, Credential: secret.Ref{Command: []string{"vault", "read"}, Refresh: time.Minute}, CredentialHeader: "authorization", ConnectTimeout: 5 * time.Second,
		},
	}
	got := compile(t, example).Backends
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if b := got["us"]; b.Cluster() != "us" || b.AttemptCluster() != "us~" {
		t.Errorf("clusters are %s and %s", b.Cluster(), b.AttemptCluster())
	}
}

func TestModels(t *testing.T) {
	s := compile(t, example)
	m := s.Models["gpt-4o"]
	want := []policy.Candidate{
		{Backend: s.Backends["us"], Model: "gpt-4o", Weight: 1},
		{Backend: s.Backends["eu"], Model: "gpt-4o-eu", Weight: 0},
		{Backend: s.Backends["own"], Model: "gpt-4o", Weight: 7},
	}
	if diff := cmp.Diff(want, m.Candidates); diff != "" {
		t.Error(diff)
	}
	for class, mask := range map[genai.DataClass]uint64{"": 0b111, "eu-only": 0b010, "west": 0b011, "gone": 0} {
		if got := s.Mask(m, class); got != mask {
			t.Errorf("mask of %q is %03b, want %03b", class, got, mask)
		}
	}
	if diff := cmp.Diff([]string{"gpt-4o", "small"}, s.Names()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"gpt-4o"}, s.Near("gpt4o")); diff != "" {
		t.Error(diff)
	}
}

func TestDialects(t *testing.T) {
	s := compile(t, `
providers:
  - {name: a, dialect: anthropic, backends: [{name: a, base_url: "https://a.example.com", credential: {env: A}}]}
  - {name: g, dialect: gemini, kind: mistral, backends: [{name: g, base_url: "https://g.example.com/v1beta", credential: {env: G, header: x-own}}]}
models: [{name: m, candidates: [{backend: a, drop: [temperature], max_output: 100}, {backend: g}]}]
routes: [{name: r, gates: [error, content_filter], hold_limit: 1MiB}]
`)
	a, g := s.Backends["a"], s.Backends["g"]
	if a.Kind != "anthropic" || a.CredentialHeader != "x-api-key" || a.CredentialPrefix != "" || g.Kind != "gemini" || g.CredentialHeader != "x-own" {
		t.Errorf("%+v\n%+v", a, g)
	}
	if c := s.Models["m"].Candidates[0]; len(c.Drop) != 1 || c.MaxOutput != 100 {
		t.Errorf("%+v", c)
	}
	if r := s.Routes[0]; r.Gates != policy.GateError|policy.GateFilter || r.HoldLimit != 1<<20 {
		t.Errorf("%+v", r)
	}
}

func TestRoutes(t *testing.T) {
	s := compile(t, example)
	want := []*policy.Route{
		{
			Name: "law", Models: []string{"gpt-4o"}, Teams: []string{"law"}, Order: policy.OrderWeighted, MaxAttempts: 2,
			FirstByteTimeout: time.Second, AnswerTimeout: 2 * time.Second, StreamTimeout: 3 * time.Second,
			Class: "west", Leave: policy.LeaveDecision, Metering: policy.MeterAttached, HoldLimit: 64 << 10,
		},
		{
			Name: "gpt", Models: []string{"gpt-*"}, MaxAttempts: 3,
			FirstByteTimeout: 5 * time.Second, AnswerTimeout: 2 * time.Minute, StreamTimeout: 5 * time.Second, HoldLimit: 64 << 10,
		},
	}
	if diff := cmp.Diff(want, s.Routes, cmpopts.IgnoreUnexported(policy.Route{})); diff != "" {
		t.Error(diff)
	}
	standard := s.Route("small", "")
	if standard.Name != "default" || standard.MaxAttempts != 3 || standard.FirstByteTimeout != 20*time.Second || standard.StreamTimeout != time.Hour {
		t.Errorf("default route is %+v", standard)
	}
	for _, c := range []struct{ model, team, want string }{
		{"gpt-4o", "law", "law"},
		{"gpt-4o", "search", "gpt"},
		{"gpt-4o", "", "gpt"},
		{"gpt-4o", "gone", "gpt"},
		{"small", "law", "default"},
		{"gpt-99", "law", "gpt"},
		{"nothing", "", "default"},
	} {
		if got := s.Route(c.model, c.team).Name; got != c.want {
			t.Errorf("route of %s for %q is %s, want %s", c.model, c.team, got, c.want)
		}
	}
}

func TestTeams(t *testing.T) {
	s := compile(t, example)
	var none *policy.Team
	for _, c := range []struct {
		team  *policy.Team
		model string
		want  bool
	}{
		{s.Teams["search"], "gpt-4o", true},
		{s.Teams["search"], "small", false},
		{s.Teams["law"], "small", true},
		{none, "small", true},
	} {
		if got := c.team.May(c.model); got != c.want {
			t.Errorf("%+v and %s: %v", c.team, c.model, got)
		}
	}
	if s.Teams["law"].Class != "eu-only" {
		t.Errorf("got %+v", s.Teams["law"])
	}
}

func TestSettings(t *testing.T) {
	s := compile(t, example)
	envoy := policy.Envoy{
		Listen: "127.0.0.1:10000", BodyLimit: 20 << 20, AnswerLimit: 64 << 20, Lua: true, AccessLogFlush: 100 * time.Millisecond,
		RotateLogAt: 64 << 20, UseRemoteAddress: true, Control: true, StreamIdle: 10 * time.Minute,
	}
	if diff := cmp.Diff(envoy, s.Envoy); diff != "" {
		t.Error(diff)
	}
	state := policy.State{Dir: ".signalbox", SessionMemory: 256 << 20, LedgerSync: 50 * time.Millisecond, UnknownAfter: time.Minute, SegmentSize: 64 << 20}
	if diff := cmp.Diff(state, s.State); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(policy.Admin{Listen: "127.0.0.1:9090"}, s.Admin); diff != "" {
		t.Error(diff)
	}
	telemetry := policy.Telemetry{OTLP: policy.OTLP{Protocol: "grpc"}, Sample: 0.01, Log: policy.Log{Level: "info", Format: "text"}}
	if diff := cmp.Diff(telemetry, s.Telemetry); diff != "" {
		t.Error(diff)
	}
}

func TestVersionFollowsTheMeaning(t *testing.T) {
	s := compile(t, example)
	if !regexp.MustCompile(`^[0-9a-f]{12}$`).MatchString(s.Version) {
		t.Fatalf("version is %q", s.Version)
	}
	same := "# a comment\n" + example + "envoy: {lua: true, body_limit: 20480KiB}\n"
	if got := compile(t, same).Version; got != s.Version {
		t.Errorf("%s became %s by a comment and defaults written out", s.Version, got)
	}
	for _, other := range []string{strings.Replace(example, "weight: 7", "weight: 8", 1), example + "envoy: {lua: false}\n"} {
		if compile(t, other).Version == s.Version {
			t.Errorf("the version is the same for\n%s", other)
		}
	}
}

func TestCompileChecks(t *testing.T) {
	c := parse(t, example)
	c.Models[0].Candidates[0].Backend = "gone"
	if _, err := policy.Compile(c); err == nil || !strings.Contains(err.Error(), `unknown backend "gone"`) {
		t.Errorf("got %v", err)
	}
	if _, err := policy.Compile(nil); err == nil {
		t.Error("nothing was compiled")
	}
}

func TestCompileKeepsNothing(t *testing.T) {
	c := parse(t, example)
	before := proto.CloneOf(c)
	s, err := policy.Compile(c)
	if err != nil {
		t.Fatal(err)
	}
	if !proto.Equal(before, c) {
		t.Error("the configuration has changed")
	}
	c.Routes[0].Teams[0], c.Teams[0].Models[0], c.Providers[1].Backends[0].Credential.Command[0] = "x", "x", "x"
	if s.Routes[0].Teams[0] != "law" || s.Teams["search"].Models[0] != "gpt-*" || s.Backends["own"].Credential.Command[0] != "vault" {
		t.Error("the snapshot has changed with the configuration")
	}
}
