package gateway

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/signalbox-dev/signalbox/pkg/builtin"
	"github.com/signalbox-dev/signalbox/pkg/config"
	"github.com/signalbox-dev/signalbox/pkg/key"
	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/xds"
)

// Load reads, checks and compiles the configuration in file. dir is the state
// directory: stateDir when not empty, else the configuration's. The error
// lists every problem with its position.
func Load(file, stateDir string) (s *policy.Snapshot, dir string, err error) {
	l, err := load(file, stateDir)
	return l.snapshot, l.dir, err
}

// loaded is a configuration as it was read and compiled.
type loaded struct {
	checked  *config.Checked
	snapshot *policy.Snapshot
	dir      string
}

func load(file, stateDir string) (loaded, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return loaded{}, fmt.Errorf("configuration: %w (name another with -config or SIGNALBOX_CONFIG)", err)
	}
	return loaded{}.next(file, stateDir, data)
}

// next is what data is, which stands in the place of what was loaded before.
func (l loaded) next(file, stateDir string, data []byte) (loaded, error) {
	c, err := config.Read(file, data, l.checked)
	if err != nil {
		return loaded{}, err
	}
	s, err := policy.CompileChecked(c)
	if err != nil {
		return loaded{}, fmt.Errorf("%s: %w", file, err)
	}
	dir := s.State.Dir
	if stateDir != "" {
		dir = stateDir
	}
	dir, err = filepath.Abs(dir)
	if err != nil {
		return loaded{}, fmt.Errorf("state directory: %w", err)
	}
	return loaded{c, s, dir}, nil
}

// Lint is Load, and what in the file is hardly meant so; keys says what the
// virtual keys of a state directory refer to.
func Lint(file, stateDir string, keys func(dir string) *config.Keys) (*policy.Snapshot, string, []config.Warning, error) {
	l, err := load(file, stateDir)
	if err != nil {
		return nil, "", nil, err
	}
	return l.snapshot, l.dir, l.checked.Lint(keys(l.dir)), nil
}

// KeyFile is where the virtual keys of a state directory are.
func KeyFile(dir string) string { return filepath.Join(dir, "keys.json") }

// Declared are the virtual keys that the configuration has.
func Declared(s *policy.Snapshot) []key.Key {
	keys := make([]key.Key, 0, len(s.Keys))
	for _, k := range s.Keys {
		keys = append(keys, key.Declared(k.Hash, key.Spec{Name: k.Name, Team: k.Team, Models: k.Models, Class: k.Class}, k.Expires))
	}
	return keys
}

// LedgerDir is where the ledger of a state directory is.
func LedgerDir(dir string) string { return filepath.Join(dir, "ledger") }

// CheckKey refuses a key that the configuration could never serve.
func CheckKey(s *policy.Snapshot, k key.Spec) error {
	if _, ok := s.Teams[k.Team]; !ok && (k.Team != "" || len(s.Teams) > 0) {
		return fmt.Errorf("no team %q in the configuration: it has %v", k.Team, sorted(s.Teams))
	}
	for _, m := range k.Models {
		if k, _ := s.Find(m); k != nil && k.Name != m {
			return fmt.Errorf("%q is another name of model %q: keys go by that", m, k.Name)
		}
		if _, ok := s.Models[m]; !ok {
			return fmt.Errorf("no model %q in the configuration: it has %v", m, sorted(s.Models))
		}
	}
	if _, ok := s.Classes[k.Class]; !ok && k.Class != "" {
		return fmt.Errorf("no class %q in the configuration: it has %v", k.Class, sorted(s.Classes))
	}
	return nil
}

func sorted[K ~string, V any](m map[K]V) []string {
	names := make([]string, 0, len(m))
	for k := range m {
		names = append(names, string(k))
	}
	slices.Sort(names)
	return names
}

// Render returns a part of Envoy's configuration, "bootstrap" or "clusters",
// as JSON; a static one is for an Envoy that reads files, whatever the
// configuration says.
func Render(file, stateDir, part string, static bool) ([]byte, error) {
	s, dir, err := Load(file, stateDir)
	if err != nil {
		return nil, err
	}
	in := input(s, dir)
	in.Control = in.Control && !static
	switch part {
	case "bootstrap":
		return xds.Bootstrap(in)
	case "clusters":
		return xds.Clusters(in)
	}
	return nil, fmt.Errorf("no part %q: want bootstrap or clusters", part)
}

// input is what Envoy's configuration is rendered from.
func input(s *policy.Snapshot, dir string) xds.Input {
	return xds.Input{Snapshot: s, Dir: filepath.Join(dir, "envoy"), Processor: processor(s, dir), StateDir: dir, UsagePaths: usagePaths(), Control: s.Envoy.Control}
}

// usagePaths are the places below a usage object that any dialect reads.
func usagePaths() (paths []string) {
	for _, d := range builtin.Dialects() {
		paths = append(paths, d.Usage.Paths()...)
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// processor is the address that Envoy reaches the processor at.
func processor(s *policy.Snapshot, dir string) string {
	if s.Envoy.Processor != "" {
		return s.Envoy.Processor
	}
	return "unix:" + filepath.Join(dir, "extproc.sock")
}
