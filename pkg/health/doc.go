// Package health keeps what is known of how well each backend serves each
// model, from the attempts that ended there, and says which of them requests
// should try last. Time is an argument.
//
// Invariants: a cell of which little is known is well; a refusal for lack of
// capacity (429) is no error; what time does to a cell depends on the time that
// passed, never on the number of requests; a cell that is out comes back by
// probes and then by degrees. Nothing here takes a candidate out of an order.
package health

import "time"

// Options are the thresholds. All must be positive.
type Options struct {
	Window     time.Duration // half-life of what is remembered for detection
	ErrorRate  float64       // share of failures that opens the breaker, 0 to 1
	SlowFactor float64       // time to the first byte or token, as a multiple of the usual, that opens it
	Rest       time.Duration // how long a cell gets no request after it went out
	Probe      time.Duration // least time between two probes
}

// Key names a cell: a backend and the model's name there.
type Key struct{ Backend, Model string }

// Grade is where in an order a cell's candidate belongs: lower comes first.
type Grade uint8

// The grades.
const (
	Probe     Grade = iota // the request finds out whether it has recovered
	Well                   // as if nothing were known
	Slow                   // it answers, far slower than it used to
	Throttled              // it says that it has no capacity
	Ill                    // it fails
)

// String is the word for g in metrics, logs and decisions.
func (g Grade) String() string {
	switch g {
	case Probe:
		return "probe"
	case Slow:
		return "slow"
	case Throttled:
		return "throttled"
	case Ill:
		return "ill"
	case Well:
	}
	return "well"
}

// State is where a cell's breaker stands.
type State uint8

// The states.
const (
	Closed   State = iota // it gets its requests
	Open                  // it gets probes, after a rest
	HalfOpen              // it gets a growing share of its requests
)

// String is the word for s in metrics and logs.
func (s State) String() string {
	switch s {
	case Open:
		return "open"
	case HalfOpen:
		return "half_open"
	case Closed:
	}
	return "closed"
}

// Sample is an attempt that ended.
type Sample struct {
	Result    Result
	FirstByte time.Duration // of a stream, since the attempt's start; 0: not known, or no stream
	// FirstToken is likewise until there was something that a caller can use: a
	// provider may answer long before it begins.
	FirstToken time.Duration
	Output     int64         // tokens of the answer; 0: not known
	Writing    time.Duration // of an answer whose Output is known: since a stream began, else since the start
	// Retry is how long a refusal asks to be left alone; 0: it does not say.
	Retry time.Duration
}

// Speed is what to expect of a cell. A zero field is not known.
type Speed struct {
	FirstByte       time.Duration // until an answer begins
	TokensPerSecond float64       // from then on
}

// Result is what an attempt says about its backend.
type Result uint8

// The results.
const (
	Success Result = iota
	Failure
	Refusal // for lack of capacity
)

// Change is a breaker that went to another state. From Open it goes to
// HalfOpen and from there to Closed, or back.
type Change struct {
	Key   Key
	State State
	Grade Grade // why; of a breaker that closed: why it had been open
}

// Status is what is known of a cell, for people.
type Status struct {
	Key
	State     State
	Grade     Grade     // why it is not closed, or last was not
	Since     time.Time // of the state; zero: since the start
	Errors    float64   // share of failures of late
	Rate      float64   // attempts a second of late
	FirstByte time.Duration
	Usual     time.Duration // FirstByte in the long run
	Speed     Speed
}
