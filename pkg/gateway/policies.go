package gateway

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/signalbox-dev/signalbox/pkg/policy"
)

// maxPolicies is how many configurations are kept for replay: the latest.
const maxPolicies = 100

// PolicyDir is where the configurations of a state directory are that were in
// force, by their versions.
func PolicyDir(dir string) string { return filepath.Join(dir, "policies") }

func policyFile(dir, version string) string {
	return filepath.Join(PolicyDir(dir), version+".yaml")
}

// keepPolicy keeps a configuration that goes in force, and drops the oldest.
func keepPolicy(dir, version string, data []byte) error {
	if err := os.MkdirAll(PolicyDir(dir), 0o700); err != nil {
		return fmt.Errorf("policies: %w", err)
	}
	if err := replaceFile(policyFile(dir, version), data); err != nil {
		return fmt.Errorf("policies: %w", err)
	}
	entries, err := os.ReadDir(PolicyDir(dir))
	if err != nil || len(entries) <= maxPolicies {
		return err
	}
	var files []fs.FileInfo
	for _, e := range entries {
		if info, err := e.Info(); err == nil && strings.HasSuffix(e.Name(), ".yaml") {
			files = append(files, info)
		}
	}
	slices.SortFunc(files, func(a, b fs.FileInfo) int { return b.ModTime().Compare(a.ModTime()) })
	var errs []error
	for _, f := range files[min(maxPolicies, len(files)):] {
		errs = append(errs, os.Remove(filepath.Join(PolicyDir(dir), f.Name())))
	}
	return errors.Join(errs...)
}

// Policy compiles the configuration of a version that was in force in a state
// directory.
func Policy(dir, version string) (*policy.Snapshot, error) {
	if version == "" || strings.Trim(version, "0123456789abcdef") != "" {
		return nil, fmt.Errorf("policy: no version %q", version)
	}
	s, _, err := Load(policyFile(dir, version), dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("policy %s is not kept any more: the latest %d are, in %s", version, maxPolicies, PolicyDir(dir))
	case err != nil:
		return nil, fmt.Errorf("policy %s, as this version of signalbox reads it: %w", version, err)
	case s.Version != version:
		return nil, fmt.Errorf("policy %s: this version of signalbox reads the configuration as %s; one that reads it as it was can replay", version, s.Version)
	}
	return s, nil
}
