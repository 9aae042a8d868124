// Package alert tells people what needs them: a provider that refuses our
// credential, a ledger that takes no appends, a breaker that opened.
//
//	Notify ─▶ book ─▶ Hub.Run ─▶ sinks (webhook, Slack, Alertmanager)
//
// An alert is one cause: a kind and what it is about. It fires once, counts
// what repeats it, and is resolved when its cause was gone for a while. A sink
// is told in messages that hold everything it does not know yet, at most one
// in an interval; what it does not take waits and is told again, as it is then.
//
// Invariants: Notify never waits. What is kept has a bound, and what does not
// fit is counted. Alerts hold names from the configuration and words of ours:
// no content, no keys, nothing that a provider said. The URL of a sink is a
// secret: it is in no error and no log line.
package alert
