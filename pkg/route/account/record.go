package account

import (
	"encoding/binary"
	"math"
	"slices"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/health"
	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/route"
	"github.com/signalbox-dev/signalbox/pkg/signal"
	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// Made is what a decision was made from, besides the snapshot, and what was
// done about it after it was made.
type Made struct {
	Allowed []string // of the request that was decided, as below
	Classes []genai.DataClass
	Pick    uint64
	Facts   *signal.Facts // nil: nothing looked at them
	KeyName string
	Single  bool // no memory to keep the body: the first candidate alone
	Strict  bool // the caller forbade losses
	Early   int  // how many of Decision.Out were out when it was made; the others were taken out later
	Refused string
	Took    time.Duration
	Trace   [16]byte // zero: none
}

// Append appends the account of d, a signalboxv1.Decision, to dst. It writes
// the bytes by itself: every request has one.
func Append(dst []byte, d *route.Decision, m *Made) []byte {
	e := encoder(dst)
	if d.Model != nil {
		e.text(1, d.Model.Name)
	}
	e.text(2, d.Objective)
	e.text(3, d.Channel)
	e.text(4, m.KeyName)
	for _, name := range m.Allowed {
		e.text(5, name)
	}
	for _, c := range m.Classes {
		e.text(6, string(c))
	}
	if f := m.Facts; f != nil {
		e.bytes(7, f.Tried)
		e.signals(f)
	}
	e.options(d, m)
	e.fixed(10, m.Pick)
	e.number(11, d.Weighed.Output)
	e.flag(12, m.Single)
	e.flag(13, m.Strict)
	e.flag(14, d.Canary)
	e.text(16, m.Refused)
	e.number(17, int64(m.Took))
	if m.Trace != [16]byte{} {
		e.bytes(18, m.Trace[:])
	}
	w := &d.Weighed
	e.number(19, int64(w.Needs))
	e.number(20, w.Length)
	e.number(21, w.Input)
	e.text(22, w.Leader.Backend)
	e.flag(23, w.Leader.Held)
	e.flag(24, w.Untried)
	return e
}

// Codes of candidates that are out for what was done after the decision.
const codeMemory = "memory"

// options writes the candidates, as the model lists them.
func (e *encoder) options(d *route.Decision, m *Made) {
	if d.Model == nil {
		return
	}
	for i := range d.Model.Candidates {
		o := option(d, m, &d.Model.Candidates[i])
		start := e.open(9)
		o.write(e)
		if i < len(d.Estimates) {
			e.estimate(&d.Estimates[i])
		}
		e.close(start)
	}
}

// considered is a candidate as the decision saw it.
type considered struct {
	*policy.Candidate
	state signalboxv1.Decision_State
	order int
	code  string
	late  bool
	grade health.Grade
}

func option(d *route.Decision, m *Made, c *policy.Candidate) considered {
	o := considered{Candidate: c, grade: health.Well, state: signalboxv1.Decision_STATE_CLEAR}
	for _, g := range d.Graded {
		if g.Backend == c.Backend.Name {
			o.grade = g.Grade
		}
	}
	for i := range d.Order {
		if d.Order[i].Backend == c.Backend {
			o.order = i + 1
			if o.grade > health.Well {
				o.state = signalboxv1.Decision_STATE_HELD
			}
			return o
		}
	}
	for i := range d.Out {
		if d.Out[i].Backend == c.Backend.Name {
			o.code, o.late = string(d.Out[i].Reason), i >= m.Early
			o.state = stateOf(d.Out[i].Reason)
			return o
		}
	}
	o.state = signalboxv1.Decision_STATE_HELD
	if m.Single { // it was in the order
		o.code, o.late = codeMemory, true
	}
	return o
}

func stateOf(r route.Reason) signalboxv1.Decision_State {
	switch r {
	case route.ReasonUnacknowledged, route.ReasonQuality, route.ReasonLimit:
		return signalboxv1.Decision_STATE_HELD
	case route.ReasonClass, route.ReasonVersion, route.ReasonCapability, route.ReasonContext, route.ReasonDialect, route.ReasonLoss:
	}
	return signalboxv1.Decision_STATE_CLOSED
}

func (o *considered) write(e *encoder) {
	e.text(1, o.Backend.Name)
	e.text(2, o.Model)
	e.text(3, o.Backend.Provider)
	e.text(4, string(o.Backend.Region))
	e.number(5, int64(o.state))
	e.number(6, int64(o.order))
	e.text(7, o.code)
	e.flag(8, o.late)
	if o.grade != health.Well {
		e.text(9, o.grade.String())
	}
}

// estimate writes what was expected of an option.
func (e *encoder) estimate(x *route.Estimate) {
	e.fixed(10, uint64(x.FirstByte))
	e.double(11, x.TokensPerSecond)
	if x.Cost >= 0 { // nothing is a cost too
		*e = protowire.AppendVarint(protowire.AppendTag(*e, 12, protowire.VarintType), uint64(x.Cost))
	}
	e.number(13, int64(x.FirstByte))
	e.number(14, int64(x.Total))
	e.double(15, x.Quality)
}

// encoder appends fields that are not zero.
type encoder []byte

// open begins a message, whose length close writes before it.
func (e *encoder) open(n protowire.Number) (start int) {
	*e = append(protowire.AppendTag(*e, n, protowire.BytesType), 0)
	return len(*e)
}

func (e *encoder) close(start int) {
	var room [binary.MaxVarintLen64]byte
	length := protowire.AppendVarint(room[:0], uint64(len(*e)-start))
	*e = slices.Replace(*e, start-1, start, length...)
}

func (e *encoder) number(n protowire.Number, v int64) {
	if v != 0 {
		*e = protowire.AppendVarint(protowire.AppendTag(*e, n, protowire.VarintType), uint64(v))
	}
}

func (e *encoder) flag(n protowire.Number, v bool) {
	if v {
		e.number(n, 1)
	}
}

func (e *encoder) double(n protowire.Number, v float64) { e.fixed(n, math.Float64bits(v)) }

func (e *encoder) fixed(n protowire.Number, v uint64) {
	if v != 0 {
		*e = protowire.AppendFixed64(protowire.AppendTag(*e, n, protowire.Fixed64Type), v)
	}
}

func text[T ~string | ~[]byte](e []byte, n protowire.Number, v T) []byte {
	if len(v) == 0 {
		return e
	}
	e = protowire.AppendVarint(protowire.AppendTag(e, n, protowire.BytesType), uint64(len(v)))
	return append(e, v...)
}

func (e *encoder) text(n protowire.Number, v string)  { *e = text(*e, n, v) }
func (e *encoder) bytes(n protowire.Number, v []byte) { *e = text(*e, n, v) }
