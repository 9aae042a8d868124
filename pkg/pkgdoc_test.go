package pkg_test

import (
	"fmt"
	"go/ast"
	"path"
	"slices"
	"strings"
)

// The shape of the house: where a limit is, most things stay far below.
const (
	maxFile       = 400 // lines
	maxFunction   = 60  // lines
	maxParameters = 6   // a struct is due from five on
	maxMethods    = 3   // of an interface
)

// timeless is the highest floor to which time comes as an argument, still the
// highest without goroutines.
const (
	timeless = 2
	still    = 1
)

// clock are the functions of package time that read the clock.
var clock = []string{"Now", "Since", "Until"}

// vague are names that say nothing of what a package holds.
var vague = []string{"util", "utils", "common", "helper", "helpers", "manager", "core", "types", "base", "misc", "shared"}

// checkFiles looks at the text of files. Generated files are not ours to
// shape, and tests may be long.
func checkFiles(files []source) []breach {
	var list []breach
	for _, s := range files {
		if s.Generated {
			continue
		}
		list = append(list, checkInit(s)...)
		if s.Test {
			continue
		}
		if s.Lines > maxFile {
			list = append(list, breach{"file", s.Path, fmt.Sprintf("%d lines, more than %d", s.Lines, maxFile)})
		}
		list = append(list, checkShape(s)...)
		floor, known := floorOf(s.Dir)
		if known && floor <= timeless {
			list = append(list, checkClock(s, floor)...)
		}
		if known && floor <= still {
			list = append(list, checkGoroutines(s, floor)...)
		}
	}
	return append(list, checkPackages(files)...)
}

// checkInit reports functions that run by themselves.
func checkInit(s source) []breach {
	var list []breach
	for _, d := range s.File.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Name.Name == "init" && f.Recv == nil {
			list = append(list, breach{"init", s.at(f.Pos()), "what is built in stands in a table"})
		}
	}
	return list
}

// checkShape reports functions that are too long or take too much, and
// interfaces that ask too much.
func checkShape(s source) []breach {
	var list []breach
	add := func(rule string, n ast.Node, name string, got, most int) {
		if got > most {
			list = append(list, breach{rule, s.at(n.Pos()), fmt.Sprintf("%s has %d, more than %d", name, got, most)})
		}
	}
	ast.Inspect(s.File, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			add("function", n, n.Name.Name, s.line(n.End())-s.line(n.Pos())+1, maxFunction)
			add("parameters", n, n.Name.Name, n.Type.Params.NumFields(), maxParameters)
		case *ast.TypeSpec:
			if i, ok := n.Type.(*ast.InterfaceType); ok {
				add("interface", n, n.Name.Name, i.Methods.NumFields(), maxMethods)
			}
		}
		return true
	})
	return list
}

// checkClock reports where the clock is read, called or passed on.
func checkClock(s source, floor int) []breach {
	var list []breach
	names := map[string]bool{}
	for _, spec := range s.File.Imports {
		switch {
		case spec.Path.Value != `"time"`:
		case spec.Name == nil:
			names["time"] = true
		case spec.Name.Name == ".":
			list = append(list, breach{"clock", s.at(spec.Pos()), "package time is imported without its name"})
		default:
			names[spec.Name.Name] = true
		}
	}
	ast.Inspect(s.File, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if x, ok := sel.X.(*ast.Ident); ok && names[x.Name] && slices.Contains(clock, sel.Sel.Name) {
			list = append(list, breach{"clock", s.at(sel.Pos()), fmt.Sprintf("floor %d uses time.%s: time comes as an argument", floor, sel.Sel.Name)})
		}
		return true
	})
	return list
}

// checkGoroutines reports go statements.
func checkGoroutines(s source, floor int) []breach {
	var list []breach
	ast.Inspect(s.File, func(n ast.Node) bool {
		if g, ok := n.(*ast.GoStmt); ok {
			list = append(list, breach{"goroutine", s.at(g.Pos()), fmt.Sprintf("floor %d starts a goroutine", floor)})
		}
		return true
	})
	return list
}

// checkPackages holds each package against the rules for its comment and name.
func checkPackages(files []source) []breach {
	names, comments := map[string]string{}, map[string][]string{}
	var list []breach
	for _, s := range files {
		if s.Test || s.Generated {
			continue
		}
		names[s.Dir] = s.File.Name.Name
		if s.File.Doc == nil {
			continue
		}
		comments[s.Dir] = append(comments[s.Dir], path.Base(s.Path))
		start := "Package " + s.File.Name.Name + " "
		if s.File.Name.Name == "main" {
			start = "Command " + path.Base(s.Dir) + " "
		}
		if !strings.HasPrefix(s.File.Doc.Text(), start) {
			list = append(list, breach{"comment", s.at(s.File.Doc.Pos()), fmt.Sprintf("does not start with %q", start)})
		}
	}
	for dir, name := range names {
		if n := comments[dir]; len(n) != 1 {
			list = append(list, breach{"comment", dir, fmt.Sprintf("%d package comments %v, want one", len(n), n)})
		}
		if slices.Contains(vague, name) || slices.Contains(vague, path.Base(dir)) {
			list = append(list, breach{"name", dir, "the name says nothing of what the package holds"})
		}
	}
	return list
}
