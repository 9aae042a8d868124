package when

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/checker"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/interpreter"

	"github.com/signalbox-dev/signalbox/pkg/signal"
)

// Names that expressions cannot spell: request.header("x") becomes
// @header(@headers, "x"), whose name is known before it runs.
const (
	headerCall = "@header"
	headersVar = "@headers"
)

var headersType = cel.OpaqueType("signalbox.headers") //nolint:gochecknoglobals // a constant of a type that Go has none of

func options() []cel.EnvOption {
	o := []cel.EnvOption{
		cel.Variable(headersVar, headersType),
		cel.Macros(append(cel.StandardMacros, cel.ReceiverMacro("header", 1, headerMacro))...),
		cel.ASTValidators(cel.ValidateRegexLiterals(), cel.ValidateDurationLiterals(), cel.ValidateTimestampLiterals()),
		cel.Function(headerCall, cel.Overload("header_of", []*cel.Type{headersType, cel.StringType}, cel.StringType, cel.BinaryBinding(headerOf))),
	}
	for _, f := range Facts() {
		o = append(o, cel.Variable(f.Name, f.kind))
	}
	return o
}

func headerMacro(x cel.MacroExprFactory, target ast.Expr, args []ast.Expr) (ast.Expr, *cel.Error) {
	if target.Kind() != ast.IdentKind || target.AsIdent() != "request" {
		return nil, nil //nolint:nilnil // the macro does not apply
	}
	name, ok := "", args[0].Kind() == ast.LiteralKind
	if ok {
		name, ok = args[0].AsLiteral().Value().(string)
	}
	if !ok || name == "" || name != strings.ToLower(name) {
		return nil, x.NewError(args[0].ID(), `request.header wants the name of a header as a text in lower case, as request.header("x-plan")`)
	}
	return x.NewCall(headerCall, x.NewIdent(headersVar), x.NewLiteral(types.String(name))), nil
}

func headerOf(h, name ref.Val) ref.Val {
	f, ok := h.(*headers)
	text, named := name.(types.String)
	if !ok || !named {
		return types.NewErr("no headers")
	}
	return types.String((*signal.Facts)(f).Header(string(text)))
}

// headers are the facts as a value that only headerOf opens.
type headers signal.Facts

func (h *headers) ConvertToNative(t reflect.Type) (any, error) {
	return nil, fmt.Errorf("headers are no %v", t)
}
func (h *headers) ConvertToType(ref.Type) ref.Val { return types.NewErr("headers are nothing else") }
func (h *headers) Equal(o ref.Val) ref.Val        { return types.Bool(ref.Val(h) == o) }
func (h *headers) Type() ref.Type                 { return headersType }
func (h *headers) Value() any                     { return h }

// activation gives expressions the facts by name.
type activation signal.Facts

func (a *activation) ResolveName(name string) (any, bool) {
	if name == headersVar {
		return (*headers)(a), true
	}
	f, ok := byName[name]
	if !ok {
		return nil, false
	}
	return f.get((*signal.Facts)(a)), true
}

func (a *activation) Parent() interpreter.Activation { return nil }

var byName = func() map[string]Fact { //nolint:gochecknoglobals // a table that nothing changes
	m := make(map[string]Fact)
	for _, f := range Facts() {
		m[f.Name] = f
	}
	return m
}()

// sizes bounds what expressions look at.
type sizes struct{}

// What texts and lists of facts come to at most.
const (
	maxText    = 256
	maxClasses = 8
)

func (sizes) EstimateSize(n checker.AstNode) *checker.SizeEstimate {
	path := n.Path()
	switch {
	case len(path) == 0:
		return nil
	case strings.HasSuffix(path[len(path)-1], "classes"):
		return &checker.SizeEstimate{Max: maxClasses}
	}
	return &checker.SizeEstimate{Max: maxText}
}

func (sizes) EstimateCallCost(function, _ string, _ *checker.AstNode, _ []checker.AstNode) *checker.CallEstimate {
	if function != headerCall {
		return nil
	}
	return &checker.CallEstimate{
		CostEstimate: checker.CostEstimate{Min: 1, Max: 1},
		ResultSize:   &checker.SizeEstimate{Max: signal.MaxHeader},
	}
}

func typeName(t *cel.Type) string {
	switch t {
	case cel.StringType:
		return "a text"
	case cel.IntType, cel.UintType:
		return "a whole number"
	case cel.DoubleType:
		return "a number with decimals"
	case cel.BoolType:
		return "true or false"
	}
	if t.Kind() == types.ListKind {
		return "a list"
	}
	return "of type " + t.String()
}

// problem is an issue of the compiler in few words.
func problem(text, message string, column int) *Error {
	message, _, _ = strings.Cut(message, " (in container")
	message = strings.TrimPrefix(message, "Syntax error: ")
	e := &Error{Column: column, Text: message}
	if strings.HasPrefix(message, "undeclared reference to") && strings.HasPrefix(from(text, column), "request.") {
		e.Name = wholeName(from(text, column))
		e.Text = "there is no " + e.Name
	}
	return e
}

// from is text from a character on, counted from 1.
func from(text string, column int) string {
	for i := range text {
		if column--; column == 0 {
			return text[i:]
		}
	}
	return ""
}

func wholeName(text string) string {
	end := strings.IndexFunc(text, func(r rune) bool {
		return r != '.' && r != '_' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
	})
	if end < 0 {
		return text
	}
	return text[:end]
}
