package xds

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/signalbox-dev/signalbox/pkg/secret"
)

var update = flag.Bool("update", false, "write the rendered files to envoy/") // a test's flag

// The files below envoy/ are what operators read and copy: they are what is
// rendered.
func TestGolden(t *testing.T) {
	in, asking := example(), example()
	asking.Control = true
	for name, render := range map[string]func() ([]byte, error){
		"bootstrap.json":  func() ([]byte, error) { return Bootstrap(in) },
		"ads.json":        func() ([]byte, error) { return Bootstrap(asking) },
		"cds.json":        func() ([]byte, error) { return Clusters(in) },
		"sds/openai.json": func() ([]byte, error) { return Secret("openai", secret.New("REPLACE-ME"), "Bearer ") },
	} {
		t.Run(name, func(t *testing.T) {
			got, err := render()
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("..", "..", "envoy", name)
			if *update {
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s differs; run go test ./pkg/xds -run Golden -update\n%s", path, cmp.Diff(string(want), string(got)))
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*Input)
	}{
		{"no_snapshot", func(in *Input) { in.Snapshot = nil }},
		{"no_usage_paths", func(in *Input) { in.UsagePaths = nil }},
		{"long_socket_path", func(in *Input) { in.Dir = "/" + string(bytes.Repeat([]byte("x"), 100)) }},
		{"long_processor_path", func(in *Input) { in.Processor = "unix:/" + string(bytes.Repeat([]byte("x"), 110)) }},
		{"bad_processor", func(in *Input) { in.Processor = "somewhere" }},
		{"bad_processor_port", func(in *Input) { in.Processor = "localhost:http" }},
		{"bad_listen", func(in *Input) { in.Snapshot.Envoy.Listen = "10000" }},
	} {
		in := example()
		tc.change(&in)
		if b, err := Bootstrap(in); err == nil {
			t.Errorf("%s: rendered %d bytes", tc.name, len(b))
		}
	}
}
