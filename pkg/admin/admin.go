// Package admin serves the operator's endpoint: metrics, health and readiness, and
// how the backends are.
//
// Invariants: it answers on loopback only, or to those who show the token; it
// shows no content, no key and no credential.
package admin

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/secret"
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
	Health  func() any   // of the backends, as JSON shows it; nil: not served
}

// New returns the server; the caller serves and closes it.
func New(o Options) *http.Server {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", o.Metrics)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		write(w, http.StatusOK, map[string]string{"status": "ok", "version": o.Version})
	})
	mux.HandleFunc("GET /readyz", o.ready)
	if o.Health != nil {
		mux.HandleFunc("GET /admin/v1/health", func(w http.ResponseWriter, _ *http.Request) { write(w, http.StatusOK, o.Health()) })
	}
	return &http.Server{Handler: o.guard(mux), ReadHeaderTimeout: 5 * time.Second}
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
	w.Header().Set("content-type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the reader is gone
}

// guard asks for the token, compared in constant time.
func (o Options) guard(next http.Handler) http.Handler {
	if o.Token.Empty() {
		return next
	}
	want := sha256.Sum256([]byte(o.Token.Reveal()))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := strings.CutPrefix(r.Header.Get("authorization"), "Bearer ")
		got := sha256.Sum256([]byte(text))
		if subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
			w.Header().Set("www-authenticate", "Bearer")
			write(w, http.StatusUnauthorized, map[string]string{"error": "send the admin token as Authorization: Bearer"})
			return
		}
		next.ServeHTTP(w, r)
	})
}
