package policy

import (
	"slices"

	"github.com/signalbox-dev/signalbox/pkg/secret"
)

// NeedsEnvoyRestart lists the settings that differ between two snapshots and
// that a running Envoy cannot take: they are in its command line or in parts
// of its configuration that it reads once. Names are those of the file.
func NeedsEnvoyRestart(old, next *Snapshot) []string {
	a, b := old.Envoy, next.Envoy
	once := !follows(a, b) // the listener is read once
	return changed([]difference{
		{"envoy.listen", once && a.Listen != b.Listen},
		{"envoy.binary", a.Binary != b.Binary},
		{"envoy.body_limit", once && a.BodyLimit != b.BodyLimit},
		{"envoy.answer_limit", once && a.AnswerLimit != b.AnswerLimit},
		{"envoy.concurrency", a.Concurrency != b.Concurrency},
		{"envoy.lua", a.Lua != b.Lua},
		{"envoy.access_log_flush", a.AccessLogFlush != b.AccessLogFlush},
		{"envoy.admin", a.Admin != b.Admin},
		{"envoy.use_remote_address", once && a.UseRemoteAddress != b.UseRemoteAddress},
		{"envoy.trusted_hops", once && a.TrustedHops != b.TrustedHops},
		{"envoy.processor", a.Processor != b.Processor},
		{"envoy.control", a.Control != b.Control},
		{"routes[].answer_timeout", once && a.StreamIdle < b.StreamIdle}, // streams may stand still for as long as the first configuration said
		{"state.dir", old.State.Dir != next.State.Dir},
		{"telemetry.otlp", old.Telemetry.OTLP != next.Telemetry.OTLP},
		{"telemetry.sample", old.Telemetry.Sample != next.Telemetry.Sample},
	})
}

// follows reports whether a running Envoy takes a new listener. The script is
// not in question: running connections keep the old one, and decisions must
// agree with it.
func follows(a, b Envoy) bool { return a.Control && b.Control }

// NeedsRestart lists the settings that differ between two snapshots and that a
// running Signalbox cannot take, those of NeedsEnvoyRestart left out. Names
// are those of the file.
func NeedsRestart(old, next *Snapshot) []string {
	a, b := old.State, next.State
	return changed([]difference{
		{"state.ledger_sync", a.LedgerSync != b.LedgerSync},
		{"state.segment_size", a.SegmentSize != b.SegmentSize},
		{"state.session_memory", a.SessionMemory != b.SessionMemory},
		{"state.unknown_after", a.UnknownAfter != b.UnknownAfter},
		{"admin.listen", old.Admin.Listen != next.Admin.Listen},
		{"admin.token", !sameRef(old.Admin.Token, next.Admin.Token)},
		{"admin.pprof", old.Admin.Pprof != next.Admin.Pprof},
		{"telemetry.log", old.Telemetry.Log != next.Telemetry.Log},
	})
}

// Keep returns a copy of s that has the settings of old wherever one of
// NeedsEnvoyRestart and NeedsRestart differs: what is in force while both
// processes run on. Its version is that of s.
func (s *Snapshot) Keep(old *Snapshot) *Snapshot {
	c := *s
	c.Envoy, c.State, c.Admin, c.Telemetry = old.Envoy, old.State, old.Admin, old.Telemetry
	e := &c.Envoy
	e.RotateLogAt = s.Envoy.RotateLogAt
	if follows(old.Envoy, s.Envoy) {
		e.Listen, e.BodyLimit, e.AnswerLimit = s.Envoy.Listen, s.Envoy.BodyLimit, s.Envoy.AnswerLimit
		e.UseRemoteAddress, e.TrustedHops, e.StreamIdle = s.Envoy.UseRemoteAddress, s.Envoy.TrustedHops, s.Envoy.StreamIdle
	}
	return &c
}

func sameRef(a, b secret.Ref) bool {
	return a.Env == b.Env && a.File == b.File && slices.Equal(a.Command, b.Command) && a.Refresh == b.Refresh
}

type difference struct {
	name string
	is   bool
}

func changed(list []difference) []string {
	var names []string
	for _, d := range list {
		if d.is {
			names = append(names, d.name)
		}
	}
	return names
}
