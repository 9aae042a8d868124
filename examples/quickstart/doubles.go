package main

import (
	"cmp"
	"fmt"
	"os"
	"slices"

	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/provider"
)

// double is a simulated provider and the real one in whose place it stands.
type double struct {
	options provider.Options
	address string // in signalbox.yaml
	key     string // variable of the credential
	real    real   // beta stands for nobody
}

// real is a provider that is asked when its key is in the environment.
type real struct{ name, key, baseURL, model string }

// doubles are the simulated providers of signalbox.yaml. Their keys are none.
func doubles() []double {
	return []double{
		{
			provider.Options{Name: "alpha", Key: "sk-alpha-0123456789abcdef", Models: []string{"alpha-large"}},
			"127.0.0.1:9101", "ALPHA_API_KEY",
			real{"openai", "OPENAI_API_KEY", "https://api.openai.com/v1", "gpt-4o-mini"},
		},
		{
			provider.Options{Name: "beta", Key: "beta-key-fedcba9876543210", Header: "x-api-key", BasePath: "/inference/v1", Models: []string{"beta-7b"}},
			"127.0.0.1:9102", "BETA_API_KEY",
			real{},
		},
		{
			provider.Options{Name: "gamma", Dialect: provider.Anthropic, Key: "sk-ant-gamma-0123456789abcdef", Models: []string{"gamma-sonnet"}},
			"127.0.0.1:9103", "GAMMA_API_KEY",
			real{"anthropic", "ANTHROPIC_API_KEY", "https://api.anthropic.com", "claude-haiku-4-5"},
		},
		{
			provider.Options{Name: "delta", Dialect: provider.Gemini, Key: "delta-key-0123456789abcdef", Models: []string{"delta-flash"}},
			"127.0.0.1:9104", "DELTA_API_KEY",
			real{"gemini", "GEMINI_API_KEY", "https://generativelanguage.googleapis.com", "gemini-flash-latest"},
		},
	}
}

// provide starts the doubles, or takes the real provider where its key is set,
// and returns what is to be replaced in the configuration.
func (s *setup) provide() ([]string, error) {
	s.standIns = map[string]*provider.Server{}
	var pairs []string
	for _, d := range doubles() {
		if os.Getenv(d.real.key) != "" {
			pairs = append(pairs, d.replaced()...)
			fmt.Printf("%-9s provider %-9s %s (%s is set)\n", "real", d.real.name, d.real.baseURL, d.real.key)
			continue
		}
		p, err := d.start()
		if err != nil {
			return nil, err
		}
		s.standIns[d.options.Name] = p
		s.env = append(s.env, d.key+"="+d.options.Key)
		pairs = append(pairs, d.address, p.Addr)
		fmt.Printf("simulated provider %-9s %s (%s)\n", d.options.Name, p.URL, cmp.Or(d.options.Dialect, provider.OpenAI))
	}
	return pairs, nil
}

// start serves the double, on another port where its own is taken.
func (d *double) start() (*provider.Server, error) {
	d.options.Forget = true
	p, err := provider.Serve(d.options, d.address)
	if err != nil {
		p, err = provider.Serve(d.options, "")
	}
	if err != nil {
		return nil, fmt.Errorf("simulated provider %s: %w", d.options.Name, err)
	}
	return p, nil
}

// replaced are the words of the double in the configuration, each followed by
// the real provider's. The line that admits this machine goes.
func (d *double) replaced() []string {
	name := d.options.Name
	return []string{
		"base_url: http://" + d.address + d.base(), "base_url: " + d.real.baseURL,
		"        allow_private: true # " + name + " runs on this machine\n", "",
		d.key, d.real.key,
		d.options.Models[0], d.real.model,
		name, d.real.name,
	}
}

// base is the path that the double's base URL ends with.
func (d *double) base() string {
	if d.options.Dialect == "" {
		return cmp.Or(d.options.BasePath, "/v1")
	}
	return d.options.BasePath
}

// simulates tells whether all of these providers are doubles.
func (s *setup) simulates(names ...string) bool {
	return !slices.ContainsFunc(names, func(n string) bool { return s.standIns[n] == nil })
}
