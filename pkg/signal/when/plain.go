package when

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/overloads"

	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/signal"
)

// predicate is a condition that cannot fail, as a function: most are a few
// comparisons of facts with constants, for which CEL's own interpreter takes
// ten times as long. A test holds both against each other.
type predicate func(*signal.Facts) bool

// plain is the predicate of a checked expression; nil: it has something in it
// that only CEL can do.
func plain(e ast.Expr) predicate {
	switch e.Kind() {
	case ast.LiteralKind:
		if b, ok := e.AsLiteral().Value().(bool); ok {
			return func(*signal.Facts) bool { return b }
		}
	case ast.IdentKind:
		return byName[e.AsIdent()].truth
	case ast.CallKind:
		return plainCall(e.AsCall())
	}
	return nil
}

func plainCall(c ast.CallExpr) predicate {
	args := c.Args()
	if c.IsMemberFunction() {
		return plainText(c.FunctionName(), c.Target(), args)
	}
	switch c.FunctionName() {
	case operators.LogicalNot:
		if p := plain(args[0]); p != nil {
			return func(f *signal.Facts) bool { return !p(f) }
		}
	case operators.LogicalAnd:
		if p, ok := plains(args); ok {
			return func(f *signal.Facts) bool { return p[0](f) && p[1](f) }
		}
	case operators.LogicalOr:
		if p, ok := plains(args); ok {
			return func(f *signal.Facts) bool { return p[0](f) || p[1](f) }
		}
	case operators.In:
		return plainIn(args[0], args[1])
	case operators.Equals, operators.NotEquals, operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals:
		return plainComparison(c.FunctionName(), args[0], args[1])
	}
	return nil
}

func plains(args []ast.Expr) (p [2]predicate, ok bool) {
	if len(args) != 2 {
		return p, false
	}
	p[0], p[1] = plain(args[0]), plain(args[1])
	return p, p[0] != nil && p[1] != nil
}

func plainComparison(op string, a, b ast.Expr) predicate {
	if x, y := textOf(a), textOf(b); x != nil && y != nil {
		return compare(op, x, y)
	}
	if x, y := numberOf(a), numberOf(b); x != nil && y != nil {
		return compare(op, x, y)
	}
	if x, y := scoreOf(a), scoreOf(b); x != nil && y != nil {
		return compare(op, x, y)
	}
	if x, y := plain(a), plain(b); x != nil && y != nil {
		switch op {
		case operators.Equals:
			return func(f *signal.Facts) bool { return x(f) == y(f) }
		case operators.NotEquals:
			return func(f *signal.Facts) bool { return x(f) != y(f) }
		}
	}
	return nil
}

func compare[T cmp.Ordered](op string, a, b func(*signal.Facts) T) predicate {
	switch op {
	case operators.Equals:
		return func(f *signal.Facts) bool { return a(f) == b(f) }
	case operators.NotEquals:
		return func(f *signal.Facts) bool { return a(f) != b(f) }
	case operators.Less:
		return func(f *signal.Facts) bool { return a(f) < b(f) }
	case operators.LessEquals:
		return func(f *signal.Facts) bool { return a(f) <= b(f) }
	case operators.Greater:
		return func(f *signal.Facts) bool { return a(f) > b(f) }
	}
	return func(f *signal.Facts) bool { return a(f) >= b(f) }
}

// plainText is a test of a text by a constant one.
func plainText(name string, target ast.Expr, args []ast.Expr) predicate {
	text := textOf(target)
	if text == nil || len(args) != 1 {
		return nil
	}
	with, ok := literal[string](args[0])
	if !ok {
		return nil
	}
	switch name {
	case overloads.StartsWith:
		return func(f *signal.Facts) bool { return strings.HasPrefix(text(f), with) }
	case overloads.EndsWith:
		return func(f *signal.Facts) bool { return strings.HasSuffix(text(f), with) }
	case overloads.Contains:
		return func(f *signal.Facts) bool { return strings.Contains(text(f), with) }
	case overloads.Matches:
		if re, err := regexp.Compile(with); err == nil {
			return func(f *signal.Facts) bool { return re.MatchString(text(f)) }
		}
	}
	return nil
}

// plainIn is whether a list has an element: one of constants, or the classes.
func plainIn(x, list ast.Expr) predicate {
	if list.Kind() == ast.IdentKind && list.AsIdent() == "request.classes" {
		if class := textOf(x); class != nil {
			return func(f *signal.Facts) bool { return slices.Contains(f.Classes, genai.DataClass(class(f))) }
		}
		return nil
	}
	if text := textOf(x); text != nil {
		return among(text, list)
	}
	if number := numberOf(x); number != nil {
		return among(number, list)
	}
	return nil
}

func among[T comparable](x func(*signal.Facts) T, list ast.Expr) predicate {
	if list.Kind() != ast.ListKind {
		return nil
	}
	var all []T
	for _, e := range list.AsList().Elements() {
		v, ok := literal[T](e)
		if !ok {
			return nil
		}
		all = append(all, v)
	}
	return func(f *signal.Facts) bool { return slices.Contains(all, x(f)) }
}

func literal[T any](e ast.Expr) (v T, ok bool) {
	if e.Kind() == ast.LiteralKind {
		v, ok = e.AsLiteral().Value().(T)
	}
	return v, ok
}

// textOf is a text of which is known what it is; nil: none.
func textOf(e ast.Expr) func(*signal.Facts) string {
	if v, ok := literal[string](e); ok {
		return func(*signal.Facts) string { return v }
	}
	switch {
	case e.Kind() == ast.IdentKind:
		return byName[e.AsIdent()].text
	case e.Kind() == ast.CallKind && e.AsCall().FunctionName() == headerCall:
		if name, ok := literal[string](e.AsCall().Args()[1]); ok {
			return func(f *signal.Facts) string { return f.Header(name) }
		}
	}
	return nil
}

// numberOf is textOf for whole numbers.
func numberOf(e ast.Expr) func(*signal.Facts) int64 {
	if v, ok := literal[int64](e); ok {
		return func(*signal.Facts) int64 { return v }
	}
	if e.Kind() == ast.IdentKind {
		return byName[e.AsIdent()].number
	}
	return nil
}

// scoreOf is textOf for numbers with decimals.
func scoreOf(e ast.Expr) func(*signal.Facts) float64 {
	if v, ok := literal[float64](e); ok {
		return func(*signal.Facts) float64 { return v }
	}
	if e.Kind() == ast.IdentKind {
		return byName[e.AsIdent()].score
	}
	return nil
}
