package importer_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/signalbox-dev/signalbox/pkg/config"
	"github.com/signalbox-dev/signalbox/pkg/importer"
)

var update = flag.Bool("update", false, "rewrite what the golden files want")

var formats = map[string]func([]byte) (importer.Result, error){
	"litellm": importer.LiteLLM, "envoy": importer.EnvoyAIGateway, "portkey": importer.Portkey,
}

// TestGolden translates the first file of each archive, whose name begins with
// its format, and compares the configuration and the notes with the others.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		t.Run(name, func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			format, _, _ := strings.Cut(name, "_")
			got := a.Files[:1:1]
			text, notes := translate(t, formats[format], a.Files[0].Data)
			got = append(got, txtar.File{Name: "signalbox.yaml", Data: text}, txtar.File{Name: "notes", Data: notes})
			if *update {
				if err := os.WriteFile(file, txtar.Format(&txtar.Archive{Comment: a.Comment, Files: got}), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(txtar.Format(&txtar.Archive{Files: a.Files})), string(txtar.Format(&txtar.Archive{Files: got}))); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// translate returns the configuration, which must be valid and without
// warnings of what the translation itself could have caused, and the notes.
func translate(t *testing.T, read func([]byte) (importer.Result, error), data []byte) (text, notes []byte) {
	t.Helper()
	r, err := read(data)
	var b strings.Builder
	for _, n := range r.Notes {
		fmt.Fprintln(&b, n)
	}
	if err != nil {
		fmt.Fprintln(&b, "error:", err)
		return nil, []byte(b.String())
	}
	text, err = config.Write(r.Config)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := config.Lint("signalbox.yaml", text, nil); err != nil {
		t.Errorf("not valid: %v\n%s", err, text)
	}
	for _, planted := range []string{"sk-planted", "planted-secret"} {
		if strings.Contains(string(text)+b.String(), planted) {
			t.Errorf("a secret is carried")
		}
	}
	return text, []byte(b.String())
}

func FuzzFormats(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.txtar")
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(a.Files[0].Data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for name, read := range formats {
			r, err := read(data)
			if err != nil {
				continue
			}
			text, err := config.Write(r.Config)
			if err != nil {
				t.Fatal(name, err)
			}
			if _, err := config.Parse("signalbox.yaml", text); err != nil {
				t.Fatalf("%s: %v\n%s", name, err, text)
			}
		}
	})
}
