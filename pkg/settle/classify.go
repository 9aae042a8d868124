package settle

import (
	"strings"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// Response flags and details are Envoy's (access log documentation,
// RESPONSE_FLAGS and RESPONSE_CODE_DETAILS). An attempt's own entry has flags
// and no details; it has none for a caller that left (seen on 1.40).
const (
	viaUpstream  = "via_upstream"
	flagsGone    = " DC DR DPE "                   // the caller's side ended
	flagsNoHost  = " UH UO NC NR NFCF "            // nothing to connect to
	flagsLate    = " UT SI UMSDR DT "              // a timeout
	flagsConnect = " UF DF "                       // no connection
	flagsBroken  = flagsLate + " UC UR LR UPE UF " // the answer was broken off
)

// has reports whether any of the comma-separated flags is in set.
func has(flags, set string) bool {
	for f := range strings.SplitSeq(flags, ",") {
		if f != "" && f != "-" && strings.Contains(set, " "+f+" ") {
			return true
		}
	}
	return false
}

func quiet(flags string) bool { return flags == "" || flags == "-" }

// byStatus is the outcome that an answer's head alone says.
func byStatus(status int) signalboxv1.Attempt_Outcome {
	switch {
	case status == 401 || status == 403:
		return signalboxv1.Attempt_OUTCOME_CREDENTIAL_REJECTED
	case status == 429:
		return signalboxv1.Attempt_OUTCOME_RATE_LIMITED
	case status >= 400:
		return signalboxv1.Attempt_OUTCOME_HTTP_ERROR
	}
	return signalboxv1.Attempt_OUTCOME_COMPLETED
}

// retriable reports whether an attempt with the status is followed by another
// one where there is a candidate left: as the route's retry policy says. 0 is
// an attempt without an answer's head.
func retriable(status int) bool {
	switch status {
	case 0, 401, 403, 408, 409, 425, 429:
		return true
	}
	return status >= 500
}

// outcomeOf is the outcome of an attempt that another one followed.
func outcomeOf(status int, flags string) signalboxv1.Attempt_Outcome {
	switch {
	case status >= 400:
		return byStatus(status)
	case status > 0 && has(flags, flagsGone):
		return signalboxv1.Attempt_OUTCOME_CLIENT_GONE
	case status > 0 && has(flags, flagsBroken):
		return signalboxv1.Attempt_OUTCOME_CUT
	case status > 0:
		return signalboxv1.Attempt_OUTCOME_COMPLETED
	case has(flags, flagsNoHost):
		return signalboxv1.Attempt_OUTCOME_NO_HOST
	case has(flags, flagsConnect):
		return signalboxv1.Attempt_OUTCOME_CONNECT_FAILURE
	case has(flags, flagsLate):
		return signalboxv1.Attempt_OUTCOME_TIMEOUT
	case has(flags, flagsGone):
		return signalboxv1.Attempt_OUTCOME_CLIENT_GONE
	}
	return signalboxv1.Attempt_OUTCOME_RESET
}

// lastOutcome is the outcome of the attempt that the caller's answer came
// from: u is its entry, d that of the request, m what an attached stream saw;
// d and m may be nil. A caller that leaves behind the end of an answer has had
// it: usage comes with the end.
func lastOutcome(u *Upstream, d *Downstream, m *Metered) signalboxv1.Attempt_Outcome {
	if m != nil && m.Rejected != "" {
		return signalboxv1.Attempt_OUTCOME_REJECTED
	}
	flags := u.Flags
	if quiet(flags) && d != nil {
		flags = d.Flags
	}
	status := u.Status
	if m != nil && m.Attempt > 0 && m.Status > 0 && status > 0 {
		status = m.Status // the provider's, before the gateway changed it
	}
	o := outcomeOf(status, flags)
	if m != nil && status > 0 && status < 400 {
		switch {
		case m.Failed:
			return signalboxv1.Attempt_OUTCOME_CUT
		case m.ClientGone && o == signalboxv1.Attempt_OUTCOME_COMPLETED:
			o = signalboxv1.Attempt_OUTCOME_CLIENT_GONE
		}
	}
	if o == signalboxv1.Attempt_OUTCOME_CLIENT_GONE && u.Status > 0 && whole(d, m) {
		return signalboxv1.Attempt_OUTCOME_COMPLETED
	}
	return o
}

// whole reports whether the end of the answer is known to have passed.
func whole(d *Downstream, m *Metered) bool {
	if m != nil {
		return m.Done
	}
	return d != nil && d.UsageFound
}

// stateOf is how the request ended as its caller saw it: last is the outcome
// of its last attempt, OUTCOME_UNSPECIFIED when there was none.
func stateOf(d *Downstream, last signalboxv1.Attempt_Outcome) signalboxv1.Terminal_State {
	switch {
	case last == signalboxv1.Attempt_OUTCOME_CLIENT_GONE:
		return signalboxv1.Terminal_STATE_CLIENT_GONE
	case last == signalboxv1.Attempt_OUTCOME_COMPLETED && d.Status < 400:
		return signalboxv1.Terminal_STATE_COMPLETED
	case has(d.Flags, flagsGone):
		return signalboxv1.Terminal_STATE_CLIENT_GONE
	case last == signalboxv1.Attempt_OUTCOME_UNSPECIFIED && d.Status > 0 && d.Status < 400:
		return signalboxv1.Terminal_STATE_COMPLETED
	}
	return signalboxv1.Terminal_STATE_FAILED
}

// reached reports whether the request was sent to a provider, as far as its
// own entry says.
func (d *Downstream) reached() bool {
	return d.Details == viaUpstream || d.Attempts > 0 && d.Cluster != "" && !has(d.Flags, flagsNoHost)
}

// fromEnd makes the entry of a last attempt that has none of its own, from
// that of its request. Its status is the provider's only where the details say
// so: else it is one that the proxy made up.
func fromEnd(d *Downstream) Upstream {
	u := d.Upstream
	u.Received, u.Sent = d.Sent, 0
	if !strings.HasPrefix(d.Details, viaUpstream) && !strings.HasPrefix(d.Details, "upstream_reset_after_response_started") &&
		!strings.HasPrefix(d.Details, "downstream_") && d.Details != "response_timeout" {
		u.Status = 0
	}
	return u
}
