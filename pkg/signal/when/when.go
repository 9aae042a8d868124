// Package when compiles and evaluates the conditions of routes: CEL
// expressions over the facts of a request.
//
// Invariants: a condition is boolean, names only facts that there are, and has
// a bounded cost: all that is known before it ever runs. Running it changes
// nothing but what the facts remember of themselves.
package when

import (
	"fmt"
	"slices"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"

	"github.com/signalbox-dev/signalbox/pkg/signal"
)

// maxCost bounds a condition in CEL's own units: about one for each step, more
// for long texts.
const maxCost = 20_000

// Compiler compiles conditions and remembers them, so that each text is
// compiled once. It is not safe for concurrent use.
type Compiler struct {
	env    *cel.Env
	before map[string]*Condition // of an earlier compiler
	known  map[string]*Condition
}

// Condition is a compiled condition, safe for concurrent use.
type Condition struct {
	plain   predicate   // nil: only program can tell
	program cel.Program // nil: plain tells
	headers []string
	names   []Mention
}

// Mention is a fact that a condition compares with a constant text.
type Mention struct{ Fact, Text string }

// New makes a compiler.
func New() (*Compiler, error) {
	env, err := cel.NewEnv(options()...)
	if err != nil {
		return nil, fmt.Errorf("conditions: %w", err)
	}
	return &Compiler{env: env, known: make(map[string]*Condition)}, nil
}

// Next is a compiler that knows what c compiled, and keeps what it is asked for
// of that: the conditions of a file that was changed.
func (c *Compiler) Next() *Compiler {
	return &Compiler{env: c.env, before: c.known, known: make(map[string]*Condition)}
}

// Error is what is wrong with a condition.
type Error struct {
	Column int    // in characters from 1; 0: the whole
	Text   string // without content of requests: there is none yet
	Name   string // what it refers to that is not there; may be empty
}

func (e *Error) Error() string {
	if e.Column > 0 {
		return fmt.Sprintf("%s, at character %d", e.Text, e.Column)
	}
	return e.Text
}

// Compile checks and compiles; the error is an *Error.
func (c *Compiler) Compile(text string) (*Condition, error) {
	if k := c.known[text]; k != nil {
		return k, nil
	}
	k := c.before[text]
	if k == nil {
		var err error
		if k, err = c.compile(text); err != nil {
			return nil, err
		}
	}
	c.known[text] = k
	return k, nil
}

func (c *Compiler) compile(text string) (*Condition, error) {
	checked, issues := c.env.Compile(text)
	if issues.Err() != nil {
		first := issues.Errors()[0]
		return nil, problem(text, first.Message, first.Location.Column()+1)
	}
	if t := checked.OutputType(); !t.IsExactType(cel.BoolType) {
		return nil, &Error{Text: fmt.Sprintf("is %s, where a condition must be true or false", typeName(t))}
	}
	cost, err := c.env.EstimateCost(checked, sizes{})
	if err != nil {
		return nil, &Error{Text: "has a cost that cannot be bounded"}
	}
	if cost.Max > maxCost {
		return nil, &Error{Text: fmt.Sprintf("may take too long: it costs up to %d steps of %d", cost.Max, maxCost)}
	}
	k := &Condition{plain: plain(checked.NativeRep().Expr()), headers: headersOf(checked), names: mentions(checked)}
	if k.plain != nil {
		return k, nil
	}
	if k.program, err = c.env.Program(checked, cel.EvalOptions(cel.OptOptimize)); err != nil {
		return nil, &Error{Text: "cannot be run: " + err.Error()}
	}
	return k, nil
}

// Headers are the headers that it looks at, sorted.
func (c *Condition) Headers() []string { return c.headers }

// Mentions are the facts that it compares with constant texts, in its order.
func (c *Condition) Mentions() []Mention { return c.names }

// Eval reports whether the condition holds. An error says that it failed.
func (c *Condition) Eval(f *signal.Facts) (bool, error) {
	if c.plain != nil {
		return c.plain(f), nil
	}
	v, _, err := c.program.Eval((*activation)(f))
	if err != nil {
		return false, fmt.Errorf("condition: %w", err)
	}
	holds, ok := v.Value().(bool)
	if !ok {
		return false, fmt.Errorf("condition: is %s", v.Type().TypeName())
	}
	return holds, nil
}

func mentions(checked *cel.Ast) (list []Mention) {
	for _, e := range ast.MatchDescendants(ast.NavigateAST(checked.NativeRep()), ast.KindMatcher(ast.CallKind)) {
		c := e.AsCall()
		switch c.FunctionName() {
		case operators.Equals, operators.NotEquals, operators.In:
			a, b := c.Args()[0], c.Args()[1]
			list = append(append(list, mention(a, b)...), mention(b, a)...)
		}
	}
	return list
}

func mention(fact, with ast.Expr) (list []Mention) {
	if fact.Kind() != ast.IdentKind {
		return nil
	}
	texts := []ast.Expr{with}
	if with.Kind() == ast.ListKind {
		texts = with.AsList().Elements()
	}
	for _, e := range texts {
		if text, ok := literal[string](e); ok {
			list = append(list, Mention{fact.AsIdent(), text})
		}
	}
	return list
}

func headersOf(checked *cel.Ast) []string {
	var names []string
	for _, e := range ast.MatchDescendants(ast.NavigateAST(checked.NativeRep()), ast.FunctionMatcher(headerCall)) {
		if name, ok := e.AsCall().Args()[1].AsLiteral().Value().(string); ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
