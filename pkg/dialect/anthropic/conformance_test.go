package anthropic

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/recorded"
	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// rows runs check on each recorded exchange of the Messages API that is
// evidence.
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
		switch {
		case r.Endpoint != "messages":
		case r.Skip() != "":
			skipped++
		default:
			n++
			t.Run(r.ID, func(t *testing.T) { check(t, r) })
		}
	}
	t.Logf("%d rows, %d more are no evidence", n, skipped)
}

func TestRecordedUsage(t *testing.T) {
	rows(t, func(t *testing.T, r *recorded.Row) {
		t.Helper()
		var first dialect.Reading
		for i, cut := range recorded.Cuts(5) {
			m := New().Answer.Meter(genai.Chat, r.Streaming, r.Provider)
			for p := range cut.Pieces(r.Response.Body) {
				m.Feed(p)
			}
			got := m.Close()
			if d := r.Truth.Diff(got.Usage, got.Found); d != "" {
				t.Errorf("%s %s: %s", r.Provider, cut.Name, d)
			}
			if i == 0 {
				first = got
				judge(t, r, got)
			}
			if d := cmp.Diff(first, got); d != "" {
				t.Errorf("%s differs from whole (-whole +%s):\n%s", cut.Name, cut.Name, d)
			}
		}
	})
}

// judge checks what the truth does not tell of a reading.
func judge(t *testing.T, r *recorded.Row, got dialect.Reading) {
	t.Helper()
	if got.Malformed > 0 || got.Suspect || !got.Done && r.Fidelity == "raw" {
		t.Errorf("%d malformed events, suspect %v, done %v", got.Malformed, got.Suspect, got.Done)
	}
	if good := r.Response.Status == 200; good == got.Failed || good && (got.Model == "" || !got.Finished || got.DeltaBytes == 0 && bytes.Contains(r.Response.Body, []byte("text_delta"))) {
		t.Errorf("status %d: %+v", r.Response.Status, got)
	}
	if !got.Found {
		return
	}
	if u, found, _ := New().Usage.UsageJSON(r.Provider, got.Raw); !found || u != got.Usage {
		t.Errorf("raw usage reads %+v, metered %+v", u, got.Usage)
	}
}

// The witness lifts both objects of a stream as they stand; the reader must
// agree with the meter.
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
		if !r.Streaming {
			return
		}
		u, found, _ = New().Usage.UsageJSON(r.Provider, lifted(r.Response.Body))
		if d := r.Truth.Diff(u, found); d != "" {
			t.Error("lifted:", r.Provider, d)
		}
	})
}

// lifted is the last usage object of each kind of event of a stream.
func lifted(body []byte) []byte {
	start, delta := []byte("null"), []byte("null")
	for data := range eventData(body) {
		if v, ok := jsonedit.Find(data, "message", "usage"); ok {
			start = v.Raw(data)
		}
		if v, ok := jsonedit.Find(data, "usage"); ok {
			delta = v.Raw(data)
		}
	}
	both := append([]byte(`{"start":`), start...)
	both = append(append(both, `,"delta":`...), delta...)
	return append(both, '}')
}

func TestRecordedErrors(t *testing.T) {
	rows(t, func(t *testing.T, r *recorded.Row) {
		t.Helper()
		if r.Response.Status < 400 {
			return
		}
		codec := New().Errors
		tr := codec.Read(dialect.ErrorAnswer{Status: r.Response.Status, Body: r.Response.Body})
		if tr.Message == "" || tr.Type == "" {
			t.Errorf("%v of %s", tr, r.Response.Body)
		}
		if got := codec.Render(tr, true, "id"); string(got) != string(r.Response.Body) {
			t.Errorf("%s became %s", r.Response.Body, got)
		}
	})
}
