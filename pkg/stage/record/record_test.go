package record

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/key"
	"github.com/signalbox-dev/signalbox/pkg/pipeline"
	"github.com/signalbox-dev/signalbox/pkg/policy"
	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

type books struct {
	opened []*signalboxv1.Open
	err    error
}

func (b *books) Open(o *signalboxv1.Open) error {
	b.opened = append(b.opened, o)
	return b.err
}

func exchange() *pipeline.Exchange {
	x := &pipeline.Exchange{Snapshot: &policy.Snapshot{Version: "v1"}, Arrived: time.Unix(100, 0), Body: []byte("a prompt"), Node: "n"}
	x.Head.ID, x.Head.ClientID = "id", "theirs"
	x.Caller = pipeline.Caller{Key: &key.Key{ID: "key_1"}, Team: "search"}
	x.Endpoint.Operation, x.Call = genai.Chat, dialect.Request{Model: "m", Stream: true}
	x.Decision.Route = &policy.Route{Name: "r", FirstByteTimeout: 2 * time.Second, AnswerTimeout: 5 * time.Second, StreamTimeout: time.Minute}
	for _, name := range []string{"a", "b"} {
		x.Order = append(x.Order, pipeline.Planned{Candidate: policy.Candidate{Backend: &policy.Backend{Name: name, Provider: "p-" + name}, Model: name + "-model"}})
	}
	return x
}

func TestOpensBeforeAnythingIsSent(t *testing.T) {
	b, x := &books{}, exchange()
	if f := (Stage{Books: b}).RequestBody(x); f != nil || len(b.opened) != 1 || x.Open != b.opened[0] {
		t.Fatalf("%v, %d opened", f, len(b.opened))
	}
	o := b.opened[0]
	if o.GetRequestId() != "id" || o.GetTeam() != "search" || o.GetKeyId() != "key_1" || o.GetRoute() != "r" || o.GetPolicy() != "v1" ||
		o.GetModel() != "m" || !o.GetStream() || o.GetRequestBytes() != 8 || len(o.GetOrder()) != 2 || o.GetOrder()[1].GetModel() != "b-model" {
		t.Errorf("%v", o)
	}
	if got := time.Duration(o.GetDeadlineNs() - o.GetTimeNs()); got != 2*3*time.Second+time.Minute {
		t.Errorf("deadline after %v", got)
	}
	if strings.Contains(o.String(), "prompt") {
		t.Errorf("content in %v", o)
	}
}

func TestWithoutLedgerNothingIsSent(t *testing.T) {
	b, x := &books{err: errors.New("no space left on /a/path")}, exchange()
	f := Stage{Books: b}.RequestBody(x)
	if f == nil || f.Kind.Code() != "ledger_unavailable" || x.Open != nil || strings.Contains(f.Text, "/a/path") {
		t.Errorf("%v", f)
	}
}

func TestLimitOfAnAnswerThatIsNotStreamed(t *testing.T) {
	x := exchange()
	x.Call.Stream = false
	if got := Limit(x); got != 2*6*time.Second {
		t.Errorf("%v", got)
	}
}
