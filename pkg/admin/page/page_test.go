package page

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

func get(t *testing.T, method, path string, headers ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, r)
	return w.Result()
}

func TestFiles(t *testing.T) {
	for path, kind := range map[string]string{
		"/": "text/html", "/style.css": "text/css", "/page.js": "text/javascript", "/views/overview.js": "text/javascript",
	} {
		r := get(t, "GET", path)
		if r.StatusCode != 200 || !strings.HasPrefix(r.Header.Get("content-type"), kind) || r.Header.Get("content-security-policy") != Policy {
			t.Errorf("%s: %d %v", path, r.StatusCode, r.Header)
		}
		if r := get(t, "GET", path, "if-none-match", r.Header.Get("etag")); r.StatusCode != 304 {
			t.Errorf("%s with its tag: %d", path, r.StatusCode)
		}
	}
	for _, path := range []string{"/none.js", "/assets/page.js", "/../page.go", "/views", "/views/", "/admin/v1/status"} {
		if r := get(t, "GET", path); r.StatusCode != 404 {
			t.Errorf("%s: %d", path, r.StatusCode)
		}
	}
	if r := get(t, "POST", "/"); r.StatusCode != 405 {
		t.Errorf("POST: %d", r.StatusCode)
	}
}

// TestNothingFromElsewhere reads the files for what the policy would forbid: a
// page that needs it would be broken.
func TestNothingFromElsewhere(t *testing.T) {
	forbidden := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|https?://|\son[a-z]+="|\sstyle="|import\(`)
	own := regexp.MustCompile(`http://www\.w3\.org/2000/svg`)
	total := 0
	for name, a := range load() {
		total += len(a.data)
		if found := forbidden.Find(own.ReplaceAll(a.data, nil)); found != nil {
			t.Errorf("%s has %q", name, found)
		}
	}
	const limit = 120 << 10
	if total > limit {
		t.Errorf("the files have %d bytes, more than %d", total, limit)
	}
}

// TestModules follows every import to a file that is there.
func TestModules(t *testing.T) {
	assets := load()
	imports := regexp.MustCompile(`from '([^']+)'`)
	for name, a := range assets {
		for _, m := range imports.FindAllSubmatch(a.data, -1) {
			base := name[:strings.LastIndex(name, "/")+1]
			target := string(m[1])
			if rest, up := strings.CutPrefix(target, "../"); up {
				target = "/" + rest
			} else {
				target = base + strings.TrimPrefix(target, "./")
			}
			if _, ok := assets[target]; !ok {
				t.Errorf("%s imports %s, which is not there", name, m[1])
			}
		}
	}
}
