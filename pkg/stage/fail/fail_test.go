package fail

import (
	"testing"

	"github.com/signalbox-dev/signalbox/pkg/pipeline"
)

func TestFailure(t *testing.T) {
	for _, c := range []struct {
		name       string
		status     int
		candidates int
		code       string // empty: the provider's own error
		as         int
	}{
		{"our_credential", 401, 1, "provider_credential_rejected", 503},
		{"our_credential_everywhere", 403, 3, "provider_credential_rejected", 503},
		{"bad_request", 400, 1, "", 0},
		{"bad_request_after_a_retry", 400, 2, "", 0},
		{"only_backend_fails", 500, 1, "", 0},
		{"all_fail", 500, 2, "all_backends_failed", 500},
		{"all_limited", 429, 2, "all_backends_failed", 429},
		{"overloaded", 529, 3, "all_backends_failed", 529},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := &pipeline.Exchange{Order: make([]pipeline.Planned, c.candidates)}
			x.Answer.Status = c.status
			f := Stage{}.Failure(x)
			if f == nil {
				if c.code != "" {
					t.Errorf("the provider's own error passes, want %s", c.code)
				}
				return
			}
			if f.Kind.Code() != c.code || f.Status() != c.as {
				t.Errorf("%s %d, want %s %d", f.Kind.Code(), f.Status(), c.code, c.as)
			}
		})
	}
}
