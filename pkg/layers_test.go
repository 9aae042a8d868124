package pkg_test

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"
)

// beside is the floor of what stands beside the floors: the kit for tests,
// commands, end-to-end tests and examples.
const beside = 6

// kit is the test kit, which production code must not import.
const kit = "pkg/gatewaytest/**"

// floors says on which floor each package stands. A floor imports the floors
// below it. The first row that matches counts; "*" is one path element, "/**"
// a folder and all below it.
var floors = []struct {
	pattern string
	floor   int
}{
	{"proto/signalbox/v1", 0},
	{"pkg/genai", 0},
	{"pkg/fault", 0},
	{"pkg/jsonedit", 1},
	{"pkg/frame", 1},
	{"pkg/dialect", 1},
	{"pkg/dialect/*", 1},
	{"pkg/token", 1},
	{"pkg/price", 1},
	{"pkg/signal", 1},
	{"pkg/signal/*", 1},
	{"pkg/config", 2},
	{"pkg/importer", 2},
	{"pkg/policy", 2},
	{"pkg/route", 2},
	{"pkg/route/*", 2},
	{"pkg/health", 2},
	{"pkg/key", 2},
	{"pkg/secret", 2},
	{"pkg/ledger", 2},
	{"pkg/settle", 2},
	{"pkg/pipeline", 3},
	{"pkg/stage/*", 3},
	{"pkg/telemetry", 3},
	{"pkg/alert", 3},
	{"pkg/view", 3},
	{"pkg/extproc", 4},
	{"pkg/witness", 4},
	{"pkg/xds", 4},
	{"pkg/xds/*", 4},
	{"pkg/admin", 4},
	{"pkg/admin/page", 4},
	{"pkg/envoy", 4},
	{"pkg/builtin", 5},
	{"pkg/gateway", 5},
	{"pkg", beside},
	{kit, beside},
	{"cmd/*", beside},
	{"e2e/**", beside},
	{"examples/**", beside},
}

// edges are the imports within one floor that are law. A child may import its
// parent without being listed.
var edges = []struct{ from, to, reason string }{
	{"pkg/dialect", "pkg/jsonedit", "the neutral view holds the index of the caller's own bytes"},
	{"pkg/dialect/*", "pkg/jsonedit", "bodies are read and spliced in place"},
	{"pkg/dialect/*", "pkg/frame", "streams are read event by event"},
	{"pkg/dialect/responses", "pkg/dialect/openai", "one provider's two APIs share errors, models and the rules of usage"},
	{"pkg/signal", "pkg/dialect", "facts about a prompt are read from its neutral form"},
	{"pkg/config", "pkg/secret", "a reference to a secret is checked where it is written"},
	{"pkg/importer", "pkg/config", "what other programs configure becomes a configuration, read and written in one place"},
	{"pkg/policy", "pkg/config", "a snapshot is compiled from a checked configuration"},
	{"pkg/policy", "pkg/secret", "a backend carries the reference to its credential"},
	{"pkg/key", "pkg/secret", "a new key's text must not be printed"},
	{"pkg/route", "pkg/policy", "a choice is made by one snapshot"},
	{"pkg/route", "pkg/health", "an order depends on how ill the backends are"},
	{"pkg/route/*", "pkg/policy", "an account is made again by a snapshot"},
	{"pkg/route/*", "pkg/health", "an account says how ill the backends were"},
	{"pkg/settle", "pkg/ledger", "the book is restored from what the ledger recovered"},
	{"pkg/stage/*", "pkg/pipeline", "a stage implements the pipeline's interfaces"},
	{"pkg/stage/*", "pkg/telemetry", "names of spans and metrics live in one place"},
	{"pkg/gateway", "pkg/builtin", "the composition root takes the tables of what is built in"},
	{"cmd/simprovider", "pkg/gatewaytest/provider", "the simulated provider is the test kit's, as a program"},
	{"e2e/**", kit, "end-to-end tests are tests"},
	{"e2e/**", "e2e/**", "the programs of the end-to-end tests share their test bed"},
	{"examples/**", kit, "examples run against the simulated provider"},
}

// banned are imports that low floors must not have. A trailing slash covers
// the packages below.
var banned = []struct {
	top     int // the highest floor that the ban reaches
	imports []string
	reason  string
}{
	{1, []string{"net", "net/http", "net/http/"}, "functions over bytes reach nothing"},
	{1, []string{"os", "os/"}, "functions over bytes touch no file, process or environment"},
	{1, []string{"log", "log/"}, "what happened is returned, and the owner of the stream logs it"},
	{1, []string{"sync", "sync/"}, "functions over bytes have nothing to share"},
	{2, []string{"google.golang.org/grpc", "google.golang.org/grpc/"}, "decisions know no transport"},
}

// confined are imports that only some packages may have. The first row that
// covers an import counts.
var confined = []struct {
	imports []string
	to      []string
	reason  string
}{
	{
		[]string{"go.yaml.in/yaml/", "gopkg.in/yaml", "sigs.k8s.io/yaml", "github.com/goccy/go-yaml"},
		[]string{"pkg/config"},
		"one place decodes the configuration, strictly",
	},
	{
		[]string{envoy + "service/accesslog/", envoy + "data/accesslog/"},
		[]string{"pkg/witness", kit, "e2e/**"},
		"what Envoy logs is read in one place",
	},
	{
		[]string{envoy + "service/ext_proc/", "github.com/envoyproxy/", "github.com/cncf/xds/"},
		[]string{"pkg/extproc", "pkg/xds/control", kit, "e2e/**"},
		"Envoy's messages do not reach past the wire",
	},
	{
		[]string{"go.opentelemetry.io/otel/sdk", "go.opentelemetry.io/otel/exporters/"},
		[]string{"pkg/telemetry"},
		"spans and metrics are made in one place",
	},
}

const envoy = "github.com/envoyproxy/go-control-plane/envoy/"

// nowhere are imports that no file may have, tests included.
var nowhere = []struct{ path, reason string }{
	{"github.com/stretchr/testify", "tests use testing and go-cmp"},
	{"github.com/tidwall/", "jsonedit reads JSON"},
	{"math/rand", "math/rand/v2 and crypto/rand"},
	{"io/ioutil", "io and os"},
}

// loners may import more than maxFanout of our packages: putting together is
// what they are for.
var loners = []string{"pkg/builtin", "pkg/gateway"}

const maxFanout = 15

// matches reports whether a package or folder fits a pattern.
func matches(pattern, dir string) bool {
	if folder, ok := strings.CutSuffix(pattern, "/**"); ok {
		return dir == folder || strings.HasPrefix(dir, folder+"/")
	}
	ok, err := path.Match(pattern, dir)
	return err == nil && ok
}

func matchesAny(patterns []string, dir string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, dir) })
}

// covers reports whether the import p is name, or below it when name ends in a
// slash, or a version of it.
func covers(names []string, p string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		return p == name || (strings.HasPrefix(p, name) && (strings.HasSuffix(name, "/") || strings.Contains(name, ".")))
	})
}

// floorOf returns the floor of a package; false when the table lacks it.
func floorOf(dir string) (int, bool) {
	for _, f := range floors {
		if matches(f.pattern, dir) {
			return f.floor, true
		}
	}
	return 0, false
}

// checkImports holds all imports against the tables. Tests are bound by what
// is allowed nowhere, not by floors.
func checkImports(files []source) []breach {
	var list []breach
	fanout := map[string]map[string]bool{}
	for _, s := range files {
		floor, known := floorOf(s.Dir)
		if !known && fanout[s.Dir] == nil {
			list = append(list, breach{"unknown", s.Dir, "give the package a floor in the table of layers_test.go"})
		}
		if fanout[s.Dir] == nil {
			fanout[s.Dir] = map[string]bool{}
		}
		for p, pos := range s.imports {
			where := s.at(pos)
			list = append(list, checkNowhere(where, p)...)
			if s.Test || !known {
				continue
			}
			list = append(list, checkOutside(s, floor, p, where)...)
			if to, ok := strings.CutPrefix(p, module+"/"); ok {
				fanout[s.Dir][to] = true
				list = append(list, checkInside(s.Dir, to, where)...)
			}
		}
	}
	return append(list, checkFanout(fanout)...)
}

func checkNowhere(where, p string) []breach {
	for _, n := range nowhere {
		if covers([]string{n.path}, p) {
			return []breach{{"nowhere", where, fmt.Sprintf("imports %s: %s", p, n.reason)}}
		}
	}
	return nil
}

// checkOutside holds an import of other people's packages against the tables.
func checkOutside(s source, floor int, p, where string) []breach {
	var list []breach
	for _, b := range banned {
		if floor <= b.top && !s.Generated && covers(b.imports, p) {
			list = append(list, breach{"banned", where, fmt.Sprintf("floor %d imports %s: %s", floor, p, b.reason)})
		}
	}
	for _, c := range confined {
		if !covers(c.imports, p) {
			continue
		}
		if !matchesAny(c.to, s.Dir) {
			list = append(list, breach{"confined", where, fmt.Sprintf("%s imports %s: %s", s.Dir, p, c.reason)})
		}
		break
	}
	if p == "testing" || strings.HasPrefix(p, "testing/") {
		if !matchesAny([]string{kit, "e2e/**"}, s.Dir) {
			list = append(list, breach{"testing", where, s.Dir + " is no test"})
		}
	}
	return list
}

// checkInside holds an import of one of our packages against the floors.
func checkInside(from, to, where string) []breach {
	text := fmt.Sprintf("%s imports %s", from, to)
	listed := slices.ContainsFunc(edges, func(e struct{ from, to, reason string }) bool {
		return matches(e.from, from) && matches(e.to, to)
	})
	high, _ := floorOf(from)
	low, known := floorOf(to)
	switch {
	case listed || strings.HasPrefix(from, to+"/"):
		return nil
	case !known:
		return []breach{{"unknown", where, text + ", which has no floor"}}
	case matches(kit, to) && !matches(kit, from):
		return []breach{{"kit", where, text + ", which is for tests"}}
	case low > high:
		return []breach{{"floor", where, fmt.Sprintf("%s: floor %d above floor %d", text, low, high)}}
	case low == high:
		return []breach{{"sibling", where, text + ": both stand on one floor and the edge is not listed"}}
	}
	return nil
}

func checkFanout(fanout map[string]map[string]bool) []breach {
	var list []breach
	for dir, to := range fanout {
		if len(to) > maxFanout && !matchesAny(loners, dir) && !matches("e2e/**", dir) {
			list = append(list, breach{"fanout", dir, fmt.Sprintf("imports %d of our packages, more than %d", len(to), maxFanout)})
		}
	}
	return list
}

// The tables hold what they are read for: no row twice, a floor at both ends of
// each edge, and a reason.
func TestTables(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range floors {
		if seen[f.pattern] {
			t.Errorf("%s has two floors", f.pattern)
		}
		seen[f.pattern] = true
	}
	for _, e := range edges {
		for _, pattern := range []string{e.from, e.to} {
			if !hasFloor(pattern) {
				t.Errorf("edge %s -> %s: %s has no floor", e.from, e.to, pattern)
			}
		}
		if e.reason == "" {
			t.Errorf("edge %s -> %s has no reason", e.from, e.to)
		}
	}
}

// hasFloor reports whether a package that fits the pattern has a floor.
func hasFloor(pattern string) bool {
	_, ok := floorOf(strings.ReplaceAll(strings.TrimSuffix(pattern, "/**"), "*", "x"))
	return ok
}
