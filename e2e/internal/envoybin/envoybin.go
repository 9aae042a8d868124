// Package envoybin finds the Envoy that end-to-end tests and benchmarks run:
// $ENVOY, else envoy on the PATH, else one below .cache of the checkout, in
// this order and only when it is new enough.
package envoybin

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
)

// Oldest is the minor version of Envoy 1 that is needed at least.
const Oldest = 40

// ErrNone says that there is no Envoy; its text tells how to get one.
var ErrNone = errors.New("no Envoy 1.40 or newer: set ENVOY to its path, put it on the PATH, or run `make envoy`")

// Find returns the path of an Envoy that is new enough.
func Find() (string, error) {
	if p := os.Getenv("ENVOY"); p != "" {
		return p, check(p)
	}
	if p, err := exec.LookPath("envoy"); err == nil && check(p) == nil {
		return p, nil
	}
	root, err := Root()
	if err != nil {
		return "", err
	}
	for p := range candidates(filepath.Join(root, ".cache")) {
		if check(p) == nil {
			return p, nil
		}
	}
	return "", ErrNone
}

// Root is the directory of the module, found upwards from the working
// directory.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("no go.mod above the working directory")
		}
		dir = up
	}
}

// candidates are the executables named envoy below dir.
func candidates(dir string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error { //nolint:errcheck // a folder that cannot be read holds no Envoy
			if err != nil || d.IsDir() || d.Name() != "envoy" {
				return nil
			}
			if info, err := d.Info(); err == nil && info.Mode()&0o111 != 0 && !yield(path) {
				return fs.SkipAll
			}
			return nil
		})
	}
}

var version = regexp.MustCompile(`/1\.(\d+)\.\d+`)

// check runs the binary for its version.
func check(path string) error {
	out, err := exec.Command(path, "--version").Output()
	if err != nil {
		return fmt.Errorf("envoy at %s: %w", path, err)
	}
	m := version.FindSubmatch(out)
	if m == nil {
		return fmt.Errorf("envoy at %s: no version in its output", path)
	}
	if minor, err := strconv.Atoi(string(m[1])); err != nil || minor < Oldest {
		return fmt.Errorf("envoy at %s is 1.%s, 1.%d or newer is needed", path, m[1], Oldest)
	}
	return nil
}
