package xds

import (
	"slices"
	"strings"

	"github.com/signalbox-dev/signalbox/pkg/policy"
)

// foreign are the request headers that no provider may see unless its own
// cluster injects them: credentials of callers and of other providers, account
// selectors, and what tells of the caller's network or other sessions.
func foreign() []string {
	return []string{
		"authorization", "proxy-authorization", "x-api-key", "api-key", "x-goog-api-key", "x-goog-user-project",
		"x-amz-security-token", "x-amz-date", "x-amz-content-sha256",
		"openai-organization", "openai-project", "anthropic-organization-id",
		"cookie", "baggage", "forwarded", "via", "x-real-ip", "true-client-ip", "cf-connecting-ip",
	}
}

// internal are the prefixes of headers that end at Envoy.
func internal() []string { return []string{"x-envoy-", "x-signalbox-", "x-forwarded-"} }

// wishes is the prefix of headers by which callers tell us what they want.
const wishes = "signalbox-"

// account are the answer headers that tell of our account at a provider, or
// that speak to a browser in the provider's name.
func account() []string {
	return []string{
		"openai-organization", "openai-project", "anthropic-organization-id", "set-cookie",
		"alt-svc", "nel", "report-to", "strict-transport-security",
	}
}

// credentialHeaders are the headers in which some backend gets its key under a
// name of its own, sorted: the one that an attempt before put there must not go
// on to another provider.
func credentialHeaders(s *policy.Snapshot) []string {
	known := foreign()
	var names []string
	for _, b := range s.Backends {
		if h := b.CredentialHeader; h != "" && !slices.Contains(known, h) {
			names = append(names, h)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// strip is the header mutation of a cluster. All attempts of a request share
// one header map: what one attempt's filters added is there for the next one's
// unless it goes here. A final strip, behind the attempt filter, also takes the
// length of the body that it wrote, and cleans the answer before it is seen.
func strip(name string, credentials []string, final, length bool) object {
	var request, response list
	if length {
		request = append(request, appendHeader("content-length", "%REQ("+strings.ToUpper(lengthHeader)+")%"))
	}
	for _, h := range append(foreign(), credentials...) {
		request = append(request, object{"remove": h})
	}
	for _, p := range append(internal(), wishes) {
		request = append(request, removePrefix(p))
	}
	if final {
		for _, h := range account() {
			response = append(response, object{"remove": h})
		}
		for _, p := range internal() {
			response = append(response, removePrefix(p))
		}
	}
	m := object{"request_mutations": request}
	if final {
		m["response_mutations"] = response
	}
	return extension(name, "envoy.extensions.filters.http.header_mutation.v3.HeaderMutation", object{"mutations": m})
}
