package frame

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"
)

func gz(t testing.TB, parts ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	for _, p := range parts {
		if _, err := w.Write([]byte(p)); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gunzip(in []byte, size int, limit int64) (string, error) {
	g := NewGunzip(limit)
	var out []byte
	emit := func(p []byte) { out = append(out, p...) }
	for len(in) > 0 {
		n := min(size, len(in))
		g.Feed(in[:n:n], emit)
		in = in[n:]
	}
	err := g.Close(emit)
	return string(out), err
}

func TestGunzip(t *testing.T) {
	long := strings.Repeat("a line of text\n", 5000)
	whole := gz(t, "first ", long, "last")
	two := append(gz(t, "one"), gz(t, "two")...) // members may follow each other
	for _, c := range []struct {
		name  string
		in    []byte
		limit int64
		want  string
		fails bool
	}{
		{"whole", whole, 1 << 20, "first " + long + "last", false},
		{"members", two, 100, "onetwo", false},
		{"too_long", whole, 10, "first a li", true},
		{"cut", whole[:len(whole)-9], 1 << 20, "first " + long + "last", true},
		{"no_gzip", []byte("plain text that is long enough"), 100, "", true},
		{"nothing", nil, 100, "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, size := range []int{1 << 20, 1, 7, 1000} {
				got, err := gunzip(c.in, size, c.limit)
				if got != c.want || (err != nil) != c.fails {
					t.Errorf("pieces of %d: %d bytes, want %d; error %v", size, len(got), len(c.want), err)
				}
			}
		})
	}
}

// A stream must not lag: what was flushed leaves with its piece.
func TestGunzipDoesNotLag(t *testing.T) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	g := NewGunzip(1 << 20)
	for _, s := range []string{"data: one\n\n", "data: two\n\n"} {
		b.Reset()
		if _, err := w.Write([]byte(s)); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		got := ""
		g.Feed(b.Bytes(), func(p []byte) { got += string(p) })
		if got != s {
			t.Errorf("%q, want %q", got, s)
		}
	}
	if err := g.Close(func([]byte) {}); err == nil {
		t.Error("a stream that was cut has no error")
	}
}

func FuzzGunzip(f *testing.F) {
	f.Add(gz(f, "some", "text"), uint8(3))
	f.Add([]byte("\x1f\x8b\x08"), uint8(1))
	f.Fuzz(func(t *testing.T, in []byte, size uint8) {
		whole, err := gunzip(in, len(in)+1, 1<<20)
		cut, errCut := gunzip(in, int(size)+1, 1<<20)
		if whole != cut || (err == nil) != (errCut == nil) {
			t.Errorf("%d and %d bytes, errors %v and %v", len(whole), len(cut), err, errCut)
		}
	})
}
