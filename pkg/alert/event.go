package alert

// Kind is what an alert is about.
type Kind uint8

// The kinds. Those that occur, and do not last, are resolved when they have
// not occurred for a while; the others when somebody says so.
const (
	Fallback           Kind = iota + 1 // requests for a model are served by a later candidate; occurs
	CredentialRejected                 // a provider refuses our credential
	LedgerDown                         // the ledger takes no appends
	WitnessDown                        // the proxy's log cannot be read
	BreakerOpen                        // a backend gets no requests for a model, because it is ill
	EnvoyRestarted                     // Envoy ended by itself; resolved when it is ready again
	ReloadRefused                      // a changed file was not taken
	kinds
)

// trait is what is true of all alerts of a kind.
type trait struct {
	word     string // in the configuration, messages and metrics
	severity string // critical: requests fail or go uncounted; warning: they are served, by less than there should be
	title    string
	occurs   bool
}

func (k Kind) trait() trait {
	switch k {
	case Fallback:
		return trait{"fallback", "warning", "requests are served by a later candidate", true}
	case CredentialRejected:
		return trait{"credential_rejected", "critical", "a provider refuses the gateway's credential", false}
	case LedgerDown:
		return trait{"ledger_down", "critical", "the ledger takes no appends; requests are refused", false}
	case WitnessDown:
		return trait{"witness_down", "critical", "Envoy's access log cannot be read; nothing is settled", false}
	case BreakerOpen:
		return trait{"breaker_open", "warning", "a backend is ill and gets no requests", false}
	case EnvoyRestarted:
		return trait{"envoy_restarted", "critical", "Envoy ended by itself and is started again", false}
	case ReloadRefused:
		return trait{"reload_refused", "warning", "a changed file was refused; the old one stays in force", false}
	case kinds:
	}
	return trait{word: "none"}
}

// String is the word for k in the configuration, in messages and metrics.
func (k Kind) String() string { return k.trait().word }

// Title says what k means, in words.
func (k Kind) Title() string { return k.trait().title }

// Severity is "critical" or "warning".
func (k Kind) Severity() string { return k.trait().severity }

// Event says that something began, occurred again, or ended. Kind, Backend,
// Model and What together are its cause: events that agree in them belong to
// one alert.
type Event struct {
	Kind     Kind
	Backend  string // name in the configuration; empty: of no backend
	Model    string // name in the configuration; empty: of no model
	What     string // which one, where a kind has several: "config" or "keys" of a reload, or what Envoy refused
	Resolved bool   // the cause is gone

	RequestID string // an example; empty: none
	Detail    string // words of ours, never of a provider or a caller
}

// Notifier takes events. A breaker calls it with BreakerOpen when it opens, and
// with the same Backend and Model and Resolved when it has closed; calls that
// say nothing new are cheap and change nothing.
type Notifier interface {
	// Notify never waits, and is safe for concurrent use.
	Notify(e Event)
}
