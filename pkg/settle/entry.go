package settle

import (
	"time"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"

	"github.com/signalbox-dev/signalbox/pkg/genai"
)

// Upstream is what the proxy logs at the end of one attempt (UpstreamEnd).
type Upstream struct {
	RequestID string // minted by the proxy: joins attempts and requests
	Cluster   string // "<backend>" or "<backend>~"
	Status    int    // 0 when no answer's head came
	Flags     string // RESPONSE_FLAGS, "-" or empty when none
	Details   string // RESPONSE_CODE_DETAILS
	Start     time.Time
	Duration  time.Duration
	FirstByte time.Duration // since Start; 0 when none came
	Received  int64         // bytes from the provider
	Sent      int64         // bytes to the provider
	// RetryAfter is how long a provider that refused asked to wait; 0: it did
	// not say.
	RetryAfter time.Duration
}

// Downstream is what the proxy logs at the end of a request (DownstreamEnd).
// In its Upstream part, Received are the bytes of the caller's request and
// Sent the bytes of the answer.
type Downstream struct {
	Upstream
	Ticket      [16]byte
	HasTicket   bool
	Facts       *signalboxv1.Open // from the entry itself; nil when it has none
	Attempts    int               // as the proxy counts them, those without a host included
	Usage       genai.Usage
	UsageFound  bool
	Suspect     bool
	RawUsage    []byte // kept by the Book and its records
	ServedModel string
	Tier        string
	ContentType string
}

// Metered is an attached stream's own account of an answer. Settling reads
// nothing else of it than what the fields say; zero fields are not known.
type Metered struct {
	// Attempt is the number of the attempt, 1 is the first; 0 when it is of the
	// one that the caller's answer came from, whichever that was. Of two for the
	// same attempt the later counts.
	Attempt int
	// Rejected is why the gateway turned the answer down although its status
	// was good, as a word: "error", "empty", "malformed", "content_filter",
	// "first_token". Empty when it did not.
	Rejected string
	// Translated says that the caller got the answer in another dialect, in
	// which the proxy saw it: of the usage there, only the totals are compared.
	Translated bool

	Usage       genai.Usage
	Found       bool
	Suspect     bool
	Raw         []byte // kept, like RawUsage
	ServedModel string
	Tier        string
	Done        bool // the dialect's own end was seen
	Failed      bool // an error event or error object was seen
	ClientGone  bool
	Status      int
	Cluster     string // that answered
	Start       time.Time
	FirstByte   time.Time
	FirstToken  time.Time // something that a caller can use
	End         time.Time
	Received    int64 // bytes of the answer
}

// Estimator guesses the usage of an answer that ended before the provider told
// it, and learns from those that did tell. token.Estimator is one.
type Estimator interface {
	Learn(model string, requestBytes, responseBytes int64, u genai.Usage, stream bool)
	Estimate(model string, requestBytes, responseBytes int64, stream bool) genai.Usage
}
