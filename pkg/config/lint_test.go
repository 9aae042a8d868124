package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

// TestLintGolden compares the warnings about each file of testdata/lint with
// what stands beside it. The keys of all of them have team with-key and class
// of-key.
func TestLintGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/lint/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var keys *Keys
			if strings.Contains(string(a.Files[0].Data), "with-key") {
				keys = &Keys{Teams: map[string]bool{"with-key": true}, Classes: map[string]bool{"of-key": true}}
			}
			got := lintText(a.Files[0].Data, keys)
			if *update {
				a.Files[1].Data = []byte(got)
				if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(string(a.Files[1].Data), got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func lintText(data []byte, keys *Keys) string {
	list, err := Lint("config.yaml", data, keys)
	if err != nil {
		return err.Error() + "\n"
	}
	var b strings.Builder
	for _, w := range list {
		fmt.Fprintln(&b, w)
	}
	if b.Len() == 0 {
		return "clean\n"
	}
	return b.String()
}

// A large file is looked at while its operator waits: BenchmarkLint says how
// long.
func TestLintOfManyRoutes(t *testing.T) {
	list, err := Lint("config.yaml", manyRoutes(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 950 {
		t.Errorf("%d warnings; the first 50 routes take everything", len(list))
	}
}

func BenchmarkLint(b *testing.B) {
	doc := manyRoutes()
	for b.Loop() {
		if _, err := Lint("config.yaml", doc, nil); err != nil {
			b.Fatal(err)
		}
	}
}

// manyRoutes is a configuration of 1,000 routes.
func manyRoutes() []byte {
	var b strings.Builder
	b.WriteString("providers: [{name: p, backends: [{name: a, base_url: \"https://a.example.com\"}, {name: b, base_url: \"https://b.example.com\"}]}]\nmodels:\n")
	for i := range 64 {
		fmt.Fprintf(&b, "  - {name: m%d, candidates: [{backend: a}, {backend: b}]}\n", i)
	}
	b.WriteString("teams:\n")
	for i := range 50 {
		fmt.Fprintf(&b, "  - {name: t%d}\n", i)
	}
	b.WriteString("routes:\n")
	for i := range 1000 {
		fmt.Fprintf(&b, "  - {name: r%d, models: [m%d, \"*\"], teams: [t%d]}\n", i, i%64, i%50)
	}
	return []byte(b.String())
}
