// Package authenticate is the stage that says who asks: it checks the virtual
// key before the body is received.
//
// Invariants: the key is compared by its hash; its text is not kept, logged or
// passed on. A request without a key, or with two different ones, is refused.
package authenticate

import (
	"strings"
	"sync/atomic"

	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/key"
	"github.com/signalbox-dev/signalbox/pkg/pipeline"
)

// Stage checks keys against the set in force. A new set acts on the next
// request.
type Stage struct{ Keys *atomic.Pointer[key.Set] }

// Name implements pipeline.Stage.
func (Stage) Name() string { return "authenticate" }

// Access implements pipeline.Stage.
func (Stage) Access() pipeline.Access {
	return pipeline.Access{Writes: pipeline.SectionCaller}
}

// RequestHead implements pipeline.OnRequestHead.
func (s Stage) RequestHead(x *pipeline.Exchange) *fault.Error {
	text, f := credential(x.Head.Credentials)
	if f != nil {
		return f
	}
	k, f := s.Keys.Load().Check([]byte(text), x.Arrived)
	if f != nil {
		return f
	}
	x.Caller = pipeline.Caller{Key: k, Team: k.Team}
	return nil
}

// credential returns the one key that the headers carry.
func credential(fields []pipeline.Field) (string, *fault.Error) {
	found := ""
	for _, f := range fields {
		text := f.Value
		if f.Name == "authorization" {
			scheme, rest, ok := strings.Cut(text, " ")
			if !ok || !strings.EqualFold(scheme, "bearer") {
				return "", fault.New(fault.InvalidKey, "The Authorization header must be \"Bearer\" and a key of this gateway.")
			}
			text = strings.TrimSpace(rest)
		}
		if text == "" {
			continue
		}
		if found != "" && found != text {
			return "", fault.New(fault.AmbiguousKey, "The request carries two different keys. Send one, as Authorization: Bearer or as x-api-key.")
		}
		found = text
	}
	if found == "" {
		return "", fault.New(fault.MissingKey, "No key. Send a key of this gateway as Authorization: Bearer KEY.")
	}
	return found, nil
}
