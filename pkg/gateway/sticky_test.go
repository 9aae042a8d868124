package gateway

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSticker(t *testing.T) {
	dir := t.TempDir()
	first, err := sticker(dir)
	if err != nil {
		t.Fatal(err)
	}
	again, err := sticker(dir)
	if err != nil {
		t.Fatal(err)
	}
	other, err := sticker(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if first(7) != again(7) || first(7) == first(8) || first(7) == other(7) {
		t.Error("a digest must be that of the number and of the installation")
	}
	path := filepath.Join(dir, "sticky.key")
	if s, err := os.Stat(path); err != nil || s.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", s, err)
	}
	if err := os.WriteFile(path, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := sticker(dir); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("%v", err)
	}
}
