package e2e

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/provider"
)

// TestNothingListens has nobody at the address of a provider of each dialect:
// the caller gets a clean error, or the next candidate's answer.
func TestNothingListens(t *testing.T) {
	r := misbehavers(t)
	for first, second := range following() {
		if err := r.at[first].Suspend(); err != nil {
			t.Fatal(err)
		}
		for _, stream := range []bool{false, true} {
			for _, c := range []cell{
				{kind: "alone", want: "503:CONNECT_FAILURE"}, {kind: "gated", want: "next:CONNECT_FAILURE"},
			} {
				c.first, c.stream, c.h2 = first, stream, stream
				if err := r.misbehave(t, c); err != nil {
					t.Errorf("%s %s, %s behind it, stream %v: %v", c.kind, first, second, stream, err)
				}
			}
		}
		if err := r.at[first].Resume(); err != nil {
			t.Fatal(err)
		}
	}
}

// soon is how long the news that a client is gone may take to a provider.
const soon = 2 * time.Second

// TestProviderStops has clients go away in the middle of an answer, from
// providers of each dialect, whole and streamed: the provider's connection ends
// at once, and nothing more is written or paid for.
func TestProviderStops(t *testing.T) {
	r := misbehavers(t)
	for first := range following() {
		for _, kind := range []string{"alone", "gated"} {
			for _, h2 := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s-%s/stream/h2=%v", kind, first, h2), func(t *testing.T) {
					r.leaves(t, cell{kind: kind, first: first, stream: true, h2: h2})
				})
			}
			t.Run(kind+"-"+first+"/whole", func(t *testing.T) { r.leaves(t, cell{kind: kind, first: first}) })
		}
	}
}

// leaves asks, goes when the answer has begun, or while a whole one is
// awaited, and looks at what the provider did then.
func (r *rig) leaves(t *testing.T, c cell) {
	t.Helper()
	p := r.at[c.first]
	p.Journal().Reset()
	text, extra := "Hello\n#fault tokens=300 gap=5ms", streamed
	if !c.stream {
		text, extra = "Hello\n#fault stall-mid=20s", ""
	}
	body := strings.Replace(chat(extra, text), `"chat"`, `"`+c.kind+"-"+c.first+`"`, 1)
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	tr := transport(c.h2)
	defer tr.CloseIdleConnections()
	gone := make(chan time.Time, 1)
	if !c.stream {
		go func() {
			if p.Journal().WaitArrived(ctx, 1) == nil {
				time.Sleep(100 * time.Millisecond) // the head is on its way
			}
			gone <- time.Now()
			leave()
		}()
	}
	resp, err := r.open(t, tr, request{body: body, h2: c.h2, ctx: ctx})
	if err == nil {
		if c.stream {
			_, err = io.ReadFull(resp.Body, make([]byte, 1500))
			gone <- time.Now()
			leave()
		} else {
			_, err = io.Copy(io.Discard, resp.Body)
		}
		resp.Body.Close()
	}
	if c.stream == (err != nil) {
		t.Fatalf("the request ended with %v", err)
	}
	tr.CloseIdleConnections()
	r.stopped(t, p, <-gone)
}

// stopped checks that the provider wrote nothing to a client that had left.
func (r *rig) stopped(t *testing.T, p *provider.Server, left time.Time) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := p.Journal().Wait(ctx, 1); err != nil {
		t.Fatalf("the provider goes on: %v", err)
	}
	x := p.Journal().Exchanges()[0]
	d := x.Delivered
	if !d.ClientGone || d.Done || d.Usage != nil || d.GoneAt.Sub(left) > soon || d.LastWrite.After(d.GoneAt.Add(100*time.Millisecond)) || d.AfterGone > 2000 {
		t.Errorf("gone %v after the client left, last write %v after that, %d bytes to nobody: %+v", d.GoneAt.Sub(left), d.LastWrite.Sub(d.GoneAt), d.AfterGone, d)
	}
	id := x.Header["x-request-id"][0]
	var s *story
	eventually(t, 20*time.Second, "the request has a terminal row", func() bool {
		s = r.stories(t)[id]
		return s != nil && len(s.terminals) > 0
	})
	if s.state() != "CLIENT_GONE" || len(s.attempts) != 1 || s.attempts[0].Outcome.String() != "OUTCOME_CLIENT_GONE" {
		t.Errorf("ledger says %v %s", s.outcomes(), s.state())
	}
}
