package ledger

import signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"

// Recovered is the state that a log was left in.
type Recovered struct {
	Open      []*signalboxv1.Open     // without a terminal, oldest first
	Sightings []*signalboxv1.Sighting // not settled, oldest first
	Offset    *signalboxv1.Offset     // nil when none was ever written
	Closed    map[[16]byte]Closed     // by ticket; see Closed
	TornBytes int64                   // of an unfinished last batch, cut off
	Damage    []*DamageError          // left in place; a new segment was begun
}

// Closed is a request that has its terminal, kept because the proxy's log may
// still tell of it: it ended since the last offset, or without all its entries.
// All but Terminal are there in the second case only.
type Closed struct {
	Terminal    *signalboxv1.Terminal
	Open        *signalboxv1.Open         // nil where it is not known any more
	Attempts    []*signalboxv1.Attempt    // its rows
	Adjustments []*signalboxv1.Adjustment // of these rows
}
