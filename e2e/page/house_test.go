package page

import (
	"embed"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/signalbox-dev/signalbox/pkg/admin/page"
)

//go:embed testdata
var testdata embed.FS

const token = "an-invented-admin-token"

// house answers as a gateway does, from recordings.
type house struct {
	*httptest.Server

	mu    sync.Mutex
	mode  string // "", empty, bare (nothing about money is known), slow, broken, gone, locked
	ahead int    // rows of the list that have come since the start
	asked map[string]int
}

// held are rows of the recorded list that have not come yet at the start.
const held = 5

func newHouse(t *testing.T, mode string) *house {
	t.Helper()
	h := &house{mode: mode, asked: map[string]int{}}
	mux := http.NewServeMux()
	mux.Handle("/", page.Handler())
	mux.HandleFunc("/admin/v1/", h.answer)
	h.Server = httptest.NewServer(mux)
	t.Cleanup(func() {
		h.set("gone") // whoever waits is let go
		h.CloseClientConnections()
		h.Close()
	})
	return h
}

func (h *house) set(mode string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.mode = mode
}

func (h *house) come(rows int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ahead += rows
}

func (h *house) count(path string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.asked[path]
}

func (h *house) answer(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/admin/v1/")
	h.mu.Lock()
	mode, ahead := h.mode, h.ahead
	h.asked[r.Method+" "+path]++
	h.mu.Unlock()
	switch {
	case mode == "gone":
		panic(http.ErrAbortHandler)
	case mode == "slow":
		<-r.Context().Done()
		return
	case mode == "broken":
		problem(w, http.StatusInternalServerError, "the ledger cannot be read")
		return
	case mode == "locked" && r.Header.Get("authorization") != "Bearer "+token:
		problem(w, http.StatusUnauthorized, "this listener is not on loopback and wants the admin token")
		return
	}
	name := recording(path, r)
	if mode == "empty" {
		if b, err := testdata.ReadFile("testdata/empty-" + name + ".json"); err == nil {
			_, _ = w.Write(b)
			return
		}
	}
	b, err := testdata.ReadFile("testdata/" + name + ".json")
	if err != nil {
		problem(w, http.StatusNotFound, "nothing here has this id")
		return
	}
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		panic(err)
	}
	if name == "decisions" {
		choose(v.(map[string]any), r, ahead)
	}
	if mode == "bare" {
		v = bare(v)
	}
	w.Header().Set("content-type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func problem(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("content-type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"title": http.StatusText(status), "status": status, "detail": detail})
}

// recording is the file that answers a request.
func recording(path string, r *http.Request) string {
	kind, id, _ := strings.Cut(path, "/")
	q := r.URL.Query()
	switch {
	case kind == "overview" && q.Get("by") == "team":
		return "overview-team"
	case kind == "overview" && q.Get("range") == "1h":
		return "overview-1h"
	case r.Method == http.MethodPost:
		return "replay"
	case kind == "teams" && id != "":
		return "team-" + id
	case kind == "decisions" && id != "":
		return "decision-" + outcomes[id]
	}
	return kind
}

// outcomes are the recorded decisions by id, request and trace.
var outcomes = readOutcomes()

type recorded struct {
	ID      string `json:"id"`
	Request string `json:"request_id"`
	Trace   string `json:"trace_id"`
}

func readOutcomes() map[string]string {
	all := map[string]string{}
	for _, outcome := range []string{"served", "fallback", "downgraded", "blocked", "cancelled"} {
		d := one(outcome)
		all[d.ID], all[d.Request], all[d.Trace] = outcome, outcome, outcome
	}
	return all
}

func one(outcome string) recorded {
	var d recorded
	b, err := testdata.ReadFile("testdata/decision-" + outcome + ".json")
	if err == nil {
		err = json.Unmarshal(b, &d)
	}
	if err != nil {
		panic(err) // a recording that is not there
	}
	return d
}

// choose filters the list as the gateway does, and leaves out what has not come.
func choose(v map[string]any, r *http.Request, ahead int) {
	var rows []any
	q := r.URL.Query()
	for _, row := range v["decisions"].([]any)[max(0, held-ahead):] {
		d := row.(map[string]any)
		text, _ := json.Marshal(d)
		if only := q.Get("only"); only != "" && d["outcome"] != only && !(only == "findings" && d["findings"] != float64(0)) {
			continue
		}
		field, want, named := strings.Cut(q.Get("q"), ":")
		if named && d[field] != want || !named && !strings.Contains(string(text), field) {
			continue
		}
		rows = append(rows, row)
	}
	v["decisions"] = append([]any{}, rows[:min(len(rows), 40)]...)
}

// bare takes out what a gateway without prices and budgets does not know.
func bare(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = bare(v[i])
		}
	case map[string]any:
		for name, x := range v {
			switch {
			case strings.HasSuffix(name, "_pico_usd"), name == "price", name == "price_book", name == "book", name == "budget", name == "org",
				name == "quality", strings.HasPrefix(name, "est_"), name == "trace_id", name == "refused", name == "previous", name == "class",
				name == "objective", name == "rule", name == "channel", name == "findings", name == "signals", name == "when", name == "decide_us":
				v[name] = nil
			case name == "spend_usd", name == "used_usd", name == "forecast_usd", strings.HasPrefix(name, "ttft_"):
				if list, ok := x.([]any); ok {
					for i := range list {
						list[i] = nil
					}
				} else {
					v[name] = nil
				}
			default:
				v[name] = bare(x)
			}
		}
	}
	return v
}
