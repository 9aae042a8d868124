package dialect

import (
	"fmt"

	"github.com/signalbox-dev/signalbox/pkg/fault"
)

// Trouble is a provider's error, taken apart: what of it a caller may see. It
// holds no key, organisation, account or content.
type Trouble struct {
	Status  int    // HTTP status
	Message string // scrubbed; empty: the provider gave no reason that can be shown
	Type    string // the provider's word for the kind of error, when it has one
	Code    string // the same, for the error itself
	Param   string // the field at fault
	// Own is the provider's body as it came, where it is fit to be shown to a
	// caller of the same dialect; nil elsewhere.
	Own []byte
}

// KeyInvalid is the Code of a provider's complaint about our own credential that
// does not come with the status 401 or 403, as Google's.
const KeyInvalid = "api_key_invalid"

// Format prints the status and the words, not the message, whatever the verb.
func (t Trouble) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "trouble %d %s [redacted %d bytes]", t.Status, t.Code, len(t.Message))
}

// ErrorCodec reads and writes the errors of a dialect. It is safe for
// concurrent use.
type ErrorCodec interface {
	// Read takes a provider's error answer apart.
	Read(a ErrorAnswer) Trouble
	// Render writes a provider's error for a caller of the dialect. Own is
	// written as it is when own says that the provider speaks the dialect, too.
	Render(t Trouble, own bool, requestID string) []byte
	// Fault writes an error of our own.
	Fault(f *fault.Error, requestID string) []byte
}
