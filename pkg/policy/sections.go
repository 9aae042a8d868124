package policy

import (
	"slices"
	"strings"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"

	"github.com/signalbox-dev/signalbox/pkg/secret"
)

func envoy(e *signalboxv1.EnvoySettings) Envoy {
	return Envoy{
		Listen: e.GetListen(), Binary: e.GetBinary(), BodyLimit: int64(e.GetBodyLimit()), AnswerLimit: int64(e.GetAnswerLimit()),
		Concurrency: int(e.GetConcurrency()), Lua: e.GetLua(), AccessLogFlush: e.GetAccessLogFlush().AsDuration(), RotateLogAt: int64(e.GetRotateLogAt()),
		Admin: e.GetAdmin(), UseRemoteAddress: e.GetUseRemoteAddress(), TrustedHops: int(e.GetTrustedHops()), Processor: e.GetProcessor(),
		Control: control(e),
	}
}

// control reports whether Envoy asks for its configuration: unless the file
// says otherwise it does where nobody else could ask.
func control(e *signalboxv1.EnvoySettings) bool {
	socket := e.GetProcessor() == "" || strings.HasPrefix(e.GetProcessor(), "unix:")
	return socket && e.GetControl() != signalboxv1.EnvoySettings_CONTROL_FILES
}

func state(s *signalboxv1.StateSettings) State {
	return State{
		Dir: s.GetDir(), SessionMemory: int64(s.GetSessionMemory()), LedgerSync: s.GetLedgerSync().AsDuration(),
		UnknownAfter: s.GetUnknownAfter().AsDuration(), SegmentSize: int64(s.GetSegmentSize()),
	}
}

func telemetry(t *signalboxv1.TelemetrySettings) Telemetry {
	return Telemetry{
		OTLP: OTLP{
			Endpoint: t.GetOtlp().GetEndpoint(), Insecure: t.GetOtlp().GetInsecure(),
			Protocol: word(t.GetOtlp().GetProtocol().String()),
		},
		Sample: t.GetSample(),
		Log:    Log{Level: word(t.GetLog().GetLevel().String()), Format: word(t.GetLog().GetFormat().String())},
	}
}

func health(h *signalboxv1.HealthSettings) Health {
	return Health{
		Enabled: h.GetEnabled(), Window: h.GetWindow().AsDuration(), ErrorRate: h.GetErrorRate(), SlowFactor: h.GetSlowFactor(),
		Rest: h.GetRest().AsDuration(), Probe: h.GetProbe().AsDuration(),
	}
}

func alerts(a *signalboxv1.AlertSettings) Alerts {
	k := Alerts{
		ResolveAfter: a.GetResolveAfter().AsDuration(), Interval: a.GetInterval().AsDuration(),
		Repeat: a.GetRepeat().AsDuration(), Site: a.GetSite(),
	}
	for _, s := range a.GetSinks() {
		sink := AlertSink{Name: s.GetName(), Format: word(s.GetFormat().String()), URL: ref(s.GetUrl()), Token: ref(s.GetToken()), AllowHTTP: s.GetAllowHttp()}
		for _, e := range s.GetEvents() {
			sink.Events = append(sink.Events, word(e.String()))
		}
		k.Sinks = append(k.Sinks, sink)
	}
	return k
}

// word is an enum value as the file has it: LEVEL_INFO is info.
func word(name string) string {
	_, w, _ := strings.Cut(name, "_")
	return strings.ToLower(w)
}

func ref(r *signalboxv1.SecretRef) secret.Ref {
	return secret.Ref{Env: r.GetEnv(), File: r.GetFile(), Command: slices.Clone(r.GetCommand())}
}
