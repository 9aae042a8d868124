package gateway

import (
	"log/slog"
	"sync"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/ledger"
	"github.com/signalbox-dev/signalbox/pkg/pipeline"
	"github.com/signalbox-dev/signalbox/pkg/settle"
	"github.com/signalbox-dev/signalbox/pkg/telemetry"
	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// Books joins the book of running requests with the ledger: every change of
// the one is appended to the other. Safe for concurrent use.
type Books struct {
	mu      sync.Mutex
	book    *settle.Book
	pending []ledger.Record     // taken from the book, not in the ledger yet
	offset  *signalboxv1.Offset // behind the entries that led to them; nil when none did

	log      *ledger.Log
	observer *observer
	metrics  *telemetry.Metrics
	logger   *slog.Logger
}

// Open writes the open frame and then lets the book know.
func (b *Books) Open(o *signalboxv1.Open) error {
	if err := b.log.Append(o); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.book.Open(o)
	b.metrics.LedgerOpen.Set(float64(b.book.Len()))
	return nil
}

// Refused records a request that no provider saw. Its row is not worth failing
// the answer for.
func (b *Books) Refused(o *signalboxv1.Open, code string, status int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(o.GetDecision()) > 0 { // nothing opened it: why it was refused stands there
		b.pending = append(b.pending, o)
	}
	b.book.Refused(o, code, status, time.Now())
	b.flush()
}

// Metered takes the reading of an attached answer. One that the proxy's log
// repeats goes to the ledger with the row that the log makes of it, or with the
// next tick: should this process end before, the log tells the same.
func (b *Books) Metered(t pipeline.Ticket, r pipeline.Reading) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.book.Metered(t, settle.Metered{
		Attempt: r.Attempt, Rejected: r.Rejected, Translated: r.Translated,
		Usage: r.Usage, Found: r.Found, Suspect: r.Suspect, Raw: r.Raw,
		ServedModel: r.Model, Tier: r.Tier,
		Done: r.Complete || r.Done, Failed: r.Failed, ClientGone: !r.Complete && !r.Done && !r.Failed,
		Status: r.Status, Cluster: r.Cluster, Start: r.Start, FirstByte: r.First, FirstToken: r.FirstToken, End: time.Now(), Received: r.Bytes,
	}, time.Now())
	if !r.Logged {
		b.flush()
	}
}

// Witnessed feeds entries of the proxy's log to the book by way of feed and
// appends what follows together with the offset behind them. On an error
// nothing is forgotten: the same offset must be given again later.
func (b *Books) Witnessed(offset *signalboxv1.Offset, feed func(*settle.Book)) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if feed != nil {
		feed(b.book)
	}
	return b.write(offset)
}

// Tick lets time pass.
func (b *Books) Tick(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.book.Tick(now)
	b.flush()
}

// EnvoyGone tells that the proxy died: what it had not logged yet is lost.
func (b *Books) EnvoyGone(at time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.book.EnvoyGone(at)
	b.flush()
}

// flush is write where nobody waits for the result: what was not written stays
// pending, and write has logged why.
func (b *Books) flush() { _ = b.write(nil) }

// write appends what the book has to say, with the offset when there is one,
// in one batch, and shows it. What cannot be written stays pending and goes
// out before anything else.
func (b *Books) write(offset *signalboxv1.Offset) error {
	res := b.book.Take()
	b.pending = append(b.pending, res.Records...)
	if offset != nil {
		b.offset = offset
	}
	b.observer.ended(res.Ended)
	for _, s := range res.Settled {
		b.observer.settled(s)
	}
	for _, r := range res.Records {
		if j, ok := r.(*signalboxv1.Adjustment); ok {
			b.observer.view.Adjusted(j)
		}
	}
	for _, e := range res.Events {
		b.observer.event(e)
	}
	b.metrics.LedgerOpen.Set(float64(b.book.Len()))
	batch := b.pending
	if b.offset != nil {
		batch = append(batch, b.offset)
	}
	if len(batch) == 0 {
		return nil
	}
	if err := b.log.Append(batch...); err != nil {
		b.logger.Error("ledger append", slog.Any("error", err), slog.Int("pending", len(b.pending)))
		return err
	}
	b.pending, b.offset = b.pending[:0], nil
	return nil
}

// Len is the number of requests that are not settled.
func (b *Books) Len() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.book.Len()
}
