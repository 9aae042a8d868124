package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"time"

	"github.com/signalbox-dev/signalbox/e2e/internal/bed"
	"github.com/signalbox-dev/signalbox/e2e/internal/proc"
	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/provider"
)

// stand is a gateway with backends of one dialect and the models that the
// checks know:
//
//	chat   alpha, then beta
//	solo   alpha alone
//	mixed  alpha, then gamma, which speaks another dialect
//	down   a backend that refuses connections
//
// or, without a gateway, provider alpha alone.
type stand struct {
	dialect   string
	base      string   // URL that the SDKs are given, without a version
	bed       *bed.Bed // nil: no gateway
	providers []*provider.Server
}

const alphaKey = "sk-alpha-0123456789abcdef"

func start(ctx context.Context, o options, dialect string) (*stand, error) {
	s := &stand{dialect: dialect}
	if o.direct {
		alpha := provider.Options{Name: "alpha", Key: alphaKey}
		if dialect == anthropic {
			alpha.Key = "" // SDKs send it in one header or the other
		}
		p, err := s.serve(dialect, alpha)
		if err != nil {
			return nil, err
		}
		s.base = "http://" + p.Addr
		return s, nil
	}
	binary, err := filepath.Abs(o.binary) // it runs in another folder
	if err != nil {
		return nil, err
	}
	c, err := s.config()
	if err == nil {
		s.bed, err = bed.Start(ctx, bed.Options{Binary: binary, Config: c})
	}
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	s.base = s.bed.API
	return s, nil
}

// serve starts a provider.
func (s *stand) serve(dialect string, o provider.Options) (*provider.Server, error) {
	o.Dialect, o.Forget = provider.Dialect(dialect), true
	p, err := provider.Serve(o, "")
	if err != nil {
		return nil, fmt.Errorf("provider %s: %w", o.Name, err)
	}
	s.providers = append(s.providers, p)
	return p, nil
}

// config starts the providers, which differ in key, model and more.
func (s *stand) config() (*bed.Config, error) {
	c := &bed.Config{Routes: []bed.Section{
		{"name": "quick", "models": []string{"*"}, "first_byte_timeout": "1s", "answer_timeout": "1500ms"},
	}}
	beta := provider.Options{Name: "beta", Key: "beta-key-fedcba9876543210", Models: []string{models(s.dialect)[1]}}
	if s.dialect == openAI {
		beta.Header, beta.BasePath = "x-api-key", "/inference/v1"
	}
	for _, b := range []struct {
		dialect string
		o       provider.Options
	}{
		{s.dialect, provider.Options{Name: "alpha", Key: alphaKey, Models: []string{models(s.dialect)[0]}}},
		{s.dialect, beta},
		{another(s.dialect), provider.Options{Name: "gamma", Key: "gamma-key-0011223344556677", Models: []string{models(another(s.dialect))[0]}}},
	} {
		p, err := s.serve(b.dialect, b.o)
		if err != nil {
			return nil, err
		}
		backend := bed.Of(b.o.Name, b.o.Key, p)
		backend.Header, backend.Dialect = b.o.Header, b.dialect
		c.Add(backend)
	}
	port, err := proc.FreePort()
	if err != nil {
		return nil, fmt.Errorf("free port: %w", err)
	}
	c.Add(bed.Backend{Name: "dead", Dialect: s.dialect, URL: fmt.Sprintf("http://127.0.0.1:%d/v1", port)})
	alpha := "alpha/" + models(s.dialect)[0]
	c.Model("chat", alpha, "beta/"+models(s.dialect)[1])
	c.Model("solo", alpha)
	c.Model("mixed", alpha, "gamma/"+models(another(s.dialect))[0])
	c.Model("down", "dead/none")
	for _, lang := range []string{"python", "node", "go"} {
		c.Teams = append(c.Teams, bed.Section{"name": lang})
	}
	return c, nil
}

// models are names by which a dialect knows what its own models take.
func models(dialect string) []string {
	return map[string][]string{
		openAI:    {"gpt-5.2", "gpt-4.1-mini"},
		anthropic: {"claude-sonnet-5", "claude-haiku-4-5"},
		gemini:    {"gemini-3-pro", "gemini-2.5-flash"},
	}[dialect]
}

// another is a dialect that is not that one.
func another(dialect string) string {
	return map[string]string{openAI: anthropic, anthropic: gemini, gemini: openAI}[dialect]
}

// key makes a virtual key and waits until the gateway accepts it.
func (s *stand) key(ctx context.Context, team, name string, more ...string) (string, error) {
	if s.bed == nil {
		return alphaKey, nil
	}
	key, err := s.bed.NewKey(ctx, team, name, more...)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	for {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.base+"/v1/models", nil)
		if err != nil {
			return "", err
		}
		r.Header.Set("Authorization", "Bearer "+key)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			return "", fmt.Errorf("new key: %w", err)
		}
		resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			return key, nil
		}
	}
}

func (s *stand) close() error {
	var err error
	if s.bed != nil {
		err = s.bed.Close()
	}
	for _, p := range s.providers {
		err = errors.Join(err, p.Close())
	}
	return err
}
