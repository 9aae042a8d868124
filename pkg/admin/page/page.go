// Package page serves the operator's page: files that are part of the program,
// which read the JSON of /admin/v1 as any other client does.
//
// Invariants: the files hold no data and no secret, so they need no token; a
// browser is told to load nothing from anywhere else, to run no script but
// these, and to make no markup from strings. Links between the files are
// relative: the page works below any path.
package page

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"io/fs"
	"mime"
	"net/http"
	"path"
)

//go:embed assets
var files embed.FS

// Policy is the content security policy of the page. Styles from scripts are
// set by property, which it permits.
const Policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// asset is one file as it is served.
type asset struct {
	data []byte
	kind string
	tag  string // its entity tag
}

// Handler serves the page at / and its files beside it; what it does not have
// is 404. It is safe for concurrent use.
func Handler() http.Handler {
	assets := load()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := r.URL.Path
		if name == "/" {
			name = "/index.html"
		}
		a, ok := assets[name]
		switch {
		case !ok:
			http.NotFound(w, r)
			return
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			w.Header().Set("allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		guard(w.Header())
		w.Header().Set("content-type", a.kind)
		w.Header().Set("cache-control", "no-cache") // ask each time: an upgrade must not leave old files behind
		w.Header().Set("etag", a.tag)
		if r.Header.Get("if-none-match") == a.tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = w.Write(a.data) // the reader is gone
	})
}

// guard sets the headers that keep the page to itself.
func guard(h http.Header) {
	h.Set("content-security-policy", Policy)
	h.Set("x-content-type-options", "nosniff")
	h.Set("referrer-policy", "no-referrer")
	h.Set("cross-origin-opener-policy", "same-origin")
	h.Set("cross-origin-resource-policy", "same-origin")
	h.Set("x-frame-options", "DENY")
	h.Set("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=()")
}

// load reads the files by the path at which they are served.
func load() map[string]asset {
	assets := make(map[string]asset)
	root, err := fs.Sub(files, "assets")
	if err != nil {
		panic(err) // cannot happen: the folder is embedded
	}
	err = fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(data)
		assets["/"+name] = asset{data, kindOf(name), `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`}
		return nil
	})
	if err != nil {
		panic(err) // cannot happen: the files are embedded
	}
	return assets
}

// kindOf is the media type of a file, whatever the machine's own table says.
func kindOf(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	}
	return mime.TypeByExtension(path.Ext(name))
}
