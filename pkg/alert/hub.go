package alert

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	firstWait = time.Second     // after a message that was not taken
	longWait  = 5 * time.Minute // after many
	farewell  = 2 * time.Second // for what is left at the end
)

// Options are the hooks of a Hub; all must be set, and be safe for concurrent
// use.
type Options struct {
	Log     *slog.Logger
	Told    func(sink, result string) // a message ended: sent, retried or refused
	Dropped func(reason string)       // an alert was not kept or not sent: full, queue, refused or stopped
	Firing  func(kind string, n int)  // how many alerts of a kind fire
}

// Hub takes events and tells sinks. Safe for concurrent use.
type Hub struct {
	o      Options
	post   func(ctx context.Context, s Sink, body []byte) result
	client *http.Client
	kick   chan struct{}
	count  atomic.Int64 // alerts that fire

	mu   sync.Mutex
	book *book
	site string
}

// New returns a Hub without sinks; Configure gives it some, and Run delivers.
func New(o Options) *Hub {
	h := &Hub{o: o, client: newClient(), kick: make(chan struct{}, 1), book: newBook(o.Dropped)}
	h.book.rules = rules{resolveAfter: 5 * time.Minute}
	h.post = func(ctx context.Context, s Sink, body []byte) result { return post(ctx, h.client, s, body) }
	return h
}

// Configure puts other settings in force. Alerts that fire stay, and sinks that
// were not there before are told of them.
func (h *Hub) Configure(s *Settings) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.site = s.site
	h.book.configure(s.rules, s.sinks)
	h.wake()
}

// Notify takes an event. See Notifier.
func (h *Hub) Notify(e Event) {
	if e.Resolved && h.count.Load() == 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.book.note(e, time.Now()) {
		h.wake()
	}
	h.count.Store(int64(len(h.book.firing)))
}

// Firing lists the alerts that fire, the longest first.
func (h *Hub) Firing() []Alert {
	h.mu.Lock()
	defer h.mu.Unlock()
	var list []Alert
	for _, a := range h.book.sorted() {
		list = append(list, a.Alert)
	}
	return list
}

func (h *Hub) wake() {
	select {
	case h.kick <- struct{}{}:
	default:
	}
}

// Run delivers until ctx ends, and then tries once to deliver what is left.
func (h *Hub) Run(ctx context.Context) {
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var wg sync.WaitGroup
	for ctx.Err() == nil {
		jobs, due := h.look(time.Now())
		for _, j := range jobs {
			wg.Go(func() { h.deliver(work, j) })
		}
		h.sleep(ctx, due)
	}
	end := time.AfterFunc(farewell, stop)
	defer end.Stop()
	wg.Wait()
	for _, j := range h.last(time.Now()) {
		wg.Go(func() { h.deliver(work, j) })
	}
	wg.Wait()
	h.abandon()
	h.client.CloseIdleConnections()
}

// sleep waits until due, when it is not zero, or until something happens.
func (h *Hub) sleep(ctx context.Context, due time.Time) {
	var alarm <-chan time.Time
	if !due.IsZero() {
		t := time.NewTimer(time.Until(due))
		defer t.Stop()
		alarm = t.C
	}
	select {
	case <-ctx.Done():
	case <-h.kick:
	case <-alarm:
	}
}

// job is one message to one sink.
type job struct {
	q      *queue
	sink   Sink
	site   string
	alerts []Alert
	lasts  time.Time // until when a sink that forgets may believe it
}

// look lets time pass, and returns what must be sent and when to look again.
func (h *Hub) look(now time.Time) ([]job, time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.book.tick(now)
	h.count.Store(int64(len(h.book.firing)))
	jobs := h.jobs(now)
	n := make([]int, kinds)
	for c := range h.book.firing {
		n[c.kind]++
	}
	for k := Kind(1); k < kinds; k++ {
		h.o.Firing(k.String(), n[k])
	}
	return jobs, h.book.due()
}

// last is what was not sent yet, whatever its time.
func (h *Hub) last(now time.Time) []job {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, q := range h.book.queues {
		q.next = now
	}
	return h.jobs(now)
}

func (h *Hub) jobs(now time.Time) []job {
	var jobs []job
	for _, q := range h.book.queues {
		if list := h.book.take(q, now); len(list) > 0 {
			jobs = append(jobs, job{q, q.sink, h.site, list, now.Add(5 * h.book.refresh)})
		}
	}
	return jobs
}

// abandon counts what no sink will hear of.
func (h *Hub) abandon() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, q := range h.book.queues {
		for range q.waiting {
			h.o.Dropped("stopped")
		}
	}
}

// deliver sends one message and enters what became of it.
func (h *Hub) deliver(ctx context.Context, j job) {
	body, err := render(j.sink.format, j.site, j.alerts, j.lasts)
	r := result{verdict: refused, reason: "no message could be made"}
	if err == nil {
		r = h.post(ctx, j.sink, body)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	now, log := time.Now(), h.o.Log.With(slog.String("sink", j.sink.name))
	switch r.verdict {
	case taken:
		if j.q.fails > 0 {
			log.Info("alerts are taken again")
		}
		h.o.Told(j.sink.name, "sent")
		h.book.sent(j.q, now)
	case refused:
		log.Error("alerts refused", slog.String("reason", r.reason), slog.Int("alerts", len(j.alerts)))
		h.o.Told(j.sink.name, "refused")
		for range j.alerts {
			h.o.Dropped("refused")
		}
		h.book.sent(j.q, now)
	case retry:
		if j.q.fails == 0 {
			log.Warn("alerts not delivered; they are sent again", slog.String("reason", r.reason))
		}
		h.o.Told(j.sink.name, "retried")
		h.book.failed(j.q, now, max(backoff(j.q.fails), r.wait))
	}
	h.wake()
}

// backoff is how long to wait after so many failures before the last: it
// doubles, and varies so that many gateways do not return at once.
func backoff(fails int) time.Duration {
	wait := min(firstWait<<min(fails, 16), longWait)
	return wait*3/4 + rand.N(wait/2)
}
