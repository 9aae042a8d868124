// Package record is the stage that writes an exchange into the books before
// any provider sees it.
//
// Invariants: no open frame, no request; a request that is refused after its
// caller is known has a row too; nothing recorded holds content or a key.
package record

import (
	"cmp"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/pipeline"
	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/route/account"
	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// Books take opened requests. Open returns only when the frame is written.
type Books interface {
	Open(o *signalboxv1.Open) error
}

// Stage opens exchanges in the books.
type Stage struct{ Books Books }

// Name implements pipeline.Stage.
func (Stage) Name() string { return "record" }

// Access implements pipeline.Stage.
func (Stage) Access() pipeline.Access {
	return pipeline.Access{
		Reads:  pipeline.SectionCaller | pipeline.SectionCall | pipeline.SectionDecision,
		Writes: pipeline.SectionOpen,
	}
}

// RequestBody implements pipeline.OnRequestBody.
func (s Stage) RequestBody(x *pipeline.Exchange) *fault.Error {
	o := Describe(x)
	o.DeadlineNs = uint64(x.Arrived.Add(Limit(x)).UnixNano())
	if err := s.Books.Open(o); err != nil {
		return fault.New(fault.LedgerUnavailable, "The gateway cannot write its ledger and takes no requests until it can. Try again later; its operator sees the reason in /readyz.").Because(err)
	}
	x.Open = o
	return nil
}

// Describe states what is known of the exchange so far.
func Describe(x *pipeline.Exchange) *signalboxv1.Open {
	o := &signalboxv1.Open{
		Ticket:          append([]byte(nil), x.Ticket[:]...),
		RequestId:       x.Head.ID,
		ClientRequestId: x.Head.ClientID,
		TimeNs:          uint64(x.Arrived.UnixNano()),
		Team:            x.Caller.Team,
		Operation:       string(x.Endpoint.Operation),
		Model:           cmp.Or(x.Decision.Asked, x.Call.Model),
		Stream:          x.Call.Stream,
		RequestBytes:    int64(len(x.Body)),
		Policy:          x.Snapshot.Version,
		Class:           x.Decision.Class,
		Node:            x.Node,
		ShadowOf:        x.ShadowOf,
	}
	if x.Caller.Key != nil {
		o.KeyId = x.Caller.Key.ID
	}
	if x.Decision.Route != nil {
		o.Route = x.Decision.Route.Name
	}
	for i := range x.Order {
		c := &x.Order[i].Candidate
		o.Order = append(o.Order, &signalboxv1.Candidate{Backend: c.Backend.Name, Provider: c.Backend.Provider, Region: string(c.Backend.Region), Model: c.Model})
		o.UsageInjected = o.UsageInjected || x.Order[i].Target.InjectUsage
	}
	if x.Decision.Policy != "" {
		o.Decision = account.Append(make([]byte, 0, 64+96*len(x.Order)), &x.Decision, &x.Made)
	}
	return o
}

// PerTry is how long the proxy may wait for an attempt: for the first byte of
// a stream, for the whole answer otherwise.
func PerTry(r *policy.Route, stream bool) time.Duration {
	if stream {
		return r.FirstByteTimeout
	}
	return r.AnswerTimeout
}

// Limit is how long the whole exchange may take, all candidates included.
func Limit(x *pipeline.Exchange) time.Duration {
	r := x.Decision.Route
	tries := time.Duration(len(x.Order)) * (PerTry(r, x.Call.Stream) + time.Second)
	if x.Call.Stream {
		return tries + r.StreamTimeout
	}
	return tries
}
