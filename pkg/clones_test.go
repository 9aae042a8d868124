package pkg_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	cloneLines = 8 // lines in a row that make a clone, blank ones aside
	maxClones  = 3 // percent of the dialects' lines that may be in one
)

// Dialects are alike, and it is easy to write one by copying another. What they
// share belongs above them.
func TestDialectsAreNoCopies(t *testing.T) {
	type place struct{ file, line int }
	var files [][]string
	seen := map[string][]place{}
	err := filepath.WalkDir("dialect", func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		b, err := os.ReadFile(path)
		var lines []string
		for line := range strings.Lines(string(b)) {
			if line = strings.TrimSpace(line); line != "" {
				lines = append(lines, line)
			}
		}
		for i := range max(0, len(lines)-cloneLines+1) {
			run := strings.Join(lines[i:i+cloneLines], "\n")
			seen[run] = append(seen[run], place{len(files), i})
		}
		files = append(files, lines)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	cloned := map[place]bool{}
	for _, places := range seen {
		for _, p := range places[1:] {
			for i := range cloneLines {
				cloned[place{p.file, p.line + i}] = true
			}
		}
	}
	all := 0
	for _, lines := range files {
		all += len(lines)
	}
	t.Logf("%d of %d lines are in clones", len(cloned), all)
	if len(cloned)*100 > all*maxClones {
		t.Errorf("%d of %d lines repeat others, more than %d %%: move what is shared up into pkg/dialect", len(cloned), all, maxClones)
	}
}
