package gateway

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestPolicies keeps configurations by their versions, the latest, and for
// nobody else to read.
func TestPolicies(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "c.yaml")
	if err := os.WriteFile(file, []byte(benchConfig), 0o600); err != nil {
		t.Fatal(err)
	}
	s, _, err := Load(file, dir)
	if err != nil {
		t.Fatal(err)
	}
	for n := range maxPolicies + 5 {
		version := fmt.Sprintf("%012x", n)
		if err := keepPolicy(dir, version, []byte(benchConfig)); err != nil {
			t.Fatal(err)
		}
		old := time.Now().Add(time.Duration(n-200) * time.Minute)
		if err := os.Chtimes(policyFile(dir, version), old, old); err != nil {
			t.Fatal(err)
		}
	}
	if err := keepPolicy(dir, s.Version, []byte(benchConfig)); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(PolicyDir(dir))
	if err != nil || len(files) != maxPolicies {
		t.Errorf("%d policies, %v", len(files), err)
	}
	if info, err := os.Stat(policyFile(dir, s.Version)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	if again, err := Policy(dir, s.Version); err != nil || again.Version != s.Version {
		t.Error(err)
	}
	for version, want := range map[string]string{"000000000000": "not kept any more", fmt.Sprintf("%012x", maxPolicies): "reads the configuration as", "../c": "no version", "": "no version"} {
		if _, err := Policy(dir, version); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", version, err, want)
		}
	}
}
