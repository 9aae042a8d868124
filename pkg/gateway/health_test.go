package gateway

import (
	"testing"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/health"
	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

func TestWhatAnAttemptSaysOfItsBackend(t *testing.T) {
	for _, c := range []struct {
		name string
		a    *signalboxv1.Attempt
		want string
	}{
		{"completed", &signalboxv1.Attempt{Outcome: signalboxv1.Attempt_OUTCOME_COMPLETED, Status: 200}, "success"},
		{"bad_request", &signalboxv1.Attempt{Outcome: signalboxv1.Attempt_OUTCOME_HTTP_ERROR, Status: 400}, ""},
		{"broken", &signalboxv1.Attempt{Outcome: signalboxv1.Attempt_OUTCOME_HTTP_ERROR, Status: 502}, "failure"},
		{"busy", &signalboxv1.Attempt{Outcome: signalboxv1.Attempt_OUTCOME_RATE_LIMITED, Status: 429}, "refusal"},
		{"late", &signalboxv1.Attempt{Outcome: signalboxv1.Attempt_OUTCOME_TIMEOUT}, "failure"},
		{"caller_left", &signalboxv1.Attempt{Outcome: signalboxv1.Attempt_OUTCOME_CLIENT_GONE, Status: 200}, ""},
		{"lost", &signalboxv1.Attempt{Outcome: signalboxv1.Attempt_OUTCOME_UNKNOWN}, ""},
		{"filtered", &signalboxv1.Attempt{Outcome: signalboxv1.Attempt_OUTCOME_REJECTED, Details: "rejected_content_filter"}, ""},
		{"malformed", &signalboxv1.Attempt{Outcome: signalboxv1.Attempt_OUTCOME_REJECTED, Details: "rejected_malformed"}, "failure"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, ok := sample(c.a)
			got := map[health.Result]string{health.Success: "success", health.Failure: "failure", health.Refusal: "refusal"}[s.Result]
			if !ok {
				got = ""
			}
			if got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestOnlyStreamsTellTheFirstByte(t *testing.T) {
	a := &signalboxv1.Attempt{Outcome: signalboxv1.Attempt_OUTCOME_COMPLETED, StartNs: 5, FirstByteNs: 9}
	if s, _ := sample(a); s.FirstByte != 0 {
		t.Errorf("%v of an answer in one piece", s.FirstByte)
	}
	a.Stream = true
	if s, _ := sample(a); s.FirstByte != 4 {
		t.Errorf("%v", s.FirstByte)
	}
}

func TestOldAttemptsSayNothing(t *testing.T) {
	k := health.Key{Backend: "a", Model: "m"}
	w := &ward{book: health.New()}
	w.book.Configure(health.Options{Window: time.Second, ErrorRate: .2, SlowFactor: 3, Rest: time.Second, Probe: time.Second}, [][]health.Key{{k}})
	now := time.Unix(1e9, 0)
	a := &signalboxv1.Attempt{Backend: "a", Model: "m", Outcome: signalboxv1.Attempt_OUTCOME_RATE_LIMITED, EndNs: uint64(now.Add(-stale - time.Second).UnixNano())}
	if w.observe(a, now); len(w.book.Tick(now)) != 0 {
		t.Error("an attempt of long ago counted")
	}
	a.EndNs = uint64(now.UnixNano())
	if w.observe(a, now); len(w.book.Tick(now)) != 1 {
		t.Error("a new one did not")
	}
}
