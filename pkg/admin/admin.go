// Package admin serves the operator's endpoint: metrics, health and readiness,
// the API of docs/admin-api.md and the page that shows it.
//
// Invariants: it answers on loopback only, or to those who show the token; a
// page of another origin can neither read nor ask anything; it shows no
// content, no key and no credential; it changes nothing.
package admin

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/secret"
	"github.com/signalbox-dev/signalbox/pkg/view"
)

// Check is one condition of readiness: nil when it holds.
type Check struct {
	Name string
	Run  func(ctx context.Context) error
}

// Options describe the endpoint.
type Options struct {
	Metrics http.Handler
	Ready   []Check
	Version string
	Token   secret.Value // asked for when not empty
	Host    string       // the name that it listens on; requests for it and for IP addresses are answered
	View    *view.View   // what the API tells; nil: there is none
	Page    http.Handler // shown to everybody, since it holds nothing; nil: there is none
	Pprof   bool         // serve profiles of the process
}

// New returns the server; the caller serves and closes it.
func New(o Options) *http.Server {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", o.Metrics)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		write(w, http.StatusOK, map[string]string{"status": "ok", "version": o.Version})
	})
	mux.HandleFunc("GET /readyz", o.ready)
	if o.View != nil {
		for _, e := range endpoints() {
			mux.HandleFunc(e.Method+" "+e.Path, o.answer(e))
		}
	}
	if o.Pprof {
		profiles(mux)
	}
	outer := http.NewServeMux()
	outer.Handle("/", o.authorized(known(mux)))
	if o.Page != nil {
		outer.Handle("/{$}", o.Page)
		outer.Handle("/views/{file}", o.Page)
		outer.Handle("/{file}", fallsTo(o.Page, o.authorized(known(mux))))
	}
	return &http.Server{Handler: o.guarded(outer), ReadHeaderTimeout: 5 * time.Second}
}

func profiles(mux *http.ServeMux) {
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("POST /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
}

// ready answers 200 when every check holds, else 503 with the reasons.
func (o Options) ready(w http.ResponseWriter, r *http.Request) {
	checks := make(map[string]string, len(o.Ready))
	status := http.StatusOK
	for _, c := range o.Ready {
		checks[c.Name] = "ok"
		if err := c.Run(r.Context()); err != nil {
			checks[c.Name], status = err.Error(), http.StatusServiceUnavailable
		}
	}
	write(w, status, map[string]any{"ready": status == http.StatusOK, "checks": checks})
}

func write(w http.ResponseWriter, status int, v any) {
	if w.Header().Get("content-type") == "" {
		w.Header().Set("content-type", "application/json")
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the reader is gone
}
