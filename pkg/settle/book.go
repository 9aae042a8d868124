package settle

import (
	"time"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"

	"github.com/signalbox-dev/signalbox/pkg/ledger"
)

// Options are the settings of a Book. The zero value works.
type Options struct {
	// UnknownAfter is how long after its deadline a request waits for the
	// proxy's entry before it is closed as unknown; 60 s when 0.
	UnknownAfter time.Duration
	// Grace is how long the entry of a request waits for entries of its
	// attempts; 2 s when 0.
	Grace time.Duration
	// Estimator may be nil: then nothing is estimated.
	Estimator Estimator
	// Alone says that no log is read: readings of attached streams settle.
	Alone bool
	// Remember is how many ended requests are kept to recognise entries that
	// come again or late; 4096 when 0. As many unknown ends are kept besides.
	Remember int
}

// Book holds the running requests. It is not safe for concurrent use.
type Book struct{}

func New(o Options) *Book { return nil }

func (b *Book) Open(o *signalboxv1.Open)                                            {}
func (b *Book) Metered(ticket [16]byte, m Metered, now time.Time)                   {}
func (b *Book) Upstream(u Upstream, now time.Time)                                  {}
func (b *Book) Downstream(d Downstream, now time.Time)                              {}
func (b *Book) Tick(now time.Time)                                                  {}
func (b *Book) EnvoyGone(at time.Time)                                              {}
func (b *Book) Refused(o *signalboxv1.Open, code string, status int, now time.Time) {}
func (b *Book) Take() Result                                                        { return Result{} }
func (b *Book) Restore(r *ledger.Recovered)                                         {}
func (b *Book) Running() []*signalboxv1.Open                                        { return nil }
