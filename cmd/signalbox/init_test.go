package main

import (
	"regexp"
	"testing"

	"github.com/signalbox-dev/signalbox/pkg/config"
)

// The starter file has no warnings, and what its comments show is valid too.
func TestStarterFile(t *testing.T) {
	list, err := config.Lint("starter.yaml", starter, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range list {
		t.Error(w)
	}
	shown := regexp.MustCompile(`(?m)^#(\S|  )`).ReplaceAll(starter, []byte("$1"))
	if _, err := config.Parse("shown.yaml", shown); err != nil {
		t.Errorf("%v\n%s", err, shown)
	}
}
