package pipeline

import (
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/signalbox-dev/signalbox/pkg/fault"
)

// Pipeline is an ordered list of stages with their hooks resolved. It is
// immutable and safe for concurrent use; its stages must be too.
type Pipeline struct {
	heads   []hook[OnRequestHead]
	bodies  []hook[OnRequestBody]
	answers []hook[OnAnswer]
	fails   []hook[OnFailure]
	chunks  []hook[OnChunk]
	ends    []hook[OnEnd]
	panics  func(stage string, value any, stack []byte)
}

type hook[H any] struct {
	stage string
	run   H
}

// New builds a pipeline. onPanic is told of each panic that a stage raised;
// the value may hold content and must not be logged as it is. The error lists
// every stage that has no hook or reads a section that no earlier one writes.
func New(onPanic func(stage string, value any, stack []byte), stages ...Stage) (*Pipeline, error) {
	p := &Pipeline{panics: onPanic}
	var written Section
	var problems []error
	for _, s := range stages {
		a := s.Access()
		if missing := a.Reads &^ written; missing != 0 {
			problems = append(problems, fmt.Errorf("stage %s reads sections %b before any stage writes them", s.Name(), missing))
		}
		if twice := a.Writes & written; twice != 0 {
			problems = append(problems, fmt.Errorf("stage %s writes sections %b that an earlier stage wrote", s.Name(), twice))
		}
		written |= a.Writes
		if !p.add(s) {
			problems = append(problems, fmt.Errorf("stage %s has no hook", s.Name()))
		}
	}
	return p, errors.Join(problems...)
}

func (p *Pipeline) add(s Stage) bool {
	return add(&p.heads, s)|
		add(&p.bodies, s)|
		add(&p.answers, s)|
		add(&p.fails, s)|
		add(&p.chunks, s)|
		add(&p.ends, s) != 0
}

func add[H any](to *[]hook[H], s Stage) int {
	h, ok := s.(H)
	if !ok {
		return 0
	}
	*to = append(*to, hook[H]{s.Name(), h})
	return 1
}

// RequestHead runs the head phase until a stage fails or answers locally.
func (p *Pipeline) RequestHead(x *Exchange) *fault.Error {
	for i := range p.heads {
		if f := p.head(x, i); f != nil || x.local != nil {
			return f
		}
	}
	return nil
}

func (p *Pipeline) head(x *Exchange, i int) (f *fault.Error) {
	defer p.recover(p.heads[i].stage, &f)
	return p.heads[i].run.RequestHead(x)
}

// RequestBody runs the body phase until a stage fails or answers locally.
func (p *Pipeline) RequestBody(x *Exchange) *fault.Error {
	for i := range p.bodies {
		if f := p.body(x, i); f != nil || x.local != nil {
			return f
		}
	}
	return nil
}

func (p *Pipeline) body(x *Exchange, i int) (f *fault.Error) {
	defer p.recover(p.bodies[i].stage, &f)
	return p.bodies[i].run.RequestBody(x)
}

// AnswerHead runs the answer's head phase and returns the greatest want.
func (p *Pipeline) AnswerHead(x *Exchange) (Want, *fault.Error) {
	want := Nothing
	for i := range p.answers {
		w, f := p.answer(x, i)
		if f != nil {
			return want, f
		}
		want = max(want, w)
	}
	return want, nil
}

func (p *Pipeline) answer(x *Exchange, i int) (w Want, f *fault.Error) {
	defer p.recover(p.answers[i].stage, &f)
	return p.answers[i].run.AnswerHead(x), nil
}

// Failure asks the stages what takes the place of an error answer; nil is the
// provider's own error.
func (p *Pipeline) Failure(x *Exchange) *fault.Error {
	for i := range p.fails {
		if f := p.fail(x, i); f != nil {
			return f
		}
	}
	return nil
}

func (p *Pipeline) fail(x *Exchange, i int) (f *fault.Error) {
	defer p.recover(p.fails[i].stage, &f)
	return p.fails[i].run.Failure(x)
}

// Chunk runs a piece of the answer through the stages and returns what takes
// its place.
func (p *Pipeline) Chunk(x *Exchange, b []byte, end bool) ([]byte, *fault.Error) {
	for i := range p.chunks {
		var f *fault.Error
		if b, f = p.chunk(x, i, b, end); f != nil {
			return nil, f
		}
	}
	return b, nil
}

func (p *Pipeline) chunk(x *Exchange, i int, b []byte, end bool) (out []byte, f *fault.Error) {
	defer p.recover(p.chunks[i].stage, &f)
	return p.chunks[i].run.Chunk(x, b, end), nil
}

// End runs the end hooks, each of them, whatever the others do.
func (p *Pipeline) End(x *Exchange) {
	for i := range p.ends {
		p.end(x, i)
	}
}

func (p *Pipeline) end(x *Exchange, i int) {
	var f *fault.Error // the exchange is over: nobody is left to tell
	defer p.recover(p.ends[i].stage, &f)
	p.ends[i].run.End(x)
}

// recover turns a panic of a stage into a fault of its exchange.
func (p *Pipeline) recover(stage string, f **fault.Error) {
	v := recover()
	if v == nil {
		return
	}
	p.panics(stage, v, debug.Stack())
	*f = fault.New(fault.Internal, "The gateway failed on this request. Other requests are not affected; give its operator the request id.")
}
