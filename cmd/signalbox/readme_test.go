package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/signalbox-dev/signalbox/pkg/gateway"
)

// blocks are the fenced blocks of a document with the given words behind the
// fence.
func blocks(t *testing.T, file, words string) []string {
	t.Helper()
	doc, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, m := range regexp.MustCompile("(?ms)^```"+words+"\n(.*?)^```").FindAllStringSubmatch(string(doc), -1) {
		all = append(all, m[1])
	}
	return all
}

const (
	readme     = "../../README.md"
	alerts     = "../../docs/alerts.md"
	objectives = "../../docs/objectives.md"
)

func TestReadmeConfigurationsLoad(t *testing.T) {
	all := append(blocks(t, readme, "yaml config(?: rules)?"), blocks(t, alerts, "yaml config")...)
	all = append(all, blocks(t, objectives, "yaml config")...)
	if len(all) == 0 {
		t.Fatal("no configuration in the README")
	}
	for _, text := range all {
		file := filepath.Join(t.TempDir(), "signalbox.yaml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := gateway.Load(file, ""); err != nil {
			t.Error(err)
		}
	}
}

func TestReadmeCommandsExist(t *testing.T) {
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, c := range commands() {
		known[c.name] = true
	}
	for _, text := range append(blocks(t, readme, "console"), blocks(t, readme, "sh")...) {
		for line := range strings.Lines(text) {
			words := strings.Fields(strings.TrimPrefix(line, "$ "))
			if len(words) < 2 {
				continue
			}
			if words[0] == "signalbox" && !known[words[1]] {
				t.Errorf("the README has %q", strings.TrimSpace(line))
			}
			if words[0] == "make" && !strings.Contains(string(makefile), "\n"+words[1]+":") {
				t.Errorf("the README has %q", strings.TrimSpace(line))
			}
		}
	}
}

func TestReadmeLinksLead(t *testing.T) {
	for _, file := range []string{readme, "../../AGENTS.md", "../../docs/errors.md", "../../docs/metrics.md", "../../docs/rules.md", alerts, objectives, "../../examples/prometheus/README.md", "../../envoy/README.md"} {
		doc, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`\]\(([^)#:]+)\)`).FindAllStringSubmatch(string(doc), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(file), m[1])); err != nil {
				t.Errorf("%s links to %s: %v", file, m[1], err)
			}
		}
	}
}
