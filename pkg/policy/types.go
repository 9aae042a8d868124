package policy

import (
	"crypto/sha256"
	"strings"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/config"
	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/price"
	"github.com/signalbox-dev/signalbox/pkg/secret"
)

// Backend is one place that requests can be sent to.
type Backend struct {
	Name     string
	Provider string // who sends the bill
	Dialect  string
	Kind     string // whose reading of the dialect it is
	Region   genai.Region

	Scheme    string // "http" or "https"
	Host      string // name or address, IPv6 without brackets
	Port      uint32
	Authority string // value of the host header: the port stands in it unless it is the scheme's own
	BasePath  string // what precedes an operation's path; begins with '/' or is empty, no '/' at its end

	InjectUsage      bool // ask for usage in streams whose caller did not
	AllowPrivate     bool
	Credential       secret.Ref // zero: none is sent
	CredentialHeader string     // in lower case
	CredentialPrefix string
	ConnectTimeout   time.Duration
}

// Cluster is Envoy's name for the backend as the first candidate of a request.
func (b *Backend) Cluster() string { return b.Name }

// AttemptCluster is Envoy's name for the backend where each attempt's request
// is written anew.
func (b *Backend) AttemptCluster() string { return b.Name + "~" }

// ShadowCluster is Envoy's name for the backend where copies of requests go:
// what happens to them there does not touch the other two.
func (b *Backend) ShadowCluster() string { return b.Name + "~shadow" }

// BackendOf is the name of the backend that a cluster belongs to.
func BackendOf(cluster string) string {
	name, _, _ := strings.Cut(cluster, "~")
	return name
}

// Candidate is a backend that serves a model, under the model's name there.
type Candidate struct {
	Backend *Backend
	Model   string
	Weight  uint32 // share where the order is weighted; 0: after all others

	Drop      []string // fields of the backend's dialect that the model refuses
	MaxOutput int64    // limit of tokens where the dialect wants one; 0: the dialect's own

	Price        *price.Price // nil: not known
	Quality      float64      // above 0 to 1; 0: not known
	Context      int64        // tokens that input and output may have together; 0: not known
	Capabilities Capability   // 0: not known, so that it is tried for all
	Version      string       // of the model, as callers ask for it behind '@'; may be empty
}

// Capability is a set of what a model can do beyond text.
type Capability uint8

const (
	Vision Capability = 1 << iota // reads images
	Tools                         // calls tools
	Schema                        // answers by a schema
	Audio                         // hears or speaks

	All = Vision | Tools | Schema | Audio
)

// Model is a name that callers ask for.
type Model struct {
	Name       string
	Aliases    []string    // other names of it
	Candidates []Candidate // 1 to 64, first choice first, each backend once

	Able    Capability // what all candidates can do
	Context int64      // the least that is known of a candidate; 0: nothing is known

	masks    []uint64 // candidates by class index
	routes   []*Route // those that fit the name, in order
	fallback *Route
}

// All is the mask of all candidates.
func (m *Model) All() uint64 { return 1<<len(m.Candidates) - 1 }

// Order says which candidate comes first.
type Order uint8

const (
	OrderConfigured Order = iota
	OrderWeighted
	OrderCheapest
	OrderFastest
	OrderStrongest
)

// String is the word for o in the configuration and in decisions.
func (o Order) String() string {
	return [...]string{"configured", "weighted", "cheapest", "fastest", "strongest"}[o]
}

// Sticky says which requests are drawn alike.
type Sticky uint8

const (
	StickyNone Sticky = iota
	StickyUser
	StickyConversation
)

// Leave says when Envoy is left to serve alone.
type Leave uint8

const (
	LeaveAnswer   Leave = iota // when the head of the answer is known
	LeaveDecision              // as soon as the order is decided
)

// Metering says who counts tokens.
type Metering uint8

const (
	MeterWitness  Metering = iota // Envoy, by its log
	MeterAttached                 // Signalbox, by reading the answer
)

// Gate is a set of reasons to turn down an answer with a good status.
type Gate uint8

const (
	GateFirstToken Gate = 1 << iota // no token in time
	GateError                       // it is or begins with an error
	GateEmpty                       // it ends without content
	GateMalformed                   // it is not of the backend's dialect
	GateFilter                      // the provider's filter stopped it before any content
)

// Route is how requests are tried that its models, its teams and its rule fit.
type Route struct {
	Name        string
	Models      []string // patterns; empty: all
	Teams       []string // empty: all callers
	Order       Order
	MaxAttempts int

	FirstByteTimeout time.Duration // for a stream to begin
	AnswerTimeout    time.Duration // for an answer that is not streamed
	StreamTimeout    time.Duration // for a stream in all

	Class    genai.DataClass // of all its requests
	Leave    Leave
	Metering Metering

	Gates     Gate  // none: answers with a good status are final
	HoldLimit int64 // bytes of an answer that gates hold at most

	Use *Model // whose candidates serve in place of those of the model asked for; nil: those

	MinQuality float64 // of candidates; 0: none
	Sticky     Sticky
	Canary     *Model  // whose candidates serve a share; nil: none
	Share      uint64  // of the requests that the canary gets, in parts of 2^64
	Shadow     *Shadow // where copies of its requests go; nil: none are made

	When string // the condition as it is written; empty: none

	teams map[string]bool
	rule  rule
}

// Shadow is where copies of requests go.
type Shadow struct {
	Use     *Model
	Percent float64 // of the requests
}

func (r *Route) fits(team string) bool { return len(r.teams) == 0 || r.teams[team] }

// Team is a group of callers.
type Team struct {
	Name   string
	Models []string // patterns; empty: all
	Class  genai.DataClass

	models map[string]bool // those of the snapshot that it may use; nil: all
}

// May reports whether the team may use a model. The nil team, of callers
// without one, may use all.
func (t *Team) May(model string) bool { return t == nil || t.models == nil || t.models[model] }

// Key is a virtual key that the configuration has.
type Key struct {
	Name, Team string
	Hash       [sha256.Size]byte
	Models     []string // patterns; empty: all
	Class      genai.DataClass
	Expires    time.Time // zero: never
}

// Class is a constraint on where requests may be processed.
type Class struct {
	Name      genai.DataClass
	Regions   []genai.Region // empty: all, if there are providers
	Providers []string       // empty: all

	index int // in Model.masks
}

// Allows reports whether a key that names models may use model; naming none
// allows all.
func Allows(models []string, model string) bool { return config.MatchAny(models, model) }
