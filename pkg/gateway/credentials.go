package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/secret"
	"github.com/signalbox-dev/signalbox/pkg/telemetry"
	"github.com/signalbox-dev/signalbox/pkg/xds"
)

// credentials keeps what Envoy has of the credentials in step with the
// references of the configuration. Envoy is told of a change, or sees it as soon
// as a file is replaced; requests do not.
type credentials struct {
	tell    func(xds.Resource) error // nil: by files in dir
	dir     string
	metrics *telemetry.Metrics
	log     *slog.Logger

	mu    sync.Mutex
	known map[string]*credential // by backend
}

type credential struct {
	ref    secret.Ref
	prefix string
	file   os.FileInfo // of a file reference, when it was last read
	read   time.Time
	wrote  string // what Envoy was given; holds the secret
}

// sync gives Envoy the secret of every backend of s. Its error lists all that
// could not be read; the others are given all the same.
func (c *credentials) sync(ctx context.Context, s *policy.Snapshot) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tell == nil {
		if err := os.MkdirAll(c.dir, 0o700); err != nil {
			return fmt.Errorf("secret files: %w", err)
		}
	}
	var problems []error
	for name, b := range s.Backends {
		if b.Credential.IsZero() {
			continue
		}
		k := c.known[name]
		if k == nil {
			k = &credential{}
			c.known[name] = k
		}
		k.ref, k.prefix = b.Credential, b.CredentialPrefix
		if err := c.update(ctx, name, k); err != nil {
			problems = append(problems, fmt.Errorf("credential of backend %q: %w", name, err))
		}
	}
	return errors.Join(problems...)
}

// refresh re-reads the references that are due: changed files and commands
// whose time has come.
func (c *credentials) refresh(ctx context.Context, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for name, k := range c.known {
		if !k.due(now) {
			continue
		}
		if err := c.update(ctx, name, k); err != nil {
			c.log.Error("credential", slog.String("backend", name), slog.Any("error", err))
		}
	}
}

func (k *credential) due(now time.Time) bool {
	if k.ref.File != "" {
		info, err := os.Stat(k.ref.File)
		return err == nil && (k.file == nil || !os.SameFile(info, k.file) || !info.ModTime().Equal(k.file.ModTime()) || info.Size() != k.file.Size())
	}
	return len(k.ref.Command) > 0 && k.ref.Refresh > 0 && now.Sub(k.read) >= k.ref.Refresh
}

// update reads one reference and gives the secret to Envoy when it changed.
func (c *credentials) update(ctx context.Context, name string, k *credential) error {
	k.read = time.Now()
	if k.ref.File != "" {
		k.file, _ = os.Stat(k.ref.File) // Resolve tells what is wrong with it
	}
	v, err := k.ref.Resolve(ctx)
	if err != nil {
		c.metrics.Secrets.WithLabelValues("error").Inc()
		return err
	}
	c.metrics.Secrets.WithLabelValues("ok").Inc()
	r, err := xds.SecretResource(name, v, k.prefix)
	if err != nil || string(r.JSON) == k.wrote {
		return err
	}
	if err := c.give(r, v, k.prefix); err != nil {
		return err
	}
	if k.wrote != "" {
		c.log.Info("credential changed", slog.String("backend", name))
	}
	k.wrote = string(r.JSON)
	return nil
}

func (c *credentials) give(r xds.Resource, v secret.Value, prefix string) error {
	if c.tell != nil {
		return c.tell(r)
	}
	out, err := xds.Secret(r.Name, v, prefix)
	if err != nil {
		return err
	}
	return replaceFile(filepath.Join(c.dir, r.Name+".json"), out)
}

// replaceFile writes data to path by way of a new file, mode 0600, so that a
// reader sees the old one or the new one.
func replaceFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*") // 0600
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}
