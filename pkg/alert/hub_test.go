package alert

import (
	"bytes"
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// bench is a Hub whose messages go to a function.
type bench struct {
	*Hub
	mu      sync.Mutex
	log     bytes.Buffer
	counts  map[string]int // sinks with results, dropped reasons
	firing  map[string]int
	bodies  []string
	answers []result // of the next messages; taken when there is none
}

func newBench(r rules, sinks ...Sink) *bench {
	b := &bench{counts: map[string]int{}, firing: map[string]int{}}
	count := func(name string) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.counts[name]++
	}
	b.Hub = New(Options{
		Log:     slog.New(slog.NewTextHandler(&b.log, nil)),
		Told:    func(sink, result string) { count(sink + " " + result) },
		Dropped: count,
		Firing: func(kind string, n int) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.firing[kind] = n
		},
	})
	b.post = func(_ context.Context, _ Sink, body []byte) result {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.bodies = append(b.bodies, string(body))
		if len(b.answers) == 0 {
			return result{verdict: taken}
		}
		r := b.answers[0]
		b.answers = b.answers[1:]
		return r
	}
	b.Configure(&Settings{rules: r, sinks: sinks})
	return b
}

// next is what becomes of a further message.
func (b *bench) next(r result) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answers = append(b.answers, r)
}

// told is what was sent so far.
func (b *bench) told() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.bodies)
}

func (b *bench) fires(kind string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.firing[kind]
}

func (b *bench) wrote() string {
	b.Hub.mu.Lock() // of all who log
	defer b.Hub.mu.Unlock()
	return b.log.String()
}

// pause lets time pass, and then all that it set going come to rest.
func pause(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

var quick = rules{resolveAfter: time.Minute, interval: time.Second, refresh: time.Minute}

func TestHubFiresAndResolves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(quick, hook("a"))
		ctx, stop := context.WithCancel(t.Context())
		go b.Run(ctx)
		b.Notify(Event{Kind: LedgerDown, Resolved: true})
		synctest.Wait()
		if len(b.told()) != 0 {
			t.Fatalf("told %s", b.told())
		}
		for range 100 {
			b.Notify(Event{Kind: LedgerDown})
			pause(10 * time.Millisecond)
		}
		if len(b.told()) != 1 || !strings.Contains(b.told()[0], `"firing"`) || b.fires("ledger_down") != 1 {
			t.Fatalf("told %s", b.told())
		}
		b.Notify(Event{Kind: LedgerDown, Resolved: true})
		pause(59 * time.Second)
		if len(b.told()) != 1 {
			t.Fatalf("resolved too early: %s", b.told())
		}
		pause(time.Second + time.Millisecond)
		if len(b.told()) != 2 || !strings.Contains(b.told()[1], `"resolved"`) || !strings.Contains(b.told()[1], `"count":100`) || b.fires("ledger_down") != 0 {
			t.Fatalf("told %s", b.told())
		}
		stop()
		synctest.Wait()
		if want := map[string]int{"a sent": 2}; !maps.Equal(b.counts, want) {
			t.Errorf("counted %v", b.counts)
		}
	})
}

func TestHubTriesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(quick, hook("a"))
		ctx, stop := context.WithCancel(t.Context())
		go b.Run(ctx)
		for range 5 {
			b.next(result{verdict: retry, reason: "it answered 500"})
		}
		b.next(result{verdict: retry, reason: "it answered 429", wait: 8 * time.Minute})
		b.Notify(Event{Kind: WitnessDown})
		pause(40 * time.Second) // 1 + 2 + 4 + 8 + 16 seconds, and a quarter more at most
		if n := len(b.told()); n != 6 {
			t.Fatalf("%d messages", n)
		}
		b.Notify(Event{Kind: LedgerDown}) // joins those that wait
		pause(7 * time.Minute)
		if n := len(b.told()); n != 6 {
			t.Fatalf("%d messages before the sink wants any", n)
		}
		pause(time.Minute)
		if n := len(b.told()); n != 7 || !strings.Contains(b.told()[6], "witness_down") || !strings.Contains(b.told()[6], "ledger_down") {
			t.Fatalf("%d messages: %s", n, b.told()[n-1])
		}
		if log := b.wrote(); strings.Count(log, "not delivered") != 1 || strings.Count(log, "taken again") != 1 {
			t.Errorf("log:\n%s", log)
		}
		b.next(result{verdict: refused, reason: "it answered 400"})
		b.Notify(Event{Kind: ReloadRefused, What: "config"})
		pause(10 * time.Minute)
		stop()
		synctest.Wait()
		if want := map[string]int{"a sent": 1, "a retried": 6, "a refused": 1, "refused": 1}; !maps.Equal(b.counts, want) {
			t.Errorf("counted %v", b.counts)
		}
	})
}

// At the end what is left is tried once, and counted when it is lost.
func TestHubEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(rules{resolveAfter: time.Minute, interval: time.Hour}, hook("a"))
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { b.Run(ctx); close(done) }()
		b.Notify(Event{Kind: LedgerDown})
		synctest.Wait()
		b.Notify(Event{Kind: WitnessDown})
		synctest.Wait()
		b.next(result{verdict: retry, reason: "it answered 500"})
		stop()
		<-done
		if want := map[string]int{"a sent": 1, "a retried": 1, "stopped": 1}; len(b.told()) != 2 || !maps.Equal(b.counts, want) {
			t.Errorf("%d messages, counted %v", len(b.told()), b.counts)
		}
	})
}

// A sink that hangs delays neither the others nor those who notify, and the end
// for a moment only.
func TestHubHangingSink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(quick, hook("hangs"), hook("works"))
		plain := b.post
		b.post = func(ctx context.Context, s Sink, body []byte) result {
			if s.name == "hangs" {
				<-ctx.Done()
				return result{verdict: retry, reason: reason(ctx.Err())}
			}
			return plain(ctx, s, body)
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { b.Run(ctx); close(done) }()
		for i := range 10 {
			b.Notify(Event{Kind: BreakerOpen, Backend: string(rune('a' + i))})
			pause(time.Second)
		}
		if n := len(b.told()); n != 10 {
			t.Errorf("%d messages to the one that works", n)
		}
		start := time.Now()
		stop()
		<-done
		if took := time.Since(start); took > farewell {
			t.Errorf("the end took %v", took)
		}
	})
}

func TestNotifyOfNothingNew(t *testing.T) {
	h := New(Options{Dropped: func(string) {}})
	e := Event{Kind: CredentialRejected, Backend: "a", Resolved: true}
	if n := testing.AllocsPerRun(100, func() { h.Notify(e) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
