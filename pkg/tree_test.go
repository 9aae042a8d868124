// Package pkg_test holds the rules of the house as tests: which package may
// import which, what low floors must not touch, and the shape of files. Each
// rule has a tree under testdata/law that breaks it, with the breaches that
// must be reported in its file named want.
package pkg_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const module = "github.com/signalbox-dev/signalbox"

// source is one Go file of a tree.
type source struct {
	Path      string // slash-separated, from the root
	Dir       string
	Test      bool // a _test.go file
	Generated bool
	Lines     int
	Fset      *token.FileSet
	File      *ast.File
}

// breach is one place where a rule does not hold.
type breach struct{ Rule, Where, Text string }

func (b breach) String() string { return b.Rule + ": " + b.Where + ": " + b.Text }

// check looks at all files of a tree.
type check func(files []source) []breach

// rules are the checks by the depth of parsing that they need, and law names
// all rules that they may report.
var (
	rules = []struct {
		mode  parser.Mode
		check check
	}{
		{parser.ImportsOnly | parser.ParseComments, checkImports},
		{parser.SkipObjectResolution | parser.ParseComments, checkFiles},
	}
	law = []string{
		"unknown", "floor", "sibling", "banned", "confined", "nowhere", "kit", "testing", "fanout",
		"clock", "goroutine", "init", "comment", "file", "function", "parameters", "interface", "name",
	}
)

// load parses every Go file of a tree, apart from test data and what is not
// ours.
func load(fsys fs.FS, mode parser.Mode) ([]source, error) {
	var files []source
	err := fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && p != "." && (slices.Contains([]string{"testdata", "vendor", "node_modules", "bin"}, d.Name()) ||
			strings.HasPrefix(d.Name(), ".") || strings.HasPrefix(d.Name(), "_")):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(p, ".go"):
			return nil
		}
		s, err := parse(fsys, p, mode)
		files = append(files, s)
		return err
	})
	return files, err
}

func parse(fsys fs.FS, p string, mode parser.Mode) (source, error) {
	text, err := fs.ReadFile(fsys, p)
	if err != nil {
		return source{}, err
	}
	s := source{
		Path: p, Dir: path.Dir(p), Test: strings.HasSuffix(p, "_test.go"),
		Lines: bytes.Count(text, []byte("\n")), Fset: token.NewFileSet(),
	}
	s.File, err = parser.ParseFile(s.Fset, p, text, mode)
	if err != nil {
		return source{}, fmt.Errorf("source file: %w", err)
	}
	s.Generated = ast.IsGenerated(s.File)
	return s, nil
}

// at names a place in s.
func (s source) at(pos token.Pos) string { return s.Path + ":" + strconv.Itoa(s.line(pos)) }

func (s source) line(pos token.Pos) int { return s.Fset.Position(pos).Line }

// imports yields the import paths of s and where they stand.
func (s source) imports(yield func(string, token.Pos) bool) {
	for _, spec := range s.File.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err == nil && !yield(p, spec.Pos()) {
			return
		}
	}
}

// breaches returns everything in a tree that breaks a rule, sorted.
func breaches(t *testing.T, fsys fs.FS) []string {
	t.Helper()
	var list []string
	for _, r := range rules {
		files, err := load(fsys, r.mode)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range r.check(files) {
			if !slices.Contains(law, b.Rule) {
				t.Fatalf("the rule of %s is not in the list", b)
			}
			list = append(list, b.String())
		}
	}
	slices.Sort(list)
	return list
}

func TestLaw(t *testing.T) {
	for _, b := range breaches(t, os.DirFS("..")) {
		t.Error(b)
	}
}

// Every rule must name what breaks it, or it guards nothing.
func TestLawIsEnforced(t *testing.T) {
	for _, rule := range law {
		t.Run(rule, func(t *testing.T) {
			root := "testdata/law/" + rule
			want, err := os.ReadFile(root + "/want")
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Contains(want, []byte(rule+": ")) {
				t.Error("the tree does not break the rule")
			}
			got := strings.Join(breaches(t, os.DirFS(root)), "\n") + "\n"
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("breaches (-want +got):\n%s", diff)
			}
		})
	}
}
