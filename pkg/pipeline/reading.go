package pipeline

import (
	"time"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
)

// Reading is what was seen of an answer by whoever read it whole.
type Reading struct {
	dialect.Reading
	Attempt      int    // number of the attempt, from 1
	Cluster      string // that answered
	Status       int
	Start, First time.Time // of the exchange; of the answer
	FirstToken   time.Time // something that a caller can use; zero: it was not looked for, or did not come
	Bytes        int64     // of the body, as the provider sent it
	Complete     bool      // the end of the body passed
	Translated   bool      // the caller got it in another dialect
	Logged       bool      // the proxy's log states the usage too: the reading need not outlive the process before that comes
	Rejected     string    // why the gateway turned the answer down; empty: it did not
}

// Began takes the time of what is the first that a caller can use.
func (r *Reading) Began(s dialect.Seen) {
	if s.Content && r.FirstToken.IsZero() {
		r.FirstToken = time.Now()
	}
}

// Meterer takes readings, each once, at the end of the answer. It is safe for
// concurrent use.
type Meterer interface {
	Metered(t Ticket, r Reading)
}
