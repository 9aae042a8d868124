package policy

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"

	"github.com/signalbox-dev/signalbox/pkg/config"
	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/secret"
)

// Compile makes a Snapshot of a configuration, which it checks. c is not kept.
func Compile(c *signalboxv1.Config) (*Snapshot, error) {
	k, err := config.Check(c)
	if err != nil {
		return nil, err
	}
	return CompileChecked(k)
}

// CompileChecked is Compile of what was checked already.
func CompileChecked(k *config.Checked) (*Snapshot, error) {
	c := k.Full
	version, err := versionOf(c)
	if err != nil {
		return nil, err
	}
	s := &Snapshot{
		Version:   version,
		Envoy:     envoy(c.GetEnvoy()),
		State:     state(c.GetState()),
		Admin:     Admin{Listen: c.GetAdmin().GetListen(), Token: ref(c.GetAdmin().GetToken()), Pprof: c.GetAdmin().GetPprof()},
		Telemetry: telemetry(c.GetTelemetry()),
		Alerts:    alerts(c.GetAlerts()),
		Health:    health(c.GetHealth()),
		fallback:  compileRoute(config.WithDefaults(&signalboxv1.Route{Name: "default"})),
	}
	for _, r := range c.GetRoutes() {
		s.Routes = append(s.Routes, compileRoute(r))
	}
	s.Envoy.StreamIdle = streamIdle(append(s.Routes, s.fallback))
	s.Classes = compileClasses(c.GetClasses())
	if s.Backends, err = compileBackends(c.GetProviders()); err != nil {
		return nil, err
	}
	s.Models = s.compileModels(c)
	s.names = slices.Sorted(maps.Keys(s.Models))
	s.Teams = s.compileTeams(c.GetTeams())
	if s.Keys, err = compileKeys(c.GetKeys()); err != nil {
		return nil, err
	}
	s.compileChannels(c.GetChannels())
	return s, s.compileRules(k)
}

// versionOf names a configuration by its meaning: comments, order of keys and
// defaults that are written out make no difference.
func versionOf(c *signalboxv1.Config) (string, error) {
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("configuration version: %w", err)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:6]), nil
}

func compileClasses(list []*signalboxv1.Class) map[genai.DataClass]*Class {
	classes := make(map[genai.DataClass]*Class, len(list))
	for i, c := range list {
		k := &Class{Name: genai.DataClass(c.GetName()), Providers: slices.Clone(c.GetProviders()), index: i}
		for _, r := range c.GetRegions() {
			k.Regions = append(k.Regions, genai.Region(r))
		}
		classes[k.Name] = k
	}
	return classes
}

func compileBackends(list []*signalboxv1.Provider) (map[string]*Backend, error) {
	backends := make(map[string]*Backend)
	for _, p := range list {
		for _, b := range p.GetBackends() {
			k, err := compileBackend(p, b)
			if err != nil {
				return nil, fmt.Errorf("backend %q: %w", b.GetName(), err)
			}
			backends[k.Name] = k
		}
	}
	return backends, nil
}

func compileBackend(p *signalboxv1.Provider, b *signalboxv1.Backend) (*Backend, error) {
	u, err := url.Parse(b.GetBaseUrl())
	if err != nil {
		return nil, err
	}
	port, err := strconv.ParseUint(cmp.Or(u.Port(), map[string]string{"http": "80", "https": "443"}[u.Scheme]), 10, 16)
	if err != nil {
		return nil, fmt.Errorf("port: %w", err)
	}
	k := &Backend{
		Name: b.GetName(), Provider: p.GetName(), Dialect: p.GetDialect(), Kind: p.GetKind(), Region: genai.Region(b.GetRegion()),
		Scheme: u.Scheme, Host: strings.ToLower(u.Hostname()), Port: uint32(port), Authority: authority(u),
		BasePath:    strings.TrimRight(u.EscapedPath(), "/"),
		InjectUsage: b.GetInjectUsage(), AllowPrivate: b.GetAllowPrivate(), ConnectTimeout: b.GetConnectTimeout().AsDuration(),
	}
	if k.Dialect != "openai" {
		k.Kind = k.Dialect
	}
	if c := b.GetCredential(); c != nil {
		k.Credential = secret.Ref{Env: c.GetEnv(), File: c.GetFile(), Command: slices.Clone(c.GetCommand()), Refresh: c.GetRefresh().AsDuration()}
		k.CredentialHeader = cmp.Or(c.GetHeader(), credentialHeader(k.Dialect))
		k.CredentialPrefix = c.GetPrefix()
		if c.Prefix == nil && k.CredentialHeader == "authorization" {
			k.CredentialPrefix = "Bearer "
		}
	}
	return k, nil
}

// credentialHeader is where providers of a dialect look for a key.
func credentialHeader(dialect string) string {
	switch dialect {
	case "anthropic":
		return "x-api-key"
	case "gemini":
		return "x-goog-api-key"
	}
	return "authorization"
}

func authority(u *url.URL) string {
	own := u.Scheme == "https" && u.Port() == "443" || u.Scheme == "http" && u.Port() == "80"
	if own {
		return strings.ToLower(strings.TrimSuffix(u.Host, ":"+u.Port()))
	}
	return strings.ToLower(u.Host)
}

func (s *Snapshot) compileTeams(list []*signalboxv1.Team) map[string]*Team {
	teams := make(map[string]*Team, len(list))
	for _, t := range list {
		k := &Team{Name: t.GetName(), Models: slices.Clone(t.GetModels()), Class: genai.DataClass(t.GetClass())}
		if len(k.Models) > 0 {
			k.models = make(map[string]bool)
			for _, name := range s.names {
				if config.MatchAny(k.Models, name) {
					k.models[name] = true
				}
			}
		}
		teams[k.Name] = k
	}
	return teams
}

func compileKeys(list []*signalboxv1.VirtualKey) ([]Key, error) {
	keys := make([]Key, 0, len(list))
	for _, v := range list {
		k := Key{Name: v.GetName(), Team: v.GetTeam(), Models: slices.Clone(v.GetModels()), Class: genai.DataClass(v.GetClass())}
		_, err := hex.Decode(k.Hash[:], []byte(v.GetSha256()))
		if err == nil {
			k.Expires, err = config.Moment(v.GetExpires())
		}
		if err != nil {
			return nil, fmt.Errorf("key %q: %w", k.Name, err) // cannot happen: both were checked
		}
		keys = append(keys, k)
	}
	return keys, nil
}

// minStreamIdle is how long a stream may stand still at least: models think
// for minutes.
const minStreamIdle = 10 * time.Minute

func streamIdle(routes []*Route) time.Duration {
	idle := minStreamIdle
	for _, r := range routes {
		idle = max(idle, time.Duration(r.MaxAttempts)*r.AnswerTimeout+30*time.Second)
	}
	return idle
}

func compileRoute(r *signalboxv1.Route) *Route {
	k := &Route{
		Name: r.GetName(), Models: slices.Clone(r.GetModels()), Teams: slices.Clone(r.GetTeams()), MaxAttempts: int(r.GetMaxAttempts()),
		FirstByteTimeout: min(r.GetFirstByteTimeout().AsDuration(), r.GetStreamTimeout().AsDuration()),
		AnswerTimeout:    r.GetAnswerTimeout().AsDuration(),
		StreamTimeout:    r.GetStreamTimeout().AsDuration(),
		Class:            genai.DataClass(r.GetClass()),
		HoldLimit:        int64(r.GetHoldLimit()),
	}
	for _, g := range r.GetGates() {
		k.Gates |= gate(g)
	}
	k.Order = Order(max(r.GetOrder(), signalboxv1.Route_ORDER_CONFIGURED) - 1)
	k.Sticky = Sticky(max(r.GetSticky(), signalboxv1.Route_STICKY_NONE) - 1)
	k.MinQuality = r.GetMinQuality()
	if r.GetLeave() == signalboxv1.Route_LEAVE_DECISION {
		k.Leave = LeaveDecision
	}
	if r.GetMetering() == signalboxv1.Route_METERING_ATTACHED {
		k.Metering = MeterAttached
	}
	if len(k.Teams) > 0 {
		k.teams = make(map[string]bool, len(k.Teams))
		for _, t := range k.Teams {
			k.teams[t] = true
		}
	}
	return k
}

func gate(g signalboxv1.Route_Gate) Gate {
	switch g {
	case signalboxv1.Route_GATE_FIRST_TOKEN:
		return GateFirstToken
	case signalboxv1.Route_GATE_ERROR:
		return GateError
	case signalboxv1.Route_GATE_EMPTY:
		return GateEmpty
	case signalboxv1.Route_GATE_MALFORMED:
		return GateMalformed
	case signalboxv1.Route_GATE_CONTENT_FILTER:
		return GateFilter
	}
	return 0
}
