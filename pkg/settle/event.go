package settle

import (
	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"

	"github.com/signalbox-dev/signalbox/pkg/ledger"
)

// EventKind is a thing worth a metric and a line in the log.
type EventKind uint8

const (
	Mismatch           EventKind = iota + 1 // the two witnesses differ in their counts
	Stranger                                // a request reached a provider without our decision
	Late                                    // an entry came after its request was closed
	Unknown                                 // a request was closed without its end
	CredentialRejected                      // a provider refused our credential
	Fallback                                // a request was served by another candidate than its first
	Synthesized                             // an attempt row was written without the proxy's entry for it
)

// String returns the word for k in metrics.
func (k EventKind) String() string {
	switch k {
	case Mismatch:
		return "mismatch"
	case Stranger:
		return "stranger"
	case Late:
		return "late"
	case Unknown:
		return "unknown"
	case CredentialRejected:
		return "credential_rejected"
	case Fallback:
		return "fallback"
	case Synthesized:
		return "synthesized"
	}
	return "none"
}

// Event is one occurrence. Backend is empty where no single one is meant.
type Event struct {
	Kind      EventKind
	RequestID string
	Backend   string
	Detail    string // words of ours, never of a provider
}

// Settled is a request that ended, for spans and metrics. Open is nil for a
// stranger.
type Settled struct {
	Open     *signalboxv1.Open
	Attempts []*signalboxv1.Attempt
	Terminal *signalboxv1.Terminal
}

// Result is what a Book has to say since the last Take. Records must be
// appended in one batch, in order, with the offset behind the entries that
// led to them; when that fails, they must be appended before those of the next
// Take. The Book does not change anything in it any more, and nobody else may:
// records share what is the same in them.
type Result struct {
	Records []ledger.Record
	Events  []Event
	Settled []Settled
	// Ended are attempts as what they say of their backends counts, each once:
	// one that failed as soon as its end is known, all others when their request
	// has ended. A row that was made before that has no number that counts.
	Ended []*signalboxv1.Attempt
}
