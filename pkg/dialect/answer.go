package dialect

import (
	"fmt"

	"github.com/signalbox-dev/signalbox/pkg/genai"
)

// AnswerCodec reads and edits the answers of a dialect.
type AnswerCodec interface {
	// Meter returns a meter for one answer. Kind names the family of the
	// provider ("openai", "mistral", ...), whose rules for usage apply;
	// unknown and empty kinds follow the general rules.
	Meter(op genai.Operation, stream bool, kind string) Meter
	// Hider returns a filter for one stream that removes the event which is
	// there only because Rewrite injected a wish for usage; nil where Rewrite
	// never does.
	Hider() Filter
}

// Meter watches one answer and reads from it what the ledger needs. It is not
// safe for concurrent use.
type Meter interface {
	// Feed takes the next bytes of the body, cut anywhere. It does not retain
	// p.
	Feed(p []byte)
	// Close ends the answer, complete or not, and returns what was seen. It
	// may be called once.
	Close() Reading
}

// Filter edits one stream as it passes. It is not safe for concurrent use.
type Filter interface {
	// Feed takes the next bytes, cut anywhere, and appends to dst what may
	// leave now. It does not retain p.
	Feed(dst, p []byte) []byte
	// Close appends to dst what was held back.
	Close(dst []byte) []byte
}

// Reading is what a meter saw of an answer.
type Reading struct {
	Usage   genai.Usage
	Found   bool   // the provider stated a usage
	Suspect bool   // its numbers do not fit together; they were clamped
	Raw     []byte // the provider's usage object, JSON text

	Model, Tier string // as served

	Done     bool // the end marker of the stream was seen, or the unary body was complete
	Finished bool // a finish reason was seen
	Failed   bool // the provider reported an error in place of or within the answer

	Events     int   // events of a stream that carried data
	Malformed  int   // of these, those that could not be read
	DeltaBytes int64 // bytes of delivered text, reasoning and tool arguments, as JSON text
}

// UsageReader brings a provider's usage to the normal form. It is safe for
// concurrent use.
type UsageReader interface {
	// Usage reads the fields of a usage object. Found is false when f holds
	// no count at all, suspect is true when the counts do not fit together.
	Usage(kind string, f Fields) (u genai.Usage, found, suspect bool)
	// UsageJSON is Usage on the JSON text of a usage object.
	UsageJSON(kind string, raw []byte) (u genai.Usage, found, suspect bool)
	// Paths lists every path that Usage may ask f for, so that whoever lifts
	// scalars out of answers knows which.
	Paths() []string
}

// Fields is a usage object, given by dotted path below it, such as
// "prompt_tokens_details.cached_tokens".
type Fields interface {
	// Int returns a count; false when it is absent, null or no whole number.
	Int(path string) (int64, bool)
}

// ErrorAnswer is a provider's error answer. It holds what a provider wrote and
// prints itself redacted.
type ErrorAnswer struct {
	Status      int
	ContentType string
	Body        []byte
	Truncated   bool // Body is only the beginning
}

// Format prints the status and the size, whatever the verb.
func (a ErrorAnswer) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "error answer %d [redacted %d bytes]", a.Status, len(a.Body))
}

// MarshalText is Format for encoders.
func (a ErrorAnswer) MarshalText() ([]byte, error) { return fmt.Append(nil, a), nil }
