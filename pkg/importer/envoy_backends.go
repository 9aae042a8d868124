package importer

import (
	"net"
	"strconv"
)

// host is the URL that a Backend of Envoy Gateway says, without a path.
func (g *manifests) host(ref node) (string, bool) {
	name := ref.get("name").text()
	b := g.named("Backend", name)
	if !b.there() {
		g.note(ref, "there is no Backend %q in the file; the backend is left out", name)
		return "", false
	}
	list := b.get("spec", "endpoints").items()
	if len(list) > 1 {
		g.note(b, "has %d endpoints, of which the first is carried; add backends for the others", len(list))
	}
	if len(list) == 0 {
		g.note(b, "has no endpoints; left out")
		return "", false
	}
	e := list[0]
	at := e.get("fqdn")
	host := at.get("hostname").text()
	if host == "" {
		at = e.get("ip")
		host = at.get("address").text()
	}
	port, err := strconv.Atoi(at.get("port").text())
	if host == "" || err != nil {
		g.note(e, "has no host name or address with a port; left out")
		return "", false
	}
	scheme, usual := "http", 80
	if port == 443 || g.tls(name) {
		scheme, usual = "https", 443
	}
	if port == usual {
		return g.baseURL(e, scheme+"://"+host)
	}
	return g.baseURL(e, scheme+"://"+net.JoinHostPort(host, strconv.Itoa(port)))
}

// tls reports whether a policy or the backend itself asks for TLS.
func (g *manifests) tls(name string) bool {
	if g.named("Backend", name).get("spec", "tls").there() {
		return true
	}
	for _, p := range g.all {
		if p.get("kind").text() == "BackendTLSPolicy" && targets(p, name) {
			return true
		}
	}
	return false
}

func targets(policy node, name string) bool {
	for _, t := range policy.get("spec", "targetRefs").items() {
		if t.get("name").text() == name {
			return true
		}
	}
	return false
}

// credential is the variable for the key of a service; empty for none.
func (g *manifests) credential(service node) string {
	p := g.named("BackendSecurityPolicy", service.get("spec", "backendSecurityPolicyRef", "name").text())
	for _, n := range g.all {
		if n.get("kind").text() == "BackendSecurityPolicy" && targets(n, service.get("metadata", "name").text()) {
			p = n
		}
	}
	if !p.there() {
		return ""
	}
	spec := p.get("spec")
	secret := spec.first("apiKey", "anthropicAPIKey", "azureAPIKey").get("secretRef", "name").text()
	if secret == "" {
		g.note(spec.get("type"), "credentials of type %s are not carried; set credential by hand", spec.get("type").text())
		return ""
	}
	env := variable(secret)
	g.note(spec, "the key is in secret %q there; put it into the variable %s", secret, env)
	return env
}
