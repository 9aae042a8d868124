package config

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// register enters the names of everything that others refer to.
func (k *checker) register() {
	k.backends = k.newRegister("backend", "providers")
	k.modelNames = k.newRegister("model", "models")
	k.classes = k.newRegister("class", "classes")
	k.teamNames = k.newRegister("team", "teams")
	k.channelNames = k.newRegister("channel", "channels")
	k.providerNames = k.newRegister("provider", "providers")
	for i, v := range k.c.GetProviders() {
		p := path("providers").item(i)
		k.name(k.providerNames, v.GetName(), p.field("name"))
		for j, b := range v.GetBackends() {
			k.name(k.backends, b.GetName(), p.field("backends").item(j).field("name"))
		}
	}
	enter(k, k.modelNames, "models", k.c.GetModels())
	k.enterAliases()
	enter(k, k.classes, "classes", k.c.GetClasses())
	enter(k, k.teamNames, "teams", k.c.GetTeams())
	enter(k, k.channelNames, "channels", k.c.GetChannels())
	enter(k, k.newRegister("key", "keys"), "keys", k.c.GetKeys())
	enter(k, k.newRegister("route", "routes"), "routes", k.c.GetRoutes())
	enter(k, k.newRegister("sink", "alerts"), "alerts.sinks", k.c.GetAlerts().GetSinks())
}

func enter[T interface{ GetName() string }](k *checker, g *register, section path, list []T) {
	for i, v := range list {
		k.name(g, v.GetName(), section.item(i).field("name"))
	}
}

func (k *checker) providers() {
	if len(k.c.GetProviders()) == 0 {
		if k.known("providers") {
			k.fail("", `there are no providers, so nothing can be served; add one, as providers: [{name: openai, backends: [{name: openai, base_url: "https://api.openai.com/v1", credential: {env: OPENAI_API_KEY}}]}]`)
		}
		return
	}
	for i, v := range k.c.GetProviders() {
		for j, b := range v.GetBackends() {
			k.backend(path("providers").item(i).field("backends").item(j), b)
		}
	}
}

func (k *checker) backend(p path, b *signalboxv1.Backend) {
	if n := b.GetName(); n == "nowhere" || n == "signalbox" {
		k.fail(p.field("name"), "%q is a name that Signalbox itself uses in Envoy; choose another", n)
	}
	if b.GetBaseUrl() != "" {
		k.baseURL(p.field("base_url"), b)
	}
	if c := b.GetCredential(); c != nil {
		at := p.field("credential")
		k.oneSource(at, c)
		k.refreshed(at.field("refresh"), c.GetRefresh().AsDuration(), c.GetCommand())
		if h := c.GetHeader(); reserved(h) {
			k.fail(at.field("header"), "%q is a header that Envoy or Signalbox needs for itself; a credential cannot be in it", h)
		}
	}
}

// reserved reports whether a header has a meaning for the proxies on the way.
func reserved(header string) bool {
	return strings.HasPrefix(header, "x-envoy-") || strings.HasPrefix(header, "x-signalbox-") || strings.HasPrefix(header, "x-forwarded-") ||
		slices.Contains([]string{
			"accept-encoding", "connection", "content-encoding", "content-length", "content-type", "expect", "host", "keep-alive", "te",
			"trailer", "transfer-encoding", "upgrade", "x-request-id",
		}, header)
}

// baseURL checks where a backend's requests go. The URL is in no error: some
// put credentials there.
func (k *checker) baseURL(p path, b *signalboxv1.Backend) {
	u, err := url.Parse(b.GetBaseUrl())
	if err != nil || u.Opaque != "" || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" {
		k.fail(p, "must be a URL, as https://api.openai.com/v1")
		return
	}
	switch {
	case u.User != nil:
		k.fail(p, "must not hold a user or a password; use credential")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.Contains(b.GetBaseUrl(), "#"):
		k.fail(p, "must end with its path, without ? and #")
	case u.Port() != "" && !validPort(u.Port(), 1) || strings.HasSuffix(u.Host, ":"):
		k.fail(p, "must have a port from 1 to 65535 or none")
	case !plainPath(u):
		k.fail(p, "must have a path without //, /./, /../, %% and characters that need it")
	case !validHost(u.Hostname()):
		k.fail(p, "must have a host name of letters, digits, '-' and '.', or an IP address in its usual form")
	case !b.GetAllowPrivate() && u.Scheme == "http":
		k.fail(p, "is http, which anybody on the way can read; use https, or set allow_private: true for a server of your own")
	case !b.GetAllowPrivate() && private(u.Hostname()):
		k.fail(p, "is not a public address; set allow_private: true if it is a server of your own")
	}
}

// NeedsPrivate reports whether a base URL needs allow_private: it is http, or
// its host is not public.
func NeedsPrivate(baseURL string) bool {
	u, err := url.Parse(baseURL)
	return err == nil && (u.Scheme == "http" || private(u.Hostname()))
}

func plainPath(u *url.URL) bool {
	if u.EscapedPath() != u.Path {
		return false
	}
	for part := range strings.SplitSeq(strings.Trim(u.Path, "/"), "/") {
		if part == "." || part == ".." || part == "" && strings.Trim(u.Path, "/") != "" {
			return false
		}
	}
	return !strings.HasPrefix(u.Path, "//")
}

// validHost refuses what only some resolvers take for an address, as 127.1 and
// 0x7f000001.
func validHost(host string) bool {
	if a, err := netip.ParseAddr(host); err == nil {
		return a.Zone() == ""
	}
	labels := strings.Split(strings.TrimSuffix(host, "."), ".")
	for _, l := range labels {
		if l == "" || len(l) > 63 || strings.Trim(l, "-") != l || strings.ContainsFunc(l, notInHost) {
			return false
		}
	}
	last := strings.ToLower(labels[len(labels)-1])
	return len(host) <= 253 && (last[0] < '0' || last[0] > '9')
}

func notInHost(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
}

// private reports whether a host is, by its form, not one of the public
// internet. What a name resolves to is not looked up.
func private(host string) bool {
	if a, err := netip.ParseAddr(host); err == nil {
		return !public(a.Unmap())
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if !strings.Contains(host, ".") {
		return true
	}
	for _, end := range []string{".localhost", ".local", ".internal", ".lan", ".home.arpa"} {
		if strings.HasSuffix(host, end) {
			return true
		}
	}
	return false
}

// public reports whether packets to an address leave the machine and its
// network: not those of RFC 6890's special purposes.
func public(a netip.Addr) bool {
	if !a.IsGlobalUnicast() || a.IsPrivate() {
		return false
	}
	for _, special := range []string{"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16"} {
		if netip.MustParsePrefix(special).Contains(a) {
			return false
		}
	}
	return true
}
