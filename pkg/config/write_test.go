package config

import (
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"google.golang.org/protobuf/proto"
)

// What is written is read as the same again, for every valid file that there is.
func TestWriteIsReadAgain(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		want, err := Parse(file, a.Files[0].Data)
		if err != nil {
			continue
		}
		n++
		text, err := Write(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Parse(file, text)
		if err != nil {
			t.Errorf("%v\n%s", err, text)
			continue
		}
		if !proto.Equal(want, got) {
			t.Errorf("%s: read as something else:\n%s", file, text)
		}
	}
	if n < 5 {
		t.Errorf("only %d valid files", n)
	}
}

func FuzzDocuments(f *testing.F) {
	f.Add([]byte("a: [1, {b: c}]\n---\n- x\n"))
	f.Add([]byte(`{"a": {"b": [null, true, 1.5]}}`))
	f.Fuzz(func(_ *testing.T, data []byte) { _, _ = Documents(data) }) // it does not panic
}
