package pipeline

import (
	"strings"
	"testing"

	"github.com/signalbox-dev/signalbox/pkg/fault"
)

type stage struct {
	name   string
	access Access
	head   func(*Exchange) *fault.Error
}

func (s stage) Name() string   { return s.name }
func (s stage) Access() Access { return s.access }
func (s stage) RequestHead(x *Exchange) *fault.Error {
	if s.head == nil {
		return nil
	}
	return s.head(x)
}

type idle struct{}

func (idle) Name() string   { return "idle" }
func (idle) Access() Access { return Access{} }

func quiet(string, any, []byte) {}

func TestOrderIsChecked(t *testing.T) {
	writer := stage{name: "writer", access: Access{Writes: SectionCaller}}
	reader := stage{name: "reader", access: Access{Reads: SectionCaller}}
	if _, err := New(quiet, writer, reader); err != nil {
		t.Error(err)
	}
	_, err := New(quiet, reader, writer, writer, idle{})
	for _, want := range []string{"reader reads", "writer writes", "idle has no hook"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
}

func TestStopsAtTheFirstFaultOrAnswer(t *testing.T) {
	ran := 0
	count := func(f *fault.Error, l *Local) stage {
		return stage{name: "s", head: func(x *Exchange) *fault.Error {
			ran++
			if l != nil {
				x.Respond(*l)
			}
			return f
		}}
	}
	p, err := New(quiet, count(nil, nil), count(fault.New(fault.InvalidKey, "no"), nil), count(nil, nil))
	if err != nil {
		t.Fatal(err)
	}
	if f := p.RequestHead(&Exchange{}); f == nil || ran != 2 {
		t.Errorf("fault %v after %d stages", f, ran)
	}
	ran = 0
	p, _ = New(quiet, count(nil, &Local{Status: 200}), count(nil, nil))
	x := &Exchange{}
	if f := p.RequestHead(x); f != nil || ran != 1 || x.Local().Status != 200 {
		t.Errorf("%v, %d stages", f, ran)
	}
}

func raise(*Exchange) *fault.Error {
	panic("content") //nolint:forbidigo // what the test is about
}

func TestPanicBecomesAFault(t *testing.T) {
	var told string
	p, err := New(func(s string, _ any, stack []byte) { told = s + string(stack) }, stage{name: "bad", head: raise})
	if err != nil {
		t.Fatal(err)
	}
	f := p.RequestHead(&Exchange{})
	if f == nil || f.Kind != fault.Internal || strings.Contains(f.Text, "content") || !strings.HasPrefix(told, "bad") {
		t.Errorf("fault %v, told %q", f, told)
	}
}
