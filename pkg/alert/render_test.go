package alert

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestRender compares messages with golden files, indented for the reader.
func TestRender(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 678, time.FixedZone("", 3600))
	list := []Alert{
		{Event: Event{Kind: CredentialRejected, Backend: "openai", RequestID: "9f1c2d7e", Detail: "renew <it> & go on"}, Count: 3, Starts: at, Last: at.Add(time.Minute)},
		{Event: Event{Kind: Fallback, Backend: "openai", Model: "gpt-4o", Detail: "openai: timeout; served by local"}, Count: 1, Starts: at, Last: at, Ends: at.Add(5 * time.Minute)},
		{Event: Event{Kind: ReloadRefused, What: "keys"}, Count: 1, Starts: at, Last: at},
	}
	for _, format := range []string{formatWebhook, formatSlack, formatAlertmanager} {
		t.Run(format, func(t *testing.T) {
			body, err := render(format, "north", list, at.Add(5*time.Minute))
			if err != nil {
				t.Fatal(err)
			}
			var got bytes.Buffer
			if err := json.Indent(&got, append(body, '\n'), "", "  "); err != nil {
				t.Fatal(err)
			}
			file := "testdata/" + format + ".json"
			if *update {
				if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// An alert keeps its id when it is resolved; another of the same cause has its
// own.
func TestID(t *testing.T) {
	a := Alert{Event: Event{Kind: LedgerDown}, Count: 1, Starts: time.Unix(1, 0)}
	b := a
	b.Count, b.Ends, b.Event.RequestID = 7, time.Unix(2, 0), "r"
	if id("", a) != id("", b) {
		t.Error("the id changed")
	}
	b.Starts = time.Unix(2, 0)
	if id("", a) == id("", b) || id("", a) == id("x", a) {
		t.Error("the id is that of another")
	}
}
