package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/signalbox-dev/signalbox/pkg/gateway"
)

// TestMain runs the tests at the top of the checkout, as the program runs.
func TestMain(m *testing.M) {
	if err := os.Chdir("../.."); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// TestRealKeys sets each key alone, and all of them: the provider it belongs to
// is the real one, whole and in every model, and the others are simulated.
func TestRealKeys(t *testing.T) {
	keys := []string{"OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY"}
	for _, set := range append([]string{"", strings.Join(keys, ",")}, keys...) {
		t.Run(set, func(t *testing.T) {
			t.Setenv("API_PORT", "0")
			t.Setenv("ADMIN_PORT", "0")
			for _, k := range keys {
				t.Setenv(k, "")
				if strings.Contains(set, k) {
					t.Setenv(k, "some-key")
				}
			}
			s := &setup{dir: t.TempDir()}
			t.Cleanup(func() { s.close() })
			if err := s.write(); err != nil {
				t.Fatal(err)
			}
			snap, _, err := gateway.Load(s.config, s.dir)
			if err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(s.config)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range doubles() {
				real := d.real.key != "" && strings.Contains(set, d.real.key)
				name, model := d.options.Name, d.options.Models[0]
				if real {
					name, model = d.real.name, d.real.model
				}
				if _, ok := snap.Backends[name]; !ok || s.simulates(d.options.Name) == real || !strings.Contains(string(text), "model: "+model+"}") {
					t.Errorf("no backend %s with model %s, or it is the wrong one:\n%s", name, model, text)
				}
				if real && (!strings.Contains(string(text), "base_url: "+d.real.baseURL+"\n") || strings.Contains(string(text), d.options.Name)) {
					t.Errorf("the double of %s is still there:\n%s", name, text)
				}
			}
		})
	}
}

func TestProvidersLoad(t *testing.T) {
	if _, _, err := gateway.Load(filepath.Join(here, "providers.yaml"), t.TempDir()); err != nil {
		t.Error(err)
	}
}
