package alert

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// desk is a book with a clock.
type desk struct {
	t *testing.T
	*book
	now     time.Time
	dropped []string
}

func newDesk(t *testing.T, sinks ...Sink) *desk {
	t.Helper()
	d := &desk{t: t, now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	d.book = newBook(func(reason string) { d.dropped = append(d.dropped, reason) })
	d.configure(rules{resolveAfter: time.Minute, interval: 10 * time.Second, repeat: time.Hour, refresh: time.Minute}, sinks)
	return d
}

func hook(name string) Sink { return Sink{name: name, format: formatWebhook, kinds: kindsOf(nil)} }

// says is what a sink is told now: kinds with their subjects, in order.
func (d *desk) says(i int) string {
	d.t.Helper()
	d.tick(d.now)
	var out []string
	for _, a := range d.take(d.queues[i], d.now) {
		out = append(out, fmt.Sprintf("%s %s %s%s x%d", status(a), a.Event.Kind, a.Event.Backend, a.Event.What, a.Count))
	}
	return fmt.Sprint(out)
}

func (d *desk) want(i int, text string) {
	d.t.Helper()
	if got := d.says(i); got != text {
		d.t.Errorf("at %v sink %d hears %s, want %s", d.now.Format(time.TimeOnly), i, got, text)
	}
	if q := d.queues[i]; len(q.flying) > 0 {
		d.sent(q, d.now)
	}
}

func (d *desk) pass(t time.Duration) { d.now = d.now.Add(t) }

func (d *desk) rejected(backend string, resolved bool) {
	d.note(Event{Kind: CredentialRejected, Backend: backend, Resolved: resolved}, d.now)
}

func TestLastingAlert(t *testing.T) {
	d := newDesk(t, hook("a"))
	d.rejected("x", true) // of nothing
	d.want(0, "[]")
	d.rejected("x", false)
	d.want(0, "[firing credential_rejected x x1]")
	for range 5 {
		d.rejected("x", false)
	}
	d.pass(30 * time.Second)
	d.want(0, "[]")
	d.rejected("x", true)
	d.pass(59 * time.Second)
	d.want(0, "[]")
	d.rejected("x", false) // back in time: the same alert
	d.rejected("x", true)
	d.pass(2 * time.Second)
	d.want(0, "[]")
	d.pass(58 * time.Second)
	d.want(0, "[resolved credential_rejected x x7]")
	if len(d.firing) > 0 || len(d.queues[0].told) > 0 || !d.due().IsZero() {
		t.Errorf("left: %v %v", d.firing, d.queues[0].told)
	}
	d.pass(time.Minute)
	d.rejected("x", false) // a new one
	d.want(0, "[firing credential_rejected x x1]")
}

// What only occurs ends by itself.
func TestOccurrence(t *testing.T) {
	d := newDesk(t, hook("a"))
	for range 10 {
		d.note(Event{Kind: Fallback, Backend: "x"}, d.now)
		d.pass(10 * time.Second)
	}
	d.want(0, "[firing fallback x x10]")
	d.pass(50 * time.Second)
	d.want(0, "[resolved fallback x x10]")
}

func TestRepeat(t *testing.T) {
	am := hook("am")
	am.format = formatAlertmanager
	d := newDesk(t, hook("a"), am)
	d.rejected("x", false)
	d.want(0, "[firing credential_rejected x x1]")
	d.want(1, "[firing credential_rejected x x1]")
	for i := range 60 {
		d.pass(time.Minute)
		if at := d.due(); at.After(d.now) {
			t.Fatalf("minute %d: looks again at %v only", i, at)
		}
		d.want(1, "[firing credential_rejected x x1]")
	}
	d.want(0, "[firing credential_rejected x x1]")
}

// What happens within the interval is told together, and what cannot be
// delivered is told as it is later.
func TestIntervalAndFailure(t *testing.T) {
	d := newDesk(t, hook("a"))
	d.rejected("x", false)
	if got := d.says(0); got != "[firing credential_rejected x x1]" {
		t.Fatal(got)
	}
	d.rejected("y", false)
	d.failed(d.queues[0], d.now, time.Minute)
	d.rejected("x", true)
	if got := d.says(0); got != "[]" {
		t.Errorf("in the wait: %s", got)
	}
	d.pass(time.Minute)
	d.rejected("y", false)
	d.want(0, "[resolved credential_rejected x x1 firing credential_rejected y x2]")
	d.rejected("z", false)
	d.want(0, "[]")
	if want := d.now.Add(10 * time.Second); !d.due().Equal(want) {
		t.Errorf("due %v, want %v", d.due(), want)
	}
}

func TestResolvedWhileInFlight(t *testing.T) {
	d := newDesk(t, hook("a"))
	d.rejected("x", false)
	d.says(0)
	d.rejected("x", true)
	d.pass(time.Minute)
	d.tick(d.now)
	d.sent(d.queues[0], d.now)
	d.pass(time.Minute)
	d.want(0, "[resolved credential_rejected x x1]")
	if len(d.queues[0].told) > 0 {
		t.Error("still remembered")
	}
}

func TestConfigure(t *testing.T) {
	only := hook("b")
	only.kinds = kindsOf([]string{"ledger_down"})
	d := newDesk(t, hook("a"), only)
	d.rejected("x", false)
	d.want(0, "[firing credential_rejected x x1]")
	d.want(1, "[]")
	d.configure(d.rules, []Sink{only, hook("a"), hook("new")})
	d.pass(time.Minute)
	d.want(0, "[]")
	d.want(1, "[]")
	d.want(2, "[firing credential_rejected x x1]")
	narrow := only
	narrow.name = "new"
	wide := only
	wide.kinds = kindsOf(nil)
	d.configure(d.rules, []Sink{wide, narrow})
	d.pass(2 * time.Hour)
	d.want(0, "[firing credential_rejected x x1]")
	d.want(1, "[]")
	if at := d.due(); !at.After(d.now) {
		t.Errorf("looks again at once, at %v", at)
	}
}

func TestBounds(t *testing.T) {
	d := newDesk(t, hook("a"))
	for i := range maxFiring + 3 {
		d.rejected(fmt.Sprint(i), false)
	}
	if want := []string{"full", "full", "full"}; !slices.Equal(d.dropped, want) {
		t.Fatalf("dropped %v", d.dropped)
	}
	for i := range maxFiring {
		d.rejected(fmt.Sprint(i), true)
	}
	d.pass(time.Minute)
	d.tick(d.now)
	for i := range 5 {
		d.rejected(fmt.Sprint("new", i), false)
	}
	if q := d.queues[0]; len(d.dropped) != 8 || len(q.waiting) != maxWaiting || len(d.firing) != 5 {
		t.Errorf("dropped %v, %d wait, %d fire", d.dropped[3:], len(q.waiting), len(d.firing))
	}
	for range maxWaiting/maxBatch + 1 {
		d.pass(10 * time.Second)
		if n := len(d.take(d.queues[0], d.now)); n == 0 || n > maxBatch {
			t.Fatalf("%d in one message", n)
		}
		d.sent(d.queues[0], d.now)
	}
	if q := d.queues[0]; len(q.waiting) != 0 || len(q.told) != 5 {
		t.Errorf("%d wait, %d remembered", len(q.waiting), len(q.told))
	}
}

// Every kind is whole, and no word is there twice.
func TestKinds(t *testing.T) {
	seen := map[string]bool{}
	for k := Kind(1); k < kinds; k++ {
		x := k.trait()
		if x.word == "none" || seen[x.word] || x.title == "" || x.severity != "warning" && x.severity != "critical" {
			t.Errorf("kind %d is %+v", k, x)
		}
		seen[x.word] = true
		if kindsOf([]string{x.word}) != 1<<k {
			t.Errorf("%s is not found", x.word)
		}
	}
}
