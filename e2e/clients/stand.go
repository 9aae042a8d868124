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

// stand is a gateway with the models that the checks know:
//
//	chat  alpha, then beta
//	solo  alpha alone
//	down  a backend that refuses connections
type stand struct {
	bed       *bed.Bed
	providers []*provider.Server
}

func start(ctx context.Context, binary string) (*stand, error) {
	binary, err := filepath.Abs(binary) // it runs in another folder
	if err != nil {
		return nil, err
	}
	s := &stand{}
	c, err := s.config()
	if err == nil {
		s.bed, err = bed.Start(ctx, bed.Options{Binary: binary, Config: c})
	}
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

// config starts the providers, which differ in base path, key and model.
func (s *stand) config() (*bed.Config, error) {
	c := &bed.Config{Routes: []bed.Section{
		{"name": "quick", "models": []string{"*"}, "first_byte_timeout": "1s", "answer_timeout": "1500ms"},
	}}
	for _, o := range []provider.Options{
		{Name: "alpha", Key: "sk-alpha-0123456789abcdef", Models: []string{"alpha-large"}},
		{Name: "beta", Key: "beta-key-fedcba9876543210", Header: "x-api-key", BasePath: "/inference/v1", Models: []string{"beta-small"}},
	} {
		o.Forget = true
		p, err := provider.Serve(o, "")
		if err != nil {
			return nil, fmt.Errorf("provider %s: %w", o.Name, err)
		}
		s.providers = append(s.providers, p)
		b := bed.Of(o.Name, o.Key, p)
		b.Header = o.Header
		c.Add(b)
	}
	port, err := proc.FreePort()
	if err != nil {
		return nil, fmt.Errorf("free port: %w", err)
	}
	c.Add(bed.Backend{Name: "dead", URL: fmt.Sprintf("http://127.0.0.1:%d/v1", port)})
	c.Model("chat", "alpha/alpha-large", "beta/beta-small")
	c.Model("solo", "alpha/alpha-large")
	c.Model("down", "dead/none")
	for _, lang := range []string{"python", "node", "go"} {
		c.Teams = append(c.Teams, bed.Section{"name": lang})
	}
	return c, nil
}

// key makes a virtual key and waits until the gateway accepts it.
func (s *stand) key(ctx context.Context, team, name string, more ...string) (string, error) {
	key, err := s.bed.NewKey(ctx, team, name, more...)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	for {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.bed.API+"/v1/models", nil)
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
