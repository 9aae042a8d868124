package settle

import (
	"encoding/hex"
	"hash/fnv"
	"math"
	"slices"
	"strings"
	"time"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"

	"github.com/signalbox-dev/signalbox/pkg/genai"
)

const never = math.MaxInt64

// phase is where a run is in its life.
type phase uint8

const (
	running phase = iota
	unseen        // closed without the proxy's entry, which may still correct it
	ended
)

// run is one request. There may be many thousands: what is the same in many of
// them is shared, what few of them have is behind more.
type run struct {
	ticket   [16]byte
	key      id     // of the request id
	facts    *facts // nil when nothing was opened
	from     int64  // arrival
	deadline int64  // as the Open states it
	due      int64  // when it is closed as unknown; 0 is given at the next Tick
	bytes    int64  // of the caller's body
	decision []byte // as the Open has it; until the run is closed
	more     *more
	seen     []Upstream // ends of attempts, each once
	told     uint16     // how many of them have a sighting
	phase    phase
	touched  bool
}

// more is what only some runs have.
type more struct {
	ticket []byte // the ids as the records have them, made once
	name   string

	requestID  string // when it is no UUID
	clientID   string
	readings   []*reading // few: one per attempt that we read
	heard      []heard    // attempts that Result.Ended told of
	down       *Downstream
	downTold   bool
	rows       []written
	state      signalboxv1.Terminal_State // as it was written
	incomplete bool                       // it was written without the entry of the last attempt
}

// written is what a later truth is compared with.
type written struct {
	outcome     signalboxv1.Attempt_Outcome
	source      signalboxv1.Usage_Source
	status      uint32
	usage       genai.Usage
	cost        *int64
	start       int64
	backend     string
	adjustments uint32
}

func (r *run) extra() *more {
	if r.more == nil {
		r.more = new(more)
	}
	return r.more
}

func (r *run) down() *Downstream {
	if r.more == nil {
		return nil
	}
	return r.more.down
}

// limit is when no attempt can be running any more.
func (r *run) limit() int64 {
	if r.deadline != 0 {
		return r.deadline
	}
	return r.from + int64(defaultDeadline)
}

// see adds the end of an attempt; false when it is there already.
func (r *run) see(u Upstream) bool {
	for i := range r.seen {
		if r.seen[i].Start.Equal(u.Start) && backendOf(r.seen[i].Cluster) == backendOf(u.Cluster) {
			return false
		}
	}
	u.RequestID = "" // the run has it
	r.seen = append(r.seen, u)
	return true
}

// inOrder sorts the ends of attempts by their start.
func (r *run) inOrder() []Upstream {
	slices.SortStableFunc(r.seen, func(a, b Upstream) int { return a.Start.Compare(b.Start) })
	return r.seen
}

// name sets the request's ids.
func (r *run) name(requestID, clientID string) {
	k, canonical := idOf(requestID)
	r.key = k
	if requestID != "" && !canonical {
		r.extra().requestID = strings.Clone(requestID)
	}
	if clientID != "" {
		r.extra().clientID = strings.Clone(clientID)
	}
}

// ids are ticket and request id as the records of r share them.
func (r *run) ids() ([]byte, string) {
	x := r.extra()
	if x.ticket == nil {
		x.ticket, x.name = slices.Clone(r.ticket[:]), r.requestID()
	}
	return x.ticket, x.name
}

func (r *run) requestID() string {
	if r.more != nil && r.more.requestID != "" {
		return r.more.requestID
	}
	if r.key == (id{}) {
		return ""
	}
	return r.key.String()
}

// open rebuilds the Open record.
func (r *run) open() *signalboxv1.Open {
	f := r.facts
	ticket, name := r.ids()
	o := &signalboxv1.Open{
		Ticket: ticket, RequestId: name, TimeNs: uint64(r.from), DeadlineNs: uint64(r.deadline), RequestBytes: r.bytes,
		Team: f.team, KeyId: f.keyID, Operation: f.operation, Model: f.model, Route: f.route, Class: f.class, Policy: f.policy,
		Order: f.order, Stream: f.stream, UsageInjected: f.injected, Node: f.node, ShadowOf: f.shadowOf,
	}
	o.ClientRequestId, o.Decision = r.more.clientID, r.decision
	return o
}

// id is a request id in 16 bytes: those of a UUID, or a hash of any other.
type id [16]byte

// idOf returns the id of s; canonical says that String gives s back. The empty
// id is that of the empty string.
func idOf(s string) (k id, canonical bool) {
	if s == "" {
		return k, false
	}
	if len(s) == 36 && s[8] == '-' && s[13] == '-' && s[18] == '-' && s[23] == '-' {
		var digits [32]byte
		n := copy(digits[:], s[:8])
		n += copy(digits[n:], s[9:13])
		n += copy(digits[n:], s[14:18])
		n += copy(digits[n:], s[19:23])
		copy(digits[n:], s[24:])
		if _, err := hex.Decode(k[:], digits[:]); err == nil && k != (id{}) {
			return k, lower(digits[:])
		}
	}
	h := fnv.New128a()
	h.Write([]byte(s))
	h.Sum(k[:0])
	return k, false
}

func lower(digits []byte) bool {
	for _, c := range digits {
		if c >= 'A' && c <= 'F' {
			return false
		}
	}
	return true
}

// String is the UUID of k.
func (k id) String() string {
	var b [36]byte
	hex.Encode(b[:], k[:4])
	hex.Encode(b[9:], k[4:6])
	hex.Encode(b[14:], k[6:8])
	hex.Encode(b[19:], k[8:10])
	hex.Encode(b[24:], k[10:])
	b[8], b[13], b[18], b[23] = '-', '-', '-', '-'
	return string(b[:])
}

// ticketOf is the ticket in b; one of zeros is none.
func ticketOf(b []byte) (t [16]byte, ok bool) {
	if len(b) != len(t) {
		return t, false
	}
	t = [16]byte(b)
	return t, t != [16]byte{}
}

// ns is t in nanoseconds since the epoch, 0 for the zero time.
func ns(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}
