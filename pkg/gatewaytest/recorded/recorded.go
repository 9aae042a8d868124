// Package recorded reads exchanges that were recorded between clients and real
// providers, so that tests can replay the answers and compare what was metered
// with what a careful reader says was used.
//
// The data is not part of the repository. It is a folder with the file
// traffic/recorded.jsonl.gz (or recorded.jsonl.gz), one JSON object a line;
// without it tests skip.
//
// Invariants:
//   - bodies are given as they were recorded, byte for byte; only answers whose
//     framing was not recorded are framed anew;
//   - a row says itself why it cannot serve as evidence, nobody else decides.
package recorded

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
)

// Env names the variable that holds the folder of the data.
const Env = "SIGNALBOX_DATA"

// maxLine bounds one row.
const maxLine = 64 << 20

// Row is one exchange.
type Row struct {
	ID        string
	Provider  string // label of who answered, such as "openai" or "self_hosted"
	Endpoint  string // "chat_completions", "responses", ...
	Model     string
	Streaming bool
	Features  []string
	Fidelity  string // "raw", "parsed" or "events"
	Request   *Request
	Response  Response
	Truth     *Truth // nil when the answer states no usage
	Elided    int    // blobs that were cut out of the bodies
	Suspect   string // why the row is no evidence, empty when it is
}

// Request is what a client sent; Row.Request is nil when it was not recorded.
type Request struct {
	Method, URL string
	Header      map[string]string // an allow-list of the real ones
	Body        []byte
}

// Response is what the provider answered, content encoding undone.
type Response struct {
	Status int
	Header map[string]string
	Body   []byte
}

// Skip says why the row must not be tested on, empty when it must.
func (r *Row) Skip() string {
	switch {
	case r.Suspect != "":
		return "suspect: " + r.Suspect
	case r.Elided > 0:
		return "elided: parts of the bodies are missing"
	case r.Truth != nil && strings.HasPrefix(r.Truth.Note, "unsure"):
		return r.Truth.Note
	}
	return ""
}

// Find returns the folder of the data: what the environment names, else the
// folder shared/data beside the repository. It is false when there is none.
func Find() (string, bool) {
	if dir := os.Getenv(Env); dir != "" {
		return dir, true
	}
	dir, err := os.Getwd()
	for err == nil {
		if _, e := os.Stat(filepath.Join(dir, "go.mod")); e == nil {
			data := filepath.Join(filepath.Dir(dir), "shared", "data")
			_, e = file(data)
			return data, e == nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			break
		}
		dir = up
	}
	return "", false
}

// file returns the path of the rows below dir.
func file(dir string) (string, error) {
	for _, name := range []string{"traffic/recorded.jsonl.gz", "recorded.jsonl.gz"} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if _, err := os.Stat(path); err == nil {
			return path, nil
		} else if !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
	}
	return "", fmt.Errorf("recorded traffic in %s: %w", dir, fs.ErrNotExist)
}

// Read yields the rows of the file below dir, in its order. It ends at the
// first error.
func Read(dir string) iter.Seq2[*Row, error] {
	return func(yield func(*Row, error) bool) {
		if err := each(dir, func(r *Row) bool { return yield(r, nil) }); err != nil {
			yield(nil, err)
		}
	}
}

func each(dir string, yield func(*Row) bool) error {
	path, err := file(dir)
	if err != nil {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, maxLine)
	for n := 1; lines.Scan(); n++ {
		if len(lines.Bytes()) == 0 {
			continue
		}
		var w wire
		if err := json.Unmarshal(lines.Bytes(), &w); err != nil {
			return fmt.Errorf("%s:%d: %w", path, n, err)
		}
		r, err := w.row()
		if err != nil {
			return fmt.Errorf("%s:%d: row %s: %w", path, n, w.ID, err)
		}
		if !yield(r) {
			return nil
		}
	}
	return lines.Err()
}
