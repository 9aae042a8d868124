// Package sdk has official OpenAI SDKs read answers, all of them in one
// process of each language, and returns what they understood.
package sdk

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"github.com/signalbox-dev/signalbox/e2e/conformance/said"
)

// Answer is an answer as it leaves the gateway.
type Answer struct {
	Stream bool
	Status int
	Body   []byte
}

// Reading is what an SDK understood of one.
type Reading struct {
	said.Answer

	Usage  json.RawMessage
	Thrown string // the class of what it threw, unless that is the API's own error
}

// ErrNone is returned for an SDK that is not there and cannot be fetched.
var ErrNone = errors.New("not installed")

// Reader is one SDK.
type Reader struct {
	Name    string // "python" or "node"
	Version string // known when it has read

	command []string
	env     []string
}

//go:embed read.py
var pythonScript []byte

//go:embed read.mjs
var nodeScript []byte

// Read has the SDK read all answers and returns what it understood of each.
func (r *Reader) Read(ctx context.Context, answers []Answer) ([]Reading, error) {
	server := httptest.NewServer(serve(answers))
	defer server.Close()
	dir, err := os.MkdirTemp("", "sdk")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	name, script := "read.py", pythonScript
	if r.Name == "node" {
		name, script = "read.mjs", nodeScript
	}
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, script, 0o600); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, r.command[0], append(r.command[1:], path)...)
	cmd.Env = append(append(os.Environ(), r.env...), "BASE="+server.URL)
	var out, problem bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problem
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w\n%.2000s", r.Name, err, problem.String())
	}
	return r.readings(&out, len(answers))
}

// serve lists the answers, and gives each to the request that names it.
func serve(answers []Answer) http.Handler {
	type entry struct {
		N      int  `json:"n"`
		Stream bool `json:"stream"`
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/answers", func(w http.ResponseWriter, _ *http.Request) {
		list := make([]entry, 0, len(answers))
		for n, a := range answers {
			list = append(list, entry{n, a.Stream})
		}
		w.Header().Set("content-type", "application/json")
		_ = json.NewEncoder(w).Encode(list) //nolint:errchkjson // the script then fails
	})
	mux.HandleFunc("POST /v1/chat/completions", func(w http.ResponseWriter, r *http.Request) {
		n, err := strconv.Atoi(r.Header.Get("x-answer"))
		if err != nil || n < 0 || n >= len(answers) {
			http.Error(w, "no such answer", http.StatusNotImplemented)
			return
		}
		w.Header().Set("content-type", "application/json")
		if answers[n].Stream {
			w.Header().Set("content-type", "text/event-stream")
		}
		w.WriteHeader(answers[n].Status)
		_, _ = w.Write(answers[n].Body) // the script then says so
	})
	return mux
}

// readings decodes what the script printed.
func (r *Reader) readings(out *bytes.Buffer, n int) ([]Reading, error) {
	all := make([]Reading, n)
	seen := 0
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var line struct {
			N       *int            `json:"n"`
			Version string          `json:"version"`
			Failed  bool            `json:"failed"`
			Thrown  string          `json:"thrown"`
			Usage   json.RawMessage `json:"usage"`
			Choices []said.Choice   `json:"choices"`
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			return nil, fmt.Errorf("%s printed what is no JSON", r.Name)
		}
		switch {
		case line.Version != "":
			r.Version = line.Version
		case line.N == nil || *line.N < 0 || *line.N >= n:
			return nil, fmt.Errorf("%s read an answer that does not exist", r.Name)
		default:
			for i := range line.Choices {
				line.Choices[i].Settle()
			}
			all[*line.N] = Reading{said.Answer{Choices: line.Choices, Failed: line.Failed}, line.Usage, line.Thrown}
			seen++
		}
	}
	if seen != n {
		return nil, fmt.Errorf("%s read %d of %d answers", r.Name, seen, n)
	}
	return all, lines.Err()
}
