package envoy

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// The oldest Envoy that can do what the configuration asks.
const minMajor, minMinor = 1, 40

// Binary is an Envoy that can be run.
type Binary struct {
	Path    string // absolute
	Version string // "1.40.0"
}

// Find returns the first Envoy that is new enough: the one that configured
// names, the one that $ENVOY names, envoy on PATH, or one of the cached files.
// The first two must fit when they are set.
func Find(ctx context.Context, configured string, cached ...string) (Binary, error) {
	for _, c := range []struct{ path, source string }{{configured, "envoy.binary"}, {os.Getenv("ENVOY"), "ENVOY"}} {
		if c.path == "" {
			continue
		}
		b, err := inspect(ctx, c.path)
		if err != nil {
			return Binary{}, fmt.Errorf("%s: %w", c.source, err)
		}
		return b, nil
	}
	found := []string{"no envoy on PATH"}
	if path, err := exec.LookPath("envoy"); err == nil {
		b, err := inspect(ctx, path)
		if err == nil {
			return b, nil
		}
		found[0] = err.Error()
	}
	for _, path := range cached {
		b, err := inspect(ctx, path)
		if err == nil {
			return b, nil
		}
		if !errors.Is(err, os.ErrNotExist) {
			found = append(found, err.Error())
		}
	}
	return Binary{}, fmt.Errorf("no Envoy %d.%d or newer (%s): set ENVOY to one, or have scripts/envoy.sh download one", minMajor, minMinor, strings.Join(found, "; "))
}

// inspect checks that path is an Envoy that is new enough.
func inspect(ctx context.Context, path string) (Binary, error) {
	path, err := exec.LookPath(path)
	if err != nil {
		return Binary{}, err
	}
	if path, err = filepath.Abs(path); err != nil {
		return Binary{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, path, "--version").Output()
	if err != nil {
		return Binary{}, fmt.Errorf("%s --version: %w", path, err)
	}
	version, ok := parseVersion(string(out))
	if !ok {
		return Binary{}, fmt.Errorf("%s is no Envoy: it does not tell a version", path)
	}
	if !enough(version) {
		return Binary{}, fmt.Errorf("%s is Envoy %s, but %d.%d or newer is needed", path, version, minMajor, minMinor)
	}
	return Binary{path, version}, nil
}

// parseVersion reads "… version: <commit>/<version>/<state>/…".
func parseVersion(s string) (string, bool) {
	_, s, ok := strings.Cut(s, "version: ")
	parts := strings.Split(strings.TrimSpace(s), "/")
	if !ok || len(parts) < 2 {
		return "", false
	}
	if _, _, ok := numbers(parts[1]); !ok {
		return "", false
	}
	return parts[1], true
}

func numbers(version string) (major, minor int, ok bool) {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return 0, 0, false
	}
	major, err := strconv.Atoi(parts[0])
	if err != nil {
		return 0, 0, false
	}
	minor, err = strconv.Atoi(parts[1])
	return major, minor, err == nil
}

func enough(version string) bool {
	major, minor, _ := numbers(version)
	return major > minMajor || major == minMajor && minor >= minMinor
}
