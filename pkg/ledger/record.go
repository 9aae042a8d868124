package ledger

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// Record is a message of record.proto: *signalboxv1.Open, *Attempt, *Terminal,
// *Adjustment, *Offset or *Sighting.
type Record interface{ proto.Message }

// Kind is the type of a record on disk. Numbers are never reused.
type Kind uint8

const (
	KindOpen       Kind = 1
	KindAttempt    Kind = 2
	KindTerminal   Kind = 3
	KindAdjustment Kind = 4
	KindOffset     Kind = 5
	KindSighting   Kind = 6
)

const (
	flagMore Kind = 0x80 // the batch goes on
	flagCopy Kind = 0x40 // repeats a frame of an earlier segment
	maskKind Kind = 0x3f
)

// String returns the word for k in messages.
func (k Kind) String() string {
	switch k {
	case KindOpen:
		return "open"
	case KindAttempt:
		return "attempt"
	case KindTerminal:
		return "terminal"
	case KindAdjustment:
		return "adjustment"
	case KindOffset:
		return "offset"
	case KindSighting:
		return "sighting"
	}
	return "unknown"
}

// kindOf returns the kind of r, 0 when it is no record.
func kindOf(r Record) Kind {
	switch r.(type) {
	case *signalboxv1.Open:
		return KindOpen
	case *signalboxv1.Attempt:
		return KindAttempt
	case *signalboxv1.Terminal:
		return KindTerminal
	case *signalboxv1.Adjustment:
		return KindAdjustment
	case *signalboxv1.Offset:
		return KindOffset
	case *signalboxv1.Sighting:
		return KindSighting
	}
	return 0
}

// newRecord returns an empty record of kind k, nil for a kind that this
// version does not know.
func newRecord(k Kind) Record {
	switch k {
	case KindOpen:
		return new(signalboxv1.Open)
	case KindAttempt:
		return new(signalboxv1.Attempt)
	case KindTerminal:
		return new(signalboxv1.Terminal)
	case KindAdjustment:
		return new(signalboxv1.Adjustment)
	case KindOffset:
		return new(signalboxv1.Offset)
	case KindSighting:
		return new(signalboxv1.Sighting)
	}
	return nil
}

// ticketed is a record that belongs to a request by its ticket.
type ticketed interface{ GetTicket() []byte }

// ticketOf returns the ticket of r; ok is false when it has none or a bad one.
func ticketOf(r Record) (t [16]byte, ok bool) {
	if x, is := r.(ticketed); is && len(x.GetTicket()) == len(t) {
		return [16]byte(x.GetTicket()), true
	}
	return t, false
}

func checkTicket(r Record) error {
	if x, is := r.(ticketed); is && len(x.GetTicket()) != 16 {
		return fmt.Errorf("%s record: ticket of %d bytes", kindOf(r), len(x.GetTicket()))
	}
	return nil
}
