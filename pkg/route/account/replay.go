package account

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/health"
	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/route"
	"github.com/signalbox-dev/signalbox/pkg/signal"
	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// ErrNone says that a request has no account: it was refused before anything
// was decided, or by a version that kept none.
var ErrNone = errors.New("no account of a decision")

// Account is a decision as the ledger has it.
type Account struct {
	Open *signalboxv1.Open
	*signalboxv1.Decision
}

// Read reads the account in o.
func Read(o *signalboxv1.Open) (Account, error) {
	a := Account{o, new(signalboxv1.Decision)}
	if len(o.GetDecision()) == 0 {
		return a, ErrNone
	}
	if err := proto.Unmarshal(o.GetDecision(), a.Decision); err != nil {
		return a, fmt.Errorf("account: %w", err)
	}
	return a, nil
}

// Again is a decision that was made again.
type Again struct {
	Decision route.Decision
	Account  Account
	// Differs names what is not as it was; empty: it is the same, byte for byte.
	Differs []string
	// Unsure says on what the new decision depends that the account does not
	// hold, so that it was guessed.
	Unsure []string
}

// Replay makes the decision of a again by s, which need not be the snapshot
// that made it. then is that one, nil where it is gone.
func Replay(s, then *policy.Snapshot, a Account) (Again, error) {
	c := recalled{account: a, snapshot: s, then: then}
	made, err := c.made()
	if err != nil {
		return Again{}, err
	}
	d, f := route.Decide(s, route.Request{
		Model: a.Open.GetModel(), Team: a.Open.GetTeam(), Allowed: made.Allowed, Classes: made.Classes, Pick: made.Pick, Facts: made.Facts,
		Acknowledged: c.acknowledged, Takes: c.takes, Grade: c.grade,
		Speed: c.speed, Weighed: a.weighed(),
	})
	made.Early = len(d.Out)
	if f != nil {
		made.Refused = f.Kind.Code()
	} else {
		made.Refused = c.after(&d)
	}
	out := Again{Decision: d, Unsure: c.unsure}
	if w := &d.Weighed; w.Input == 0 && w.Output > 0 && d.Objective == policy.OrderCheapest.String() {
		out.Unsure = append(out.Unsure, "the route wants the cheapest, and nobody asked for the prompt's length then")
	}
	if c.told.Missing {
		out.Unsure = append(out.Unsure, "a rule asks for a fact about the prompt that nobody asked for then")
	}
	o := &signalboxv1.Open{
		Team: a.Open.GetTeam(), Model: a.Open.GetModel(), Operation: a.Open.GetOperation(), Stream: a.Open.GetStream(),
		Class: d.Class, Policy: s.Version, TimeNs: a.Open.GetTimeNs(), Decision: Append(nil, &d, made),
	}
	if d.Route != nil {
		o.Route = d.Route.Name
	}
	if out.Account, err = Read(o); err != nil {
		return out, err
	}
	out.Differs = compare(a, out.Account)
	return out, nil
}

// recalled is the request of an account, as far as that holds it.
type recalled struct {
	account  Account
	snapshot *policy.Snapshot
	then     *policy.Snapshot // nil: not known
	told     *signal.Told
	unsure   []string
}

func (c *recalled) made() (*Made, error) {
	a := c.account
	m := &Made{
		Allowed: a.GetAllowed(), Pick: a.GetPick(), KeyName: a.GetKeyName(),
		Single: a.GetSingle(), Strict: a.GetStrict(), Took: time.Duration(a.GetTookNs()),
	}
	copy(m.Trace[:], a.GetTraceId())
	for _, name := range a.GetClasses() {
		m.Classes = append(m.Classes, genai.DataClass(name))
	}
	found, err := recall(a.GetSignals())
	if err != nil {
		return nil, fmt.Errorf("account: %w", err)
	}
	found.call.Stream, found.call.Model = a.Open.GetStream(), a.Open.GetModel()
	c.told = &signal.Told{Shape: found.shape, Text: found.text, Channel: a.GetChannel(), Route: c.tried}
	if len(a.GetTried()) == 0 && len(a.GetSignals()) == 0 && !c.snapshot.Ruled() {
		return m, nil
	}
	m.Facts = &signal.Facts{
		KeyID: a.Open.GetKeyId(), KeyName: a.GetKeyName(), Operation: genai.Operation(a.Open.GetOperation()),
		Time: time.Unix(0, int64(a.Open.GetTimeNs())), Call: found.call,
	}
	m.Facts.Recall(c.told)
	return m, nil
}

// option is what the account says of a backend, nil when it was no candidate.
func (c *recalled) option(backend string) *signalboxv1.Decision_Option {
	for _, o := range c.account.GetOptions() {
		if o.GetBackend() == backend {
			return o
		}
	}
	return nil
}

// A candidate of which nothing was asked, since it was out anyhow, is taken to
// have been in service, able and well.

func (c *recalled) acknowledged(backend string) bool {
	return c.option(backend).GetCode() != string(route.ReasonUnacknowledged)
}

func (c *recalled) takes(b *policy.Backend) bool {
	o := c.option(b.Name)
	return o.GetCode() != string(route.ReasonDialect) || o.GetLate()
}

func (c *recalled) grade(k *policy.Candidate) health.Grade {
	word := c.option(k.Backend.Name).GetGrade()
	for g := health.Probe; g <= health.Ill; g++ {
		if g.String() == word {
			return g
		}
	}
	return health.Well
}

func (c *recalled) speed(k *policy.Candidate) health.Speed {
	o := c.option(k.Backend.Name)
	return health.Speed{FirstByte: time.Duration(o.GetFirstByteNs()), TokensPerSecond: o.GetTokensPerSecond()}
}

// weighed is what the decision made of the request.
func (a Account) weighed() *route.Weighed {
	return &route.Weighed{
		Needs: policy.Capability(a.GetNeeds()), Length: a.GetLength(), Input: a.GetInput(), Output: a.GetExpectedOutput(), Pick: a.GetPick(),
		Leader: route.Leader{Backend: a.GetLeader(), Held: a.GetHeld()}, Untried: a.GetUntried(),
	}
}

// tried is what became of a route that looks at headers.
func (c *recalled) tried(name string) byte {
	for _, r := range rules(c.account, c.then) {
		if r.name != name {
			continue
		}
		if c.snapshot.Version != c.account.Open.GetPolicy() {
			c.unsure = append(c.unsure, "route "+strconv.Quote(name)+" looks at headers, which are not kept: it is taken to find in them what it found then")
		}
		return byte(r.tried)
	}
	c.unsure = append(c.unsure, "route "+strconv.Quote(name)+" looks at headers, which are not kept: it is taken not to fit")
	return byte(signalboxv1.Decision_TRIED_HEADER)
}

// after does again what was done after the decision: it hung on the content.
func (c *recalled) after(d *route.Decision) (refused string) {
	if c.account.GetSingle() && len(d.Order) > 1 {
		d.Order = d.Order[:1]
	}
	order := d.Order[:0:0]
	for _, k := range d.Order {
		o := c.option(k.Backend.Name)
		if o.GetLate() && o.GetCode() != codeMemory {
			d.Out = append(d.Out, route.Out{Backend: k.Backend.Name, Reason: route.Reason(o.GetCode())})
			continue
		}
		order = append(order, k)
	}
	d.Order = order
	if len(order) == 0 {
		return c.account.GetRefused()
	}
	return ""
}

// comparisons are what two accounts of one decision are compared by. The last
// stands for everything.
var comparisons = []struct { //nolint:gochecknoglobals // a table that nothing changes
	name string
	same func(a, b Account) bool
}{
	{"policy", func(a, b Account) bool { return a.Open.GetPolicy() == b.Open.GetPolicy() }},
	{"route", func(a, b Account) bool { return a.Open.GetRoute() == b.Open.GetRoute() }},
	{"class", func(a, b Account) bool { return a.Open.GetClass() == b.Open.GetClass() }},
	{"model", func(a, b Account) bool { return a.GetModel() == b.GetModel() }},
	{"order", func(a, b Account) bool { return slices.Equal(a.Order(), b.Order()) }},
	{"refusal", func(a, b Account) bool { return a.GetRefused() == b.GetRefused() }},
	{"record", func(a, b Account) bool { return bytes.Equal(a.Open.GetDecision(), b.Open.GetDecision()) }},
}

// Compared names what a replay compares: "record" is every byte of the account.
func Compared() (names []string) {
	for _, c := range comparisons {
		names = append(names, c.name)
	}
	return names
}

// compare names what differs between two accounts.
func compare(a, b Account) (differs []string) {
	for _, c := range comparisons {
		if !c.same(a, b) {
			differs = append(differs, c.name)
		}
	}
	return differs
}

// SameChoice reports whether the new decision has the same order, or the same
// refusal, as a.
func (x *Again) SameChoice(a Account) bool {
	return slices.Equal(a.Order(), x.Account.Order()) && a.GetRefused() == x.Account.GetRefused()
}

// Order names the candidates in the order in which they are tried, as
// backend/model.
func (a Account) Order() []string {
	var names []string
	options := a.GetOptions()
	for n := 1; n <= len(options); n++ {
		for _, o := range options {
			if int(o.GetOrder()) == n {
				names = append(names, o.GetBackend()+"/"+o.GetModel())
			}
		}
	}
	return names
}
