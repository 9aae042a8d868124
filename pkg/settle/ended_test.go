package settle

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func hearing(b *Book) (list []string) {
	for _, a := range b.Take().Ended {
		list = append(list, fmt.Sprintf("%s %s %s %ds", a.GetBackend(), a.GetModel(), a.GetOutcome().String()[len("OUTCOME_"):], a.GetRetryAfterNs()/1e9))
	}
	return list
}

// TestFailuresAreToldAtOnce: a failed attempt is told of while its request goes
// on elsewhere, and not again at its end.
func TestFailuresAreToldAtOnce(t *testing.T) {
	b := New(Options{})
	b.Open(opened(1))
	refused := up(1, "a", 0, 429, "-")
	refused.RetryAfter = 20 * time.Second
	b.Upstream(refused, at(time.Second))
	if diff := cmp.Diff([]string{"a ma RATE_LIMITED 20s"}, hearing(b)); diff != "" {
		t.Error(diff)
	}
	b.Upstream(up(1, "b~", 2*time.Second, 200, "-"), at(3*time.Second))
	if got := hearing(b); got != nil {
		t.Errorf("%v before the end of the request", got)
	}
	b.Downstream(down(1, "b~", 2, 200, "-", viaUpstream), at(3*time.Second))
	if diff := cmp.Diff([]string{"b mb COMPLETED 0s"}, hearing(b)); diff != "" {
		t.Error(diff)
	}
}

// TestRejectedAnswersAreToldAtTheEnd: the proxy's entry alone does not say why
// the gateway turned an answer down.
func TestRejectedAnswersAreToldAtTheEnd(t *testing.T) {
	b := New(Options{})
	b.Open(opened(1))
	b.Metered(ticket(1), Metered{Attempt: 1, Rejected: "content_filter", Status: 200, Cluster: "a"}, at(time.Second))
	b.Upstream(up(1, "a~", 0, 503, "-"), at(time.Second))
	if got := hearing(b); got != nil {
		t.Errorf("%v before the end of the request", got)
	}
	b.Upstream(up(1, "b~", 2*time.Second, 200, "-"), at(3*time.Second))
	b.Downstream(down(1, "b~", 2, 200, "-", viaUpstream), at(3*time.Second))
	if diff := cmp.Diff([]string{"a ma REJECTED 0s", "b mb COMPLETED 0s"}, hearing(b)); diff != "" {
		t.Error(diff)
	}
}

// TestRetryAfterOutlivesTheProcess: the row of an attempt is the same when its
// entry was read before a restart.
func TestRetryAfterOutlivesTheProcess(t *testing.T) {
	b := New(Options{})
	b.Open(opened(1))
	refused := up(1, "a", 0, 429, "-")
	refused.RetryAfter = 20 * time.Second
	b.Upstream(refused, at(time.Second))
	m := &memory{}
	m.append(b.Take().Records)
	m.append(nil)
	after := New(Options{})
	after.Open(opened(1))
	after.Restore(m.recovered())
	after.Upstream(up(1, "b~", 2*time.Second, 200, "-"), at(3*time.Second))
	after.Downstream(down(1, "b~", 2, 200, "-", viaUpstream), at(3*time.Second))
	if diff := cmp.Diff([]string{"a ma RATE_LIMITED 20s", "b mb COMPLETED 0s"}, hearing(after)); diff != "" {
		t.Error(diff)
	}
}

// TestFirstToken: the row of a stream that we read says when it had a token,
// restarts or not.
func TestFirstToken(t *testing.T) {
	for _, c := range []struct {
		name  string
		token time.Time
		want  uint64
	}{
		{"read", at(1500 * time.Millisecond), uint64(at(1500 * time.Millisecond).UnixNano())},
		{"seen_late", at(2010 * time.Millisecond), uint64(at(2 * time.Second).UnixNano())},
		{"not_read", time.Time{}, 0},
		{"another_clock", at(time.Hour), 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, m := New(Options{}), &memory{}
			b.Open(opened(1))
			b.Metered(ticket(1), Metered{Attempt: 1, Translated: true, Done: true, Status: 200, Cluster: "a", Start: at(0), FirstToken: c.token}, at(2*time.Second))
			m.append(b.Take().Records)
			after := New(Options{})
			after.Open(opened(1))
			after.Restore(m.recovered())
			for _, b := range []*Book{b, after} {
				b.Upstream(up(1, "a~", time.Second, 200, "-"), at(2*time.Second))
				b.Downstream(down(1, "a~", 1, 200, "-", viaUpstream), at(2*time.Second))
				if got := b.Take().Settled[0].Attempts[0].GetFirstTokenNs(); got != c.want {
					t.Errorf("%d, want %d", got, c.want)
				}
			}
		})
	}
}
