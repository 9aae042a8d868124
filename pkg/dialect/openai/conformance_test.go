package openai

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/recorded"
	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// rows runs check on each recorded chat exchange that is evidence.
func rows(t *testing.T, check func(t *testing.T, r *recorded.Row)) {
	t.Helper()
	endpoint(t, "chat_completions", check)
}

// endpoint is rows for exchanges of another endpoint.
func endpoint(t *testing.T, name string, check func(t *testing.T, r *recorded.Row)) {
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
		if r.Endpoint != name {
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
	rows(t, func(t *testing.T, r *recorded.Row) {
		t.Helper()
		var first dialect.Reading
		for i, cut := range recorded.Cuts(7) {
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
	if got.Malformed > 0 {
		t.Errorf("%d malformed events", got.Malformed)
	}
	if r.Response.Status == 200 && !got.Failed && (got.Model == "" || got.DeltaBytes == 0 && r.Streaming && got.Usage.Output > 2 && got.Usage.Reasoning == 0) {
		t.Errorf("model %q, %d bytes delivered, usage %+v", got.Model, got.DeltaBytes, got.Usage)
	}
	if r.Response.Status != 200 && !got.Failed {
		t.Errorf("status %d is not seen as failure", r.Response.Status)
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

func TestRecordedStreamsThroughHider(t *testing.T) {
	rows(t, func(t *testing.T, r *recorded.Row) {
		t.Helper()
		if !r.Streaming {
			return
		}
		want := withoutUsageEvents(r.Response.Body)
		for _, cut := range recorded.Cuts(11) {
			h := New().Answer.Hider()
			var got []byte
			for p := range cut.Pieces(r.Response.Body) {
				got = h.Feed(got, p)
			}
			got = h.Close(got)
			if !bytes.Equal(got, want) {
				t.Errorf("%s: %d bytes, want %d", cut.Name, len(got), len(want))
			}
		}
	})
}

// withoutUsageEvents is the slow truth: it decodes every block.
func withoutUsageEvents(body []byte) []byte {
	var out []byte
	for block := range recorded.Cuts(0)[1].Pieces(body) {
		var e struct {
			Choices *[]any         `json:"choices"`
			Usage   map[string]any `json:"usage"`
		}
		data := bytes.TrimPrefix(bytes.TrimSpace(block), []byte("data:"))
		if json.Unmarshal(data, &e) == nil && e.Usage != nil && e.Choices != nil && len(*e.Choices) == 0 {
			continue
		}
		out = append(out, block...)
	}
	return out
}

func TestRecordedRequests(t *testing.T) {
	rows(t, func(t *testing.T, r *recorded.Row) {
		t.Helper()
		if r.Request == nil || r.Response.Status >= 400 {
			return
		}
		d := New()
		q, f := d.Request.Parse(dialect.Endpoint{}, r.Request.Body, nil)
		if f != nil {
			t.Fatal(f)
		}
		out, injected := d.Request.Rewrite(nil, &q, dialect.Target{Model: "other/model", InjectUsage: true})
		if want := q.Stream && !q.WantsUsage; injected != want {
			t.Errorf("injected %v, want %v", injected, want)
		}
		if d := cmp.Diff(decoded(t, r.Request.Body, q.Stream), decoded(t, out, false)); d != "" {
			t.Errorf("rewritten (-want +got):\n%s", d)
		}
		if q.Messages.Kind != jsonedit.Array {
			t.Error("no messages")
		}
	})
}

// decoded decodes a request; edited makes the changes that Rewrite is to make.
func decoded(t *testing.T, body []byte, stream bool) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(body, &m); err != nil {
		t.Fatal(err)
	}
	m["model"] = "other/model"
	if !stream {
		return m
	}
	options, _ := m["stream_options"].(map[string]any)
	if options == nil {
		options = map[string]any{}
	}
	options["include_usage"] = true
	m["stream_options"] = options
	return m
}

func TestRecordedErrors(t *testing.T) {
	rows(t, func(t *testing.T, r *recorded.Row) {
		t.Helper()
		if r.Response.Status < 400 {
			return
		}
		got := rendered(dialect.ErrorAnswer{Status: r.Response.Status, Body: r.Response.Body})
		if err := fourKeys(got); err != nil {
			t.Errorf("%v: %s", err, got)
		}
		t.Logf("%s", got)
	})
}

// fourKeys checks a body against OpenAI's schema ErrorResponse.
func fourKeys(body []byte) error {
	var e map[string]map[string]any
	if err := json.Unmarshal(body, &e); err != nil {
		return err
	}
	if len(e) != 1 || len(e["error"]) != 4 {
		return fmt.Errorf("not four keys")
	}
	for _, k := range []string{"message", "type", "param", "code"} {
		v, ok := e["error"][k]
		_, text := v.(string)
		if !ok || !text && (v != nil || k == "message" || k == "type") {
			return fmt.Errorf("key %s is %v", k, v)
		}
	}
	return nil
}
