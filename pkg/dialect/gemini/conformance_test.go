package gemini

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/recorded"
	"github.com/signalbox-dev/signalbox/pkg/genai"
)

// rows runs check on each recorded exchange of the dialect that is evidence.
func rows(t *testing.T, check func(t *testing.T, r *recorded.Row)) {
	t.Helper()
	dir, ok := recorded.Find()
	if !ok {
		t.Skip("no recorded traffic: set " + recorded.Env)
	}
	n, skipped := 0, 0
	for r, err := range recorded.Read(dir) {
		if err != nil {
			t.Fatal(err)
		}
		if operation(r.Endpoint) == "" {
			continue
		}
		if r.Skip() != "" {
			skipped++
			continue
		}
		n++
		t.Run(r.ID, func(t *testing.T) { check(t, r) })
	}
	t.Logf("%d rows, %d more are no evidence", n, skipped)
}

func TestRecordedUsage(t *testing.T) {
	suspects := 0
	rows(t, func(t *testing.T, r *recorded.Row) {
		t.Helper()
		var first dialect.Reading
		for i, cut := range recorded.Cuts(7) {
			m := New().Answer.Meter(operation(r.Endpoint), r.Streaming, r.Provider)
			for p := range cut.Pieces(r.Response.Body) {
				m.Feed(p)
			}
			got := m.Close()
			stated := r.Truth != nil || operation(r.Endpoint) == genai.Chat // the truth knows no embeddings
			if d := r.Truth.Diff(got.Usage, got.Found); d != "" && stated {
				t.Errorf("%s %s: %s", r.Provider, cut.Name, d)
			}
			if i == 0 {
				first = got
				judge(t, r, got)
				if got.Suspect {
					suspects++
				}
			}
			if d := cmp.Diff(first, got); d != "" {
				t.Errorf("%s differs from whole (-whole +%s):\n%s", cut.Name, cut.Name, d)
			}
		}
	})
	t.Logf("%d suspect", suspects)
}

// judge checks what the truth does not tell of a reading.
func judge(t *testing.T, r *recorded.Row, got dialect.Reading) {
	t.Helper()
	if got.Malformed > 0 {
		t.Errorf("%d malformed events", got.Malformed)
	}
	if (r.Response.Status != 200) != got.Failed || !got.Done {
		t.Errorf("status %d: failed %v, done %v", r.Response.Status, got.Failed, got.Done)
	}
	if got.Failed || operation(r.Endpoint) != genai.Chat {
		return
	}
	if got.Model == "" || r.Streaming && !got.Finished || got.Suspect {
		t.Errorf("model %q, finished %v, suspect %v", got.Model, got.Finished, got.Suspect)
	}
}

// The witness lifts the usage out of the answer itself; the reader must agree.
func TestRecordedUsageObjects(t *testing.T) {
	rows(t, func(t *testing.T, r *recorded.Row) {
		t.Helper()
		if r.Truth == nil {
			return
		}
		u, found, _ := New().Usage.UsageJSON(r.Provider, r.Truth.Raw)
		if d := r.Truth.Diff(u, found); d != "" {
			t.Error(r.Provider, d)
		}
	})
}
