package recorded

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/signalbox-dev/signalbox/pkg/genai"
)

const lines = `{"id":"a","provider":"p","endpoint":"chat_completions","model":"m","streaming":true,"fidelity":"events","request":null,"response":{"status":200,"headers":{},"body":{"text":"{\"a\":1}\n{\"b\":2}\n"}},"usage_truth":{"input":5,"output":6,"cached_input":1,"cache_write":null,"reasoning":null,"total":11,"note":null,"raw":{"x":1}},"elided":0,"suspect":null}

{"id":"b","provider":"p","endpoint":"converse","streaming":false,"fidelity":"raw","request":{"method":"POST","url":"u","headers":{"h":"v"},"body":{"json":{"k": 1}}},"response":{"status":200,"body":{"base64":"AAH/"}},"usage_truth":{"input":5,"output":6,"note":"unsure: why","iterations_sum":{"input":50,"output":60}},"elided":0,"suspect":null}
{"id":"c","request":{"body":null},"response":{"status":429,"body":null},"usage_truth":null,"elided":2,"suspect":"test host"}
`

func write(t *testing.T, name, text string) string {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func read(t *testing.T, dir string) []*Row {
	t.Helper()
	var rows []*Row
	for r, err := range Read(dir) {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, r)
	}
	return rows
}

func TestRead(t *testing.T) {
	for _, name := range []string{"recorded.jsonl.gz", "traffic/recorded.jsonl.gz"} {
		rows := read(t, write(t, name, lines))
		if len(rows) != 3 {
			t.Fatalf("%d rows", len(rows))
		}
		a, b, c := rows[0], rows[1], rows[2]
		if got, want := string(a.Response.Body), "data: {\"a\":1}\n\ndata: {\"b\":2}\n\ndata: [DONE]\n\n"; got != want {
			t.Errorf("%q, want %q", got, want)
		}
		if a.Request != nil || a.Skip() != "" || a.Truth == nil || *a.Truth.Cached != 1 || a.Truth.CacheWrite != nil {
			t.Errorf("%+v", a)
		}
		if string(b.Request.Body) != `{"k": 1}` || b.Request.Header["h"] != "v" || !bytes.Equal(b.Response.Body, []byte{0, 1, 255}) {
			t.Errorf("%+v", b)
		}
		if in, out := b.Truth.Spent(); in != 50 || out != 60 || b.Skip() == "" {
			t.Errorf("%+v", b.Truth)
		}
		if c.Truth != nil || c.Skip() == "" || c.Response.Body != nil || c.Request.Body != nil {
			t.Errorf("%+v", c)
		}
	}
}

func TestReadFails(t *testing.T) {
	for r, err := range Read(t.TempDir()) {
		if r != nil || !errors.Is(err, fs.ErrNotExist) {
			t.Error(r, err)
		}
	}
	for _, text := range []string{"{", `{"response":{"body":{"base64":"?"}}}`} {
		for r, err := range Read(write(t, "recorded.jsonl.gz", text)) {
			if r != nil || err == nil {
				t.Error(r, err)
			}
		}
	}
}

func TestDiff(t *testing.T) {
	one, five, six := int64(1), int64(5), int64(6)
	truth := &Truth{Input: &five, Output: &six, Cached: &one}
	usage := genai.Usage{Input: 5, Output: 6, CacheRead: 1, Reasoning: 3}
	tests := []struct {
		name  string
		truth *Truth
		usage genai.Usage
		found bool
		want  string
	}{
		{"equal", truth, usage, true, ""},
		{"neither", nil, genai.Usage{}, false, ""},
		{"lost", truth, genai.Usage{}, false, "found no usage"},
		{"unequal", truth, genai.Usage{Input: 5, Output: 7}, true, "output 7, want 6; cached 0, want 1"},
		{"total", &Truth{Total: &five}, genai.Usage{Input: 4, Output: 1}, true, ""},
		{"unequal_total", &Truth{Total: &five}, genai.Usage{Input: 5, Output: 1}, true, "total 6, want 5"},
		{"sum", &Truth{Sum: &Sum{5, 6}, Cached: &one}, genai.Usage{Input: 5, Output: 6}, true, ""},
	}
	for _, tt := range tests {
		if got := tt.truth.Diff(tt.usage, tt.found); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	if (*Truth)(nil).Diff(usage, true) == "" {
		t.Error("a usage out of nothing is no difference")
	}
}

func TestFrame(t *testing.T) {
	tests := []struct{ endpoint, want string }{
		{"chat_completions", "data: {\"type\":\"a\"}\n\ndata: {}\n\ndata: [DONE]\n\n"},
		{"messages", "event: a\ndata: {\"type\":\"a\"}\n\nevent: message\ndata: {}\n\n"},
		{"streamGenerateContent", "data: {\"type\":\"a\"}\r\n\r\ndata: {}\r\n\r\n"},
	}
	for _, tt := range tests {
		if got := string(frame([]byte("{\"type\":\"a\"}\n\n{}"), tt.endpoint)); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.endpoint, got, tt.want)
		}
	}
}

func TestCutArray(t *testing.T) {
	var got []string
	for p := range perEvent([]byte("[{\"a\":\"}\\\"{\"}\n,\r\n{\"b\":{}}\n]\n")) {
		got = append(got, string(p))
	}
	want := []string{"[{\"a\":\"}\\\"{\"}", "\n,\r\n{\"b\":{}}", "\n]\n"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestCuts(t *testing.T) {
	body := []byte("data: a\r\n\r\n: b\n\ndata: c\r\rd")
	want := map[string]int{"whole": 1, "event": 4, "byte": len(body)}
	for _, c := range Cuts(3) {
		var joined []byte
		n := 0
		for p := range c.Pieces(body) {
			joined = append(joined, p...)
			n++
		}
		if d := cmp.Diff(body, joined); d != "" {
			t.Errorf("%s: %s", c.Name, d)
		}
		if w := want[c.Name]; w > 0 && n != w {
			t.Errorf("%s: %d pieces, want %d", c.Name, n, w)
		}
	}
}
