package ledger

import (
	"errors"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/genai"
)

// Dimension is what the lines of a report are told apart by.
type Dimension uint8

const (
	ByDay Dimension = 1 << iota // UTC, of the attempt's start
	ByTeam
	ByModel // as the caller asked
	ByBackend
)

// Query chooses what a report counts. The zero Query counts everything, by all
// dimensions.
type Query struct {
	Since, Until time.Time // start of the attempt or request: Since <= t < Until; zero is open
	By           Dimension // 0 is all
	Team, Model  string    // only these; empty is all
	Backend      string
}

// Line is one line of a report. Requests are counted where they were answered,
// or at the empty backend when none was tried; attempts and usage where they
// were made.
type Line struct {
	Day     string // 2006-01-02
	Team    string
	Model   string
	Backend string
	Shadow  bool // of copies of requests, which no caller saw an answer to: never part of another line

	Requests   int64 // the sum of the five that follow
	Completed  int64
	Failed     int64
	ClientGone int64
	Refused    int64
	Unknown    int64

	Attempts  int64
	Strangers int64       // attempts that passed no decision of ours
	Estimated int64       // attempts whose usage the provider did not tell
	Usage     genai.Usage // of all attempts, adjustments included
	Guessed   genai.Usage // the part of Usage that the provider did not tell
	Cost      genai.Total // of Usage, where the price is known
	Unpriced  int64       // attempts whose cost is not known
}

// Report adds up the ledger in dir. A record that the ledger holds twice
// counts once, and a row with a known end replaces one without. Where the
// ledger is damaged the lines count what is readable, and the error joins a
// *DamageError for each damage; any other error comes without lines.
func Report(dir string, q Query) ([]Line, error) {
	s := newSum(q)
	var damage []error
	for p, err := range walk(dir) {
		if err == nil {
			err = s.frame(p)
		}
		if err == nil {
			continue
		}
		if _, damaged := errors.AsType[*DamageError](err); !damaged {
			return nil, err
		}
		damage = append(damage, err)
	}
	return s.sorted(), errors.Join(damage...)
}
