package bed

import (
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/signalbox-dev/signalbox/e2e/internal/proc"
	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/provider"
)

// Section is a part of the configuration, by the names of the schema.
type Section = map[string]any

// Config is a configuration under construction. Sections that are nil are left
// out; what is missing in envoy, state and admin is filled in by the bed.
type Config struct {
	Envoy     Section   `json:"envoy,omitempty"`
	State     Section   `json:"state,omitempty"`
	Admin     Section   `json:"admin,omitempty"`
	Telemetry Section   `json:"telemetry,omitempty"`
	Alerts    Section   `json:"alerts,omitempty"`
	Health    Section   `json:"health,omitempty"` // nil: off, so that what one request does to a backend is not seen by the next
	Providers []Section `json:"providers,omitempty"`
	Models    []Section `json:"models,omitempty"`
	Classes   []Section `json:"classes,omitempty"`
	Teams     []Section `json:"teams,omitempty"`
	Keys      []Section `json:"keys,omitempty"`
	Channels  []Section `json:"channels,omitempty"`
	Routes    []Section `json:"routes,omitempty"`

	keys map[string]string // environment of the providers' credentials
}

// Backend describes one backend of a bed.
type Backend struct {
	Name, URL string
	Key       string // credential; empty: none is configured
	Header    string // default authorization
	Prefix    string
	Region    string
	Dialect   string // default openai
	Kind      string // default that of the dialect
	More      Section
}

// Of is the backend of a provider double.
func Of(name, key string, s *provider.Server) Backend {
	return Backend{Name: name, URL: s.URL, Key: key}
}

// Add puts a provider with one backend into the configuration.
func (c *Config) Add(b Backend) {
	backend := Section{"name": b.Name, "base_url": b.URL, "allow_private": true}
	if b.Region != "" {
		backend["region"] = b.Region
	}
	if b.Key != "" {
		backend["credential"] = c.credential(b)
	}
	for k, v := range b.More {
		backend[k] = v
	}
	p := Section{"name": b.Name, "backends": []Section{backend}}
	for name, value := range map[string]string{"dialect": b.Dialect, "kind": b.Kind} {
		if value != "" {
			p[name] = value
		}
	}
	c.Providers = append(c.Providers, p)
}

func (c *Config) credential(b Backend) Section {
	if c.keys == nil {
		c.keys = map[string]string{}
	}
	env := "SB_TEST_KEY_" + strings.ToUpper(strings.ReplaceAll(b.Name, "-", "_"))
	c.keys[env] = b.Key
	out := Section{"env": env}
	if b.Header != "" {
		out["header"] = b.Header
	}
	if b.Prefix != "" {
		out["prefix"] = b.Prefix
	}
	return out
}

// Model adds a model whose candidates are written "backend" or "backend/model".
func (c *Config) Model(name string, candidates ...string) {
	var list []Section
	for _, text := range candidates {
		backend, model, ok := strings.Cut(text, "/")
		if !ok {
			model = name
		}
		list = append(list, Section{"backend": backend, "model": model})
	}
	c.Models = append(c.Models, Section{"name": name, "candidates": list})
}

func (c *Config) env() []string {
	var out []string
	for k, v := range c.keys {
		out = append(out, k+"="+v)
	}
	return out
}

// complete fills in what belongs to this machine.
func (c *Config) complete(state, envoy string) error {
	for _, s := range []*Section{&c.Envoy, &c.State, &c.Admin} {
		if *s == nil {
			*s = Section{}
		}
	}
	setDefault(c.Envoy, "binary", envoy)
	setDefault(c.State, "dir", state)
	if c.Health == nil {
		c.Health = Section{"enabled": false}
	}
	for _, s := range []Section{c.Envoy, c.Admin} {
		if s["listen"] != nil {
			continue
		}
		port, err := proc.FreePort()
		if err != nil {
			return fmt.Errorf("free port: %w", err)
		}
		s["listen"] = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	}
	return nil
}

// word is a text of a section, empty when there is none.
func word(s Section, name string) string {
	v, _ := s[name].(string)
	return v
}

// Backend is a backend's section, to be changed; nil when there is none of the
// name.
func (c *Config) Backend(name string) Section {
	for _, p := range c.Providers {
		list, _ := p["backends"].([]Section)
		for _, b := range list {
			if b["name"] == name {
				return b
			}
		}
	}
	return nil
}

// Candidates are those of a model, to be changed.
func (c *Config) Candidates(model string) []Section {
	for _, m := range c.Models {
		if m["name"] == model {
			list, _ := m["candidates"].([]Section)
			return list
		}
	}
	return nil
}

func setDefault(s Section, name string, v any) {
	if _, ok := s[name]; !ok {
		s[name] = v
	}
}
