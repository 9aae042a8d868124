package admin

import (
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/view"
)

var update = flag.Bool("update", false, "rewrite the fields in docs/admin-api.md")

const document = "../../docs/admin-api.md"

// shape is the fields of a type as JSON has them: "a b{c} d[]{e}".
func shape(t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t == reflect.TypeFor[time.Time](), t.Implements(reflect.TypeFor[json.Marshaler]()):
		return ""
	case t.Kind() == reflect.Slice:
		return "[]" + shape(t.Elem())
	case t.Kind() != reflect.Struct || t.NumField() == 0:
		return ""
	}
	return "{" + strings.Join(fields(t), " ") + "}"
}

func fields(t reflect.Type) (list []string) {
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" {
			continue // embedded: its fields are listed too
		}
		field := name + shape(f.Type)
		at := slices.IndexFunc(list, func(x string) bool { return strings.TrimRight(x, "[]{}") == name })
		if at < 0 {
			list = append(list, field)
		}
	}
	return list
}

// The document lists every endpoint with every parameter and field.
func TestDocument(t *testing.T) {
	answers := map[string]any{
		"/admin/v1/status": view.Status{}, "/admin/v1/attention": view.Attention{}, "/admin/v1/overview": view.Overview{},
		"/admin/v1/decisions": view.Decisions{}, "/admin/v1/decisions/{id}": view.Detail{}, "/admin/v1/decisions/{id}/replay": view.Replayed{}, "/admin/v1/health": view.Health{},
		"/admin/v1/teams": view.Teams{}, "/admin/v1/teams/{id}": view.Team{}, "/admin/v1/config": view.Config{},
	}
	var want strings.Builder
	for _, e := range endpoints() {
		query := ""
		if len(e.Parameters) > 0 {
			query = "?" + strings.Join(e.Parameters, "&")
		}
		a, ok := answers[e.Path]
		if !ok {
			t.Fatalf("%s %s has no type here", e.Method, e.Path)
		}
		want.WriteString("### `" + e.Method + " " + e.Path + query + "`\n\n```text\n" + strings.TrimSuffix(strings.TrimPrefix(shape(reflect.TypeOf(a)), "{"), "}") + "\n```\n\n")
	}
	b, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- fields -->\n", "<!-- end of fields -->"
	head, rest, ok := strings.Cut(string(b), begin)
	old, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatal("the marks are gone")
	}
	if old == "\n"+want.String() {
		return
	}
	if !*update {
		t.Fatal("the fields are others by now: go test ./pkg/admin -update")
	}
	if err := os.WriteFile(document, []byte(head+begin+"\n"+want.String()+end+tail), 0o644); err != nil { //nolint:gosec // a document
		t.Fatal(err)
	}
}
