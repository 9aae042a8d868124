package admin

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// problem is an error as RFC 9457 has it.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
}

func refuse(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("content-type", "application/problem+json")
	write(w, status, problem{"about:blank", http.StatusText(status), status, detail})
}

// guarded keeps pages of other origins out. Without a token the name that is
// asked for must be an address or our own: another one may have been made to
// lead here (DNS rebinding). With one there is nothing that a browser would
// send by itself.
func (o Options) guarded(next http.Handler) http.Handler {
	next = http.NewCrossOriginProtection().Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("cache-control", "no-store")
		h.Set("x-content-type-options", "nosniff")
		h.Set("cross-origin-resource-policy", "same-origin")
		if o.Token.Empty() && !o.named(r.Host) {
			refuse(w, http.StatusMisdirectedRequest, "This endpoint answers for localhost and for addresses, not for other names, unless admin.token is set.")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// named reports whether a host header names this endpoint.
func (o Options) named(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || host != "" && host == strings.ToLower(o.Host)
}

// authorized asks for the token, compared in constant time.
func (o Options) authorized(next http.Handler) http.Handler {
	if o.Token.Empty() {
		return next
	}
	want := sha256.Sum256([]byte(o.Token.Reveal()))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := strings.CutPrefix(r.Header.Get("authorization"), "Bearer ")
		got := sha256.Sum256([]byte(text))
		if subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
			w.Header().Set("www-authenticate", "Bearer")
			refuse(w, http.StatusUnauthorized, "Send the admin token as Authorization: Bearer.")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// known answers what no pattern fits as a problem.
func known(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, pattern := mux.Handler(r); pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			other := r.Clone(r.Context())
			other.Method = method
			if _, pattern := mux.Handler(other); pattern != "" {
				w.Header().Set("allow", method)
				refuse(w, http.StatusMethodNotAllowed, "This is asked by "+method+".")
				return
			}
		}
		refuse(w, http.StatusNotFound, "There is no such endpoint; docs/admin-api.md lists them.")
	})
}

// isFile reports whether a path is one of the page, by its end.
func isFile(path string) bool {
	for _, end := range []string{".html", ".css", ".js", ".svg", ".ico"} {
		if strings.HasSuffix(path, end) {
			return true
		}
	}
	return false
}

// fallsTo serves the files of the page, and all else elsewhere.
func fallsTo(page, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isFile(r.URL.Path) {
			page.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}
